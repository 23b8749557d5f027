import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MessageHole, OffsetClasses, Progress, TopicRange } from '../../../src/model.ts';
import type { RecordSink } from '../../../src/sources/kafka/lane.ts';
import { type ReadingState, readRange } from '../../../src/sources/kafka/replay.ts';
import { build, step } from './any-log.ts';
import { MemoryLog, MemoryTransport, serverGone } from './memory-log.ts';
import { rangeOf } from './ranges.ts';

interface Told {
  readonly at: string;
  readonly inRange: boolean;
  readonly aborted: boolean;
}

const NONE = { audited: 0, skipped: 0, control: 0, aborted: 0, absent: 0, deleted: 0, unseen: 0 };

function classes(some: Partial<OffsetClasses>): OffsetClasses {
  return { ...NONE, ...some };
}

interface Outcome {
  readonly told: Told[];
  readonly classes: OffsetClasses[];
  readonly holes: MessageHole[];
}

async function replay(
  transport: MemoryTransport,
  range: TopicRange,
  sink: Partial<RecordSink> = {},
  hooks: { signal?: AbortSignal; progress?: (progress: Progress) => void } = {},
): Promise<Outcome> {
  const told: Told[] = [];
  const defaults: RecordSink = {
    needsHeaders: false,
    add: ({ partition, offset, inRange, aborted }) => {
      told.push({ at: `${partition}:${offset}`, inRange, aborted });
      return aborted ? 'aborted' : 'audited';
    },
    full: false,
    flush: async () => {},
  };
  const all = Object.defineProperties(defaults, Object.getOwnPropertyDescriptors(sink)) as RecordSink;
  const signal = hooks.signal ?? new AbortController().signal;
  const { tallies } = await readRange(transport, range, all, {
    signal,
    progress: hooks.progress ?? (() => {}),
  });
  const closed = tallies.map((tally) => tally.close());
  return {
    told,
    classes: closed.map((tally) => tally.classes),
    holes: closed.flatMap((tally) => tally.holes),
  };
}

const offsets = (outcome: Outcome) => outcome.told.map((told) => told.at);

afterEach(() => {
  vi.useRealTimers();
});

describe('a replay', () => {
  it('tells what is inside the range, also in the middle of batches', async () => {
    const log = new MemoryLog().messages(5, 100).messages(5, 200, { codec: 1 });
    const outcome = await replay(new MemoryTransport(log), rangeOf([3, 7]));
    expect(offsets(outcome)).toEqual(['0:3', '0:4', '0:5', '0:6']);
    expect(outcome.classes).toEqual([classes({ audited: 4 })]);
  });

  it('tells the padding too, and counts it in no class', async () => {
    const log = new MemoryLog().messages(4, 100).gap(2).messages(4, 200);
    const outcome = await replay(new MemoryTransport(log), rangeOf([0, 2, 3, 10]));
    expect(outcome.told.map((told) => told.inRange)).toEqual([false, false, true, ...Array(5).fill(false)]);
    expect(outcome.classes).toEqual([classes({ audited: 1 })]);
    expect(outcome.holes).toEqual([{ partition: 0, class: 'absent', first: 4, end: 6, from: 103, to: 200 }]);
  });

  it('puts every offset into its class, whatever compaction and transactions left', async () => {
    const log = new MemoryLog()
      .messages(2, 100) // 0, 1
      .append({ records: [], span: 3 }) // 2 to 4: an empty batch
      .gap(4) // 5 to 8: no batch
      .messages(2, 200, { transactional: true, producerId: 7 }) // 9, 10
      .finish(7, 'abort') // 11
      .append({ records: [{ offset: 1, timestamp: 300 }], span: 4 }) // 12 to 15, of which 13 is left
      .messages(1, 400, { transactional: true, producerId: 7 }) // 16
      .finish(7, 'commit'); // 17
    const outcome = await replay(new MemoryTransport(log), rangeOf([0, 18]));
    expect(offsets(outcome)).toEqual(['0:0', '0:1', '0:9', '0:10', '0:13', '0:16']);
    expect(outcome.told.filter((told) => told.aborted).map((told) => told.at)).toEqual(['0:9', '0:10']);
    expect(outcome.classes).toEqual([classes({ audited: 4, aborted: 2, control: 2, absent: 10 })]);
    expect(outcome.holes.map(({ first, end, from, to }) => [first, end, from, to])).toEqual([
      [2, 9, 101, 200],
      [12, 13, 201, 300],
      [14, 16, 300, 400],
    ]);
  });

  it('closes a tail that compaction emptied, having asked for it alone', async () => {
    const full = new MemoryLog().messages(3, 100).gap(40);
    const other = new MemoryLog().messages(50, 100);
    const transport = new MemoryTransport(full, other);
    const outcome = await replay(transport, rangeOf([0, 43], [0, 50]));
    expect(outcome.classes).toEqual([classes({ audited: 3, absent: 40 }), classes({ audited: 50 })]);
    expect(outcome.holes).toEqual([{ partition: 0, class: 'absent', first: 3, end: 43, from: 102 }]);
    const last = [{ partition: 0, offset: 3, maxBytes: 4 << 20 }];
    expect(transport.requests.slice(-2)).toEqual([last, last]);
  });

  it('passes a lone empty batch', async () => {
    const log = new MemoryLog().append({ records: [], span: 900 }).messages(1, 100);
    const transport = new MemoryTransport(log);
    transport.responseBytes = 1;
    const outcome = await replay(transport, rangeOf([0, 901]));
    expect(outcome.classes).toEqual([classes({ audited: 1, absent: 900 })]);
    expect(transport.requests).toHaveLength(2);
  });

  it('names what was deleted before and while it reads', async () => {
    const log = new MemoryLog().messages(10, 100).messages(10, 200).messages(10, 300);
    log.start = 5;
    const transport = new MemoryTransport(log);
    transport.responseBytes = 1;
    transport.accidents.push(
      () => {},
      () => {},
      () => {
        log.start = 25;
      },
    );
    const outcome = await replay(transport, rangeOf([0, 30]));
    expect(offsets(outcome)).toEqual([5, 6, 7, 8, 9, 25, 26, 27, 28, 29].map((offset) => `0:${offset}`));
    expect(outcome.classes).toEqual([classes({ audited: 10, deleted: 20 })]);
    expect(outcome.holes).toEqual([
      { partition: 0, class: 'deleted', first: 0, end: 5, to: 105 },
      { partition: 0, class: 'deleted', first: 10, end: 25, from: 109, to: 305 },
    ]);
  });

  it('stops at what was deleted of a range that must be whole, but not of its padding', async () => {
    const log = new MemoryLog().messages(10, 100).messages(10, 200).messages(10, 300);
    log.start = 12;
    const strict = (...bounds: number[]): TopicRange => ({ ...rangeOf(bounds), onGap: 'fail' });
    await expect(replay(new MemoryTransport(log), strict(8, 30))).rejects.toMatchObject({
      status: 4,
      message:
        'Topic orders, partition 0: offsets 8 to 11, which were asked for, have been deleted from the log.',
    });
    await expect(replay(new MemoryTransport(log), strict(11, 30))).rejects.toMatchObject({
      message: 'Topic orders, partition 0: offset 11, which was asked for, has been deleted from the log.',
    });
    const outcome = await replay(new MemoryTransport(log), strict(0, 12, 20, 30));
    expect(outcome.classes).toEqual([classes({ audited: 8 })]);
    const compacted = new MemoryLog().messages(3, 100).gap(5).messages(3, 200);
    expect((await replay(new MemoryTransport(compacted), strict(0, 11))).classes).toEqual([
      classes({ audited: 6, absent: 5 }),
    ]);
  });

  it('reads nothing of an empty range, and of one that is all deleted', async () => {
    const log = new MemoryLog().messages(10, 100);
    log.start = 10;
    const transport = new MemoryTransport(log, new MemoryLog());
    const outcome = await replay(transport, rangeOf([2, 8], [0, 0]));
    expect(outcome.told).toEqual([]);
    expect(outcome.classes).toEqual([classes({ deleted: 6 }), NONE]);
  });

  it('gives every partition its turn where answers are small', async () => {
    const logs = Array.from({ length: 5 }, () =>
      new MemoryLog().messages(1, 100).messages(1, 200).messages(1, 300),
    );
    const transport = new MemoryTransport(...logs);
    transport.responseBytes = 1;
    const outcome = await replay(transport, rangeOf(...logs.map(() => [0, 3])));
    expect(outcome.classes).toEqual(logs.map(() => classes({ audited: 3 })));
    const firsts = transport.requests.map((positions) => positions[0]!.partition);
    expect(firsts.slice(0, 5).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('goes on after a server went away, telling nothing twice', async () => {
    const logs = [new MemoryLog().messages(3, 100).messages(3, 200), new MemoryLog().messages(2, 100)];
    const transport = new MemoryTransport(...logs);
    transport.serverCount = 2;
    transport.responseBytes = 1;
    transport.accidents.push(serverGone(), 6, serverGone());
    const outcome = await replay(transport, rangeOf([0, 6], [0, 2]));
    expect(offsets(outcome).toSorted()).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '0:5', '1:0', '1:1']);
    expect(transport.recoveries).toBeGreaterThanOrEqual(3);
  });

  it('says which right is missing, and does not try again', async () => {
    const transport = new MemoryTransport(new MemoryLog().messages(3, 100));
    transport.accidents.push(29);
    await expect(replay(transport, rangeOf([0, 3]))).rejects.toMatchObject({
      code: 'ONCEOVER_AUDIT_ERROR',
      status: 4,
      hint: expect.stringContaining('Grant READ on topic orders'),
    });
    expect(transport.requests).toHaveLength(1);
  });

  it('names partition and offset of a code that will not pass', async () => {
    const transport = new MemoryTransport(new MemoryLog().messages(3, 100));
    transport.accidents.push(2);
    const message = 'Topic orders, partition 0, offset 1: Kafka answers CORRUPT_MESSAGE (2)';
    await expect(replay(transport, rangeOf([1, 3]))).rejects.toThrow(message);
  });

  it('tells nothing of a batch that was damaged', async () => {
    const log = new MemoryLog().messages(3, 100).messages(3, 200);
    const bytes = log.batches[1]!.bytes;
    bytes[bytes.length - 3]! ^= 1;
    const told: number[] = [];
    const add: RecordSink['add'] = ({ offset }) => {
      told.push(offset);
      return 'audited';
    };
    await expect(replay(new MemoryTransport(log), rangeOf([0, 6]), { add })).rejects.toThrow(
      'Topic orders, partition 0, offset 3: the batch is damaged (its checksum does not match); it was fetched twice.',
    );
    expect(told).toEqual([0, 1, 2]);
  });

  it.each([
    ['its records', -3, undefined],
    ['the last offset that it tells of itself', 26, undefined],
    ['its length, so that it cannot be found the end of', 8, undefined],
    ['its records, while the next request was under way', -3, 1],
  ])('reads all though a batch is damaged on its way, in %s', async (_, at, responseBytes) => {
    const log = new MemoryLog().messages(3, 100).messages(3, 200).messages(3, 300).messages(3, 400);
    const transport = new MemoryTransport(log, new MemoryLog().messages(9, 100));
    transport.responseBytes = responseBytes ?? transport.responseBytes;
    const { bytes } = log.batches[1]!;
    const place = at < 0 ? bytes.length + at : at;
    const flip = () => {
      bytes[place]! ^= 0x80;
    };
    flip();
    // The batch is whole again as soon as it was sent once.
    transport.sent = (offset) => {
      if (offset === 3 && !mended) {
        flip();
        mended = true;
      }
    };
    let mended = false;
    const outcome = await replay(transport, rangeOf([0, 12], [0, 9]));
    expect(mended).toBe(true);
    expect(offsets(outcome).toSorted()).toEqual(
      [...Array(12).keys()]
        .map((i) => `0:${i}`)
        .concat([...Array(9).keys()].map((i) => `1:${i}`))
        .toSorted(),
    );
    expect(outcome.classes).toEqual([classes({ audited: 12 }), classes({ audited: 9 })]);
  });

  it('gives up on a log that was truncated, after two minutes', async () => {
    const transport = new MemoryTransport(new MemoryLog().messages(3, 100));
    vi.useFakeTimers();
    const failed = expect(replay(transport, rangeOf([0, 9]))).rejects.toThrow(
      /partition 0: given up after \d+ tries in 2m\. The log ends at offset 3, before 9 .* truncated/,
    );
    await vi.advanceTimersByTimeAsync(121_000);
    await failed;
    expect(transport.requests.length).toBeLessThan(40);
  });

  it('sends the next request before it tells an answer', async () => {
    const transport = new MemoryTransport(new MemoryLog().messages(2, 100).messages(2, 200).messages(2, 300));
    transport.responseBytes = 1;
    const requestsWhenTold: number[] = [];
    const add = () => {
      requestsWhenTold.push(transport.requests.length);
      return 'audited' as const;
    };
    await replay(transport, rangeOf([0, 6]), { add });
    expect(requestsWhenTold).toEqual([2, 2, 3, 3, 3, 3]);
  });

  it('waits for a full sink, and flushes at the end', async () => {
    let held = 0;
    let most = 0;
    let flushes = 0;
    const sink = {
      add: () => {
        most = Math.max(most, ++held);
        return 'skipped' as const;
      },
      get full() {
        return held >= 4;
      },
      flush: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        held = 0;
        flushes++;
      },
    };
    const outcome = await replay(
      new MemoryTransport(new MemoryLog().messages(10, 100)),
      rangeOf([0, 10]),
      sink,
    );
    expect([held, most, flushes]).toEqual([0, 4, 3]);
    expect(outcome.classes).toEqual([classes({ skipped: 10 })]);
  });

  it('ends with the signal’s reason', async () => {
    const controller = new AbortController();
    const transport = new MemoryTransport(new MemoryLog().messages(10, 100).messages(10, 200));
    transport.responseBytes = 1;
    transport.accidents.push(() => controller.abort(new Error('interrupted at the desk')));
    const { signal } = controller;
    await expect(replay(transport, rangeOf([0, 20]), {}, { signal })).rejects.toThrow(
      'interrupted at the desk',
    );
  });

  it('reports how far it is', async () => {
    const seen: Progress[] = [];
    const transport = new MemoryTransport(new MemoryLog().messages(10, 100));
    await replay(transport, rangeOf([0, 10]), {}, { progress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({
      stage: 'replay',
      done: 10,
      total: 10,
      unit: 'messages',
      bytes: expect.any(Number),
    });
  });

  it('counts the messages outside of the time that was asked for', async () => {
    const log = new MemoryLog().messages(3, 100).messages(1, 50).messages(1, -1);
    const range = { ...rangeOf([0, 5]), from: 60, to: 102 };
    const transport = new MemoryTransport(log);
    const sink: RecordSink = {
      needsHeaders: false,
      add: () => 'audited',
      full: false,
      flush: async () => {},
    };
    const signal = new AbortController().signal;
    const { tallies } = await readRange(transport, range, sink, { signal, progress: () => {} });
    expect(tallies[0]).toMatchObject({ stragglers: 2, firstAt: 50, lastAt: 102 });
  });
});

// ------------------------------------------------------------------------------------------ any log at all

describe('any log', () => {
  it('is told exactly, in any cut and any size of answer', async () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    const bytes = fc.constantFrom(1, 150, 400, 10_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        cuts,
        bytes,
        async (steps, cut, size) => {
          const { log, truth } = build(steps);
          const bounds = cut.toSorted((one, other) => one - other).map((part) => Math.round(part * log.end));
          const [readFirst, first, end, readEnd] = bounds as [number, number, number, number];
          const transport = new MemoryTransport(log);
          transport.responseBytes = size;
          const outcome = await replay(transport, rangeOf([readFirst, first, end, readEnd]));

          const expected: Record<string, number> = { ...NONE };
          for (const kind of truth.slice(first, end)) expected[kind]!++;
          expect(outcome.classes).toEqual([expected]);
          const messages = truth.flatMap((kind, offset) =>
            ['audited', 'aborted'].includes(kind) && offset >= readFirst && offset < readEnd
              ? [{ at: `0:${offset}`, inRange: offset >= first && offset < end, aborted: kind === 'aborted' }]
              : [],
          );
          expect(outcome.told).toEqual(messages);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is told the same when reading is interrupted and gone on with, however often', async () => {
    const logs = fc.array(fc.array(step, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 3 });
    const lasts = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 });
    const bytes = fc.constantFrom(1, 150, 400, 10_000);
    await fc.assert(
      fc.asyncProperty(logs, lasts, bytes, async (steps, checkpoints, size) => {
        const built = steps.map((one) => build(one).log);
        const transport = new MemoryTransport(...built);
        transport.responseBytes = size;
        const range = rangeOf(...built.map((log) => [0, 0, log.end, log.end]));
        const whole = await replay(transport, range);
        const pieces = await inPieces(transport, range, checkpoints);
        expect(pieces.classes).toEqual(whole.classes);
        expect(pieces.holes).toEqual(whole.holes);
        expect(offsets(pieces).toSorted()).toEqual(offsets(whole).toSorted());
      }),
      { numRuns: 200 },
    );
  });
});

/** Reads a range, but is interrupted after so many checkpoints each time: what came behind the last one is lost. */
async function inPieces(
  transport: MemoryTransport,
  range: TopicRange,
  checkpoints: readonly number[],
): Promise<Outcome> {
  const kept: Told[] = [];
  let saved: string | undefined;
  for (let piece = 0; ; piece++) {
    const told: Told[] = [];
    let left = checkpoints[piece] ?? Number.POSITIVE_INFINITY;
    const controller = new AbortController();
    const sink: RecordSink = {
      needsHeaders: false,
      add: ({ partition, offset, inRange, aborted }) => {
        told.push({ at: `${partition}:${offset}`, inRange, aborted });
        return aborted ? 'aborted' : 'audited';
      },
      get full() {
        return told.length % 3 === 2;
      },
      flush: async () => {},
    };
    const offer = (state: () => ReadingState): void => {
      saved = JSON.stringify(state());
      kept.push(...told.splice(0));
      if (--left === 0) controller.abort(new Error('interrupted'));
    };
    try {
      const checkpoint = { due: () => told.length >= 5, offer };
      const hooks = { signal: controller.signal, progress: () => {}, checkpoint };
      const from = saved === undefined ? undefined : (JSON.parse(saved) as ReadingState);
      const { tallies } = await readRange(
        transport,
        range,
        sink,
        hooks,
        from === undefined ? {} : { saved: from },
      );
      const closed = tallies.map((tally) => tally.close());
      return {
        told: kept,
        classes: closed.map((tally) => tally.classes),
        holes: closed.flatMap((tally) => tally.holes),
      };
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
  }
}
