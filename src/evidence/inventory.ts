/** The list of an evidence's files with what each holds, so that one that is lost or swapped is missed before anything is told. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AuditError } from '../error.ts';
import { counted, grouped } from '../words.ts';
import type { Engine } from './engine.ts';

interface Item {
  /** Of a file in the folder of segments. */
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
}

/** Lists the segments, which must be whole, in a table of the evidence. @returns the rows of each file by its name */
export async function takeInventory(engine: Engine, segments: string): Promise<ReadonlyMap<string, number>> {
  const rows = await rowsOf(engine, segments);
  await engine.run('CREATE TABLE inventory (file_name VARCHAR, byte_count BIGINT, row_count BIGINT)');
  for (const [name, count] of rows) {
    const bytes = statSync(join(segments, name)).size;
    await engine.run('INSERT INTO inventory VALUES (?, ?, ?)', [name, BigInt(bytes), BigInt(count)]);
  }
  return rows;
}

/**
 * What was counted while it was read and what was written come from two places after an interruption.
 * @param rows of each file; those of messages that were read further hold only what explains something. @throws AuditError 4 where the files of messages hold more or fewer than were read
 */
export function refuseMiscount(rows: ReadonlyMap<string, number>, messages: number): void {
  const written = [...rows]
    .filter(([name]) => /^messages-\d+\./.test(name))
    .reduce((sum, [, count]) => sum + count, 0);
  if (written === messages) return;
  throw new AuditError(
    4,
    `the evidence holds ${counted(written, 'message')}, but ${grouped(messages)} were read: its files were changed`,
    { hint: 'Run the audit again, without --resume.' },
  );
}

/** @throws AuditError 4 naming the first file that is not there, not what it was, or none of this evidence */
export async function checkInventory(engine: Engine, segments: string): Promise<void> {
  const listed = await engine.rows(
    'SELECT i.file_name, i.byte_count, i.row_count FROM inventory AS i ORDER BY i.file_name',
  );
  const items = listed.map(([name, bytes, rows]): Item => {
    return { name: String(name), bytes: Number(bytes), rows: Number(rows) };
  });
  // Sizes first: a file that is cut off is told in our words.
  for (const { name, bytes } of items) {
    const size = statSync(join(segments, name), { throwIfNoEntry: false })?.size;
    if (size === undefined) throw notWhole(segments, name, 'is missing');
    if (size !== bytes) throw notWhole(segments, name, `has ${counted(size, 'byte')}, not ${grouped(bytes)}`);
  }
  const names = new Set(items.map(({ name }) => name));
  const stranger = parquetFiles(segments).find((name) => !names.has(name));
  if (stranger !== undefined) throw notWhole(segments, stranger, 'was not there when the audit ended');
  const found = await rowsOf(engine, segments);
  for (const { name, rows } of items) {
    const count = found.get(name) ?? 0;
    if (count !== rows)
      throw notWhole(segments, name, `holds ${counted(count, 'row')}, not ${grouped(rows)}`);
  }
}

/** By their footers alone. */
async function rowsOf(engine: Engine, segments: string): Promise<ReadonlyMap<string, number>> {
  const folder = segments.replaceAll("'", "''");
  const rows = new Map<string, number>();
  for (const name of parquetFiles(segments)) {
    const [row] = await engine.rows(`SELECT m.num_rows FROM parquet_file_metadata('${folder}/${name}') AS m`);
    rows.set(name, Number(row?.[0]));
  }
  return rows;
}

function parquetFiles(segments: string): readonly string[] {
  return readdirSync(segments)
    .filter((name) => name.endsWith('.parquet'))
    .sort();
}

function notWhole(segments: string, name: string, why: string): AuditError {
  return new AuditError(4, `the evidence is damaged or not whole: ${join(segments, name)} ${why}`, {
    hint: 'Bring the file back as it was, or run the audit again.',
  });
}
