/** Gathers batches of columns into row groups and files of a size that the engine likes. */
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { GROUP_ROWS, GROUP_TEXT_BYTES } from '../columns.ts';
import { AuditError } from '../error.ts';
import type { EffectBatch, MessageBatch } from '../model.ts';
import { counted, grouped } from '../words.ts';
import { type ColumnSchema, type FileSeal, ParquetWriter } from './parquet.ts';

/** A batch of half a row group is one by itself; smaller ones are held until they are one together. */
const FEWEST_ROWS = GROUP_ROWS / 2;
const FEWEST_TEXT_BYTES = GROUP_TEXT_BYTES / 2;
const FILE_ROWS = 2_000_000;
const READ_BYTES = 1 << 20;

/** The columns of messages; kinds go by their number, so no configured name ever stands in SQL. */
export function messageColumns(kinds: number): readonly ColumnSchema[] {
  const expectations = Array.from({ length: kinds }, (_, kind): ColumnSchema[] => [
    { name: `expect_min_${kind}`, type: 'int32' },
    { name: `expect_max_${kind}`, type: 'int32' },
  ]);
  return [
    { name: 'partition_id', type: 'int32' },
    { name: 'offset_id', type: 'int64' },
    { name: 'msg_ts', type: 'int64' },
    { name: 'class_id', type: 'int32' },
    { name: 'in_range', type: 'int32' },
    { name: 'undecodable', type: 'int32' },
    { name: 'msg_key', type: 'text' },
    { name: 'event_id', type: 'text' },
    { name: 'digest', type: 'text' },
    ...expectations.flat(),
  ];
}

export const EFFECT_COLUMNS: readonly ColumnSchema[] = [
  { name: 'effect_key', type: 'text' },
  { name: 'effect_id', type: 'text' },
  { name: 'effect_ts', type: 'int64' },
  { name: 'place_id', type: 'int32' },
  { name: 'line_no', type: 'int64' },
];

/** The pages of a batch of messages, in the order of {@link messageColumns}. */
export function messagePages(batch: MessageBatch): readonly Uint8Array[] {
  const numbers = [
    batch.partition,
    batch.offset,
    batch.timestamp,
    batch.class,
    batch.inRange,
    batch.undecodable,
  ];
  const expectations = batch.expectMin.flatMap((min, kind) => [min, batch.expectMax[kind]!]);
  return [
    ...numbers.map(pageOf(batch.rows)),
    batch.key,
    batch.eventId,
    batch.digest,
    ...expectations.map(pageOf(batch.rows)),
  ];
}

/** The pages of a batch of effects, in the order of {@link EFFECT_COLUMNS}. */
export function effectPages(batch: EffectBatch): readonly Uint8Array[] {
  return [batch.key, batch.id, ...[batch.time, batch.place, batch.line].map(pageOf(batch.rows))];
}

/** Columns may be longer than the batch: only its rows count. */
function pageOf(rows: number): (values: Int32Array | BigInt64Array) => Uint8Array {
  return (values) => new Uint8Array(values.buffer, values.byteOffset, rows * values.BYTES_PER_ELEMENT);
}

export function segmentName(prefix: string, number: number): string {
  return `${prefix}-${String(number).padStart(3, '0')}.parquet`;
}

/**
 * Checks the files of a series that an interrupted audit left whole, before hours are spent on what comes behind them.
 * @throws AuditError(4) at the first that is not what it was; the file system's error where it cannot be read
 */
export async function checkSegments(
  folder: string,
  prefix: string,
  seals: readonly FileSeal[],
): Promise<void> {
  for (const [number, seal] of seals.entries()) {
    const path = join(folder, segmentName(prefix, number));
    const why = await damageOf(path, seal);
    if (why === undefined) continue;
    throw new AuditError(4, `${path} ${why}: what was kept of the interrupted audit cannot be gone on with`, {
      hint: 'It is removed now. Run the audit again without --resume.',
      voidsReading: true,
    });
  }
}

/** Why a file is not what it was when it was sealed, to be said behind its path; undefined: it is. */
export async function damageOf(path: string, seal: FileSeal): Promise<string | undefined> {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return 'is missing';
  if (size !== seal.bytes) return `has ${counted(size, 'byte')}, not ${grouped(seal.bytes)}`;
  const { crc32: sum } = await sealOf(path);
  return sum === seal.crc32 ? undefined : 'is damaged (its checksum does not match)';
}

/** Of a file that is there already: reads all of it. */
export async function sealOf(path: string): Promise<FileSeal> {
  let bytes = 0;
  let sum = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
    bytes += (chunk as Buffer).length;
    sum = crc32(chunk, sum);
  }
  return { bytes, crc32: sum };
}

/** A numbered series of Parquet files `<prefix>-000.parquet`, … At least one is written, even if no row comes. */
export class SegmentSeries {
  readonly #folder: string;
  readonly #prefix: string;
  readonly #columns: readonly ColumnSchema[];
  #held: (readonly Uint8Array[])[] = [];
  #heldRows = 0;
  #heldTextBytes = 0;
  #file: ParquetWriter | undefined;
  /** Of the files that are whole. */
  readonly #seals: FileSeal[];
  #rows = 0;

  /** @param whole the files of the series that are there already */
  constructor(
    folder: string,
    prefix: string,
    columns: readonly ColumnSchema[],
    whole: readonly FileSeal[] = [],
  ) {
    this.#folder = folder;
    this.#prefix = prefix;
    this.#columns = columns;
    this.#seals = [...whole];
  }

  get rows(): number {
    return this.#rows;
  }

  /** The pages may be used again when the promise is fulfilled. Rejects with the file system's error. */
  async append(rows: number, pages: readonly Uint8Array[]): Promise<void> {
    if (rows === 0) return;
    this.#rows += rows;
    const textBytes = pages.reduce((sum, page, i) => sum + (this.#isText(i) ? page.byteLength : 0), 0);
    if (rows >= FEWEST_ROWS || textBytes >= FEWEST_TEXT_BYTES) {
      await this.#writeHeld();
      await this.#writeGroup(rows, pages);
      return;
    }
    this.#held.push(pages.map((page) => Buffer.from(page)));
    this.#heldRows += rows;
    this.#heldTextBytes += textBytes;
    if (this.#heldRows >= GROUP_ROWS || this.#heldTextBytes >= GROUP_TEXT_BYTES) await this.#writeHeld();
  }

  async finish(): Promise<void> {
    const files = await this.secure();
    if (files.length > 0) return;
    this.#nextFile();
    await this.#finishFile();
  }

  /** Makes all rows so far durable: whatever comes later goes into further files. @returns all files that there are */
  async secure(): Promise<readonly FileSeal[]> {
    await this.#writeHeld();
    await this.#finishFile();
    return [...this.#seals];
  }

  abandon(): void {
    this.#file?.abandon();
    this.#file = undefined;
  }

  #isText(column: number): boolean {
    return this.#columns[column]!.type === 'text';
  }

  async #writeHeld(): Promise<void> {
    if (this.#heldRows === 0) return;
    const rows = this.#heldRows;
    const pages = this.#columns.map((_, i) => Buffer.concat(this.#held.map((held) => held[i]!)));
    this.#held = [];
    this.#heldRows = 0;
    this.#heldTextBytes = 0;
    await this.#writeGroup(rows, pages);
  }

  async #writeGroup(rows: number, pages: readonly Uint8Array[]): Promise<void> {
    const file = this.#file ?? this.#nextFile();
    await file.writeGroup(rows, pages);
    if (file.rows >= FILE_ROWS) await this.#finishFile();
  }

  async #finishFile(): Promise<void> {
    if (this.#file === undefined) return;
    this.#seals.push(await this.#file.finish());
    this.#file = undefined;
  }

  #nextFile(): ParquetWriter {
    const name = segmentName(this.#prefix, this.#seals.length);
    this.#file = new ParquetWriter(join(this.#folder, name), this.#columns);
    return this.#file;
  }
}
