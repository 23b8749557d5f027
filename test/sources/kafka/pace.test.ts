import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TopicRange } from '../../../src/model.ts';
import type { FetchRequest } from '../../../src/sources/kafka/fetch.ts';
import type { RecordSink } from '../../../src/sources/kafka/lane.ts';
import { type ReadingOptions, readRange } from '../../../src/sources/kafka/replay.ts';
import { MemoryLog, MemoryTransport } from './memory-log.ts';
import { rangeOf } from './ranges.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Partitions of so many batches, of ten messages each. */
function logs(partitions: number, batches: number): MemoryLog[] {
  return Array.from({ length: partitions }, () => {
    const log = new MemoryLog();
    for (let i = 0; i < batches; i++) log.messages(10, 1000 + i);
    return log;
  });
}

/** A topic whose servers take a while, and that counts what it was asked for and what is told of it. */
class SlowTransport extends MemoryTransport {
  asked = 0;
  untold = 0;
  most = 0;
  bytes = 0;

  override async fetch(leader: string, request: FetchRequest) {
    this.asked += request.maxBytes;
    this.most = Math.max(this.most, this.asked + this.untold);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const response = await super.fetch(leader, request);
    const bytes = response.partitions.reduce((sum, { records }) => sum + records.length, 0);
    this.asked -= request.maxBytes;
    this.untold += bytes;
    this.bytes += bytes;
    return response;
  }
}

/** Reads all of a topic, and answers how many (fake) milliseconds that took. */
async function read(
  transport: SlowTransport,
  options: ReadingOptions,
): Promise<{ ms: number; told: { ms: number }[] }> {
  const told: { ms: number }[] = [];
  const begun = performance.now();
  const sink: RecordSink = {
    needsHeaders: false,
    add: ({ partition, offset }) => {
      transport.untold -= transport.logs[partition]!.batches[Math.floor(offset / 10)]!.bytes.length / 10;
      told.push({ ms: performance.now() - begun });
      return 'audited';
    },
    // A pause after every few messages, so that other answers come in while one is being told.
    get full() {
      return told.length % 7 === 0;
    },
    flush: () => new Promise((resolve) => setTimeout(resolve, 1)),
  };
  const hooks = { progress: () => {}, signal: new AbortController().signal };
  const reading = readRange(transport, wholeOf(transport.logs), sink, hooks, options);
  let ms: number | undefined;
  reading.then(
    () => {
      ms = performance.now() - begun;
    },
    () => {},
  );
  for (let i = 0; ms === undefined && i < 100_000; i++) await vi.advanceTimersByTimeAsync(10);
  const { tallies } = await reading;
  const ends = transport.logs.map((log) => log.end);
  expect(tallies.map((tally) => tally.close().classes.audited)).toEqual(ends);
  return { ms: ms!, told };
}

function wholeOf(logs: readonly MemoryLog[]): TopicRange {
  return rangeOf(...logs.map(({ end }) => [0, end]));
}

describe('the memory of fetches', () => {
  it.each([1, 2, 3, 7, 20])('is never exceeded by %i servers, and made use of', async (servers) => {
    const transport = new SlowTransport(...logs(servers * 2, 40));
    transport.serverCount = servers;
    const fetchMemory = 60_000;
    await read(transport, { fetchMemory });
    expect(transport.most).toBeLessThanOrEqual(fetchMemory + 0.001);
    expect(transport.most).toBeGreaterThan(fetchMemory * 0.45);
  });

  it('may be smaller than a batch: one is then fetched at a time', async () => {
    const transport = new SlowTransport(...logs(6, 5));
    transport.serverCount = 3;
    await read(transport, { fetchMemory: 10 });
    const batches = transport.logs.flatMap((log) => log.batches.map(({ bytes }) => bytes.length));
    expect(transport.most).toBeLessThanOrEqual(Math.max(...batches) + 10);
  });
});

describe('a rate', () => {
  const size = () => logs(4, 400);

  it('in bytes is kept, and made use of', async () => {
    for (const bytes of [40_000, 80_000]) {
      const transport = new SlowTransport(...size());
      const { ms } = await read(transport, { maxRate: { bytes } });
      const seconds = transport.bytes / bytes;
      // A quarter of a second may come at once.
      expect(ms).toBeGreaterThan((seconds - 0.3) * 1000);
      expect(ms).toBeLessThan(seconds * 1200);
    }
  });

  it('in bytes is that of all servers together', async () => {
    const transport = new SlowTransport(...size());
    transport.serverCount = 4;
    const { ms } = await read(transport, { maxRate: { bytes: 40_000 } });
    const seconds = transport.bytes / 40_000;
    expect(ms).toBeGreaterThan((seconds - 0.3) * 1000);
    expect(ms).toBeLessThan(seconds * 1200);
  });

  it('in bytes counts what came, not what was asked for', async () => {
    const transport = new SlowTransport(...logs(1, 100));
    transport.responseBytes = 1;
    const { ms } = await read(transport, { maxRate: { bytes: 20_000 } });
    expect(ms).toBeLessThan((transport.bytes / 20_000) * 1200);
  });

  it('in messages is kept at every moment, and made use of', async () => {
    const messages = 2000;
    const { ms, told } = await read(new SlowTransport(...size()), { maxRate: { messages } });
    for (const [i, one] of told.entries()) expect(i).toBeLessThanOrEqual((one.ms / 1000 + 0.26) * messages);
    expect(ms).toBeLessThan((told.length / messages) * 1200);
  });

  it('does not hold up what is kept of the replay meanwhile', async () => {
    const controller = new AbortController();
    const transport = new SlowTransport(...size());
    const sink: RecordSink = {
      needsHeaders: false,
      add: () => 'audited',
      full: false,
      flush: async () => {},
    };
    let kept = performance.now();
    const gaps: number[] = [];
    const offer = (): void => {
      gaps.push(performance.now() - kept);
      kept = performance.now();
    };
    const checkpoint = { due: () => performance.now() - kept >= 20_000, offer };
    const hooks = { progress: () => {}, signal: controller.signal, checkpoint };
    const options = { maxRate: { messages: 0.1 } };
    const reading = readRange(transport, wholeOf(transport.logs), sink, hooks, options);
    const ended = expect(reading).rejects.toThrow('enough');
    await vi.advanceTimersByTimeAsync(120_000);
    controller.abort(new Error('enough'));
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(gaps.length).toBeGreaterThanOrEqual(5);
    expect(Math.max(...gaps)).toBeLessThan(21_500);
  });

  it('does not hold up an interruption', async () => {
    const controller = new AbortController();
    const transport = new SlowTransport(...size());
    const sink: RecordSink = {
      needsHeaders: false,
      add: () => 'audited',
      full: false,
      flush: async () => {},
    };
    const hooks = { progress: () => {}, signal: controller.signal };
    const options = { maxRate: { messages: 1 } };
    const reading = readRange(transport, wholeOf(transport.logs), sink, hooks, options);
    const ended = expect(reading).rejects.toThrow('interrupted at the desk');
    await vi.advanceTimersByTimeAsync(100);
    controller.abort(new Error('interrupted at the desk'));
    await vi.advanceTimersByTimeAsync(1);
    await ended;
  });
});
