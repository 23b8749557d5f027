/** Reads one table inside the snapshot: the effects of its kind, and how far back they go. */
import type { Coverage, EffectBatch, EffectBounds, OnProgress, Take } from '../../model.ts';
import { coverageOf } from './coverage.ts';
import { compileOnly, EffectRows } from './rows.ts';
import { layoutOf, selectOlder, selectOldest, selectRows } from './select.ts';
import type { Session } from './session.ts';
import type { Snapshot } from './snapshot.ts';
import type { Table } from './table.ts';

export interface Reading {
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly table: Table;
  readonly bounds: EffectBounds;
  readonly progress: OnProgress;
}

/** Hands over the effects of one table, and answers what they prove. */
export async function readTable(reading: Reading, take: Take<EffectBatch>): Promise<Coverage> {
  const { session, table, snapshot } = reading;
  const rows = await readRows(reading, take);
  return coverageOf(session.database, table, rows, snapshot, await oldestRow(reading, rows));
}

async function readRows(reading: Reading, take: Take<EffectBatch>): Promise<EffectRows> {
  const { session, table, bounds, progress } = reading;
  const effects = new EffectRows(table);
  const query = selectRows(table, bounds);
  for await (const rows of session.copy(`reading ${table.shown}`, query, layoutOf(table).fields)) {
    while (rows.next()) {
      effects.add(rows);
      if (effects.full) await take(effects.take());
    }
    progress({ stage: `rows of ${table.kind}`, done: effects.read, unit: 'rows' });
  }
  if (effects.rows > 0) await take(effects.take());
  return effects;
}

/** Epoch milliseconds of the kind's oldest row, as far as it can be known. */
async function oldestRow({ session, table, bounds }: Reading, read: EffectRows): Promise<number | undefined> {
  const { at, settings } = table;
  if (at === undefined) return undefined;
  const doing = `looking for the oldest row of ${table.shown}`;
  if (settings.only.length > 0) {
    return (await firstPassing(session, doing, table, selectOlder(table, at, bounds))) ?? read.oldest;
  }
  const [row] = await session.rows<{ oldest: string | null }>(doing, selectOldest(table, at));
  return row?.oldest == null ? undefined : milliseconds(row.oldest);
}

/**
 * `only` is no SQL, so the kind's oldest row is looked for among the oldest rows of the table: the first that passes
 * is the oldest of all. None among so many proves nothing, and the span begins with the rows that were read.
 */
async function firstPassing(
  session: Session,
  doing: string,
  table: Table,
  query: string,
): Promise<number | undefined> {
  const passes = compileOnly(table, 1);
  let oldest: number | undefined;
  for await (const rows of session.copy(doing, query, 1 + table.only.length)) {
    while (rows.next()) {
      if (oldest === undefined && passes(rows)) oldest = milliseconds(rows.text(0)!);
    }
  }
  return oldest;
}

function milliseconds(micros: string): number {
  return Math.floor(Number(micros) / 1000);
}
