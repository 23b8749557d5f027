/**
 * The columns in which sources hand over what they saw: fixed-width numbers in typed arrays, text as the page it
 * becomes on disk. No JavaScript object per row lives between a source and the evidence.
 */

/** `effects.time` of an effect that carries no readable time. */
export const NO_TIME = -(2n ** 63n);

/**
 * `messages.class`: what became of a stored message. Where uncommitted messages are read, those of aborted and of open
 * transactions are audited too, and marked; `aborted` is then only what `where` did not let in.
 */
export const MESSAGE_CLASS = {
  audited: 0,
  skipped: 1,
  aborted: 2,
  abortedAudited: 3,
  openAudited: 4,
} as const;
export type MessageClass = keyof typeof MESSAGE_CLASS;

/** In `expectMin` and `expectMax`: why no number of effects can be expected of this message for this kind. */
export const EXPECT = { undecodable: -1, unreadable: -2 } as const;

/**
 * What a batch of messages and a row group of the evidence hold at most: DuckDB's own row group size
 * (https://duckdb.org/docs/stable/data/parquet/tips), and a bound on the text held meanwhile.
 */
export const GROUP_ROWS = 122_880;
export const GROUP_TEXT_BYTES = 24 << 20;

/** Largest finite expectation; what `expect: { min: 1 }` without a maximum is stored as. */
export const UNBOUNDED = 2 ** 31 - 1;

/**
 * A column of text under construction: each value is its length (u32, little endian) and then its UTF-8 bytes, which
 * is Parquet's PLAIN page for BYTE_ARRAY, so the evidence writes it as it lies.
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/)
 */
export class TextColumn {
  #bytes: Buffer;
  #used = 0;

  constructor(initialBytes = 1 << 16) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  /** Appends one value. `value` must be valid UTF-8; bytes that may not be are spelt out by the source that read them. */
  push(value: Uint8Array): void {
    const length = value.length;
    this.#reserve(length + 4);
    this.#used = this.#bytes.writeUInt32LE(length, this.#used);
    this.#bytes.set(value, this.#used);
    this.#used += length;
  }

  /** Appends bytes[start, end) where all of them are ASCII; else nothing, and answers false. Makes no view of them. */
  pushAscii(bytes: Uint8Array, start: number, end: number): boolean {
    this.#reserve(end - start + 4);
    const own = this.#bytes;
    let used = this.#used + 4;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x80) return false;
      own[used++] = byte;
    }
    own.writeUInt32LE(end - start, this.#used);
    this.#used = used;
    return true;
  }

  /** Appends one value given as a string. Lone surrogates become U+FFFD, as in every UTF-8 encoder. */
  pushString(value: string): void {
    this.#reserve(value.length * 3 + 4);
    const length = this.#bytes.write(value, this.#used + 4, 'utf8');
    this.#bytes.writeUInt32LE(length, this.#used);
    this.#used += length + 4;
  }

  get byteLength(): number {
    return this.#used;
  }

  /** The page so far, copied out; the column is empty afterwards. */
  take(): Uint8Array {
    const page = Buffer.from(this.#bytes.subarray(0, this.#used));
    this.#used = 0;
    return page;
  }

  #reserve(more: number): void {
    const needed = this.#used + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}

/** The values of a text page, in order. For tests and for small pages: it makes a string of each. */
export function textValues(page: Uint8Array): string[] {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  const values: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    values.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return values;
}
