/**
 * The bytes of record batches, format v2: their headers, their checksum and their compression.
 * (https://kafka.apache.org/documentation/#recordbatch)
 */
import { gunzipSync } from 'node:zlib';
import { AuditError } from '../../error.ts';
import { crc32c } from './crc32c.ts';

/** The partition that bytes came from, for what an error says. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Where the fields of a batch begin. */
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

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
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
  /** Offsets that the batch covers, both included, whether or not records for them are left. */
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
    this.baseOffset = readInt64(this.#bytes, this.#at);
    this.#refuseOldFormat();
    const length = this.#bytes.readInt32BE(this.#at + AT.length) + AT.length + 4;
    if (length < AT.records) throw this.corrupt(`a batch of ${length} bytes`);
    if (length > left) return false;
    this.#end = this.#at + length;
    this.#attributes = this.#bytes.readInt16BE(this.#at + AT.attributes);
    this.lastOffset = this.baseOffset + this.#bytes.readInt32BE(this.#at + AT.lastOffsetDelta);
    this.#refuseOddOffsets();
    return true;
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

  get producerId(): bigint {
    return this.#bytes.readBigInt64BE(this.#at + AT.producerId);
  }

  get baseTimestamp(): number {
    return readInt64(this.#bytes, this.#at + AT.baseTimestamp);
  }

  get maxTimestamp(): number {
    return readInt64(this.#bytes, this.#at + AT.maxTimestamp);
  }

  /** How many records are left in it: compaction may leave none. */
  get count(): number {
    return this.#bytes.readInt32BE(this.#at + AT.count);
  }

  /**
   * @param checksum CRC-32C of bytes
   * @throws AuditError(4) when the batch is not what its checksum says: it was damaged on disk or on the way
   */
  verify(checksum: (bytes: Uint8Array) => number = crc32c): void {
    const stored = this.#bytes.readUInt32BE(this.#at + AT.crc);
    if (checksum(this.#bytes.subarray(this.#at + AT.attributes, this.#end)) !== stored) {
      throw this.corrupt('its checksum does not match');
    }
  }

  /** The bytes of its records, decompressed. @throws AuditError(4) where they cannot be */
  records(): Buffer {
    const bytes = this.#bytes.subarray(this.#at + AT.records, this.#end);
    const codec = this.#attributes & COMPRESSION;
    if (codec === 0) return bytes;
    if (codec === 1) return this.#gunzip(bytes);
    const { topic, partition } = this.place;
    throw new AuditError(
      4,
      `Topic ${topic}, partition ${partition}, offset ${this.baseOffset}: compressed with ${CODECS[codec] ?? `codec ${codec}`}, which onceover cannot read yet.`,
      {
        hint: 'Uncompressed and gzip batches can be read. A capture (kcat -J) of the range can be audited instead.',
      },
    );
  }

  /** The error for bytes that make no sense. */
  corrupt(why: string, cause?: unknown): AuditError {
    const { topic, partition } = this.place;
    return new AuditError(
      4,
      `Topic ${topic}, partition ${partition}, offset ${this.baseOffset}: the batch is damaged (${why}).`,
      { hint: 'Let another replica lead the partition, or leave these offsets out of the range.', cause },
    );
  }

  #gunzip(bytes: Buffer): Buffer {
    try {
      return gunzipSync(bytes);
    } catch (error) {
      throw this.corrupt(`gzip: ${(error as Error).message}`, error);
    }
  }

  #refuseOldFormat(): void {
    const magic = this.#bytes[this.#at + AT.magic]!;
    if (magic === 2) return;
    const { topic, partition } = this.place;
    throw new AuditError(
      4,
      `Topic ${topic}, partition ${partition}, offset ${this.baseOffset}: stored in message format ${magic} (before Kafka 0.11), which onceover cannot read yet.`,
      {
        hint: 'Begin the range behind these offsets. A capture (kcat -J) of the range can be audited instead.',
      },
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
