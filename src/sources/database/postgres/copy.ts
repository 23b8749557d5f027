/** Rows of PostgreSQL's COPY text format, cut out of the bytes as they arrive, without a string per field. */

import type { RowCursor } from '../table.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** What a letter after a backslash stands for; any other byte stands for itself. */
const ESCAPED: Readonly<Record<number, number>> = {
  98: 0x08, // \b
  102: 0x0c, // \f
  110: 0x0a, // \n
  114: 0x0d, // \r
  116: 0x09, // \t
  118: 0x0b, // \v
};

/**
 * A cursor over rows: `feed` bytes, then `next()` until it answers false. The fields belong to the current row and are
 * views of the fed bytes, good until the next `feed`.
 * (https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2)
 */
export class CopyRows implements RowCursor {
  readonly #fields: number;
  /** Start of each field in #bytes; one more entry closes the last. */
  readonly #starts: Int32Array;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #escapes = false;
  #count = 0;

  constructor(fields: number) {
    this.#fields = fields;
    this.#starts = new Int32Array(fields + 1);
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  /** Whether the bytes ended with the end of a row. */
  get complete(): boolean {
    return this.#at === this.#bytes.length;
  }

  feed(chunk: Buffer): void {
    this.#bytes = this.complete ? chunk : Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Goes to the next whole row; false: there is none before more bytes are fed. */
  next(): boolean {
    const bytes = this.#bytes;
    let field = 0;
    this.#escapes = false;
    this.#starts[0] = this.#at;
    for (let i = this.#at; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === BACKSLASH) this.#escapes = true;
      if (byte !== TAB && byte !== NEWLINE) continue;
      this.#starts[++field] = i + 1;
      if (byte === TAB) continue;
      if (field !== this.#fields)
        throw new Error(`a COPY row has ${field} fields instead of ${this.#fields}`);
      this.#at = i + 1;
      this.#count++;
      return true;
    }
    return false;
  }

  /** The bytes of a field; undefined: NULL. */
  bytes(field: number): Buffer | undefined {
    const raw = this.#bytes.subarray(this.#starts[field]!, this.#starts[field + 1]! - 1);
    if (!this.#escapes || !raw.includes(BACKSLASH)) return raw;
    return raw.length === 2 && raw[1] === 0x4e ? undefined : withoutEscapes(raw);
  }

  instant(field: number): bigint | string | undefined {
    const text = this.bytes(field)?.toString('latin1');
    return text === undefined || text.endsWith('infinity') ? text : BigInt(text);
  }

  integer(field: number): number | undefined {
    const text = this.bytes(field)?.toString('latin1');
    return text === undefined ? undefined : Number(text);
  }
}

function withoutEscapes(raw: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i]!;
    if (byte !== BACKSLASH) {
      plain[length++] = byte;
      continue;
    }
    const escaped = raw[++i]!;
    plain[length++] = ESCAPED[escaped] ?? escaped;
  }
  return plain.subarray(0, length);
}
