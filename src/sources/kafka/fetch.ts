/** The bytes of Fetch requests and responses, versions 4 to 11. (https://kafka.apache.org/protocol#The_Messages_Fetch) */
import type { AbortedTransaction } from './aborted.ts';
import { int16, int32, int64, Reader } from './wire.ts';

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
