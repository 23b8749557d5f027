import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AskedOffsets, MessageSettings, RangeSettings } from '../../../src/model.ts';
import { fixRange } from '../../../src/sources/kafka/range.ts';
import { MemoryLog, MemoryTransport } from './memory-log.ts';

const NOW = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

function fix(
  logs: readonly MemoryLog[],
  range: RangeSettings,
  partitions?: readonly number[],
  how: Partial<MessageSettings> = {},
) {
  const settings: MessageSettings = {
    topic: 'orders',
    from: { source: 'kafka', bootstrap: ['kafka-1:9092'], clientId: 'onceover' },
    range,
    ...(partitions === undefined ? {} : { partitions }),
    isolation: 'read_committed',
    copies: 'one-event',
    value: 'json',
    key: [],
    where: [],
    ...how,
  };
  const transport = new MemoryTransport(...logs);
  transport.responseBytes = 1; // a batch an answer
  return fixRange(transport, settings, new AbortController().signal);
}

/** [readFirst, first, end, readEnd, short] of each partition. */
function cuts({ range }: Awaited<ReturnType<typeof fix>>) {
  return range.partitions.map((p) => [p.readFirst, p.first, p.end, p.readEnd, p.short]);
}

/** A message a second, from 1 s on: message i of the log was written at (i + 1) * 1000. */
function everySecond(count: number): MemoryLog {
  const log = new MemoryLog();
  for (let i = 0; i < count; i++) log.messages(1, (i + 1) * 1000);
  return log;
}

const offsets = (padding: number, ...ranges: readonly AskedOffsets[]): RangeSettings => ({
  by: 'offsets',
  padding,
  offsets: new Map(ranges.entries()),
});

describe('the whole log', () => {
  it('goes from its start to its stable end, and was read since ever and up to now', async () => {
    const fixed = await fix([everySecond(10), new MemoryLog()], { by: 'all', padding: 5000 });
    expect(cuts(fixed)).toEqual([
      [0, 0, 10, 10, 0],
      [0, 0, 0, 0, 0],
    ]);
    expect(fixed).toMatchObject({ readFrom: 0, readTo: NOW, holes: [], range: { fixedAt: NOW, notes: [] } });
    expect(fixed.range).not.toHaveProperty('from');
  });

  it('was read since its first message, where older ones were deleted', async () => {
    const log = everySecond(10);
    log.start = 4;
    const fixed = await fix([log], { by: 'all', padding: 0 });
    expect(cuts(fixed)).toEqual([[4, 4, 10, 10, 0]]);
    expect(fixed).toMatchObject({ readFrom: 5000, readTo: NOW, holes: [] });
  });

  it('ends before an open transaction, says so, and was read up to there only', async () => {
    const log = everySecond(3).messages(2, 7000, { transactional: true, producerId: 9 }).messages(1, 9000);
    const fixed = await fix([log], { by: 'all', padding: 0 });
    expect(cuts(fixed)).toEqual([[0, 0, 3, 3, 3]]);
    expect(fixed.readTo).toBe(7000);
    expect(fixed.range.notes).toEqual([
      'open transaction: partition 0 ends at 3, 3 short. What it wrote is neither committed nor aborted yet.',
    ]);
  });
});

describe('a range of time', () => {
  it('is cut by the broker, with its padding', async () => {
    const fixed = await fix([everySecond(20)], { by: 'time', from: 5000, to: 8500, padding: 2000 });
    expect(cuts(fixed)).toEqual([[2, 4, 8, 10, 0]]);
    expect(fixed).toMatchObject({ readFrom: 3000, readTo: 10_500, range: { from: 5000, to: 8500 } });
  });

  it('reaches the log’s ends where it is open, or where the log has nothing later', async () => {
    const log = everySecond(10);
    expect(cuts(await fix([log], { by: 'time', from: 5000, padding: 0 }))).toEqual([[4, 4, 10, 10, 0]]);
    expect(cuts(await fix([log], { by: 'time', to: 5000, padding: 0 }))).toEqual([[0, 0, 4, 4, 0]]);
    const late = await fix([log], { by: 'time', from: 10_500, to: 12_000, padding: 1000 });
    expect(cuts(late)).toEqual([[9, 10, 10, 10, 0]]);
    expect(late).toMatchObject({ readFrom: 9500, readTo: NOW });
  });

  it('may begin near the epoch: a padded time below zero means no special offset', async () => {
    for (const padding of [2501, 2502]) {
      const fixed = await fix([everySecond(9)], { by: 'time', from: 2500, to: 3500, padding });
      expect(cuts(fixed)).toEqual([[0, 2, 3, 6, 0]]);
    }
  });

  it('is cut at now where it ends in the future, and is short then', async () => {
    const fixed = await fix([everySecond(3)], { by: 'time', from: 1000, to: NOW + 5000, padding: 0 });
    expect(fixed.range).toMatchObject({ from: 1000, to: NOW });
    expect(fixed.range.notes).toEqual([
      'short: the range asked for ends at 1970-01-01T00:16:45.000Z, which is still to come; it was cut at 1970-01-01T00:16:40.000Z.',
    ]);
  });

  it('is short by what an open transaction keeps back of it, and by no more', async () => {
    const log = () =>
      everySecond(3).messages(4, 7000, { transactional: true, producerId: 9 }).messages(2, 9000);
    const within = await fix([log()], { by: 'time', from: 1000, to: 7002, padding: 0 });
    expect(cuts(within)).toEqual([[0, 0, 3, 3, 2]]);
    const beyond = await fix([log()], { by: 'time', from: 1000, to: 9500, padding: 0 });
    expect(cuts(beyond)).toEqual([[0, 0, 3, 3, 6]]);
    const before = await fix([log()], { by: 'time', from: 1000, to: 6000, padding: 0 });
    expect(cuts(before)).toEqual([[0, 0, 3, 3, 0]]);
    expect(before.range.notes).toEqual([]);
  });

  it('has a hole where its beginning was deleted', async () => {
    const log = everySecond(10);
    log.start = 4;
    const fixed = await fix([log], { by: 'time', from: 3000, to: 7000, padding: 1000 });
    expect(cuts(fixed)).toEqual([[4, 4, 6, 7, 0]]);
    expect(fixed.readFrom).toBe(5000);
    expect(fixed.holes).toEqual([{ partition: 0, class: 'deleted', first: 0, end: 4, from: 2000, to: 5000 }]);
    const whole = await fix([log], { by: 'time', from: 7000, to: 8000, padding: 1000 });
    expect(whole).toMatchObject({ readFrom: 6000, holes: [], range: { notes: [] } });
    expect(fixed.range.notes).toEqual([
      'short: partition 0 begins at offset 4 with a message of 1970-01-01T00:00:05.000Z. What was written before, since 1970-01-01T00:00:03.000Z, has been deleted.',
    ]);
    const padding = await fix([log], { by: 'time', from: 5000, to: 7000, padding: 1000 });
    expect(padding.holes).toHaveLength(1);
    expect(padding.range.notes).toEqual([]);
  });

  it('of which everything was deleted is short', async () => {
    const log = everySecond(10);
    log.start = 10;
    const fixed = await fix([log], { by: 'time', from: 3000, to: 7000, padding: 0 });
    expect(cuts(fixed)).toEqual([[10, 10, 10, 10, 0]]);
    expect(fixed.holes).toEqual([{ partition: 0, class: 'deleted', first: 0, end: 10, from: 3000 }]);
    expect(fixed.range.notes).toEqual([
      expect.stringMatching(/^short: partition 0 begins at offset 10 and holds nothing\./),
    ]);
  });

  it('of the last hours ends before what is not settled yet', async () => {
    const range: RangeSettings = { by: 'last', length: 10_000, settle: 2000, padding: 0 };
    const log = new MemoryLog();
    for (const before of [13_000, 12_000, 11_000, 3000, 2000, 1000]) log.messages(1, NOW - before);
    const fixed = await fix([log], range);
    expect(cuts(fixed)).toEqual([[1, 1, 4, 4, 0]]);
    expect(fixed.range).toMatchObject({ from: NOW - 12_000, to: NOW - 2000 });
  });
});

describe('a range of offsets', () => {
  it('stays as asked, padded by the times of its ends', async () => {
    const fixed = await fix([everySecond(20)], offsets(2500, [5, 8]));
    expect(cuts(fixed)).toEqual([[3, 5, 8, 10, 0]]);
    expect(fixed).toMatchObject({ readFrom: 3500, readTo: 10_500 });
    expect(fixed.range.unreadPartitions).toEqual([]);
  });

  it('takes the times of its ends from the middle of batches', async () => {
    const log = new MemoryLog();
    for (let i = 0; i < 5; i++) log.messages(10, i * 10, { codec: 1 });
    expect(cuts(await fix([log], offsets(3, [15, 25])))).toEqual([[12, 15, 25, 27, 0]]);
  });

  it('finds a time behind offsets that compaction removed', async () => {
    const log = everySecond(2).append({ records: [], span: 10 }).gap(5).messages(3, 9000);
    const fixed = await fix([log], offsets(0, [5, 20]));
    expect(cuts(fixed)).toEqual([[5, 5, 20, 20, 0]]);
    expect(fixed.readFrom).toBe(9000);
  });

  it('is short by what is beyond the end', async () => {
    const fixed = await fix([everySecond(10), everySecond(10)], offsets(0, [8, 15], [20, 30]));
    expect(cuts(fixed)).toEqual([
      [8, 8, 10, 10, 5],
      [10, 10, 10, 10, 10],
    ]);
    expect(fixed.range.partitions.map(({ asked }) => asked)).toEqual([
      { first: 8, end: 15 },
      { first: 20, end: 30 },
    ]);
    expect(fixed.range.notes).toEqual([
      'beyond the end: partition 0 ends at 10, 5 short; partition 1 ends at 10, 10 short. Offsets were asked for that do not exist yet.',
    ]);
  });

  it('keeps what was deleted, and was read since the first message that is left', async () => {
    const log = everySecond(10);
    log.start = 4;
    const fixed = await fix([log], offsets(1000, [2, 6]));
    expect(cuts(fixed)).toEqual([[2, 2, 6, 6, 0]]);
    expect(fixed).toMatchObject({ readFrom: 5000, readTo: 7000, holes: [] });
    expect(cuts(await fix([log], offsets(0, [0, 3])))).toEqual([[0, 0, 3, 3, 0]]);
  });

  it('may be empty, also where there is nothing at all', async () => {
    const fixed = await fix([everySecond(10), new MemoryLog()], offsets(1500, [5, 5], [0, 0]));
    expect(cuts(fixed)).toEqual([
      [4, 5, 5, 6, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  it('counts from the end, and goes as far as the log', async () => {
    const log = everySecond(10);
    log.start = 3;
    const asked = offsets(0, [-4, undefined], [-4, -1], [undefined, 5], [6, undefined], [undefined, -9]);
    const fixed = await fix(Array<MemoryLog>(5).fill(log), asked);
    expect(cuts(fixed)).toEqual([
      [6, 6, 10, 10, 0],
      [6, 6, 9, 9, 0],
      [3, 3, 5, 5, 0],
      [6, 6, 10, 10, 0],
      [3, 3, 3, 3, 0],
    ]);
    expect(fixed.range).toMatchObject({
      asked: 'offsets 0: [-4, end), 1: [-4, -1), 2: [start, 5), 3: [6, end), 4: [start, -9)',
      notes: [],
    });
  });

  it('keeps what was deleted of the last so many, and no more than ever were', async () => {
    const log = everySecond(10);
    log.start = 3;
    expect(cuts(await fix([log, log], offsets(0, [-8, undefined], [-1000, undefined])))).toEqual([
      [2, 2, 10, 10, 0],
      [0, 0, 10, 10, 0],
    ]);
  });

  it('counts from the end of what may be read, and is short of what may not', async () => {
    const log = everySecond(3).messages(4, 7000, { transactional: true, producerId: 9 });
    expect(cuts(await fix([log], offsets(0, [-2, undefined])))).toEqual([[1, 1, 3, 3, 4]]);
    expect(cuts(await fix([log], offsets(0, [-2, -1])))).toEqual([[1, 1, 2, 2, 0]]);
    const uncommitted = await fix([log], offsets(0, [-2, undefined]), undefined, {
      isolation: 'read_uncommitted',
    });
    expect(cuts(uncommitted)).toEqual([[5, 5, 7, 7, 0]]);
  });

  it('that was to begin behind the end is short', async () => {
    const fixed = await fix([everySecond(10)], offsets(0, [12, undefined]));
    expect(cuts(fixed)).toEqual([[10, 10, 10, 10, 0]]);
    expect(fixed.range.notes).toEqual([
      'short: partition 0 ends at offset 10, before offset 12 where the range was to begin.',
    ]);
    const grown = await fix([everySecond(10)], offsets(0, [4, -8]));
    expect(cuts(grown)).toEqual([[4, 4, 4, 4, 0]]);
    expect(grown.range.notes).toEqual([]);
  });

  it('that ends before it begins is a mistake', async () => {
    await expect(fix([everySecond(5)], offsets(0, [4, 2]))).rejects.toMatchObject({ status: 2 });
  });
});

describe('a range that must be whole', () => {
  const whole = (log: MemoryLog, range: RangeSettings) => fix([log], range, undefined, { onGap: 'fail' });

  it('is fixed where it is', async () => {
    expect((await whole(everySecond(10), offsets(0, [2, 8]))).range.onGap).toBe('fail');
    expect(cuts(await whole(everySecond(10), { by: 'time', from: 2000, to: 5000, padding: 0 }))).toEqual([
      [1, 1, 4, 4, 0],
    ]);
  });

  it.each<[string, MemoryLog, RangeSettings, string]>([
    [
      'ends beyond the log',
      everySecond(10),
      offsets(0, [2, 15]),
      'partition 0 ends at offset 10, 5 offsets short',
    ],
    [
      'begins beyond it',
      everySecond(10),
      offsets(0, [12, undefined]),
      'partition 0 ends at offset 10, before offset 12',
    ],
    [
      'ends in an open transaction',
      everySecond(3).messages(4, 7000, { transactional: true, producerId: 9 }),
      { by: 'all', padding: 0 },
      'partition 0 ends at offset 3, 4 offsets short',
    ],
    [
      'was deleted at its beginning',
      Object.assign(everySecond(10), { start: 4 }),
      { by: 'time', from: 2000, to: 7000, padding: 0 },
      'partition 0 begins at offset 4 with a message of 1970-01-01T00:00:05.000Z',
    ],
    [
      'ends in the future',
      everySecond(3),
      { by: 'time', from: 1000, to: NOW + 1000, padding: 0 },
      'the range asked for ends at 1970-01-01T00:16:41.000Z',
    ],
  ])('is refused where it %s', async (_, log, range, why) => {
    await expect(whole(log, range)).rejects.toMatchObject({
      status: 4,
      message: expect.stringContaining(`Topic orders: not all that was asked for is there: ${why}`),
    });
  });

  it('is not refused for its padding, nor for what the whole log no longer has', async () => {
    const log = Object.assign(everySecond(10), { start: 4 });
    expect(cuts(await whole(log, { by: 'all', padding: 0 }))).toEqual([[4, 4, 10, 10, 0]]);
    expect(cuts(await whole(log, { by: 'time', from: 5000, to: 7000, padding: 2000 }))).toEqual([
      [4, 4, 6, 8, 0],
    ]);
  });
});

describe('partitions', () => {
  it('that are not asked for are named', async () => {
    const logs = [everySecond(1), everySecond(2), everySecond(3)];
    const some = await fix(logs, { by: 'all', padding: 0 }, [2, 0]);
    expect(some.range.partitions.map((p) => p.partition)).toEqual([0, 2]);
    expect(some.range.unreadPartitions).toEqual([1]);
    expect((await fix(logs, offsets(0, [0, 1]))).range.unreadPartitions).toEqual([1, 2]);
  });

  it('that do not exist are a mistake', async () => {
    const failed = { status: 2, message: 'Topic orders has no partition 7, 9; it has 1: 0 to 0.' };
    await expect(fix([everySecond(1)], { by: 'all', padding: 0 }, [7, 0, 9])).rejects.toMatchObject(failed);
  });
});

describe('a time in a log that is not in order of time', () => {
  const asked: RangeSettings = { by: 'time', from: 3000, to: 50_000, padding: 2000 };

  it('is not ended by a message that is dated wrongly', async () => {
    const log = everySecond(20).messages(1, 900_000);
    for (let i = 21; i < 80; i++) log.messages(1, i * 1000);
    const fixed = await fix([log], asked);
    // Messages 21 to 48 are of 22 to 49 s, and 50, 51 are padding.
    expect(cuts(fixed)).toEqual([[0, 2, 50, 52, 0]]);
    expect(fixed.range.notes).toEqual([]);
  });

  it('is read on to what came late, which is named and not judged', async () => {
    const log = everySecond(80).messages(1, 4000).messages(1, 90_000).messages(1, 5000).messages(3, 91_000);
    const fixed = await fix([log], asked);
    expect(cuts(fixed)).toEqual([[0, 2, 49, 83, 0]]);
    expect(fixed.range.notes).toEqual([
      'short: partition 0: 2 messages of the time asked for came late, behind offset 49 where most are dated after it; they are not judged, which a range of offsets up to 83 would.',
    ]);
  });

  it('is not looked for beyond a megabyte without it', async () => {
    const log = everySecond(60);
    const value = 'x'.repeat(1 << 18);
    for (let i = 0; i < 6; i++) log.append({ records: [{ offset: 0, timestamp: 100_000, value }] });
    log.messages(1, 4000);
    expect(cuts(await fix([log], asked))).toEqual([[0, 2, 49, 51, 0]]);
  });
});
