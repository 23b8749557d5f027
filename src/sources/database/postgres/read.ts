/** Reads one table inside the snapshot: the effects of its kind, and how far back they go. */
import type { Coverage, EffectBatch, EffectBounds, OnProgress, Take } from '../../../model.ts';
import { coverageOf } from '../coverage.ts';
import { firstPassing, readRows } from '../read.ts';
import type { EffectRows } from '../rows.ts';
import type { Snapshot } from '../snapshot.ts';
import { layoutOf } from '../table.ts';
import { selectOlder, selectOldest, selectRows } from './select.ts';
import type { Session } from './session.ts';
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
  const { session, table, bounds, snapshot, progress } = reading;
  const chunks = session.copy(`reading ${table.shown}`, selectRows(table, bounds), layoutOf(table).fields);
  const rows = await readRows(table, chunks, take, progress);
  return coverageOf(`postgres ${session.database}`, table, rows, snapshot, await oldestRow(reading, rows));
}

/** Epoch milliseconds of the kind's oldest row, as far as it can be known. */
async function oldestRow({ session, table, bounds }: Reading, read: EffectRows): Promise<number | undefined> {
  const { at, settings } = table;
  if (at === undefined) return undefined;
  const doing = `looking for the oldest row of ${table.shown}`;
  if (settings.only.length > 0) {
    const older = session.copy(doing, selectOlder(table, at, bounds), 1 + table.only.length);
    return (await firstPassing(table, older)) ?? read.oldest;
  }
  const [row] = await session.rows<{ oldest: string | null }>(doing, selectOldest(table, at));
  return row?.oldest == null ? undefined : Math.floor(Number(row.oldest) / 1000);
}
