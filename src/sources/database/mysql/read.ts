/** Reads one table inside the snapshot: the effects of its kind, how far back they go, and those of a few keys at any time. */
import type { Coverage, EffectBatch, Take } from '../../../model.ts';
import { coverageOf } from '../coverage.ts';
import { checkUnit } from '../epoch.ts';
import { epochMs, firstPassing, outOf, type Reading, readRows, warned } from '../read.ts';
import type { EffectRows } from '../rows.ts';
import { instantOf, layoutOf, type RowCursor } from '../table.ts';
import { explain, scanWarning } from './plan.ts';
import { ServerRows } from './rows.ts';
import { selectOlder, selectOldest, selectRows, selectSample } from './select.ts';
import type { Session } from './session.ts';
import { limitTime } from './snapshot.ts';
import type { Table } from './table.ts';

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
  const sample = await session.rows<{ value: string }>(`looking at ${at.shown}`, selectSample(table, at));
  const named = `effects.${table.kind}: column ${at.shown} of ${shown}`;
  checkUnit(
    named,
    at.unit,
    sample.map((row) => row.value),
  );
}

/** Hands over the effects of one table, and answers what they prove. */
export async function readTable(reading: TableReading, take: Take<EffectBatch>): Promise<Coverage> {
  const { session, table, bounds } = reading;
  await limitTime(session, table.settings.timeout);
  const query = selectRows(table, bounds);
  const doing = `reading ${table.shown}`;
  const plan = await explain(session, doing, query);
  const snapshot = warned(reading, scanWarning(table, plan));
  const cursor = new ServerRows(table.at, layoutOf(table).time, { bounds, side: 'inside' });
  const progress = outOf(plan.rows, reading.progress);
  const rows = await readRows(table, chunksOf(session, doing, query, cursor), take, progress);
  return coverageOf(`mysql ${session.database}`, table, rows, snapshot, await oldestRow(reading, rows));
}

/** The same cursor again for each chunk of rows that comes. */
export async function* chunksOf(
  session: Session,
  doing: string,
  query: string,
  cursor: ServerRows,
): AsyncGenerator<RowCursor, void> {
  for await (const rows of session.stream(doing, query)) {
    cursor.feed(rows);
    yield cursor;
  }
}

/** Epoch milliseconds of the kind's oldest row, as far as it can be known. */
async function oldestRow(
  { session, table, bounds }: TableReading,
  read: EffectRows,
): Promise<number | undefined> {
  const { at, settings } = table;
  if (at === undefined) return undefined;
  const doing = `looking for the oldest row of ${table.shown}`;
  const cursor = new ServerRows(at, 0);
  if (settings.only.length > 0) {
    const older = chunksOf(session, doing, selectOlder(table, at, bounds), cursor);
    return (await firstPassing(table, at, older)) ?? read.oldest;
  }
  let oldest: number | undefined;
  for await (const row of chunksOf(session, doing, selectOldest(table, at), cursor))
    if (row.next()) oldest = epochMs(instantOf(at, row, 0));
  return oldest;
}
