/** Looks for the rows of a few keys at any time: through an index where there is one, else in one pass over the table. */
import { escapeLiteral } from 'pg';
import type { EffectBatch, Take } from '../../../model.ts';
import { isPlainKey } from '../key.ts';
import { readRows } from '../read.ts';
import { layoutOf } from '../table.ts';
import type { TableReading } from './read.ts';
import { selectAgain } from './select.ts';

/** Keys of one statement. */
const CHUNK = 1000;

/**
 * The types of which a value is equal exactly where its text is, and whether a key may be the text of one: others need
 * not be asked for, as no row has them.
 */
const MAY_BE: Readonly<Record<string, (key: string) => boolean>> = {
  text: (key) => !key.includes('\0'),
  varchar: (key) => !key.includes('\0'),
  uuid: (key) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key),
  int2: (key) => isWhole(key, 16),
  int4: (key) => isWhole(key, 32),
  int8: (key) => isWhole(key, 64),
};

function isWhole(key: string, bits: number): boolean {
  return /^(?:0|-?[1-9]\d{0,18})$/.test(key) && BigInt.asIntN(bits, BigInt(key)) === BigInt(key);
}

/**
 * Hands over the rows outside the bounds that have one of the keys. Those without a time were handed over before,
 * whatever the bounds. The server picks candidates; whether one has a key is decided here, as it was for all others.
 */
export async function lookAgain(
  reading: TableReading,
  keys: ReadonlySet<string>,
  take: Take<EffectBatch>,
): Promise<void> {
  const { session, table, bounds, progress } = reading;
  const { at } = table;
  if (at === undefined) return;
  for (const texts of await statementsFor(reading, keys)) {
    const query = selectAgain(table, at, bounds, texts && `${arrayOf(texts)}::${table.key[0]!.base}[]`);
    const chunks = session.copy(`looking once more into ${table.shown}`, query, layoutOf(table).fields);
    await readRows(table, chunks, take, progress, keys);
  }
}

/** What to ask for in each statement; undefined: every row of the table. */
async function statementsFor(
  reading: TableReading,
  keys: ReadonlySet<string>,
): Promise<readonly (readonly string[] | undefined)[]> {
  const { table } = reading;
  const mayBe = isPlainKey(table) ? MAY_BE[table.key[0]!.base] : undefined;
  // A key that is spelt as hex digits is another text in the table.
  if (mayBe === undefined || [...keys].some((key) => key.startsWith('hex:'))) return [undefined];
  const texts = [...keys].filter(mayBe);
  if (texts.length > CHUNK && !(await isIndexed(reading))) return [undefined];
  return Array.from({ length: Math.ceil(texts.length / CHUNK) }, (_, i) =>
    texts.slice(i * CHUNK, (i + 1) * CHUNK),
  );
}

/** Whether rows are found by their key: by an index that begins with it, and has all of them. */
async function isIndexed({ session, table }: TableReading): Promise<boolean> {
  if (table.relation === undefined) return false;
  const sql = `
    SELECT 1 AS found FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = $1::oid AND a.attname = $2 AND i.indisvalid AND i.indpred IS NULL LIMIT 1`;
  const values = [table.relation.oid, table.key[0]!.name];
  return (await session.rows(`looking for an index of ${table.shown}`, sql, values)).length > 0;
}

function arrayOf(texts: readonly string[]): string {
  return `ARRAY[${texts.map(escapeLiteral).join(', ')}]`;
}
