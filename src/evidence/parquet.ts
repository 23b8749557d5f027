/**
 * Writes Parquet files whose pages are the columns as they lie in memory: PLAIN, uncompressed, REQUIRED. A column that
 * holds one value throughout a row group is written as that value and how often it stands there.
 *
 * A column of INT32 or INT64 in PLAIN encoding is a raw little-endian array, and a column of text is its values, each
 * behind its length (https://parquet.apache.org/docs/file-format/data-pages/encodings/), so a row group is written as
 * it lies. DuckDB and Spark read the files directly. Little-endian machines only, which is all that Node runs on.
 */
import { closeSync, constants, fsync, openSync, renameSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';

export type ColumnType = 'int32' | 'int64' | 'text';

export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
}

/** Numbers of the Parquet format (parquet.thrift, https://github.com/apache/parquet-format). */
const PHYSICAL = { int32: 1, int64: 2, text: 6 } as const;
const UTF8 = 0;
const ENCODING = { plain: 0, rle: 3, rleDictionary: 8 } as const;
const PAGE_TYPE = { data: 0, dictionary: 2 } as const;
const COMPACT = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

const MAGIC = Buffer.from('PAR1', 'latin1');

const sync = promisify(fsync);
const writeSome = promisify(write);

/** A write may take less than it was given. */
async function writeAll(file: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await writeSome(file, bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

/** Thrift's compact protocol, only what Parquet's headers and footer need. */
class CompactWriter {
  readonly #bytes: number[] = [];
  readonly #lastField: number[] = [0];

  int32(field: number, value: number): this {
    return this.#field(field, COMPACT.i32).zigzag(value);
  }

  int64(field: number, value: number): this {
    return this.#field(field, COMPACT.i64).zigzag(value);
  }

  text(field: number, value: string): this {
    return this.#field(field, COMPACT.binary).rawText(value);
  }

  list(field: number, element: number, length: number): this {
    this.#field(field, COMPACT.list);
    if (length < 15) this.#bytes.push((length << 4) | element);
    else {
      this.#bytes.push(0xf0 | element);
      this.#varint(length);
    }
    return this;
  }

  /** Begins a struct: a field of the one around it, or, without a number, an element of a list. */
  open(field?: number): this {
    if (field !== undefined) this.#field(field, COMPACT.struct);
    this.#lastField.push(0);
    return this;
  }

  close(): this {
    this.#bytes.push(0);
    this.#lastField.pop();
    return this;
  }

  zigzag(value: number): this {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
    return this;
  }

  rawText(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    this.#varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes);
  }

  #field(field: number, type: number): this {
    const top = this.#lastField.length - 1;
    const delta = field - this.#lastField[top]!;
    if (delta > 0 && delta < 16) this.#bytes.push((delta << 4) | type);
    else {
      this.#bytes.push(type);
      this.zigzag(field);
    }
    this.#lastField[top] = field;
    return this;
  }

  /** Up to 2^53: file positions exceed 32 bits, so no bit operators here. */
  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }
}

interface Chunk {
  readonly position: number;
  /** Where its data page begins; behind `position`: a dictionary is before it. */
  readonly dataPosition: number;
  readonly bytes: number;
}

/** What a whole file consists of, to be told again from one that was damaged since. */
export interface FileSeal {
  readonly bytes: number;
  readonly crc32: number;
}

/** One file under construction: named `.part` until {@link ParquetWriter.finish} has made it whole. */
export class ParquetWriter {
  readonly #path: string;
  readonly #columns: readonly ColumnSchema[];
  readonly #file: number;
  readonly #groups: { readonly rows: number; readonly chunks: readonly Chunk[] }[] = [];
  #position = 0;
  #crc32 = crc32(MAGIC);
  #rows = 0;
  /** What is being written, copied: whoever handed it over goes on meanwhile. */
  #staging = Buffer.alloc(0);
  #written: Promise<void> = Promise.resolve();

  /** @param path must not exist yet; its directory must. */
  constructor(path: string, columns: readonly ColumnSchema[]) {
    this.#path = path;
    this.#columns = columns;
    this.#file = openSync(`${path}.part`, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    writeSync(this.#file, MAGIC);
    this.#position = MAGIC.length;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#position;
  }

  /**
   * Appends one row group. The pages may be used again when the promise is fulfilled, which is before they are on disk.
   * Rejects with the file system's error, also where it met an earlier group.
   * @param pages the data of each column, in the order of the schema: little-endian integers, or (u32 length, bytes)*
   */
  async writeGroup(rows: number, pages: readonly Uint8Array[]): Promise<void> {
    const chunks: Chunk[] = [];
    const parts: Uint8Array[] = [];
    let position = this.#position;
    pages.forEach((page, i) => {
      const value = onlyValue(this.#columns[i]!.type, rows, page);
      const dictionary = value === undefined ? [] : [dictionaryHeader(value.byteLength), value];
      const data = value === undefined ? plainPage(rows, page) : repeatingPage(rows);
      const dataPosition = position + byteLength(dictionary);
      const bytes = byteLength(dictionary) + byteLength(data);
      chunks.push({ position, dataPosition, bytes });
      parts.push(...dictionary, ...data);
      position += bytes;
    });
    this.#groups.push({ rows, chunks });
    this.#rows += rows;
    this.#position = position;
    await this.#write(parts);
  }

  /** Writes the footer, makes the file durable and gives it its name. @returns what it consists of */
  async finish(): Promise<FileSeal> {
    const footer = this.#footer();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length, 0);
    await this.#write([footer, length, MAGIC]);
    await this.#written;
    await sync(this.#file);
    closeSync(this.#file);
    renameSync(`${this.#path}.part`, this.#path);
    return { bytes: this.#position + footer.length + length.length + MAGIC.length, crc32: this.#crc32 };
  }

  /** Closes without finishing: the `.part` file stays for whoever removes the folder. */
  abandon(): void {
    // A number that is given to another file meanwhile would be written to.
    const close = () => closeSync(this.#file);
    this.#written.then(close, close);
  }

  /** Waits for what was written before, and only begins to write this. */
  async #write(parts: readonly Uint8Array[]): Promise<void> {
    await this.#written;
    const length = byteLength(parts);
    if (length > this.#staging.length) this.#staging = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const part of parts) {
      this.#staging.set(part, at);
      at += part.byteLength;
    }
    const staged = this.#staging.subarray(0, length);
    this.#crc32 = crc32(staged, this.#crc32);
    this.#written = writeAll(this.#file, staged);
    // Whoever waits next is told.
    this.#written.catch(() => {});
  }

  #footer(): Buffer {
    const footer = new CompactWriter().open();
    footer.int32(1, 1).list(2, COMPACT.struct, this.#columns.length + 1);
    footer.open().text(4, 'schema').int32(5, this.#columns.length).close();
    for (const column of this.#columns) {
      footer.open().int32(1, PHYSICAL[column.type]).int32(3, 0).text(4, column.name);
      if (column.type === 'text') footer.int32(6, UTF8);
      footer.close();
    }
    footer.int64(3, this.#rows).list(4, COMPACT.struct, this.#groups.length);
    for (const group of this.#groups) this.#groupFooter(footer, group.rows, group.chunks);
    return footer.text(6, 'onceover').close().finish();
  }

  #groupFooter(footer: CompactWriter, rows: number, chunks: readonly Chunk[]): void {
    footer.open().list(1, COMPACT.struct, chunks.length);
    chunks.forEach((chunk, i) => {
      const column = this.#columns[i]!;
      footer.open().int64(2, chunk.position).open(3).int32(1, PHYSICAL[column.type]);
      const hasDictionary = chunk.dataPosition > chunk.position;
      footer
        .list(2, COMPACT.i32, hasDictionary ? 3 : 2)
        .zigzag(ENCODING.plain)
        .zigzag(ENCODING.rle);
      if (hasDictionary) footer.zigzag(ENCODING.rleDictionary);
      footer.list(3, COMPACT.binary, 1).rawText(column.name);
      footer.int32(4, 0).int64(5, rows).int64(6, chunk.bytes).int64(7, chunk.bytes);
      footer.int64(9, chunk.dataPosition);
      if (hasDictionary) footer.int64(11, chunk.position);
      footer.close().close();
    });
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    footer.int64(2, bytes).int64(3, rows).close();
  }
}

/** The value that all rows of a page have; undefined: they differ. */
function onlyValue(type: ColumnType, rows: number, page: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  const width = type === 'int32' ? 4 : type === 'int64' ? 8 : 4 + bytes.readUInt32LE(0);
  // Each value is like the one before it exactly where the page is like itself, moved by one value.
  if (bytes.length !== rows * width || !bytes.subarray(width).equals(bytes.subarray(0, -width)))
    return undefined;
  return bytes.subarray(0, width);
}

function plainPage(rows: number, page: Uint8Array): readonly Uint8Array[] {
  return [dataHeader(rows, page.byteLength, ENCODING.plain), page];
}

/**
 * The first entry of the dictionary, in all rows: the width of an index in bits (1, as not all readers like 0), and one
 * run of the hybrid encoding: its length as a varint with a lowest bit of 0, and the index.
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/)
 */
function repeatingPage(rows: number): readonly Uint8Array[] {
  const run = new CompactWriter().zigzag(rows).finish();
  const page = Buffer.from([1, ...run, 0]);
  return [dataHeader(rows, page.length, ENCODING.rleDictionary), page];
}

function dataHeader(rows: number, bytes: number, encoding: number): Buffer {
  const header = new CompactWriter().open().int32(1, PAGE_TYPE.data).int32(2, bytes).int32(3, bytes);
  header.open(5).int32(1, rows).int32(2, encoding).int32(3, ENCODING.rle).int32(4, ENCODING.rle).close();
  return header.close().finish();
}

function dictionaryHeader(bytes: number): Buffer {
  const header = new CompactWriter().open().int32(1, PAGE_TYPE.dictionary).int32(2, bytes).int32(3, bytes);
  return header.open(7).int32(1, 1).int32(2, ENCODING.plain).close().close().finish();
}

function byteLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}
