import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageSettings, TopicRange } from '../../../src/model.ts';
import { fixRange } from '../../../src/sources/kafka/range.ts';
import { readRange } from '../../../src/sources/kafka/replay.ts';
import { build, step } from './any-log.ts';
import { MemoryLog, MemoryTransport } from './memory-log.ts';

const signal = new AbortController().signal;

/** What is told of [first, end) where uncommitted messages are read, as `offset class`. */
async function uncommitted(
  transport: MemoryTransport,
  bounds: readonly [number, number],
  meanwhile: () => void = () => {},
): Promise<{ told: string[]; range: TopicRange; aborted: number }> {
  const settings: MessageSettings = {
    topic: 'orders',
    from: { source: 'kafka', bootstrap: ['kafka-1:9092'], clientId: 'onceover' },
    range: { by: 'offsets', padding: 0, offsets: new Map([[0, bounds]]) },
    isolation: 'read_uncommitted',
    copies: 'one-event',
    value: 'json',
    key: [],
    where: [],
  };
  const { range, tails } = await fixRange(transport, settings, signal);
  meanwhile();
  const told: string[] = [];
  const sink = {
    needsHeaders: false,
    add: ({
      offset,
      aborted,
      ofOpenTransaction,
    }: {
      offset: number;
      aborted: boolean;
      ofOpenTransaction: boolean;
    }) => {
      told.push(`${offset} ${aborted ? 'aborted' : ofOpenTransaction ? 'open' : 'audited'}`);
      return aborted
        ? ('abortedAudited' as const)
        : ofOpenTransaction
          ? ('openAudited' as const)
          : ('audited' as const);
    },
    full: false,
    flush: async () => {},
  };
  const hooks = { progress: () => {}, signal };
  // As a resumed audit has them.
  const saved = JSON.parse(JSON.stringify(tails)) as typeof tails;
  const { tallies } = await readRange(transport, range, sink, hooks, { tails: saved });
  return { told, range, aborted: tallies[0]!.close().classes.aborted };
}

const order = { records: [{ offset: 0, timestamp: 100 }] };
const by = (producerId: number) => ({ ...order, transactional: true, producerId });

describe('uncommitted messages', () => {
  it('are told with what became of their transactions, though the broker says so only up to the stable offset', async () => {
    const log = new MemoryLog()
      .append(by(1)) // 0
      .finish(1, 'abort') // 1
      .append(by(2)) // 2: stays open, so that nothing behind is stable
      .append(by(3)) // 3
      .finish(3, 'abort') // 4
      .append(by(3)) // 5
      .finish(3, 'commit') // 6
      .append(by(3)) // 7
      .append(order) // 8
      .append(by(2)); // 9
    const transport = new MemoryTransport(log);
    transport.responseBytes = 1;
    const { told, range, aborted } = await uncommitted(transport, [0, 10]);
    expect(told).toEqual(['0 aborted', '2 open', '3 aborted', '5 audited', '7 open', '8 audited', '9 open']);
    expect(aborted).toBe(2);
    expect(range.partitions[0]).toMatchObject({ end: 10, short: 0 });
    expect(range.notes).toEqual([
      'uncommitted: partition 0 is stable up to 2, 8 offsets before its end, with 2 open transactions in what is read. What open transactions wrote may still be aborted.',
    ]);
  });

  it('whose marker lies behind the range are judged by it', async () => {
    const log = new MemoryLog().append(by(2)).append(by(1)).append(order).append(order).finish(1, 'abort');
    const { told, range } = await uncommitted(new MemoryTransport(log), [1, 3]);
    expect(told).toEqual(['1 aborted', '2 audited']);
    expect(range.notes[0]).toContain('with 0 open transactions in what is read');
  });

  it('of a transaction that ends meanwhile are told as they were, or as they have become', async () => {
    const log = new MemoryLog().append(order).append(by(1)).append(order);
    const { told } = await uncommitted(new MemoryTransport(log), [0, 3], () => log.finish(1, 'abort'));
    expect(['1 open', '1 aborted']).toContain(told[1]);
  });

  it('end with the log, also where compaction emptied what lies before the stable offset', async () => {
    const log = new MemoryLog().append(order).gap(20).append(by(1));
    const transport = new MemoryTransport(log);
    transport.responseBytes = 1;
    expect((await uncommitted(transport, [0, 22])).told).toEqual(['0 audited', '21 open']);
  });

  it('of any log are told exactly, in any cut and any size of answer', async () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 2 });
    const bytes = fc.constantFrom(1, 150, 400, 10_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        cuts,
        bytes,
        async (steps, cut, size) => {
          const { log, truth } = build(steps, 'leave open');
          const [first, end] = cut.toSorted((a, b) => a - b).map((part) => Math.round(part * log.end));
          const transport = new MemoryTransport(log);
          transport.responseBytes = size;
          const { told } = await uncommitted(transport, [first!, end!]);
          const expected = truth.flatMap((as, offset) =>
            offset >= first! && offset < end! && as !== 'absent' && as !== 'control'
              ? [`${offset} ${as}`]
              : [],
          );
          expect(told).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
