/**
 * What a log consists of, from outside: record batches (format 2), and before Kafka 0.11 messages (formats 0 and 1), each a
 * batch of its own here. Their headers, checksums and compression. (https://kafka.apache.org/documentation/#recordbatch)
 */
import { crc32 } from 'node:zlib';
import { AuditError } from '../../error.ts';
import { decompress } from './codecs.ts';
import { crc32c } from './crc32c.ts';

/** The partition that bytes came from, for what an error says. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Where the fields of a batch begin. The first four are where a message has them too. */
const AT = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  count: 57,
  records: 61,
} as const;

/** The same of a message; it is at least as long as one of format 0 without key and value. */
const OLD = { crc: 12, attributes: 17, least: 26 } as const;

const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** An INT64 of the protocol as a number; exact up to 2^53. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** Walks over the batches of one partition in a fetch response. One object for all of them: its fields are the current batch's. */
export class BatchCursor {
  readonly place: Place;
  readonly #bytes: Buffer;
  #at = 0;
  #end = 0;
  /** The format: 0, 1 or 2. */
  magic = 2;
  /**
   * Offsets that the batch covers, both included, whether or not records for them are left. Of a compressed message only the
   * last is told: its first is behind the batch before.
   */
  baseOffset = 0;
  lastOffset = -1;
  #attributes = 0;

  constructor(place: Place, bytes: Buffer) {
    this.place = place;
    this.#bytes = bytes;
  }

  /**
   * Goes to the next batch. False: there is no further complete one (a response may end in the middle of a batch).
   * @throws AuditError(4) where a batch cannot be read
   */
  next(): boolean {
    this.#at = this.#end;
    const left = this.#bytes.length - this.#at;
    if (left <= AT.magic) return false;
    const before = this.lastOffset;
    this.magic = this.#bytes[this.#at + AT.magic]!;
    this.baseOffset = this.lastOffset = readInt64(this.#bytes, this.#at);
    if (this.magic > 2) throw this.#unknownFormat();
    const length = this.#bytes.readInt32BE(this.#at + AT.length) + AT.length + 4;
    if (length < (this.magic === 2 ? AT.records : OLD.least))
      throw this.corrupt(`a batch of ${length} bytes`);
    if (length > left) return false;
    this.#end = this.#at + length;
    if (this.magic === 2) this.#readHeader();
    else this.#readOldHeader(before);
    this.#refuseOddOffsets();
    return true;
  }

  /** Bytes of the whole batch. */
  get size(): number {
    return this.#end - this.#at;
  }

  get isControl(): boolean {
    return (this.#attributes & CONTROL) !== 0;
  }

  get isTransactional(): boolean {
    return (this.#attributes & TRANSACTIONAL) !== 0;
  }

  /** The broker, not the producer, dated the batch: every record has its maxTimestamp. */
  get isLogAppendTime(): boolean {
    return (this.#attributes & LOG_APPEND_TIME) !== 0;
  }

  /** -1: none; of an old message always. */
  get producerId(): bigint {
    if (this.magic < 2) return -1n;
    return this.#bytes.readBigInt64BE(this.#at + AT.producerId);
  }

  get baseTimestamp(): number {
    return readInt64(this.#bytes, this.#at + AT.baseTimestamp);
  }

  get maxTimestamp(): number {
    return readInt64(this.#bytes, this.#at + AT.maxTimestamp);
  }

  /** How many records are left in it: compaction may leave none. Of an old message 1, as nothing tells how many are inside. */
  get count(): number {
    if (this.magic < 2) return 1;
    return this.#bytes.readInt32BE(this.#at + AT.count);
  }

  /**
   * @param checksum CRC-32C of bytes
   * @throws AuditError(4) when the batch is not what its checksum says: it was damaged on disk or on the way
   */
  verify(checksum: (bytes: Uint8Array) => number = crc32c): void {
    const [at, from] = this.magic === 2 ? [AT.crc, AT.attributes] : [OLD.crc, AT.magic];
    const checked = this.#bytes.subarray(this.#at + from, this.#end);
    if ((this.magic === 2 ? checksum(checked) : crc32(checked)) !== this.#bytes.readUInt32BE(this.#at + at)) {
      throw this.corrupt('its checksum does not match');
    }
  }

  /**
   * The bytes of its records (format 2), decompressed: read them before another batch's, which may come to lie in the same
   * memory. @throws AuditError(4) where they cannot be decompressed
   */
  records(): Buffer {
    const bytes = this.#bytes.subarray(this.#at + AT.records, this.#end);
    // A batch that compaction emptied keeps its codec, but has nothing to decompress.
    return bytes.length === 0 ? bytes : this.decompress(this.#attributes & COMPRESSION, bytes);
  }

  /** The bytes of the message itself, with its offset and size (formats 0 and 1). */
  message(): Buffer {
    return this.#bytes.subarray(this.#at, this.#end);
  }

  /** Some bytes of the batch, decompressed; they may lie in memory that is used again. @throws AuditError(4) where they cannot be */
  decompress(codec: number, bytes: Buffer): Buffer {
    try {
      return decompress(codec, bytes, { oldLz4: this.magic < 2 });
    } catch (error) {
      throw this.corrupt((error as Error).message, error);
    }
  }

  /** The error for bytes that make no sense. */
  corrupt(why: string, cause?: unknown): AuditError {
    const { topic, partition } = this.place;
    return new AuditError(
      4,
      `Topic ${topic}, partition ${partition}, offset ${this.magic === 2 ? this.baseOffset : this.lastOffset}: the batch is damaged (${why}).`,
      { hint: 'Let another replica lead the partition, or leave these offsets out of the range.', cause },
    );
  }

  #readHeader(): void {
    this.#attributes = this.#bytes.readInt16BE(this.#at + AT.attributes);
    this.lastOffset = this.baseOffset + this.#bytes.readInt32BE(this.#at + AT.lastOffsetDelta);
  }

  /** @param before the last offset of the batch before */
  #readOldHeader(before: number): void {
    this.#attributes = this.#bytes[this.#at + OLD.attributes]! & (COMPRESSION | LOG_APPEND_TIME);
    if (this.magic === 0) this.#attributes &= COMPRESSION;
    if (this.lastOffset <= before) throw this.corrupt('its offset is not behind the one before');
    if (this.#attributes & COMPRESSION) this.baseOffset = before + 1;
  }

  #unknownFormat(): AuditError {
    const { topic, partition } = this.place;
    return new AuditError(
      4,
      `Topic ${topic}, partition ${partition}, offset ${this.baseOffset}: stored in message format ${this.magic}, which onceover does not know.`,
      { hint: 'A capture (kcat -J) of the range can be audited instead.' },
    );
  }

  #refuseOddOffsets(): void {
    if (this.lastOffset < this.baseOffset) throw this.corrupt('it ends before it begins');
    if (!Number.isSafeInteger(this.baseOffset) || !Number.isSafeInteger(this.lastOffset)) {
      throw this.corrupt('an offset beyond 2^53 - 1');
    }
  }
}

/** The offset behind the last complete batch, by headers alone; undefined: there is no complete batch. */
export function offsetBehind(place: Place, bytes: Buffer): number | undefined {
  const batches = new BatchCursor(place, bytes);
  let behind: number | undefined;
  while (batches.next()) behind = batches.lastOffset + 1;
  return behind;
}
