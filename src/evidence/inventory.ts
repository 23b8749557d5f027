/** The list of an evidence's files with what each holds, so that one that is lost, swapped or damaged is missed before anything is told. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AuditError } from '../error.ts';
import { counted, grouped } from '../words.ts';
import type { Engine } from './engine.ts';
import { damageOf, sealOf } from './segments.ts';

/** Lists the segments, which must be whole, in a table of the evidence. @returns the rows of each file by its name */
export async function takeInventory(engine: Engine, segments: string): Promise<ReadonlyMap<string, number>> {
  await engine.run('CREATE TABLE inventory (file_name VARCHAR, byte_count BIGINT, crc32 BIGINT)');
  const rows = new Map<string, number>();
  for (const name of parquetFiles(segments)) {
    rows.set(name, await rowsOf(engine, join(segments, name)));
    const { bytes, crc32 } = await sealOf(join(segments, name));
    await engine.run('INSERT INTO inventory VALUES (?, ?, ?)', [name, BigInt(bytes), BigInt(crc32)]);
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
    { hint: 'Run the audit again, without --resume.', voidsReading: true },
  );
}

/** @throws AuditError 4 naming the first file that is not there, not what it was, or none of this evidence */
export async function checkInventory(engine: Engine, segments: string): Promise<void> {
  const listed = await engine.rows(
    'SELECT i.file_name, i.byte_count, i.crc32 FROM inventory AS i ORDER BY i.file_name',
  );
  const names = new Set(listed.map(([name]) => String(name)));
  const stranger = parquetFiles(segments).find((name) => !names.has(name));
  if (stranger !== undefined) throw notWhole(segments, stranger, 'was not there when the audit ended');
  for (const [name, bytes, crc32] of listed) {
    const seal = { bytes: Number(bytes), crc32: Number(crc32) };
    const why = await damageOf(join(segments, String(name)), seal);
    if (why !== undefined) throw notWhole(segments, String(name), why);
  }
}

/** By its footer alone. */
async function rowsOf(engine: Engine, path: string): Promise<number> {
  const quoted = path.replaceAll("'", "''");
  const [row] = await engine.rows(`SELECT m.num_rows FROM parquet_file_metadata('${quoted}') AS m`);
  return Number(row?.[0]);
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
