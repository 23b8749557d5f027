import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Further, Isolation, RangeSettings } from '../../../src/model.ts';
import { type FixedRange, fixRange } from '../../../src/sources/kafka/range.ts';
import { widen } from '../../../src/sources/kafka/read-on.ts';
import { MemoryLog, MemoryTransport } from './memory-log.ts';

const NOW = 1_000_000;
const RANGE: RangeSettings = { by: 'time', from: 10_000, to: 12_000, padding: 2000 };

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A message a second, from 1 s on: message i of the log was written at (i + 1) * 1000. */
function everySecond(count: number): MemoryLog {
  const log = new MemoryLog();
  for (let i = 0; i < count; i++) log.messages(1, (i + 1) * 1000);
  return log;
}

const signal = new AbortController().signal;

function transportOf(logs: readonly MemoryLog[]): MemoryTransport {
  const transport = new MemoryTransport(...logs);
  transport.responseBytes = 1; // a batch an answer
  return transport;
}

function fix(logs: readonly MemoryLog[], isolation: Isolation = 'read_committed'): Promise<FixedRange> {
  return fixRange(
    transportOf(logs),
    {
      topic: 'orders',
      from: { source: 'kafka', bootstrap: ['kafka-1:9092'], clientId: 'onceover' },
      range: RANGE,
      isolation,
      value: 'json',
      key: [],
      copies: 'one-event',
      where: [],
    },
    signal,
  );
}

function further(logs: readonly MemoryLog[], fixed: FixedRange, more: Further): Promise<FixedRange> {
  return widen(transportOf(logs), fixed, more, signal);
}

/** [readFirst, first, end, readEnd] of each partition. */
function cuts({ range }: FixedRange) {
  return range.partitions.map((p) => [p.readFirst, p.first, p.end, p.readEnd]);
}

describe('more padding', () => {
  it('reaches on to a time, and leaves the range and its beginning as they are', async () => {
    const logs = [everySecond(40), everySecond(15)];
    const fixed = await fix(logs);
    expect(cuts(fixed)).toEqual([
      [7, 9, 11, 13],
      [7, 9, 11, 13],
    ]);
    const wider = await further(logs, fixed, { to: 20_500 });
    expect(cuts(wider)).toEqual([
      [7, 9, 11, 20],
      [7, 9, 11, 15],
    ]);
    expect(wider).toMatchObject({ readFrom: 8000, readTo: 20_500 });
  });

  it('reaches back to a time, and leaves the end as it is', async () => {
    const logs = [everySecond(40)];
    const fixed = await fix(logs);
    const wider = await further(logs, fixed, { from: 3500 });
    expect(cuts(wider)).toEqual([[3, 9, 11, 13]]);
    expect(wider).toMatchObject({ readFrom: 3500, readTo: 14_000, holes: [] });
  });

  it('ends where the log does, and was then read since ever, or up to now', async () => {
    const logs = [everySecond(20)];
    const fixed = await fix(logs);
    const on = await further(logs, fixed, { to: NOW });
    expect(cuts(on)).toEqual([[7, 9, 11, 20]]);
    expect(on.readTo).toBe(NOW);
    const back = await further(logs, on, { from: -5000 });
    expect(cuts(back)).toEqual([[0, 9, 11, 20]]);
    expect(back).toMatchObject({ readFrom: 0, readTo: NOW });
  });

  it('says what was deleted of the time that it reaches back to', async () => {
    const log = everySecond(40);
    log.start = 5;
    const fixed = await fix([log]);
    const wider = await further([log], fixed, { from: 2000 });
    expect(cuts(wider)).toEqual([[5, 9, 11, 13]]);
    expect(wider.readFrom).toBe(6000);
    expect(wider.holes).toEqual([{ partition: 0, class: 'deleted', first: 0, end: 5, from: 2000, to: 6000 }]);
  });

  it('takes in what came late, and nothing twice', async () => {
    const log = everySecond(25).messages(1, 18_500).messages(1, 40_000);
    const fixed = await fix([log]);
    const wider = await further([log], fixed, { to: 20_000 });
    expect(cuts(wider)).toEqual([[7, 9, 11, 26]]);
    expect(cuts(await further([log], wider, { to: 15_000 }))).toEqual([[7, 9, 11, 26]]);
  });

  it('stops before an open transaction, and was read up to there', async () => {
    const log = everySecond(20)
      .messages(1, 21_000, { transactional: true, producerId: 7 })
      .messages(5, 22_000);
    const fixed = await fix([log]);
    const wider = await further([log], fixed, { to: 23_000 });
    expect(cuts(wider)).toEqual([[7, 9, 11, 20]]);
    expect(wider.readTo).toBe(21_000);
  });

  it('knows which transactions are open behind the stable offset, where they are read too', async () => {
    const log = everySecond(20)
      .messages(1, 21_000, { transactional: true, producerId: 7 })
      .messages(5, 22_000);
    const fixed = await fix([log], 'read_uncommitted');
    expect(fixed.tails).toEqual([]);
    const wider = await further([log], fixed, { to: 23_000 });
    expect(wider.tails).toMatchObject([{ stable: 20, open: [{ producerId: '7', firstOffset: 20 }] }]);
  });
});
