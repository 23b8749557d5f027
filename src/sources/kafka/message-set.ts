/**
 * Messages as they were stored before Kafka 0.11, formats 0 and 1: each alone, or many compressed into the value of one.
 * (https://kafka.apache.org/documentation/#messageset)
 */
import { crc32 } from 'node:zlib';
import { type BatchCursor, readInt64 } from './record-batch.ts';

/** Where the fields of a message begin; its key and value follow the attributes, or in format 1 the timestamp. */
const AT = { size: 8, crc: 12, magic: 16, attributes: 17, timestamp: 18, body: [18, 26] } as const;
const COMPRESSION = 0x07;
/** The lengths of a key and a value. */
const LEAST_BODY = 8;

/** The fields of one message, where it lies. */
class Message {
  bytes: Buffer = Buffer.alloc(0);
  /** As it is stored: inside of a compressed message of format 1 it is relative. */
  offset = 0;
  /** Epoch milliseconds; negative: none, as always in format 0. */
  timestamp = -1;
  attributes = 0;
  keyAt = 0;
  /** Negative: null. */
  keyLength = -1;
  valueAt = 0;
  valueLength = -1;

  /** Reads the message that begins at `at`. @returns where it ends. @throws AuditError(4) where it cannot be one */
  read(batch: BatchCursor, bytes: Buffer, at: number): number {
    if (bytes.length - at <= AT.magic) throw batch.corrupt('a message breaks off');
    const magic = bytes[at + AT.magic]!;
    const body = AT.body[magic as 0 | 1] as number | undefined;
    const length = bytes.readInt32BE(at + AT.size) + AT.crc;
    if (body === undefined) throw batch.corrupt(`a message of format ${magic} in one of an older`);
    if (length < body + LEAST_BODY || length > bytes.length - at) throw batch.corrupt('a message breaks off');
    this.bytes = bytes;
    this.offset = readInt64(bytes, at);
    this.attributes = bytes[at + AT.attributes]!;
    this.timestamp = magic === 0 ? -1 : readInt64(bytes, at + AT.timestamp);
    const end = at + length;
    if (crc32(bytes.subarray(at + AT.magic, end)) !== bytes.readUInt32BE(at + AT.crc)) {
      throw batch.corrupt('the checksum of a message does not match');
    }
    this.#readBody(batch, at + body, end);
    return end;
  }

  get codec(): number {
    return this.attributes & COMPRESSION;
  }

  #readBody(batch: BatchCursor, at: number, end: number): void {
    this.keyLength = this.bytes.readInt32BE(at);
    this.keyAt = at + 4;
    const behindKey = this.keyAt + Math.max(this.keyLength, 0);
    if (behindKey + 4 > end) throw batch.corrupt('a key ends outside of its message');
    this.valueLength = this.bytes.readInt32BE(behindKey);
    this.valueAt = behindKey + 4;
    if (this.valueAt + Math.max(this.valueLength, 0) !== end) {
      throw batch.corrupt('a value does not end with its message');
    }
  }
}

/** Walks over the messages in one message of a log, which is itself the only one where it is not compressed. */
export class MessageSetCursor {
  /** The current message; its offset and timestamp are those that count. */
  readonly message = new Message();
  #batch!: BatchCursor;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #compressed = false;
  /** What is added to an offset. */
  #base = 0;
  /** The timestamp of every message, where the broker dated them. */
  #appendedAt: number | undefined;

  /** Begins with the message that a cursor is at. @throws AuditError(4) where it is damaged, or what is compressed in it */
  open(batch: BatchCursor): void {
    this.#batch = batch;
    this.#bytes = batch.message();
    this.#at = 0;
    this.#base = 0;
    this.#appendedAt = undefined;
    const { message } = this;
    message.read(batch, this.#bytes, 0);
    this.#compressed = message.codec !== 0;
    if (!this.#compressed) return;
    if (message.valueLength <= 0) throw batch.corrupt('compressed, but nothing is in it');
    if (batch.isLogAppendTime) this.#appendedAt = message.timestamp;
    const value = message.bytes.subarray(message.valueAt, message.valueAt + message.valueLength);
    this.#bytes = batch.decompress(message.codec, value);
    if (this.#bytes.length === 0) throw batch.corrupt('no message is in it');
    // In format 1 offsets are counted from the first message that was there, and the last one's is told by the log.
    if (batch.magic === 1) this.#base = batch.lastOffset - lastOffset(this.#bytes);
  }

  /** Goes to the next message; false: there is none. @throws AuditError(4) where it is damaged */
  next(): boolean {
    if (this.#at === this.#bytes.length) return false;
    const { message } = this;
    this.#at = message.read(this.#batch, this.#bytes, this.#at);
    if (this.#compressed && message.codec !== 0) throw this.#batch.corrupt('compressed twice');
    message.offset += this.#base;
    message.timestamp = this.#appendedAt ?? message.timestamp;
    return true;
  }
}

/** The stored offset of the last message; what is wrong with the bytes is found when they are walked over again. */
function lastOffset(bytes: Buffer): number {
  let last = 0;
  for (let at = 0; bytes.length - at >= AT.crc; at += bytes.readUInt32BE(at + AT.size) + AT.crc) {
    last = readInt64(bytes, at);
  }
  return last;
}
