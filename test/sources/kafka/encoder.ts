/**
 * Record batches, old messages and fetch responses as a broker would send them, written from the protocol and not from the
 * code under test.
 */
import { crc32, gzipSync } from 'node:zlib';
import { lz4Frame, snappyBlock, snappyStream, zstdFrameWithoutSize } from './frames.ts';

export interface RecordSpec {
  readonly offset: number;
  readonly timestamp?: number;
  readonly key?: string | Buffer | null;
  readonly value?: string | Buffer | null;
  readonly headers?: readonly (readonly [string, string | Buffer | null])[];
}

export interface BatchSpec {
  readonly base: number;
  /** Default: the last record's offset. */
  readonly last?: number;
  readonly records: readonly RecordSpec[];
  /** Number of the compression codec, which is really applied. */
  readonly codec?: number;
  readonly producerId?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** The broker's time for the whole batch. */
  readonly appendedAt?: number;
  readonly baseTimestamp?: number;
  readonly magic?: number;
}

export function batch(spec: BatchSpec): Buffer {
  const last = spec.last ?? spec.records.at(-1)?.offset ?? spec.base;
  const baseTimestamp = spec.baseTimestamp ?? spec.records[0]?.timestamp ?? 0;
  const times = spec.records.map((record) => record.timestamp ?? baseTimestamp);
  const plain = Buffer.concat(spec.records.map((record) => encodeRecord(record, spec.base, baseTimestamp)));
  const codec = spec.codec ?? 0;
  const attributes =
    codec |
    (spec.appendedAt === undefined ? 0 : 0x08) |
    (spec.transactional || spec.control ? 0x10 : 0) |
    (spec.control ? 0x20 : 0);
  const checked = Buffer.concat([
    int(2, attributes),
    int(4, last - spec.base),
    int(8, baseTimestamp),
    int(8, spec.appendedAt ?? times.reduce((latest, time) => Math.max(latest, time), baseTimestamp)),
    int(8, spec.producerId ?? -1),
    int(2, 0), // producer epoch
    int(4, 0), // base sequence
    int(4, spec.records.length),
    compressed(codec, plain),
  ]);
  const behindLength = Buffer.concat([int(4, 0), int(1, spec.magic ?? 2), crc(checked), checked]);
  return Buffer.concat([int(8, spec.base), int(4, behindLength.length), behindLength]);
}

/** Compressed as current producers do; a codec that there is not leaves it as it is. */
function compressed(codec: number, plain: Buffer): Buffer {
  const compress = [undefined, gzipSync, snappyStream, lz4Frame, zstdFrameWithoutSize][codec];
  return compress === undefined ? plain : compress(plain);
}

export interface MessageSpec {
  readonly magic: 0 | 1;
  readonly offset: number;
  /** Of format 1 only. */
  readonly timestamp?: number;
  readonly appendTime?: boolean;
  readonly key?: string | Buffer | null;
  readonly value?: string | Buffer | null;
  readonly codec?: number;
}

/** One message as it was stored before Kafka 0.11. */
export function message(spec: MessageSpec): Buffer {
  const checked = Buffer.concat([
    int(1, spec.magic),
    int(1, (spec.codec ?? 0) | (spec.appendTime ? 0x08 : 0)),
    ...(spec.magic === 1 ? [int(8, spec.timestamp ?? -1)] : []),
    sizedByInt32(spec.key ?? null),
    sizedByInt32(spec.value ?? null),
  ]);
  return Buffer.concat([int(8, spec.offset), int(4, checked.length + 4), int(4, crc32(checked)), checked]);
}

export interface MessageSetSpec {
  readonly magic: 0 | 1;
  readonly codec: number;
  /** With their offsets in the log, in ascending order. */
  readonly records: readonly RecordSpec[];
  /** Format 1 counts offsets from the first that was ever in the set; default: the first that is. */
  readonly base?: number;
  /** The broker's time for all of them. */
  readonly appendedAt?: number;
}

/** Messages compressed into the value of one, as the clients of their time did. */
export function messageSet({ magic, codec, records, base, appendedAt }: MessageSetSpec): Buffer {
  const first = base ?? records[0]!.offset;
  const inner = records.map(({ headers: _, ...record }) =>
    message({ magic, ...record, offset: magic === 1 ? record.offset - first : record.offset }),
  );
  const plain = Buffer.concat(inner);
  const oldLz4 = (content: Buffer) => lz4Frame(content, { oldHeaderChecksum: magic === 0 });
  const value = [undefined, gzipSync, magic === 0 ? snappyStream : snappyBlock, oldLz4][codec]!(plain);
  const times = records.map((record) => record.timestamp ?? -1);
  const timestamp = appendedAt ?? times.reduce((latest, time) => Math.max(latest, time));
  const offset = records.at(-1)!.offset;
  return message({ magic, offset, timestamp, appendTime: appendedAt !== undefined, codec, value });
}

function sizedByInt32(bytes: string | Buffer | null): Buffer {
  if (bytes === null) return int(4, -1);
  return Buffer.concat([int(4, Buffer.byteLength(bytes)), Buffer.from(bytes as string)]);
}

/** The control batch that ends a transaction. */
export function marker(offset: number, producerId: number, type: 'abort' | 'commit', timestamp = 0): Buffer {
  const key = Buffer.concat([int(2, 0), int(2, type === 'abort' ? 0 : 1)]);
  const records = [{ offset, timestamp, key, value: int(6, 0) }];
  return batch({ base: offset, records, producerId, control: true });
}

export interface AnswerSpec {
  readonly partition: number;
  readonly errorCode?: number;
  readonly high?: number;
  readonly stable?: number;
  readonly aborted?: readonly { readonly producerId: number; readonly firstOffset: number }[];
  readonly records?: Buffer;
}

export function fetchResponse(
  version: number,
  topic: string,
  answers: readonly AnswerSpec[],
  throttle = 0,
): Buffer {
  return Buffer.concat([
    int(4, throttle),
    ...(version >= 7 ? [int(2, 0), int(4, 0)] : []),
    int(4, 1),
    int(2, topic.length),
    Buffer.from(topic),
    int(4, answers.length),
    ...answers.map((answer) => encodeAnswer(version, answer)),
  ]);
}

function encodeAnswer(version: number, answer: AnswerSpec): Buffer {
  const aborted = answer.aborted ?? [];
  const records = answer.records ?? Buffer.alloc(0);
  return Buffer.concat([
    int(4, answer.partition),
    int(2, answer.errorCode ?? 0),
    int(8, answer.high ?? 0),
    int(8, answer.stable ?? 0),
    ...(version >= 5 ? [int(8, 0)] : []),
    int(4, aborted.length),
    ...aborted.flatMap(({ producerId, firstOffset }) => [int(8, producerId), int(8, firstOffset)]),
    ...(version >= 11 ? [int(4, -1)] : []),
    int(4, records.length),
    records,
  ]);
}

function encodeRecord(record: RecordSpec, base: number, baseTimestamp: number): Buffer {
  const body = Buffer.concat([
    int(1, 0),
    varint((record.timestamp ?? baseTimestamp) - baseTimestamp),
    varint(record.offset - base),
    sized(record.key ?? null),
    sized(record.value ?? null),
    varint(record.headers?.length ?? 0),
    ...(record.headers ?? []).flatMap(([name, value]) => [sized(name), sized(value)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function sized(bytes: string | Buffer | null): Buffer {
  if (bytes === null) return varint(-1);
  return Buffer.concat([varint(Buffer.byteLength(bytes)), Buffer.from(bytes as string)]);
}

/** Big endian. */
export function int(size: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes.subarray(8 - size);
}

export function varint(value: number): Buffer {
  let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; zigzag > 0x7fn; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(zigzag)]);
}

function crc(bytes: Buffer): Buffer {
  return int(4, slowCrc32c(bytes));
}

/** A bit at a time. */
export function slowCrc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}
