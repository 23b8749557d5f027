/** The table of one effect kind in PostgreSQL, or its query: every name of the configuration found, every type looked at. */
import { escapeIdentifier } from 'pg';
import type { EffectEntry, PostgresSettings } from '../../../model.ts';
import { blindness, looseId } from '../blind.ts';
import { type Catalog, findColumn, identity, topicOf } from '../catalog.ts';
import { isPlainPart } from '../key.ts';
import type { Column, KeyColumn, RowTable, TimeColumn } from '../table.ts';
import { timeColumn } from '../time.ts';
import { findCoordinate, findKeyColumn } from './key-types.ts';
import { nameParts, shownName } from './names.ts';
import { explain, withPolicies } from './plan.ts';
import { columnsOfQuery, subselect } from './query.ts';
import {
  columnsOf,
  findRelation,
  type PostgresColumn,
  primaryKeyOf,
  type Relation,
  uniqueIndexesOf,
  updateTriggerOf,
} from './relation.ts';
import type { Session } from './session.ts';
import { checkZone, TIME_TYPES } from './time.ts';

/** One effect kind's rows, with every name of the configuration found. */
export interface Table extends RowTable {
  readonly settings: PostgresSettings;
  /** What stands behind FROM. */
  readonly from: string;
  /** Undefined: a query. */
  readonly relation: Relation | undefined;
}

/**
 * Looks up everything that the entry names.
 *
 * @param audited the topic that is
 * @throws AuditError 4: no such table or column, no right to read it, a time column that is no time;
 *   2: no identity, no zone or one that the server does not know, a type that can be no key, a query that is none.
 */
export async function findTable(
  session: Session,
  { name: kind, source: settings }: EffectEntry<PostgresSettings>,
  audited: string,
): Promise<Table> {
  const relation =
    settings.table === undefined ? undefined : await findRelation(session, kind, settings.table);
  const catalog = await catalogOf(session, kind, settings, relation);
  const id =
    settings.id === undefined && relation ? await primaryKeyOf(session, relation) : [settings.id ?? ''];
  const key = keyColumns(catalog, settings);
  const topic = topicOf(catalog, settings, audited);
  const at = settings.at === undefined ? undefined : timeColumn(catalog, settings.at, settings, TIME_TYPES);
  const unique = relation === undefined ? [] : await uniqueIndexesOf(session, relation);
  const keyed = { settings, key, topic, id: identity(catalog, id), shown: catalog.shown };
  const table: Table = {
    ...keyed,
    kind,
    settings,
    from: fromOf(settings, relation),
    relation,
    at: at && { ...at, movedBy: await movedBy(session, relation, at) },
    only: settings.only.map((condition) => findColumn(catalog, condition.name)),
    hides: await hidingOf(session, catalog.shown, settings, relation),
    blind: blindness(keyed, unique, isNumber, shownName),
    looseId: relation && INDEXED.includes(relation.kind) ? looseId(keyed, unique, isNumber) : undefined,
    notes: notesOf(catalog.shown, settings, key, relation),
  };
  if (table.at?.zone !== undefined) await checkZone(session, kind, table.at.zone);
  return table;
}

/** Relations whose indexes tell of all their rows: nobody knows those of a view, or of a table of another server. */
const INDEXED = 'rpm';

async function catalogOf(
  session: Session,
  kind: string,
  { query = '' }: PostgresSettings,
  relation: Relation | undefined,
): Promise<Catalog & { readonly columns: readonly PostgresColumn[] }> {
  return {
    database: session.database,
    kind,
    shown: relation === undefined ? `the query of ${kind}` : shownName(relation.schema, relation.name),
    columns:
      relation === undefined
        ? await columnsOfQuery(session, kind, query)
        : await columnsOf(session, relation),
    foldedName,
    shownName,
  };
}

/** How SQL reads a column's name: unquoted, its capitals are small letters. */
function foldedName(name: string): string | undefined {
  const parts = nameParts(name);
  return parts?.length === 1 ? parts[0] : undefined;
}

function fromOf({ query = '' }: PostgresSettings, relation: Relation | undefined): string {
  if (relation === undefined) return `${subselect(query)} AS r`;
  return `${escapeIdentifier(relation.schema)}.${escapeIdentifier(relation.name)} AS r`;
}

function keyColumns(catalog: Catalog, { key, coordinates }: PostgresSettings): KeyColumn[] {
  if (coordinates !== undefined) return key.map((part) => findCoordinate(catalog, part.name));
  return key.map((part) => findKeyColumn(catalog, part, key.length));
}

/** `findCoordinate` lets in numbers and texts. */
function isNumber(column: Column): boolean {
  return (column as PostgresColumn).category === 'N';
}

async function movedBy(
  session: Session,
  relation: Relation | undefined,
  at: TimeColumn,
): Promise<string | undefined> {
  const trigger = relation && (await updateTriggerOf(session, relation, at.name));
  return trigger === undefined ? undefined : `trigger ${shownName(trigger)}`;
}

async function hidingOf(
  session: Session,
  shown: string,
  { query = '' }: PostgresSettings,
  relation: Relation | undefined,
): Promise<string | undefined> {
  if (relation?.kind === 'm')
    return `${shown} is a materialized view, and nobody can say when it was refreshed`;
  const policies =
    relation === undefined ? await hiddenFrom(session, query) : relation.policies ? [shown] : [];
  if (policies.length === 0) return undefined;
  return `row-level security of ${policies.join(', ')} may hide rows from this role (one with BYPASSRLS sees all)`;
}

async function hiddenFrom(session: Session, query: string): Promise<string[]> {
  return withPolicies(session, await explain(session, 'explaining the query', subselect(query)));
}

function notesOf(
  shown: string,
  { key }: PostgresSettings,
  columns: readonly KeyColumn[],
  relation: Relation | undefined,
): string[] {
  const decimals = columns.filter(
    (column, i) => /^numeric\(\d+,[1-9]/.test(column.type) && isPlainPart(key[i]!),
  );
  return [
    ...decimals.map(
      (column) =>
        `${column.shown} is of type ${column.type}, so that 12 is written 12.00 there: \`as: number\` compares both as numbers`,
    ),
    ...(relation?.kind === 'f'
      ? [`${shown} is a foreign table: it shows what the other server had when it was read`]
      : []),
  ];
}
