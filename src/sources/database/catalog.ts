/** The columns that a configuration names, found among those that a table has; what is not there is told with what may be meant. */
import { AuditError } from '../../error.ts';
import { nearNames } from '../../nearest.ts';
import type { Column, RowSettings, RowTable } from './table.ts';

export type CatalogColumn = Column & { readonly readable: boolean };

/** One table's columns, and the words to name them by in an error. */
export interface Catalog {
  /** HOST:PORT/DATABASE */
  readonly database: string;
  readonly kind: string;
  readonly shown: string;
  readonly columns: readonly CatalogColumn[];
  /** What SQL takes a name for, where that is another; undefined: it is no name. */
  foldedName(name: string): string | undefined;
  /** A name as the configuration would write it. */
  shownName(name: string): string;
}

/**
 * The column called exactly `name`, else the one that SQL would take it for.
 *
 * @throws AuditError 4: there is none, or it may not be read.
 */
export function findColumn(catalog: Catalog, name: string): Column {
  const named = (wanted: string | undefined) => catalog.columns.find((column) => column.name === wanted);
  const column = named(name) ?? named(catalog.foldedName(name));
  if (column === undefined) throw missingColumn(catalog, name);
  if (!column.readable) throw forbiddenColumn(catalog, column);
  return column;
}

/** The columns that tell rows apart. @throws AuditError 2: there are none */
export function identity(catalog: Catalog, names: readonly string[]): Column[] {
  if (names.length > 0) return names.map((name) => findColumn(catalog, name));
  const message = `effects.${catalog.kind}: ${catalog.shown} has no primary key to tell its rows apart`;
  throw new AuditError(2, message, { hint: 'name a column that does: `id: …`' });
}

/** @param audited the topic that is @returns undefined: the coordinates name no column of a topic */
export function topicOf(catalog: Catalog, { coordinates }: RowSettings, audited: string): RowTable['topic'] {
  if (coordinates?.topic === undefined) return undefined;
  return { column: findColumn(catalog, coordinates.topic), name: audited };
}

function missingColumn({ kind, shown, columns, shownName }: Catalog, name: string): AuditError {
  const near = nearNames(
    name,
    columns.map((column) => column.name),
  );
  const question =
    near.length === 0 ? '' : `did you mean ${near.map((one) => shownName(one)).join(' or ')}? `;
  return new AuditError(4, `effects.${kind}: no column ${shownName(name)} in ${shown}`, {
    hint: `${question}columns: ${columns.map((column) => column.shown).join(', ')}`,
  });
}

function forbiddenColumn({ kind, shown, database }: Catalog, column: Column): AuditError {
  const message = `effects.${kind}: no right to read column ${column.shown} of ${shown} in ${database}`;
  return new AuditError(4, message, { hint: `GRANT SELECT (${column.shown}) ON ${shown} TO the role` });
}
