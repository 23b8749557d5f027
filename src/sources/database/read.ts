/** Rows as they arrive from a database, to batches of effects. */
import type { EffectBatch, EffectBounds, OnProgress, SourceHooks, Take } from '../../model.ts';
import { compileOnly, EffectRows } from './rows.ts';
import type { Snapshot } from './snapshot.ts';
import { instantOf, type RowCursor, type RowTable, type TimeColumn } from './table.ts';

/** What one table is read with, and in. */
export interface Reading<Session, Table extends RowTable> {
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly table: Table;
  readonly bounds: EffectBounds;
  readonly progress: OnProgress;
  readonly say: SourceHooks['say'];
}

/** With a warning, if there is one, which is said too before anything is read; it belongs to what is known of the snapshot. */
export function warned(
  { snapshot, say }: Pick<Reading<unknown, RowTable>, 'snapshot' | 'say'>,
  warning?: string,
): Snapshot {
  if (warning === undefined) return snapshot;
  say?.(warning);
  return { ...snapshot, notes: [...snapshot.notes, warning] };
}

/** With a total that the database estimates, which the rows may exceed. */
export function outOf(estimate: number, progress: OnProgress): OnProgress {
  return (one) => progress({ ...one, total: Math.max(one.done, Math.round(estimate)) });
}

/** Rows older than what is read that are tried against `only` to find one that was there before. */
export const OLDER_ROWS = 10_000;

/**
 * Hands over the effects of all rows, which come in chunks: the same cursor again for each.
 * @param keys only effects with one of these; undefined: all
 */
export async function readRows(
  table: RowTable,
  chunks: AsyncIterable<RowCursor>,
  take: Take<EffectBatch>,
  progress: OnProgress,
  keys?: ReadonlySet<string>,
): Promise<EffectRows> {
  const effects = new EffectRows(table, keys);
  for await (const rows of chunks) {
    while (rows.next()) {
      effects.add(rows);
      if (effects.full) await take(effects.take());
    }
    progress({
      stage: `rows of ${table.kind}${keys === undefined ? '' : ', once more'}`,
      done: effects.read,
      unit: 'rows',
    });
  }
  if (effects.rows > 0) await take(effects.take());
  return effects;
}

/**
 * `only` is no SQL, so the kind's oldest row is looked for among the oldest rows of the table: the first that passes
 * is the oldest of all. None among so many proves nothing, and the span begins with the rows that were read.
 *
 * @param chunks the OLDER_ROWS oldest rows, oldest first: instant, columns of `only`
 * @returns epoch milliseconds
 */
export async function firstPassing(
  table: RowTable,
  at: TimeColumn,
  chunks: AsyncIterable<RowCursor>,
): Promise<number | undefined> {
  const passes = compileOnly(table, 1);
  let oldest: number | undefined;
  for await (const rows of chunks) {
    while (rows.next()) {
      if (oldest === undefined && passes(rows)) oldest = epochMs(instantOf(at, rows, 0));
    }
  }
  return oldest;
}

/** Of a time in microseconds; undefined: it is none. */
export function epochMs(time: bigint | string | undefined): number | undefined {
  return typeof time === 'bigint' ? Math.floor(Number(time) / 1000) : undefined;
}
