/** The table of one effect kind in MySQL, or its query: every name of the configuration found, every type looked at. */
import type { EffectEntry, MysqlSettings } from '../../../model.ts';
import { blindness, looseId, type UniqueIndex } from '../blind.ts';
import { type Catalog, findColumn, identity, topicOf } from '../catalog.ts';
import type { Column, KeyColumn, RowTable, TimeColumn } from '../table.ts';
import { timeColumn } from '../time.ts';
import { findCoordinate, findKeyColumn, isText, keyNotes } from './key-types.ts';
import { nameParts, quotedName, shownName } from './names.ts';
import { columnsOfQuery, subselect } from './query.ts';
import {
  columnsOf,
  findRelation,
  type Index,
  indexesOf,
  type MysqlColumn,
  primaryKey,
  type Relation,
  SNAPSHOT_ENGINES,
  seesColumnsOnly,
  updateTriggerOf,
  withoutSnapshot,
} from './relation.ts';
import type { Session } from './session.ts';
import { TIME_TYPES } from './time.ts';

/** One effect kind's rows, with every name of the configuration found. */
export interface Table extends RowTable {
  readonly settings: MysqlSettings;
  /** What stands behind FROM. */
  readonly from: string;
  /** Those that the user sees; a query has none. */
  readonly indexes: readonly Index[];
}

/**
 * Looks up everything that the entry names.
 *
 * @param audited the topic that is
 * @throws AuditError 4: no such table or column, no right to read it, a time column that is no time;
 *   2: no identity, no zone, a type that can be no key, a query that is none.
 */
export async function findTable(
  session: Session,
  { name: kind, source: settings }: EffectEntry<MysqlSettings>,
  audited: string,
): Promise<Table> {
  const relation =
    settings.table === undefined ? undefined : await findRelation(session, kind, settings.table);
  const indexes = relation === undefined ? [] : await indexesOf(session, relation);
  const catalog = await catalogOf(session, kind, settings, relation);
  const key = keyColumns(catalog, settings);
  const topic = topicOf(catalog, settings, audited);
  const at = settings.at === undefined ? undefined : timeColumn(catalog, settings.at, settings, TIME_TYPES);
  const isNumber = (column: Column) => !isText(column);
  const id = identity(catalog, settings.id === undefined ? primaryKey(indexes) : [settings.id]);
  const keyed = { settings, key, topic, id, shown: catalog.shown };
  const blind = blindness(keyed, uniqueIndexes(indexes), isNumber, shownName);
  return {
    ...keyed,
    kind,
    settings,
    from: fromOf(settings, relation),
    indexes,
    at: at && { ...at, movedBy: await moverOf(session, relation, at) },
    only: settings.only.map((condition) => findColumn(catalog, condition.name)),
    // No rights of a user hide single rows.
    hides: undefined,
    blind,
    looseId: (await seesIndexes(session, relation))
      ? looseId(keyed, uniqueIndexes(indexes, { prefixes: true }), isNumber)
      : undefined,
    notes: [
      ...(settings.coordinates === undefined ? keyNotes(settings.key, key) : []),
      ...(await relationNotes(session, catalog.shown, relation, blind)),
    ],
  };
}

async function seesIndexes(session: Session, relation: Relation | undefined): Promise<boolean> {
  return relation !== undefined && !relation.isView && !(await seesColumnsOnly(session, relation));
}

async function catalogOf(
  session: Session,
  kind: string,
  { query = '' }: MysqlSettings,
  relation: Relation | undefined,
): Promise<Catalog & { readonly columns: readonly MysqlColumn[] }> {
  const columns =
    relation === undefined ? await columnsOfQuery(session, kind, query) : await columnsOf(session, relation);
  return {
    database: session.database,
    kind,
    shown: relation === undefined ? `the query of ${kind}` : shownName(relation.schema, relation.name),
    columns,
    foldedName: (name) => sameName(columns, name),
    shownName,
  };
}

/** Names of columns are the same in capitals and small letters. */
function sameName(columns: readonly MysqlColumn[], text: string): string | undefined {
  const parts = nameParts(text);
  if (parts?.length !== 1) return undefined;
  const wanted = parts[0]!.toLowerCase();
  return columns.find((column) => column.name.toLowerCase() === wanted)?.name;
}

function fromOf({ query = '' }: MysqlSettings, relation: Relation | undefined): string {
  if (relation === undefined) return `${subselect(query)} AS r`;
  return `${quotedName(relation.schema, relation.name)} AS r`;
}

function keyColumns(catalog: Catalog, { key, coordinates }: MysqlSettings): KeyColumn[] {
  if (coordinates !== undefined) return key.map((part) => findCoordinate(catalog, part.name));
  return key.map((part) => findKeyColumn(catalog, part, key.length));
}

async function moverOf(
  session: Session,
  relation: Relation | undefined,
  at: TimeColumn,
): Promise<string | undefined> {
  if ((at as TimeColumn & Partial<MysqlColumn>).onUpdate) return 'ON UPDATE CURRENT_TIMESTAMP';
  const trigger = relation && (await updateTriggerOf(session, relation, at.name));
  return trigger === undefined ? undefined : `trigger ${shownName(trigger)}`;
}

/** @param prefixes also those of the beginnings of values: where these differ, so do the values */
function uniqueIndexes(indexes: readonly Index[], { prefixes = false } = {}): UniqueIndex[] {
  return indexes.flatMap(({ name, unique, parts }) => {
    const columns = parts.flatMap(({ column, whole }) =>
      (whole || prefixes) && column !== undefined ? [column] : [],
    );
    return unique && columns.length === parts.length ? [{ name, columns }] : [];
  });
}

async function relationNotes(
  session: Session,
  shown: string,
  relation: Relation | undefined,
  blind: string | undefined,
): Promise<string[]> {
  if (relation === undefined || relation.isView) {
    const others = await withoutSnapshot(session);
    if (others.length === 0) return [];
    return [
      `${shown} may read tables that obey no snapshot, and whose rows are then those of the moment: ${others.join(', ')}`,
    ];
  }
  const notes: string[] = [];
  if (!SNAPSHOT_ENGINES.includes(relation.engine?.toLowerCase() ?? '')) {
    notes.push(
      `${shown} is a table of ${relation.engine ?? 'an unknown engine'}, which obeys no snapshot: its rows are those of the moment they were read`,
    );
  }
  if (blind === undefined && (await seesColumnsOnly(session, relation))) {
    notes.push(
      `only some columns of ${shown} may be read: a unique index over its key may be there, and is not seen`,
    );
  }
  return notes;
}
