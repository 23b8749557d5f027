/** Whether a table can have two rows of one key at all (DESIGN rule 14), and two of one id, which would be one effect. */
import { isPlainPart } from './key.ts';
import type { Column, RowTable } from './table.ts';

/** Columns of which no two rows have the same values: of an index of all rows, in its order. */
export interface UniqueIndex {
  readonly name: string;
  readonly columns: readonly string[];
}

type Keyed = Pick<RowTable, 'settings' | 'key' | 'topic'>;

/**
 * Two rows of one key would be two rows of the same values in the index. Values that are equal as text are equal as
 * whatever type they are of, and under every collation; a row that has NULL in a part of its key has no key.
 *
 * @param topic the column of the topic, which is one for all rows that count
 * @param isNumber coordinates are read as numbers, so only numbers must be equal: 7 and 007 are two texts
 */
export function blindness(
  table: Keyed,
  unique: readonly UniqueIndex[],
  isNumber: (column: Column) => boolean,
  shownName: (name: string) => string,
): string | undefined {
  const index = within(unique, keyColumns(table, isNumber));
  if (index === undefined) return undefined;
  return `unique index ${shownName(index.name)} covers ${index.columns.map((one) => shownName(one)).join(', ')}`;
}

/**
 * What a reader must know where no index forbids that two rows of one key have one id, too. What is equal as text is
 * equal in the index, as above.
 */
export function looseId(
  table: Keyed & Pick<RowTable, 'id' | 'shown'>,
  unique: readonly UniqueIndex[],
  isNumber: (column: Column) => boolean,
): string | undefined {
  if (within(unique, [...table.id, ...keyColumns(table, isNumber)]) !== undefined) return undefined;
  const id = table.id.map(({ shown }) => shown).join(', ');
  return `id ${id} of ${table.shown} is not unique by any index: rows of one key that share it count as one effect`;
}

/** The columns that are equal in all rows of one key. */
function keyColumns(
  { settings: { key, coordinates }, key: columns, topic }: Keyed,
  isNumber: (column: Column) => boolean,
): readonly Column[] {
  const plain = columns.filter((column, i) =>
    coordinates === undefined ? isPlainPart(key[i]!) : isNumber(column),
  );
  return topic === undefined ? plain : [...plain, topic.column];
}

function within(unique: readonly UniqueIndex[], columns: readonly Column[]): UniqueIndex | undefined {
  const covered = new Set(columns.map(({ name }) => name));
  return unique.find((one) => one.columns.every((column) => covered.has(column)));
}
