/** What the catalog says about one relation: that it is there, its columns, its keys, and what changes its rows. */
import { escapeIdentifier } from 'pg';
import { AuditError } from '../../../error.ts';
import { nearNames } from '../../../nearest.ts';
import type { UniqueIndex } from '../blind.ts';
import type { CatalogColumn } from '../catalog.ts';
import { nameParts, shownName } from './names.ts';
import type { Session } from './session.ts';

export interface Relation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind */
  readonly kind: string;
  /** Whether row-level security applies to this role. */
  readonly policies: boolean;
}

/** A column, and the category of its type (pg_type.typcategory). */
export type PostgresColumn = CatalogColumn & { readonly category: string };

/** Relations that rows can be read from; the others by name, for the error message. */
const READABLE = 'rpvmf';
const UNREADABLE: Readonly<Record<string, string>> = {
  i: 'an index',
  I: 'an index',
  S: 'a sequence',
  c: 'a type',
};

/** @throws AuditError 2: it is no name; 4: there is no such table, or it is none that rows can be read from */
export async function findRelation(session: Session, kind: string, text: string): Promise<Relation> {
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

export async function columnsOf(session: Session, relation: Relation): Promise<PostgresColumn[]> {
  const sql = `
    SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
           coalesce(b.typname, t.typname)::text AS base, t.typcategory::text AS category, a.attnotnull AS "notNull",
           has_column_privilege(a.attrelid, a.attnum, 'select') AS readable
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
  const doing = `reading the columns of ${relation.name}`;
  const columns = await session.rows<Omit<PostgresColumn, 'shown'>>(doing, sql, [relation.oid]);
  return columns.map((column) => ({ ...column, shown: shownName(column.name) }));
}

export async function primaryKeyOf(session: Session, relation: Relation): Promise<string[]> {
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

/** Of plain columns, for all rows: no expressions, no predicate, nothing that is still being built. Primary key first. */
export function uniqueIndexesOf(session: Session, relation: Relation): Promise<UniqueIndex[]> {
  const sql = `
    SELECT i.relname::text AS name,
           ARRAY(SELECT a.attname::text FROM generate_series(0, x.indnkeyatts - 1) AS part(n)
                 JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[part.n] ORDER BY part.n) AS columns
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = $1::oid AND x.indisunique AND x.indisvalid AND x.indisready
      AND x.indexprs IS NULL AND x.indpred IS NULL
    ORDER BY x.indisprimary DESC, i.relname`;
  return session.rows(`reading the indexes of ${relation.name}`, sql, [relation.oid]);
}

/** Whether an index of all rows begins with the column, so that a span of it can be read alone. */
export async function isIndexed(session: Session, relation: Relation, column: string): Promise<boolean> {
  const sql = `
    SELECT 1 AS found FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
    JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
    WHERE x.indrelid = $1::oid AND a.attname = $2::text AND x.indisvalid AND x.indpred IS NULL
      AND m.amname IN ('btree', 'brin') LIMIT 1`;
  const doing = `reading the indexes of ${relation.name}`;
  return (await session.rows(doing, sql, [relation.oid, column])).length > 0;
}

/**
 * The trigger that assigns the column whenever a row is updated, by the text of its function or, as moddatetime has
 * it, by its arguments; undefined: none does in words that are known here.
 */
export async function updateTriggerOf(
  session: Session,
  relation: Relation,
  column: string,
): Promise<string | undefined> {
  const sql = `
    SELECT t.tgname::text AS name, p.proname::text AS function, p.prosrc AS source,
           encode(t.tgargs, 'escape') AS arguments
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
      AND t.tgtype & 16 <> 0 AND t.tgtype & 2 <> 0 AND t.tgtype & 1 <> 0 ORDER BY t.tgname`;
  const doing = `reading the triggers of ${relation.name}`;
  const triggers = await session.rows<UpdateTrigger>(doing, sql, [relation.oid]);
  return triggers.find((trigger) => assigns(trigger, column))?.name;
}

interface UpdateTrigger {
  readonly name: string;
  readonly function: string;
  readonly source: string;
  /** Each ended by a zero byte, in the spelling of `encode`. */
  readonly arguments: string;
}

/** In PL/pgSQL `=` assigns, too, where a statement begins. */
const ASSIGNED =
  /(?:(?:^|;|\b(?:begin|then|else)\b)\s*new\s*\.\s*("(?:[^"]|"")+"|[\w$]+)\s*=|\bnew\s*\.\s*("(?:[^"]|"")+"|[\w$]+)\s*:=)/gi;

function assigns(trigger: UpdateTrigger, column: string): boolean {
  if (trigger.function === 'moddatetime') return trigger.arguments === `${column}\\000`;
  return [...trigger.source.matchAll(ASSIGNED)].some(
    ([, first, second]) => nameParts(first ?? second ?? '')?.[0] === column,
  );
}
