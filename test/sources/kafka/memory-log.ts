/** A topic in memory behind the Transport that the replay sees: logs as compaction, deletion and transactions leave them. */

import { PassingError } from '../../../src/sources/kafka/failures.ts';
import {
  decodeFetch,
  type FetchRequest,
  type FetchResponse,
  ISOLATION,
} from '../../../src/sources/kafka/fetch.ts';
import { EARLIEST, LATEST, type Transport } from '../../../src/sources/kafka/transport.ts';
import { type AnswerSpec, type BatchSpec, batch, fetchResponse, marker, type RecordSpec } from './encoder.ts';

interface Stored {
  readonly base: number;
  readonly last: number;
  readonly bytes: Buffer;
  readonly times: readonly (readonly [offset: number, timestamp: number])[];
}

interface Aborted {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export class MemoryLog {
  readonly batches: Stored[] = [];
  readonly aborted: Aborted[] = [];
  readonly #open = new Map<number, number>();
  start = 0;
  /** Where the next batch begins, which compaction may have left ahead of the last one. */
  end = 0;

  get stable(): number {
    return Math.min(this.end, ...this.#open.values());
  }

  /** Appends a batch whose offsets are given relative to the end of the log. */
  append(spec: Omit<BatchSpec, 'base'> & { readonly span?: number }): this {
    const base = this.end;
    const records = spec.records.map((record) => ({ ...record, offset: base + record.offset }));
    const last = base + (spec.span ?? (spec.records.at(-1)?.offset ?? 0) + 1) - 1;
    if (spec.transactional && !this.#open.has(spec.producerId!)) this.#open.set(spec.producerId!, base);
    this.#store(last, batch({ ...spec, base, last, records }), records);
    return this;
  }

  /** One plain batch of messages, as a producer sends it. */
  messages(count: number, timestamp: number, more: Partial<BatchSpec> = {}): this {
    const records = Array.from({ length: count }, (_, i) => ({
      offset: i,
      timestamp: timestamp + i,
      key: `ORD-${this.end + i}`,
      value: '{}',
    }));
    return this.append({ ...more, records });
  }

  finish(producerId: number, type: 'abort' | 'commit', timestamp = 0): this {
    const firstOffset = this.#open.get(producerId);
    if (type === 'abort' && firstOffset !== undefined) {
      this.aborted.push({ producerId, firstOffset, lastOffset: this.end });
    }
    this.#open.delete(producerId);
    this.#store(this.end, marker(this.end, producerId, type, timestamp), [{ offset: this.end, timestamp }]);
    return this;
  }

  /** Offsets of which compaction left no batch. */
  gap(count: number): this {
    this.end += count;
    return this;
  }

  #store(last: number, bytes: Buffer, records: readonly RecordSpec[]): void {
    const times = records.map((record) => [record.offset, record.timestamp ?? 0] as const);
    this.batches.push({ base: this.end, last, bytes, times });
    this.end = last + 1;
  }
}

export class MemoryTransport implements Transport {
  readonly topic = 'orders';
  readonly servers = 'kafka-1:9092';
  readonly patience = 120_000;
  logs: readonly MemoryLog[];
  /** Requests so far, as partitions and offsets. */
  readonly requests: FetchRequest['partitions'][] = [];
  /** What becomes of the next fetches: an error to throw, or a code for the partitions. */
  readonly accidents: (Error | number | (() => void))[] = [];
  recoveries = 0;
  /** What its servers know the topic by; empty: they are too old to tell. */
  ids: ReadonlySet<string> = new Set(['the-first']);
  /** At least one batch is sent whatever this says. */
  responseBytes = Number.POSITIVE_INFINITY;
  /** Told of the first offset of each batch that was put into an answer, when its bytes were copied. */
  sent: (offset: number) => void = () => {};
  /** Servers lead the partitions by turns. */
  serverCount = 1;

  constructor(...logs: readonly MemoryLog[]) {
    this.logs = logs;
  }

  /** Deletes the topic, and makes another of the same name. */
  makeAnew(...logs: readonly MemoryLog[]): void {
    this.logs = logs;
    if (this.ids.size > 0) this.ids = new Set(['the-second']);
  }

  async topicIds() {
    return this.ids;
  }

  async partitions() {
    return this.logs.map((_, partition) => partition);
  }

  async offsets(times: ReadonlyMap<number, number>, isolation: 0 | 1) {
    return new Map(
      [...times].map(([partition, time]) => [partition, this.#offset(partition, time, isolation)]),
    );
  }

  leaders(partitions: readonly number[]) {
    const leaders = new Map<string, number[]>();
    for (const partition of partitions) {
      const leader = `${partition % this.serverCount}`;
      leaders.set(leader, [...(leaders.get(leader) ?? []), partition]);
    }
    return leaders;
  }

  async fetch(_leader: string, request: FetchRequest) {
    this.requests.push(request.partitions);
    const accident = this.accidents.shift();
    if (accident instanceof Error) throw accident;
    if (typeof accident === 'function') accident();
    let room = Math.min(request.maxBytes, this.responseBytes);
    const answers: AnswerSpec[] = [];
    for (const position of request.partitions) {
      const answer =
        typeof accident === 'number'
          ? { partition: position.partition, errorCode: accident }
          : this.#answer(position, request.isolation, room, answers.length === 0);
      room -= answer.records?.length ?? 0;
      answers.push(answer);
    }
    return decodeFetch(11, fetchResponse(11, this.topic, answers));
  }

  /** Whoever still looks at it sees something else. */
  release({ partitions }: FetchResponse): void {
    for (const { records } of partitions) records.fill(0xee);
  }

  async recover() {
    this.recoveries++;
  }

  async close() {}

  #answer(
    { partition, offset, maxBytes }: FetchRequest['partitions'][number],
    isolation: 0 | 1,
    room: number,
    isFirst: boolean,
  ): AnswerSpec {
    const log = this.logs[partition]!;
    const stable = log.stable;
    if (offset < log.start || offset > log.end) return { partition, errorCode: 1 };
    const bound = isolation === ISOLATION.committed ? stable : log.end;
    const sent: Stored[] = [];
    let bytes = 0;
    const limit = Math.min(maxBytes, room);
    for (const stored of log.batches) {
      if (stored.last < offset || stored.base >= bound) continue;
      if (bytes + stored.bytes.length > limit && !(isFirst && sent.length === 0)) break;
      sent.push(stored);
      bytes += stored.bytes.length;
    }
    const last = sent.at(-1)?.last ?? offset;
    const records = Buffer.concat(sent.map((stored) => stored.bytes));
    for (const { base } of sent) this.sent(base);
    return {
      partition,
      high: log.end,
      stable,
      // As a broker does: who asks for uncommitted messages is not told what was aborted.
      aborted:
        isolation === ISOLATION.committed
          ? log.aborted.filter((aborted) => aborted.lastOffset >= offset && aborted.firstOffset <= last)
          : [],
      records,
    };
  }

  #offset(partition: number, time: number, isolation: 0 | 1): number | undefined {
    const log = this.logs[partition]!;
    const bound = isolation === ISOLATION.committed ? log.stable : log.end;
    if (time === EARLIEST) return log.start;
    if (time === LATEST) return bound;
    const found = log.batches
      .flatMap((stored) => stored.times)
      .find(([offset, timestamp]) => offset >= log.start && timestamp >= time);
    return found !== undefined && found[0] < bound ? found[0] : undefined;
  }
}

export function serverGone(): PassingError {
  return new PassingError('connect ECONNREFUSED');
}
