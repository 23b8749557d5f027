/** Which columns tell when a row happened, and what must be known to read them. */
import { AuditError } from '../../../error.ts';
import type { PostgresSettings } from '../../../model.ts';
import { type Catalog, findColumn } from '../catalog.ts';
import { checkUnit } from '../epoch.ts';
import type { TimeColumn } from '../table.ts';
import { sqlState } from './failures.ts';
import type { Session } from './session.ts';

const TIMES = ['timestamptz', 'timestamp'];
const WHOLE_NUMBERS = ['int2', 'int4', 'int8'];
const NUMBERS = [...WHOLE_NUMBERS, 'numeric', 'float8'];
const NO_TIME =
  'name a column of type timestamptz or timestamp in `at`, or leave `at` out: then rows have no time';

export function isWhole({ base }: TimeColumn): boolean {
  return WHOLE_NUMBERS.includes(base);
}

/** @throws AuditError 4: the column is no time; 2: it needs a zone or a unit, or has no use for one */
export function timeColumn(
  catalog: Catalog,
  name: string,
  { zone, unit }: Pick<PostgresSettings, 'zone' | 'unit'>,
): TimeColumn {
  const column = findColumn(catalog, name);
  const { base, shown } = column;
  const named = `effects.${catalog.kind}: column ${shown} of ${catalog.shown}`;
  const time = { ...column, zone: undefined, unit: undefined, movedBy: undefined };
  if (base === 'date')
    throw new AuditError(2, `${named} is a date: it does not say when on that day`, { hint: NO_TIME });
  if (NUMBERS.includes(base)) {
    if (unit !== undefined) return { ...time, unit };
    throw new AuditError(2, `${named} is of type ${column.type}: what its numbers count is not said`, {
      hint: `say it, such as \`at: { from: ${shown}, unit: ms }\` (s, ms or us, from 1970 on)`,
    });
  }
  if (!TIMES.includes(base))
    throw new AuditError(4, `${named} is of type ${column.type}, which is no time`, { hint: NO_TIME });
  if (unit !== undefined) {
    throw new AuditError(2, `${named} is of type ${column.type}, which has no unit`, {
      hint: `write \`at: ${shown}\``,
    });
  }
  if (base === 'timestamptz') return time;
  if (zone !== undefined) return { ...time, zone };
  throw new AuditError(2, `${named} is of type ${column.type}: its times carry no zone`, {
    hint: 'say which zone they are in, such as `zone: Europe/Berlin`',
  });
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
