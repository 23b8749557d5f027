/** How the server would answer a query: which tables it would scan from end to end, and how many rows it expects. */

import { shownName } from './names.ts';
import { isIndexed } from './relation.ts';
import type { Session } from './session.ts';
import type { Table } from './table.ts';

/** Below (about 80 MB), a scan is soon done whatever there is to help it. */
const LARGE_PAGES = 10_000;

export interface Plan {
  /** How many rows the server expects. */
  readonly rows: number;
  readonly relations: readonly Scanned[];
}

interface Scanned {
  readonly schema: string;
  readonly name: string;
  /** From end to end. */
  readonly whole: boolean;
}

/** One step of EXPLAIN's JSON, as far as it is looked at. */
interface Step {
  readonly 'Node Type': string;
  readonly 'Plan Rows': number;
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Step[];
}

/** Plans a query, and runs nothing of it; rights are looked at all the same. */
export async function explain(session: Session, doing: string, query: string): Promise<Plan> {
  const [answer] = await session.rows<{ 'QUERY PLAN': readonly { readonly Plan: Step }[] }>(
    doing,
    `EXPLAIN (FORMAT JSON, VERBOSE) ${query}`,
  );
  const top = answer!['QUERY PLAN'][0]!.Plan;
  return { rows: top['Plan Rows'], relations: scannedBy(top) };
}

function scannedBy(step: Step): Scanned[] {
  const { Schema: schema = '', 'Relation Name': name, Plans: below = [] } = step;
  const own = name === undefined ? [] : [{ schema, name, whole: step['Node Type'].endsWith('Seq Scan') }];
  return [...own, ...below.flatMap(scannedBy)];
}

/**
 * What to say before a large table is read from end to end though only a span of it was asked for; undefined: nothing,
 * as where there is an index and the server would rather not use it, because the span is most of the table.
 */
export async function scanWarning(session: Session, table: Table, plan: Plan): Promise<string | undefined> {
  const { relation, at } = table;
  const whole = plan.relations.filter((one) => one.whole);
  if (whole.length === 0) return undefined;
  if (relation !== undefined && at !== undefined && (await isIndexed(session, relation, at.name)))
    return undefined;
  const pages = await pagesOf(session, whole);
  if (pages <= LARGE_PAGES) return undefined;
  const names = [...new Set(whole.map(({ schema, name }) => shownName(schema, name)))];
  const cause = at === undefined ? 'without `at`' : `no index on ${at.shown} serves`;
  const size = `${Math.round((pages * 8) / 1024)} MB`;
  return `${table.shown} is scanned from end to end (${names.slice(0, 3).join(', ')}: ${size}): ${cause}`;
}

/** As they were counted last. */
async function pagesOf(session: Session, relations: readonly Scanned[]): Promise<number> {
  const sql = `
    SELECT coalesce(sum(c.relpages), 0)::text AS pages
    FROM (SELECT DISTINCT s.schema, s.name FROM json_to_recordset($1::json) AS s(schema text, name text)) AS s
    JOIN pg_namespace n ON n.nspname = s.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.name`;
  const [row] = await session.rows<{ pages: string }>('asking for sizes', sql, [JSON.stringify(relations)]);
  return Number(row!.pages);
}

/** Those of the relations whose rows may be hidden from this role. */
export async function withPolicies(session: Session, { relations }: Plan): Promise<string[]> {
  const sql = `
    SELECT DISTINCT s.schema, s.name FROM json_to_recordset($1::json) AS s(schema text, name text)
    JOIN pg_namespace n ON n.nspname = s.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.name
    WHERE row_security_active(c.oid) ORDER BY 1, 2`;
  const rows = await session.rows<{ schema: string; name: string }>('asking for policies', sql, [
    JSON.stringify(relations),
  ]);
  return rows.map(({ schema, name }) => shownName(schema, name));
}
