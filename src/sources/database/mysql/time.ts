/** Which columns tell when a row happened, and what must be known to read them. */
import { AuditError } from '../../../error.ts';
import type { MysqlSettings } from '../../../model.ts';
import { type Catalog, findColumn } from '../catalog.ts';
import type { TimeColumn } from '../table.ts';
import { WHOLE_NUMBERS } from './key-types.ts';
import type { MysqlColumn } from './relation.ts';

const NUMBERS = [...WHOLE_NUMBERS, 'decimal', 'double'];
const NO_TIME =
  'name a column of type timestamp or datetime in `at`, or leave `at` out: then rows have no time';

export function isWhole({ base }: TimeColumn): boolean {
  return WHOLE_NUMBERS.includes(base);
}

/** @throws AuditError 4: the column is no time; 2: it needs a zone or a unit, or has no use for one */
export function timeColumn(
  catalog: Catalog,
  name: string,
  { zone, unit }: Pick<MysqlSettings, 'zone' | 'unit'>,
): TimeColumn {
  const column = findColumn(catalog, name) as MysqlColumn;
  const { base, shown } = column;
  const named = `effects.${catalog.kind}: column ${shown} of ${catalog.shown}`;
  const movedBy = column.onUpdate ? 'ON UPDATE CURRENT_TIMESTAMP' : undefined;
  const time = { ...column, zone: undefined, unit: undefined, movedBy };
  if (base === 'date')
    throw new AuditError(2, `${named} is a date: it does not say when on that day`, { hint: NO_TIME });
  if (NUMBERS.includes(base)) {
    if (unit !== undefined) return { ...time, unit };
    throw new AuditError(2, `${named} is of type ${column.type}: what its numbers count is not said`, {
      hint: `say it, such as \`at: { from: ${shown}, unit: ms }\` (s, ms or us, from 1970 on)`,
    });
  }
  if (base !== 'timestamp' && base !== 'datetime')
    throw new AuditError(4, `${named} is of type ${column.type}, which is no time`, { hint: NO_TIME });
  if (unit !== undefined) {
    throw new AuditError(2, `${named} is of type ${column.type}, which has no unit`, {
      hint: `write \`at: ${shown}\``,
    });
  }
  // The session's zone is UTC, and the server converts a timestamp to it.
  if (base === 'timestamp') return time;
  if (zone !== undefined) return { ...time, zone };
  throw new AuditError(2, `${named} is of type ${column.type}: its times carry no zone`, {
    hint: 'say which zone they are in, such as `zone: Europe/Berlin`, or `zone: UTC`',
  });
}
