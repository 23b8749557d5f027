/** Which columns tell when a row happened, and what must be known to read them. */
import { AuditError } from '../../../error.ts';
import { checkUnit } from '../epoch.ts';
import type { TimeColumn } from '../table.ts';
import type { TimeTypes } from '../time.ts';
import { sqlState } from './failures.ts';
import type { Session } from './session.ts';

export const TIME_TYPES: TimeTypes = {
  instant: 'timestamptz',
  wall: 'timestamp',
  whole: ['int2', 'int4', 'int8'],
  fractions: ['numeric', 'float8'],
};

export function isWhole({ base }: TimeColumn): boolean {
  return TIME_TYPES.whole.includes(base);
}

/** The server converts wall clocks, so it must know the zone too. */
export async function checkZone(session: Session, kind: string, zone: string): Promise<void> {
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

/** @param query answers a few values of the column as text, as `value` */
export async function checkNumbers(
  session: Session,
  named: string,
  at: TimeColumn,
  query: string,
): Promise<void> {
  if (at.unit === undefined) return;
  const rows = await session.rows<{ value: string }>(`looking at ${at.shown}`, query);
  checkUnit(
    named,
    at.unit,
    rows.map((row) => row.value),
  );
}
