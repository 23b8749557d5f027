import { describe, expect, it } from 'vitest';
import type { MessageSettings, Progress } from '../../../src/model.ts';
import { refuseAnotherLog } from '../../../src/sources/kafka/identity.ts';
import { fixRange } from '../../../src/sources/kafka/range.ts';
import { readRange } from '../../../src/sources/kafka/replay.ts';
import { MemoryLog, MemoryTransport } from './memory-log.ts';

const SETTINGS: MessageSettings = {
  topic: 'orders',
  from: { source: 'kafka', bootstrap: ['kafka-1:9092'], clientId: 'onceover' },
  range: { by: 'all', padding: 0 },
  isolation: 'read_committed',
  copies: 'one-event',
  value: 'json',
  key: [{ field: { text: 'key', root: 'key' }, fold: false }],
  where: [],
};

/** More batches than are asked for ahead. */
const SIX = () => [100, 200, 300, 400, 500, 600].reduce((log, at) => log.messages(1, at), new MemoryLog());

/** Reads a topic of six messages, one at a time. @param meanwhile is done when the first were told */
async function read(transport: MemoryTransport, meanwhile: () => void): Promise<void> {
  const { signal } = new AbortController();
  const { range, identity } = await fixRange(transport, SETTINGS, signal);
  transport.responseBytes = 1;
  let begun = false;
  const progress = ({ done }: Progress) => {
    if (done > 0 && !begun) meanwhile();
    begun ||= done > 0;
  };
  const sink = { needsHeaders: false, add: () => 'audited' as const, full: true, flush: async () => {} };
  await readRange(transport, range, sink, { progress, signal }, { identity });
}

describe('a topic that is made anew while it is read', () => {
  const refused = {
    status: 4,
    message: expect.stringContaining('Topic orders was deleted and made anew'),
    voidsReading: true,
  };

  it('is told by its id, though its offsets go on', async () => {
    const transport = new MemoryTransport(SIX());
    await read(transport, () => {});
    await expect(read(transport, () => transport.makeAnew(SIX()))).rejects.toMatchObject(refused);
  });

  it('is told at once where its offsets do not', async () => {
    const transport = new MemoryTransport(SIX());
    // Nothing is at the offsets that are asked for next.
    await expect(read(transport, () => transport.makeAnew(new MemoryLog()))).rejects.toMatchObject(refused);
    expect(transport.recoveries).toBe(1);
  });

  it('is not known for certain while it is being made', async () => {
    const transport = new MemoryTransport(SIX());
    transport.ids = new Set(['the-first', 'the-second']);
    transport.recover = async () => {
      transport.ids = new Set(['the-second']);
    };
    await read(transport, () => {});
  });

  it('is told by where its log stands, of servers that give no ids', async () => {
    const begun = SIX();
    begun.start = 2;
    const transport = new MemoryTransport(begun);
    transport.ids = new Set();
    await read(transport, () => {});
    // A new leader may be behind for a moment: what was read stays.
    const doubted = { ...refused, voidsReading: false };
    await expect(read(transport, () => transport.makeAnew(SIX()))).rejects.toMatchObject(doubted);
    const { signal } = new AbortController();
    const { range, identity } = await fixRange(transport, SETTINGS, signal);
    await refuseAnotherLog(transport, range, identity, signal);
    transport.makeAnew(new MemoryLog().messages(5, 300));
    await expect(refuseAnotherLog(transport, range, identity, signal)).rejects.toMatchObject(doubted);
  });
});
