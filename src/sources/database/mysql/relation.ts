/** What the catalog says about one table or view: that it is there, its columns, its indexes, and what changes its rows. */
import { AuditError, isAuditError } from '../../../error.ts';
import { nearNames } from '../../../nearest.ts';
import type { CatalogColumn } from '../catalog.ts';
import { serverError } from './failures.ts';
import { nameParts, quotedName, shownName } from './names.ts';
import type { Session } from './session.ts';

export interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly isView: boolean;
  /** Such as `InnoDB`; undefined: a view has none. */
  readonly engine: string | undefined;
}

/** A column, and what sets it when a row is changed without a word about it. `base` is information_schema's DATA_TYPE. */
export type MysqlColumn = CatalogColumn & { readonly onUpdate: boolean };

/** An index, of the parts that the user may see. */
export interface Index {
  readonly name: string;
  readonly unique: boolean;
  /** Whether a span of it can be read, in the order of its columns. */
  readonly sorted: boolean;
  /** In the index's order. `column` undefined: an expression. `whole`: not only the beginning of each value. */
  readonly parts: readonly { readonly column: string | undefined; readonly whole: boolean }[];
}

/** @throws AuditError 2: it is no name; 4: there is no such table, or none that may be read */
export async function findRelation(session: Session, kind: string, text: string): Promise<Relation> {
  const parts = nameParts(text);
  const [name, schema = session.schema] = [...(parts ?? [])].reverse();
  if (parts === undefined || name === undefined || parts.length > 2) {
    throw new AuditError(2, `effects.${kind}: \`${text}\` is not the name of a table`, {
      hint: "write table or database.table, with odd names in backticks: 'shop.`odd name`'",
    });
  }
  if (schema === undefined) {
    throw new AuditError(2, `effects.${kind}: no database is named that ${text} is in`, {
      hint: `name one in the url (or MYSQL_DATABASE), or write database.${text}`,
    });
  }
  const sql = `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`;
  const found = await session.rows<{ schema: string; name: string; type: string; engine: string | null }>(
    `looking for ${text}`,
    sql,
    [schema, name],
  );
  const relation = found.find((one) => one.name === name) ?? found[0];
  if (relation === undefined) throw await missingTable(session, kind, schema, name);
  const isView = relation.type.endsWith('VIEW');
  return { schema: relation.schema, name: relation.name, isView, engine: relation.engine ?? undefined };
}

const NO_SUCH_TABLE = 1146;
const NO_SUCH_DATABASE = 1049;

/** A table that the user has no right on is not in the catalog either, but the server tells the two apart. */
async function missingTable(
  session: Session,
  kind: string,
  schema: string,
  name: string,
): Promise<AuditError> {
  const doing = `reading ${shownName(schema, name)}`;
  const refused: unknown = await session
    .rows(doing, `SELECT 1 FROM ${quotedName(schema, name)} LIMIT 0`)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  const number = isAuditError(refused) ? serverError(refused.cause) : undefined;
  if (isAuditError(refused) && number !== NO_SUCH_TABLE && number !== NO_SUCH_DATABASE) return refused;
  return new AuditError(4, `effects.${kind}: no table ${shownName(schema, name)} in ${session.database}`, {
    hint: await nearTables(session, name),
  });
}

async function nearTables(session: Session, name: string): Promise<string> {
  const sql = `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name FROM information_schema.TABLES
    WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')
    ORDER BY 1, 2 LIMIT 10000`;
  const all = await session.rows<{ schema: string; name: string }>('listing tables', sql);
  const near = nearNames(name, [...new Set(all.map((one) => one.name))]);
  const meant = near.flatMap((one) => all.filter((table) => table.name === one)).slice(0, 3);
  if (meant.length > 0) {
    return `did you mean ${meant.map((one) => shownName(one.schema, one.name)).join(' or ')}?`;
  }
  return `the user sees ${all.length} tables and views there; is it the right server, and the right database?`;
}

/** Those that the user has any right on. */
export async function columnsOf(session: Session, { schema, name }: Relation): Promise<MysqlColumn[]> {
  const sql = `
    SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, DATA_TYPE AS base, IS_NULLABLE AS nullable,
           PRIVILEGES AS rights, EXTRA AS extra
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`;
  const rows = await session.rows<{
    name: string;
    type: string;
    base: string;
    nullable: string;
    rights: string;
    extra: string;
  }>(`reading the columns of ${name}`, sql, [schema, name]);
  return rows.map((row) => ({
    name: row.name,
    shown: shownName(row.name),
    type: row.type,
    base: row.base.toLowerCase(),
    notNull: row.nullable === 'NO',
    readable: row.rights.split(',').includes('select'),
    onUpdate: /on update/i.test(row.extra),
  }));
}

/** The primary key first. */
export async function indexesOf(session: Session, { schema, name }: Relation): Promise<Index[]> {
  const sql = `
    SELECT INDEX_NAME AS name, NON_UNIQUE AS others, INDEX_TYPE AS type, COLUMN_NAME AS \`column\`, SUB_PART AS prefix
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
    ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX`;
  const rows = await session.rows<{
    name: string;
    others: string | number;
    type: string;
    column: string | null;
    prefix: string | number | null;
  }>(`reading the indexes of ${name}`, sql, [schema, name]);
  return [...new Set(rows.map((row) => row.name))].map((index) => {
    const own = rows.filter((row) => row.name === index);
    return {
      name: index,
      unique: Number(own[0]!.others) === 0,
      sorted: own[0]!.type === 'BTREE',
      parts: own.map((row) => ({ column: row.column ?? undefined, whole: row.prefix === null })),
    };
  });
}

export function primaryKey(indexes: readonly Index[]): string[] {
  const primary = indexes.find((index) => index.name === 'PRIMARY');
  return (primary?.parts ?? []).flatMap(({ column }) => (column === undefined ? [] : [column]));
}

/** Whether an index begins with one of the columns, so that a span or a few values of it can be read alone. */
export function isIndexed(indexes: readonly Index[], columns: readonly string[]): boolean {
  return indexes.some(({ sorted, parts: [first] }) => sorted && columns.includes(first?.column ?? ''));
}

/**
 * The trigger that assigns the column whenever a row is updated, as far as the user may see triggers; undefined: none
 * does in words that are known here.
 */
export async function updateTriggerOf(
  session: Session,
  { schema, name }: Relation,
  column: string,
): Promise<string | undefined> {
  const sql = `
    SELECT TRIGGER_NAME AS name, ACTION_STATEMENT AS source FROM information_schema.TRIGGERS
    WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ? AND EVENT_MANIPULATION = 'UPDATE'
      AND ACTION_TIMING = 'BEFORE' ORDER BY TRIGGER_NAME`;
  const doing = `reading the triggers of ${name}`;
  const triggers = await session.rows<{ name: string; source: string }>(doing, sql, [schema, name]);
  return triggers.find(({ source }) => assigns(source, column))?.name;
}

const ASSIGNED = /[\s,]new\s*\.\s*(`(?:[^`]|``)+`|[\w$]+)\s*:?=/gi;

/** A comparison looks the same where it follows a word of SQL; then too much is warned about. */
function assigns(source: string, column: string): boolean {
  return [...source.matchAll(ASSIGNED)].some(
    ([, name]) => nameParts(name!)?.[0]?.toLowerCase() === column.toLowerCase(),
  );
}

/** Engines whose rows are read as they were when the snapshot was taken, in small letters. */
export const SNAPSHOT_ENGINES = ['innodb', 'rocksdb'];

/** A few tables of other engines, as the configuration would write them. */
export async function withoutSnapshot(session: Session): Promise<string[]> {
  const sql = `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name FROM information_schema.TABLES
    WHERE TABLE_TYPE = 'BASE TABLE' AND LOWER(ENGINE) NOT IN (${SNAPSHOT_ENGINES.map((one) => `'${one}'`).join(', ')})
      AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY 1, 2 LIMIT 4`;
  const rows = await session.rows<{ schema: string; name: string }>('asking for engines', sql);
  return rows.map(({ schema, name }) => shownName(schema, name));
}

/** Whether only some of the columns may be read, and so only some of the indexes are seen. */
export async function seesColumnsOnly(session: Session, { schema, name }: Relation): Promise<boolean> {
  const sql = `
    SELECT EXISTS (SELECT 1 FROM information_schema.COLUMN_PRIVILEGES
                   WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND PRIVILEGE_TYPE = 'SELECT')
       AND NOT EXISTS (SELECT 1 FROM information_schema.TABLE_PRIVILEGES
                       WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND PRIVILEGE_TYPE = 'SELECT')
       AND NOT EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES
                       WHERE ? LIKE TABLE_SCHEMA AND PRIVILEGE_TYPE = 'SELECT')
       AND NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT') AS only_columns`;
  const doing = `reading the rights on ${name}`;
  const [row] = await session.rows<{ only_columns: string | number }>(doing, sql, [
    schema,
    name,
    schema,
    name,
    schema,
  ]);
  return Number(row?.only_columns) === 1;
}
