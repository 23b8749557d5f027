/** The bytes of Fetch requests and responses, versions 4 to 11. (https://kafka.apache.org/protocol#The_Messages_Fetch) */
import type { AbortedTransaction } from './aborted.ts';
import { readInt64 } from './record-batch.ts';

export const FETCH_VERSIONS: readonly number[] = [4, 5, 6, 7, 8, 9, 10, 11];

/** The protocol's numbers: whether messages of open and aborted transactions are seen. */
export const ISOLATION = { uncommitted: 0, committed: 1 } as const;
export type IsolationLevel = (typeof ISOLATION)[keyof typeof ISOLATION];

export interface FetchRequest {
  readonly isolation: IsolationLevel;
  /** How long the broker may wait for a first byte, in milliseconds. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  /** In this order: the first is given at least one whole batch, however large (KIP-74). */
  readonly partitions: readonly FetchPosition[];
}

export interface FetchPosition {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Batches, as a view into the response; the last may be incomplete. */
  readonly records: Buffer;
}

const CONSUMER = -1;
const NO_SESSION = 0;
const NO_SESSION_EPOCH = -1;
const UNKNOWN_EPOCH = -1;

/** The body of a request for one topic, without a fetch session. */
export function encodeFetch(version: number, topic: string, request: FetchRequest): Buffer {
  const { isolation, maxWaitMs, maxBytes, partitions } = request;
  const name = Buffer.from(topic, 'utf8');
  const parts = [int32(CONSUMER, maxWaitMs, 1, maxBytes), Buffer.from([isolation])];
  if (version >= 7) parts.push(int32(NO_SESSION, NO_SESSION_EPOCH));
  parts.push(int32(1), int16(name.length), name, int32(partitions.length));
  for (const position of partitions) parts.push(encodePosition(version, position));
  if (version >= 7) parts.push(int32(0)); // topics to forget
  if (version >= 11) parts.push(int16(0)); // no rack
  return Buffer.concat(parts);
}

function encodePosition(version: number, position: FetchPosition): Buffer {
  const parts = [int32(position.partition)];
  if (version >= 9) parts.push(int32(UNKNOWN_EPOCH));
  parts.push(int64(position.offset));
  if (version >= 5) parts.push(int64(-1)); // log start: only followers send one
  parts.push(int32(position.maxBytes));
  return Buffer.concat(parts);
}

/** @throws RangeError when the bytes end too early, which no broker's answer does */
export function decodeFetch(version: number, bytes: Buffer): FetchResponse {
  const reader = new Reader(bytes);
  const throttleMs = reader.int32();
  let errorCode = 0;
  if (version >= 7) {
    errorCode = reader.int16();
    reader.skip(4); // session id
  }
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.skip(reader.int16());
    for (let left = reader.int32(); left > 0; left--) partitions.push(decodePartition(version, reader));
  }
  return { throttleMs, errorCode, partitions };
}

function decodePartition(version: number, reader: Reader): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  if (version >= 5) reader.skip(8); // log start
  const aborted: AbortedTransaction[] = [];
  for (let left = reader.int32(); left > 0; left--) {
    aborted.push({ producerId: reader.bigint64(), firstOffset: reader.int64() });
  }
  if (version >= 11) reader.skip(4); // preferred replica: none, as no rack was named
  const records = reader.bytes(Math.max(0, reader.int32()));
  return { partition, errorCode, highWatermark, lastStableOffset, aborted, records };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.#at += count;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): number {
    this.#at += 8;
    return readInt64(this.#bytes, this.#at - 8);
  }

  bigint64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  bytes(count: number): Buffer {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new RangeError('a fetch response ends too early');
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  let at = 0;
  for (const value of values) at = bytes.writeInt32BE(value, at);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
