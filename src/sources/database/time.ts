/** Which columns tell when a row happened, and what must be known to read them. */
import { AuditError } from '../../error.ts';
import type { DatabaseSettings } from '../../model.ts';
import { type Catalog, findColumn } from './catalog.ts';
import type { Column, TimeColumn } from './table.ts';

/** The types of one database by what they are as a time. */
export interface TimeTypes {
  /** The one that is an instant, and the one of a wall clock. */
  readonly instant: string;
  readonly wall: string;
  /** Of whole numbers, and of others. */
  readonly whole: readonly string[];
  readonly fractions: readonly string[];
}

/** @throws AuditError 4: the column is no time; 2: it needs a zone or a unit, or has no use for one */
export function timeColumn(
  catalog: Catalog,
  name: string,
  { zone, unit }: Pick<DatabaseSettings, 'zone' | 'unit'>,
  types: TimeTypes,
): TimeColumn {
  const column = findColumn(catalog, name);
  const named = `effects.${catalog.kind}: column ${column.shown} of ${catalog.shown}`;
  const time = { ...column, zone: undefined, unit: undefined, movedBy: undefined };
  const number = types.whole.includes(column.base) || types.fractions.includes(column.base);
  if (number && unit !== undefined) return { ...time, unit };
  if (number) throw unitNeeded(named, column);
  if (column.base !== types.instant && column.base !== types.wall) throw noTime(named, column, types);
  if (unit !== undefined) {
    throw new AuditError(2, `${named} is of type ${column.type}, which has no unit`, {
      hint: `write \`at: ${column.shown}\``,
    });
  }
  if (column.base === types.instant) return time;
  if (zone !== undefined) return { ...time, zone };
  throw new AuditError(2, `${named} is of type ${column.type}: its times carry no zone`, {
    hint: 'say which zone they are in, such as `zone: Europe/Berlin`',
  });
}

function unitNeeded(named: string, { type, shown }: Column): AuditError {
  return new AuditError(2, `${named} is of type ${type}: what its numbers count is not said`, {
    hint: `say it, such as \`at: { from: ${shown}, unit: ms }\` (s, ms or us, from 1970 on)`,
  });
}

function noTime(named: string, { base, type }: Column, { instant, wall }: TimeTypes): AuditError {
  const hint = `name a column of type ${instant} or ${wall} in \`at\`, or leave \`at\` out: then rows have no time`;
  if (base === 'date')
    return new AuditError(2, `${named} is a date: it does not say when on that day`, { hint });
  return new AuditError(4, `${named} is of type ${type}, which is no time`, { hint });
}
