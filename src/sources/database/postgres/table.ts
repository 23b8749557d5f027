/** What the catalog says about the table of one effect kind: its columns, their types, and the right to read them. */
import { escapeIdentifier } from 'pg';
import { AuditError } from '../../../error.ts';
import type { EffectEntry, PostgresSettings } from '../../../model.ts';
import { nearNames } from '../../../nearest.ts';
import { type Catalog, type CatalogColumn, findColumn, identity } from '../catalog.ts';
import type { RowTable, TimeColumn } from '../table.ts';
import { sqlState } from './failures.ts';
import { nameParts, shownName } from './names.ts';
import type { Session } from './session.ts';

/** One effect kind's table, with every name of the configuration found. */
export interface Table extends RowTable {
  readonly schema: string;
  readonly name: string;
}

interface Relation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly policies: boolean;
}

/** Relations that rows can be read from; the others by name, for the error message. */
const READABLE = 'rpvmf';
const UNREADABLE: Readonly<Record<string, string>> = {
  i: 'an index',
  I: 'an index',
  S: 'a sequence',
  c: 'a type',
};
const TIME_TYPES = ['timestamptz', 'timestamp'];

/**
 * Looks up everything that `kind` names.
 *
 * @throws AuditError 4: no such table or column, no right to read it, a time column that is no time;
 *   2: no identity, no zone, or a zone that the server does not know.
 */
export async function findTable(
  session: Session,
  { name: kind, source: settings }: EffectEntry<PostgresSettings>,
): Promise<Table> {
  const relation = await findRelation(session, kind, settings.table);
  const catalog = {
    database: session.database,
    kind,
    shown: shownName(relation.schema, relation.name),
    columns: await columnsOf(session, relation),
    foldedName,
    shownName,
  };
  const id = settings.id === undefined ? await primaryKeyOf(session, relation) : [settings.id];
  const table = {
    kind,
    settings,
    schema: relation.schema,
    name: relation.name,
    shown: catalog.shown,
    key: settings.key.map((part) => findColumn(catalog, part.name)),
    id: identity(catalog, id),
    at: settings.at === undefined ? undefined : timeColumn(catalog, settings.at, settings.zone),
    only: settings.only.map((condition) => findColumn(catalog, condition.name)),
    hidesRows: relation.policies,
  };
  if (table.at?.zone !== undefined) await checkZone(session, kind, table.at.zone);
  return table;
}

async function findRelation(session: Session, kind: string, text: string): Promise<Relation> {
  const parts = nameParts(text);
  if (parts === undefined || parts.length > 2) {
    throw new AuditError(2, `effects.${kind}: \`${text}\` is not the name of a table`, {
      hint: 'write table or schema.table, with odd names in double quotes: public."Odd Name"',
    });
  }
  const sql = `
    SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
           row_security_active(c.oid) AS policies
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass($1::text)`;
  const quoted = parts.map(escapeIdentifier).join('.');
  const [relation] = await session.rows<Relation>(`looking for ${text}`, sql, [quoted]);
  if (relation === undefined) throw await missingTable(session, kind, parts);
  if (READABLE.includes(relation.kind)) return relation;
  const found = UNREADABLE[relation.kind] ?? 'no table';
  throw new AuditError(4, `effects.${kind}: ${shownName(...parts)} is ${found}, not a table or view`);
}

async function missingTable(session: Session, kind: string, parts: readonly string[]): Promise<AuditError> {
  const sql = `
    SELECT n.nspname::text AS schema, c.relname::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2 LIMIT 10000`;
  const all = await session.rows<{ schema: string; name: string }>('listing tables', sql);
  const near = nearNames(parts.at(-1)!, [...new Set(all.map((one) => one.name))]);
  const meant = near.flatMap((name) => all.filter((one) => one.name === name)).slice(0, 3);
  const hint =
    meant.length === 0
      ? `the role sees ${all.length} tables and views there; is it the right database, and the right schema?`
      : `did you mean ${meant.map((one) => shownName(one.schema, one.name)).join(' or ')}?`;
  return new AuditError(4, `effects.${kind}: no table ${shownName(...parts)} in ${session.database}`, {
    hint,
  });
}

async function columnsOf(session: Session, relation: Relation): Promise<CatalogColumn[]> {
  const sql = `
    SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
           coalesce(b.typname, t.typname)::text AS base, a.attnotnull AS "notNull",
           has_column_privilege(a.attrelid, a.attnum, 'select') AS readable
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
  const doing = `reading the columns of ${relation.name}`;
  const columns = await session.rows<Omit<CatalogColumn, 'shown'>>(doing, sql, [relation.oid]);
  return columns.map((column) => ({ ...column, shown: shownName(column.name) }));
}

async function primaryKeyOf(session: Session, relation: Relation): Promise<string[]> {
  const sql = `
    SELECT a.attname::text AS name
    FROM pg_constraint k CROSS JOIN unnest(k.conkey) WITH ORDINALITY AS part(attnum, n)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = part.attnum
    WHERE k.conrelid = $1::oid AND k.contype = 'p' ORDER BY part.n`;
  const rows = await session.rows<{ name: string }>(`reading the keys of ${relation.name}`, sql, [
    relation.oid,
  ]);
  return rows.map((row) => row.name);
}

/** How SQL reads a column's name: unquoted, its capitals are small letters. */
function foldedName(name: string): string | undefined {
  const parts = nameParts(name);
  return parts?.length === 1 ? parts[0] : undefined;
}

function timeColumn(catalog: Catalog, name: string, zone: string | undefined): TimeColumn {
  const column = findColumn(catalog, name);
  const named = `effects.${catalog.kind}: column ${column.shown} of ${catalog.shown}`;
  if (column.base === 'date') {
    throw new AuditError(2, `${named} is a date: it does not say when on that day`, {
      hint: 'name a column of type timestamptz or timestamp in `at`, or leave `at` out: then rows have no time',
    });
  }
  if (!TIME_TYPES.includes(column.base)) {
    throw new AuditError(4, `${named} is of type ${column.type}, which is no time`, {
      hint: 'name a column of type timestamptz or timestamp in `at`, or leave `at` out',
    });
  }
  if (column.base === 'timestamptz') return { ...column, zone: undefined };
  if (zone !== undefined) return { ...column, zone };
  throw new AuditError(2, `${named} is of type ${column.type}: its times carry no zone`, {
    hint: 'say which zone they are in, such as `zone: Europe/Berlin`',
  });
}

/** The server converts wall clocks, so it must know the zone too. */
async function checkZone(session: Session, kind: string, zone: string): Promise<void> {
  try {
    await session.rows(`asking for the zone ${zone}`, 'SELECT now() AT TIME ZONE $1::text', [zone]);
  } catch (error) {
    if (sqlState((error as Error).cause) !== '22023') throw error;
    throw new AuditError(2, `effects.${kind}: the database does not know the zone ${zone}`, {
      hint: 'use a name of pg_timezone_names, such as `zone: Europe/Berlin`',
      cause: error,
    });
  }
}
