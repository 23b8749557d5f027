/** Whether a table can have two rows of one key at all (DESIGN rule 14). */
import { isPlainPart } from './key.ts';
import type { Column, RowTable } from './table.ts';

/** Columns of which no two rows have the same values: of an index of all rows, in its order. */
export interface UniqueIndex {
  readonly name: string;
  readonly columns: readonly string[];
}

/**
 * Two rows of one key would be two rows of the same values in the index. Values that are equal as text are equal as
 * whatever type they are of, and under every collation; a row that has NULL in a part of its key has no key.
 *
 * @param topic the column of the topic, which is one for all rows that count
 * @param isNumber coordinates are read as numbers, so only numbers must be equal: 7 and 007 are two texts
 */
export function blindness(
  { settings: { key, coordinates }, key: columns, topic }: Pick<RowTable, 'settings' | 'key' | 'topic'>,
  unique: readonly UniqueIndex[],
  isNumber: (column: Column) => boolean,
  shownName: (name: string) => string,
): string | undefined {
  const plain = columns.filter((column, i) =>
    coordinates === undefined ? isPlainPart(key[i]!) : isNumber(column),
  );
  const covered = new Set([...plain, ...(topic === undefined ? [] : [topic.column])].map(({ name }) => name));
  const index = unique.find((one) => one.columns.every((column) => covered.has(column)));
  if (index === undefined) return undefined;
  return `unique index ${shownName(index.name)} covers ${index.columns.map((one) => shownName(one)).join(', ')}`;
}
