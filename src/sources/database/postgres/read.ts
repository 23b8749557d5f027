/** Reads one table inside the snapshot: the effects of its kind, and how far back they go. */
import type { Coverage, EffectBatch, Take } from '../../../model.ts';
import { coverageOf } from '../coverage.ts';
import { epochMicros } from '../epoch.ts';
import { epochMs, firstPassing, outOf, type Reading, readRows, warned } from '../read.ts';
import type { EffectRows } from '../rows.ts';
import { layoutOf } from '../table.ts';
import { explain, scanWarning } from './plan.ts';
import { selectOlder, selectOldest, selectRows, selectSample } from './select.ts';
import type { Session } from './session.ts';
import { limitTime } from './snapshot.ts';
import type { Table } from './table.ts';
import { checkNumbers } from './time.ts';

export type TableReading = Reading<Session, Table>;

/**
 * What can be found out about a table without reading it: whether it may be read, whether its numbers are of the unit.
 *
 * @throws AuditError 4, 2
 */
export async function checkTable(session: Session, table: Table): Promise<void> {
  const { at, shown } = table;
  await explain(session, `reading ${shown}`, selectRows(table, { from: 0, to: 0 }));
  if (at?.unit === undefined) return;
  const named = `effects.${table.kind}: column ${at.shown} of ${shown}`;
  await checkNumbers(session, named, at, selectSample(table, at));
}

/** Hands over the effects of one table, and answers what they prove. */
export async function readTable(reading: TableReading, take: Take<EffectBatch>): Promise<Coverage> {
  const { session, table, bounds } = reading;
  await limitTime(session, table.settings.timeout);
  const query = selectRows(table, bounds);
  const doing = `reading ${table.shown}`;
  const plan = await explain(session, doing, query);
  const snapshot = warned(reading, await scanWarning(session, table, plan));
  const chunks = session.copy(doing, query, layoutOf(table).fields);
  const progress = outOf(plan.rows, reading.progress);
  const rows = await readRows(table, chunks, take, progress);
  return coverageOf(`postgres ${session.database}`, table, rows, snapshot, await oldestRow(reading, rows));
}

/** Epoch milliseconds of the kind's oldest row, as far as it can be known. */
async function oldestRow(
  { session, table, bounds }: TableReading,
  read: EffectRows,
): Promise<number | undefined> {
  const { at, settings } = table;
  if (at === undefined) return undefined;
  const doing = `looking for the oldest row of ${table.shown}`;
  if (settings.only.length > 0) {
    const older = session.copy(doing, selectOlder(table, at, bounds), 1 + table.only.length);
    return (await firstPassing(table, at, older)) ?? read.oldest;
  }
  const [row] = await session.rows<{ oldest: string | null }>(doing, selectOldest(table, at));
  if (row?.oldest == null) return undefined;
  return epochMs(at.unit === undefined ? BigInt(row.oldest) : epochMicros(row.oldest, at.unit));
}
