/** Rows of PostgreSQL's binary COPY format, cut out of the bytes as they arrive, without a copy of any field. */
import type { TextColumn } from '../../../columns.ts';
import { copyAscii, type RowCursor } from '../table.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const SIGNATURE_AND_FLAGS = SIGNATURE.length + 4;
/** In place of a row's number of fields: the end. */
const TRAILER = -1;
/** In place of a field's length: NULL. */
const NULL = -1;

/** Times count from 2000-01-01 on; the two ends of the type are no times. */
const EPOCH_MICROS = BigInt(Date.UTC(2000, 0)) * 1000n;
const INFINITY = 2n ** 63n - 1n;

/**
 * A cursor over rows: `feed` bytes, then `next()` until it answers false. The fields belong to the current row and are
 * views of the fed bytes, good until the next `feed`.
 * (https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4)
 */
export class CopyRows implements RowCursor {
  readonly #fields: number;
  /** Where each field begins in #bytes, and how long it is. */
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #begun = false;
  #ended = false;
  #count = 0;

  constructor(fields: number) {
    this.#fields = fields;
    this.#starts = new Int32Array(fields);
    this.#lengths = new Int32Array(fields);
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  /** Whether the bytes came to the end that the format has. */
  get complete(): boolean {
    return this.#ended && this.#at === this.#bytes.length;
  }

  feed(chunk: Buffer): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  /** Goes to the next whole row; false: there is none before more bytes are fed. */
  next(): boolean {
    if (this.#ended || (!this.#begun && !this.#header())) return false;
    const bytes = this.#bytes;
    let at = this.#at + 2;
    if (at > bytes.length) return false;
    const fields = bytes.readInt16BE(at - 2);
    if (fields === TRAILER) {
      this.#at = at;
      this.#ended = true;
      return false;
    }
    if (fields !== this.#fields)
      throw new Error(`a COPY row has ${fields} fields instead of ${this.#fields}`);
    for (let field = 0; field < fields; field++) {
      at += 4;
      if (at > bytes.length) return false;
      const length = bytes.readInt32BE(at - 4);
      this.#starts[field] = at;
      this.#lengths[field] = length;
      if (length !== NULL) at += length;
    }
    if (at > bytes.length) return false;
    this.#at = at;
    this.#count++;
    return true;
  }

  bytes(field: number): Buffer | undefined {
    const length = this.#lengths[field]!;
    if (length === NULL) return undefined;
    const start = this.#starts[field]!;
    return this.#bytes.subarray(start, start + length);
  }

  copyAscii(field: number, column: TextColumn): number {
    const length = this.#lengths[field]!;
    if (length === NULL) return -1;
    const start = this.#starts[field]!;
    return copyAscii(this.#bytes, start, start + length, column);
  }

  /** Of a timestamptz: 64 bits of microseconds. */
  instant(field: number): bigint | string | undefined {
    if (this.#lengths[field] === NULL) return undefined;
    const micros = this.#bytes.readBigInt64BE(this.#starts[field]!);
    if (micros === INFINITY) return 'infinity';
    return micros === -INFINITY - 1n ? '-infinity' : micros + EPOCH_MICROS;
  }

  /** Of a bigint. */
  integer(field: number): number | undefined {
    if (this.#lengths[field] === NULL) return undefined;
    return Number(this.#bytes.readBigInt64BE(this.#starts[field]!));
  }

  /** Goes behind the header, as soon as it is there: signature, flags, and an extension with its length before it. */
  #header(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < SIGNATURE_AND_FLAGS + 4) return false;
    if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('COPY gave no binary rows');
    const end = SIGNATURE_AND_FLAGS + 4 + bytes.readUInt32BE(SIGNATURE_AND_FLAGS);
    if (bytes.length < end) return false;
    this.#at = end;
    this.#begun = true;
    return true;
  }
}
