/** A query of the configuration in place of a table: whether it is one SELECT, and the columns that it has. */
import { AuditError } from '../../../error.ts';
import { sqlState } from './failures.ts';
import { shownName } from './names.ts';
import type { PostgresColumn } from './relation.ts';
import type { Session } from './session.ts';

/** As what stands behind FROM. The line's end closes a comment at the query's own end. */
export function subselect(query: string): string {
  return `(${query}\n)`;
}

/**
 * Asks for no row: only for the columns, each as the configuration may name it.
 *
 * @throws AuditError 2: it is no single SELECT, or the server does not understand it; 4: it may not be read
 */
export async function columnsOfQuery(
  session: Session,
  kind: string,
  query: string,
): Promise<PostgresColumn[]> {
  const columns = await described(session, kind, query);
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return columns;
  throw new AuditError(2, `effects.${kind}: the query has two columns ${shownName(twice)}`, {
    hint: 'give one of them another name: AS …',
  });
}

async function described(session: Session, kind: string, query: string): Promise<PostgresColumn[]> {
  const fields = await session
    .fields('describing the query', `SELECT * FROM ${subselect(query)} AS r LIMIT 0`)
    .catch((error: unknown) => {
      throw misunderstood(kind, error);
    });
  const sql = `
    SELECT f.n, format_type(t.oid, NULL) AS type, coalesce(b.typname, t.typname)::text AS base,
           t.typcategory::text AS category
    FROM unnest($1::text[]::oid[]) WITH ORDINALITY AS f(oid, n)
    JOIN pg_type t ON t.oid = f.oid LEFT JOIN pg_type b ON b.oid = t.typbasetype ORDER BY f.n`;
  const oids = `{${fields.map((field) => field.type).join(',')}}`;
  const types = await session.rows<Pick<PostgresColumn, 'type' | 'base' | 'category'>>(
    'describing the query',
    sql,
    [oids],
  );
  return types.map((type, i) => {
    const { name } = fields[i]!;
    return { ...type, name, shown: shownName(name), notNull: false, readable: true };
  });
}

/** Errors of syntax and of names (class 42, but for missing rights), and a write inside of a query (0A000). */
function misunderstood(kind: string, error: unknown): unknown {
  const cause = error instanceof AuditError ? error.cause : undefined;
  const state = sqlState(cause);
  if (!(cause instanceof Error) || state === undefined || state === '42501') return error;
  if (!state.startsWith('42') && state !== '0A000') return error;
  const message = `effects.${kind}: the database does not take the query: ${cause.message}`;
  return new AuditError(2, message, {
    hint: 'write one SELECT that changes nothing, as it could stand in FROM ( … )',
    cause,
  });
}
