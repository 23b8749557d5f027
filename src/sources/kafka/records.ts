/** The records inside a batch, one after the other, without an object for each. (https://kafka.apache.org/documentation/#record) */
import type { RecordBlock, RecordPlace } from '../messages/block.ts';
import { messageTime, type RecordView } from '../messages/record.ts';
import { MessageSetCursor } from './message-set.ts';
import type { BatchCursor } from './record-batch.ts';

type Headers = RecordView['headers'];

const NO_HEADERS: Headers = [];

/**
 * Walks over the records of a batch; its fields are the current record's. Key and value are views into the bytes of the
 * batch, made when they are asked for: whoever keeps them copies them.
 */
export class RecordCursor implements RecordView, RecordBlock {
  partition = 0;
  offset = 0;
  timestamp = -1;
  headers: Headers = NO_HEADERS;
  inRange = true;
  aborted = false;
  ofOpenTransaction = false;

  readonly #withHeaders: boolean;
  readonly #messages = new MessageSetCursor();
  #batch!: BatchCursor;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #left = 0;
  #baseOffset = 0;
  #baseTimestamp = 0;
  /** The timestamp of every record, where the broker dated the batch. */
  #appendedAt: number | undefined;
  #delta = -1;
  #keyAt = 0;
  #keyLength = -1;
  #valueAt = 0;
  #valueLength = -1;

  /** @param withHeaders false: headers are passed over and left empty */
  constructor(withHeaders: boolean) {
    this.#withHeaders = withHeaders;
  }

  /** Begins with a batch, before its first record. @throws AuditError(4) where it cannot be decompressed */
  open(batch: BatchCursor): void {
    this.#batch = batch;
    this.partition = batch.place.partition;
    this.#baseOffset = batch.baseOffset;
    this.#delta = -1;
    if (batch.magic < 2) {
      this.headers = NO_HEADERS;
      this.#messages.open(batch);
      return;
    }
    this.#left = batch.count;
    if (this.#left < 0) throw batch.corrupt(`${this.#left} records`);
    this.#bytes = batch.records();
    this.#at = 0;
    this.#baseTimestamp = batch.baseTimestamp;
    this.#appendedAt = batch.isLogAppendTime ? batch.maxTimestamp : undefined;
  }

  /** Where the next record begins. */
  get place(): RecordPlace {
    return { at: this.#at, left: this.#left, delta: this.#delta };
  }

  /** Goes on at another place of the batch. */
  seek({ at, left, delta }: RecordPlace): void {
    this.#at = at;
    this.#left = left;
    this.#delta = delta;
  }

  /** The records section, decompressed. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get baseOffset(): number {
    return this.#baseOffset;
  }

  get lastOffset(): number {
    return this.#batch.lastOffset;
  }

  get baseTimestamp(): number {
    return this.#baseTimestamp;
  }

  get appendedAt(): number | undefined {
    return this.#appendedAt;
  }

  get key(): Uint8Array | null {
    return this.#keyLength < 0 ? null : this.#bytes.subarray(this.#keyAt, this.#keyAt + this.#keyLength);
  }

  get value(): Uint8Array | null {
    if (this.#valueLength < 0) return null;
    return this.#bytes.subarray(this.#valueAt, this.#valueAt + this.#valueLength);
  }

  /** Goes to the next record; false: there is none. @throws AuditError(4) where the bytes make no sense */
  next(): boolean {
    if (this.#batch.magic < 2) return this.#nextMessage();
    if (this.#left === 0) return this.#finish();
    this.#left--;
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw this.#batch.corrupt('a record ends outside of it');
    this.#at++; // attributes of the record: unused
    const timestampDelta = this.#varlong();
    this.timestamp = messageTime(this.#appendedAt ?? this.#baseTimestamp + timestampDelta);
    this.#moveTo(this.#varint());
    this.#keyLength = this.#varint();
    this.#keyAt = this.#at;
    if (this.#keyLength > 0) this.#at += this.#keyLength;
    this.#valueLength = this.#varint();
    this.#valueAt = this.#at;
    if (this.#valueLength > 0) this.#at += this.#valueLength;
    if (this.#withHeaders) this.headers = this.#readHeaders(end);
    if (this.#at > end) throw this.#batch.corrupt(`offset ${this.offset} ends outside of its record`);
    if (this.#withHeaders && this.#at < end) throw this.#batch.corrupt(`bytes behind offset ${this.offset}`);
    this.#at = end;
    return true;
  }

  #nextMessage(): boolean {
    if (!this.#messages.next()) return false;
    const { message } = this.#messages;
    this.#bytes = message.bytes;
    this.timestamp = messageTime(message.timestamp);
    this.#moveTo(message.offset - this.#baseOffset);
    this.#keyAt = message.keyAt;
    this.#keyLength = message.keyLength;
    this.#valueAt = message.valueAt;
    this.#valueLength = message.valueLength;
    return true;
  }

  #moveTo(delta: number): void {
    if (delta <= this.#delta) throw this.#batch.corrupt('its offsets do not ascend');
    this.#delta = delta;
    this.offset = this.#baseOffset + delta;
    if (this.offset > this.#batch.lastOffset) throw this.#batch.corrupt('an offset beyond its last');
  }

  /** Behind the last record nothing may be left, or a record was not seen. */
  #finish(): false {
    if (this.#at !== this.#bytes.length) throw this.#batch.corrupt('bytes behind its last record');
    return false;
  }

  #readHeaders(end: number): Headers {
    const count = this.#varint();
    if (count === 0) return NO_HEADERS;
    if (count < 0 || count > end - this.#at) throw this.#batch.corrupt(`${count} headers`);
    const headers: [string, Uint8Array | null][] = [];
    for (let i = 0; i < count; i++) {
      const name = this.#take(this.#varint(), end)?.toString('utf8') ?? '';
      headers.push([name, this.#take(this.#varint(), end)]);
    }
    return headers;
  }

  #take(length: number, end: number): Buffer | null {
    if (length < 0) return null;
    const from = this.#at;
    this.#at += length;
    if (this.#at > end) throw this.#batch.corrupt(`a header of offset ${this.offset} ends outside of it`);
    return this.#bytes.subarray(from, this.#at);
  }

  /** A zigzag varint of up to 32 bits. */
  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f && shift < 35; shift += 7) {
      byte = bytes[this.#at++]!;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** A zigzag varint of up to 64 bits, as a number: exact up to 2^53. */
  #varlong(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++]!;
    if (byte <= 0x7f) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let unit = 0x80; byte > 0x7f; unit *= 0x80) {
      byte = bytes[this.#at++]!;
      value += (byte & 0x7f) * unit;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
