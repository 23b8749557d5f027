/** Looks for the rows of a few keys at any time: through an index where there is one, else in one pass over the table. */
import { isUtf8 } from 'node:buffer';
import type { EffectBatch, Take } from '../../../model.ts';
import { isPlainPart } from '../key.ts';
import { readRows } from '../read.ts';
import { type Column, layoutOf } from '../table.ts';
import { isBytes, isText, WHOLE_NUMBERS } from './key-types.ts';
import { chunksOf, type TableReading } from './read.ts';
import { isIndexed } from './relation.ts';
import { ServerRows } from './rows.ts';
import { name, selectOutside } from './select.ts';
import type { Table } from './table.ts';

/** Keys of one statement. */
const CHUNK = 1000;

/**
 * Hands over the rows outside the bounds that have one of the keys. Those without a time were handed over before,
 * whatever the bounds. The server picks candidates, by collations of its own; whether one has a key is decided here, as
 * it was for all others.
 */
export async function lookAgain(
  { session, table, bounds, progress }: TableReading,
  keys: ReadonlySet<string>,
  take: Take<EffectBatch>,
): Promise<void> {
  const { at } = table;
  if (at === undefined) return;
  const doing = `looking once more into ${table.shown}`;
  for (const condition of conditionsFor(table, keys)) {
    const cursor = new ServerRows(at, layoutOf(table).time, { bounds, side: 'outside' });
    const chunks = chunksOf(session, doing, selectOutside(table, at, bounds, condition), cursor);
    await readRows(table, chunks, take, progress, keys);
  }
}

/** What each statement asks for; undefined: every row of the table. */
export function conditionsFor(table: Table, keys: ReadonlySet<string>): readonly (string | undefined)[] {
  const lookedUp = lookedUpParts(table);
  const columns = lookedUp.map(({ column }) => column.name);
  if (table.topic !== undefined) columns.push(table.topic.column.name);
  if (lookedUp.length === 0 || (keys.size > CHUNK && !isIndexed(table.indexes, columns))) return [undefined];
  const all = [...keys];
  const conditions: string[] = [];
  for (let first = 0; first < all.length; first += CHUNK) {
    const parts = all.slice(first, first + CHUNK).map((key) => partsOf(key, table.key.length));
    const ofTopic = table.topic === undefined ? [] : [among(table.topic.column, [table.topic.name])];
    const ofKeys = lookedUp.map(({ column, part }) =>
      among(
        column,
        parts.map((texts) => texts[part]!),
      ),
    );
    // No row has any of the keys where a part of none can be in its column.
    if (!ofKeys.includes(undefined)) conditions.push([...ofTopic, ...ofKeys].join(' AND '));
  }
  return conditions;
}

interface LookedUp {
  readonly column: Column;
  /** Which part of the key it is. */
  readonly part: number;
}

/** The parts of the key that a column has as they are, of types that the server finds by an index. */
function lookedUpParts({ key, settings }: Table): LookedUp[] {
  return key
    .map((column, part) => ({ column, part }))
    .filter(({ column, part }) => {
      const known = isText(column) || isBytes(column) || WHOLE_NUMBERS.includes(column.base);
      // As coordinates, 7 and 007 are one number, and two texts.
      const asIs = settings.coordinates === undefined ? isPlainPart(settings.key[part]!) : !isText(column);
      // A padded number is another text than the one that is asked for.
      return known && asIs && !/zerofill/.test(column.type);
    });
}

/** The parts that `KeyMaker` joined. */
function partsOf(key: string, parts: number): string[] {
  if (parts === 1) return [key];
  return key.split(' ').map((part) => part.replaceAll('%20', ' ').replaceAll('%25', '%'));
}

/**
 * That a column has one of the texts; undefined: it can have none of them. Whole numbers stand as they are, because the
 * server would compare them with texts as floating-point numbers; texts as the digits of their bytes, so that nothing in
 * them is taken for SQL.
 */
function among(column: Column, texts: readonly string[]): string | undefined {
  const literals = [...new Set(texts)]
    .map((text) => literalOf(column, text))
    .filter((one) => one !== undefined);
  return literals.length === 0 ? undefined : `${name(column)} IN (${literals.join(', ')})`;
}

function literalOf(column: Column, text: string): string | undefined {
  if (WHOLE_NUMBERS.includes(column.base)) return /^-?\d{1,20}$/.test(text) ? text : undefined;
  // What is no text, or looks as if it were none, is spelt as `hex:` and its bytes.
  const bytes = text.startsWith('hex:') ? Buffer.from(text.slice(4), 'hex') : Buffer.from(text);
  if (isBytes(column)) return `X'${bytes.toString('hex')}'`;
  return isUtf8(bytes) ? `_utf8mb4 X'${bytes.toString('hex')}'` : undefined;
}
