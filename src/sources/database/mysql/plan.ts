/** How the server would answer a query: whether it would scan something from end to end, and how many rows it expects. */
import { isIndexed } from './relation.ts';
import type { Session } from './session.ts';
import type { Table } from './table.ts';

/** Below, a scan is soon done whatever there is to help it. */
const LARGE_ROWS = 500_000;

export interface Plan {
  /** How many rows the server expects to answer, and how many it would look at in scans from end to end. */
  readonly rows: number;
  readonly scanned: number;
}

/** How one table is read, in the words of either server and any version. */
interface Access {
  /** Of the forms that name tables: `ALL` and `index` are scans from end to end. MySQL's newest: `table`. */
  readonly type: string;
  readonly rows: number;
  /** Share of the rows that goes on, 0 to 1. */
  readonly kept: number;
}

/** Plans a query, and runs nothing of it; rights are looked at all the same. */
export async function explain(session: Session, doing: string, query: string): Promise<Plan> {
  const [answer] = await session.rows<{ EXPLAIN: string }>(doing, `EXPLAIN FORMAT=JSON ${query}`);
  return planOf(JSON.parse(answer!.EXPLAIN));
}

/** @param plan as the server explains it, in JSON */
export function planOf(plan: unknown): Plan {
  const accesses = accessesIn(plan);
  const rows = accesses.reduce((product, { rows: own, kept }) => product * own * kept, 1);
  const whole = accesses.filter(({ type }) => ['ALL', 'index', 'table'].includes(type));
  return {
    rows: accesses.length === 0 ? 0 : rows,
    scanned: Math.max(0, ...whole.map((access) => access.rows)),
  };
}

function accessesIn(step: unknown): Access[] {
  if (typeof step !== 'object' || step === null) return [];
  const below = Object.values(step).flatMap(accessesIn);
  const { access_type: type, ...about } = step as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string') return below;
  const rows = Number(about.rows ?? about.rows_examined_per_scan ?? about.estimated_rows ?? 0);
  return [{ type, rows, kept: Number(about.filtered ?? 100) / 100 }, ...below];
}

/**
 * What to say before a large table is read from end to end though only a span of it was asked for; undefined: nothing,
 * as where there is an index and the server would rather not use it, because the span is most of the table.
 */
export function scanWarning({ at, indexes, shown }: Table, { scanned }: Plan): string | undefined {
  if (scanned <= LARGE_ROWS || (at !== undefined && isIndexed(indexes, [at.name]))) return undefined;
  const cause = at === undefined ? 'without `at`' : `no index on ${at.shown} serves`;
  return `${shown} is scanned from end to end (about ${Math.round(scanned)} rows): ${cause}`;
}
