/** The SQL that reads one table in COPY's binary format. COPY takes no parameters: every name and literal is quoted here. */
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { EffectBounds, EffectKeyPart } from '../../../model.ts';
import { epochNumber } from '../epoch.ts';
import { OLDER_ROWS } from '../read.ts';
import type { Column, KeyColumn, TimeColumn } from '../table.ts';
import type { Table } from './table.ts';
import { isWhole } from './time.ts';

/** Values that are looked at to see whether a unit can be right. */
const SAMPLE_ROWS = 20;

/** All rows inside the bounds, and those without a (finite) time, with all their values. */
export function selectRows(table: Table, bounds: EffectBounds): string {
  const where = table.at === undefined ? '' : ` WHERE ${insideOrTimeless(table.at, bounds)}`;
  return `SELECT ${fieldsOf(table, table.at).join(', ')} FROM ${source(table)}${where}`;
}

/** The values of a row, in the order of `layoutOf`. @param doubt by how much a time may have been earlier; undefined: as {@link timeFields} finds */
function fieldsOf(table: Table, at: TimeColumn | undefined, doubt?: string): string[] {
  const times = at === undefined ? [] : timeFields(at);
  return [
    ...table.key.map((column, i) => keyField(column, table.settings.key[i]!)),
    ...table.id.map(textField),
    ...(doubt === undefined ? times : [times[0]!, doubt]),
    ...table.only.map(textField),
    ...(table.topic === undefined ? [] : [textField(table.topic.column)]),
  ];
}

/**
 * The same of rows that have a time outside the bounds. Where the clock was put back, the time is the later one: nobody
 * counts such a row, it only takes the proof from a zero.
 *
 * @param keys an array of the values that the only key part may have; undefined: any
 */
export function selectAgain(
  table: Table,
  at: TimeColumn,
  bounds: EffectBounds,
  keys: string | undefined,
): string {
  const fields = fieldsOf(table, at, 'NULL').join(', ');
  const wanted = keys === undefined ? '' : ` AND ${name(table.key[0]!)} = ANY (${keys})`;
  return `SELECT ${fields} FROM ${source(table)} WHERE ${isTime(at)} AND NOT (${inside(at, bounds)})${wanted}`;
}

/** The table's oldest time: epoch microseconds as text, or as it stands where it is a number; NULL: there is none. */
export function selectOldest(table: Table, at: TimeColumn): string {
  const column = name(at);
  const oldest = at.unit === undefined ? micros(instant('o.oldest', at)) : 'o.oldest';
  return (
    `SELECT ${oldest}::text AS oldest FROM (SELECT min(${column}) AS oldest FROM ${table.from} ` +
    `WHERE ${isTime(at)}) AS o`
  );
}

/** The oldest rows before the bounds, oldest first: time, columns of `only`. */
export function selectOlder(table: Table, at: TimeColumn, bounds: EffectBounds): string {
  const [time] = timeFields(at);
  return (
    `SELECT ${[time, ...table.only.map(textField)].join(', ')} FROM ${source(table)} WHERE ${isTime(at)} ` +
    `AND ${name(at)} < ${comparable(bounds.from, at)} ORDER BY ${name(at)} LIMIT ${OLDER_ROWS}`
  );
}

/** A few values of a column of numbers, wherever they lie first. */
export function selectSample(table: Table, at: TimeColumn): string {
  return `SELECT ${textField(at)} AS value FROM ${table.from} WHERE ${name(at)} IS NOT NULL LIMIT ${SAMPLE_ROWS}`;
}

function name(column: Column): string {
  return `r.${escapeIdentifier(column.name)}`;
}

/** The table and, beside each row, its time as an instant (w.moment). */
function source(table: Table): string {
  if (table.at === undefined || table.at.unit !== undefined) return table.from;
  return `${table.from} CROSS JOIN LATERAL (SELECT ${instant(name(table.at), table.at)} AS moment) AS w`;
}

/** The bytes of a bytea are a key's text. Of jsonb only what lies at the path is sent, as JSON. */
function keyField(column: KeyColumn, part: EffectKeyPart): string {
  if (column.base === 'bytea') return name(column);
  if (column.base !== 'jsonb') return textField(column);
  const steps = (part.path ?? []).map((step) =>
    typeof step === 'number' ? ` -> ${step}` : ` -> ${escapeLiteral(step)}`,
  );
  return `(${name(column)}${steps.join('')})::text`;
}

function textField(column: Column): string {
  return `${name(column)}::text`;
}

/** A row's time, and by how many microseconds it may have been earlier (not at all, but for wall clocks near a change of the zone). */
function timeFields(at: TimeColumn): [string, string] {
  if (at.unit !== undefined) return [textField(at), 'NULL'];
  return ['w.moment', at.zone === undefined ? 'NULL' : doubt(at, at.zone)];
}

/**
 * PostgreSQL takes a wall clock that came twice for its second pass, and moves one that never came onwards; both may
 * really have been earlier by the width of the change. One came twice if, that width earlier, it was shown already.
 */
function doubt(at: TimeColumn, zone: string): string {
  const wall = `${name(at)}::timestamp`;
  const inZone = (moment: string) => `((${moment}) AT TIME ZONE ${escapeLiteral(zone)})`;
  const day = "interval '1 day'";
  const change = `(${inZone(`w.moment - ${day}`)} + ${day} - ${wall})`;
  const width =
    `CASE WHEN ${inZone('w.moment')} <> ${wall} THEN ${inZone('w.moment')} - ${wall} ` +
    `WHEN ${change} > interval '0' AND ${inZone(`w.moment - ${change}`)} = ${wall} THEN ${change} END`;
  return `CASE WHEN isfinite(w.moment) THEN coalesce(${micros(width)}, 0) ELSE 0 END`;
}

/** `extract` is exact from PostgreSQL 14 on, and before that off by less than the rounding takes back. */
function micros(expression: string): string {
  return `round(extract(epoch FROM ${expression}) * 1000000)::bigint`;
}

function instant(expression: string, at: TimeColumn): string {
  return at.zone === undefined
    ? expression
    : `(${expression}::timestamp AT TIME ZONE ${escapeLiteral(at.zone)})`;
}

/**
 * The bare column is compared, so that an index on it serves; a day's slack lets no change of the zone lose a row,
 * and the instant is compared exactly after that.
 */
function inside(at: TimeColumn, bounds: EffectBounds): string {
  const column = name(at);
  const [from, to] = [comparable(bounds.from, at), comparable(bounds.to, at, 'last')];
  if (at.zone === undefined) return `${column} >= ${from} AND ${column} <= ${to}`;
  return (
    `${column} >= ${from} - interval '1 day' AND ${column} <= ${to} + interval '1 day' ` +
    `AND w.moment >= ${moment(bounds.from)} AND w.moment <= ${moment(bounds.to)}`
  );
}

function insideOrTimeless(at: TimeColumn, bounds: EffectBounds): string {
  const column = name(at);
  const timeless = at.notNull ? '' : ` OR ${column} IS NULL`;
  const endless = NO_TIMES[at.base];
  return `(${inside(at, bounds)})${timeless}${endless === undefined ? '' : ` OR ${column} IN (${endless})`}`;
}

/** What a column can hold, by its type, that is no moment. */
const NO_TIMES: Readonly<Record<string, string>> = {
  timestamptz: "'infinity', '-infinity'",
  timestamp: "'infinity', '-infinity'",
  float8: "'infinity', '-infinity', 'NaN'",
  numeric: "'NaN'",
};

function isTime(at: TimeColumn): string {
  const endless = NO_TIMES[at.base];
  return endless === undefined ? `${name(at)} IS NOT NULL` : `${name(at)} NOT IN (${endless})`;
}

/** A moment as something the column is compared with: in the column's own terms, converted once by the server. */
function comparable(epochMs: number, at: TimeColumn, end: 'first' | 'last' = 'first'): string {
  if (at.unit !== undefined) return epochNumber(epochMs, at.unit, isWhole(at) ? end : undefined);
  return at.zone === undefined
    ? moment(epochMs)
    : `(${moment(epochMs)} AT TIME ZONE ${escapeLiteral(at.zone)})`;
}

/** PostgreSQL's times begin in 4713 BC, JavaScript's long before. */
function moment(epochMs: number): string {
  if (epochMs < Date.UTC(-4000, 0)) return "'-infinity'::timestamptz";
  if (epochMs > Date.UTC(9999, 11)) return "'infinity'::timestamptz";
  return `to_timestamp(${epochMs / 1000})`;
}
