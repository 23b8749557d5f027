/** The SQL that reads one table in COPY's binary format. COPY takes no parameters: every name and literal is quoted here. */
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { EffectBounds } from '../../../model.ts';
import { OLDER_ROWS } from '../read.ts';
import type { Column, TimeColumn } from '../table.ts';
import type { Table } from './table.ts';

/** All rows inside the bounds, and those without a (finite) time: key parts, id parts, time, columns of `only`. */
export function selectRows(table: Table, bounds: EffectBounds): string {
  const fields = [
    ...table.key.map(keyField),
    ...table.id.map(textField),
    ...(table.at === undefined ? [] : timeFields(table.at)),
    ...table.only.map(textField),
  ];
  const where = table.at === undefined ? '' : ` WHERE ${insideOrTimeless(table.at, bounds)}`;
  return `SELECT ${fields.join(', ')} FROM ${source(table)}${where}`;
}

/** Epoch microseconds of the table's oldest finite time, as text; NULL: there is none. */
export function selectOldest(table: Table, at: TimeColumn): string {
  const column = name(at);
  const oldest = instant('o.oldest', at);
  return (
    `SELECT ${micros(oldest)}::text AS oldest FROM (SELECT min(${column}) AS oldest FROM ${relation(table)} ` +
    `WHERE ${column} > '-infinity' AND ${column} < 'infinity') AS o`
  );
}

/** The oldest rows before the bounds, oldest first: time, columns of `only`. */
export function selectOlder(table: Table, at: TimeColumn, bounds: EffectBounds): string {
  const fields = ['w.moment', ...table.only.map(textField)];
  return (
    `SELECT ${fields.join(', ')} FROM ${source(table)} WHERE ${name(at)} > '-infinity' ` +
    `AND ${name(at)} < ${comparable(bounds.from, at)} ORDER BY ${name(at)} LIMIT ${OLDER_ROWS}`
  );
}

function name(column: Column): string {
  return `r.${escapeIdentifier(column.name)}`;
}

function relation(table: Table): string {
  return `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)} AS r`;
}

/** The table and, beside each row, its time as an instant (w.moment). */
function source(table: Table): string {
  if (table.at === undefined) return relation(table);
  return `${relation(table)} CROSS JOIN LATERAL (SELECT ${instant(name(table.at), table.at)} AS moment) AS w`;
}

/** The bytes of a bytea are a key's text. */
function keyField(column: Column): string {
  return column.base === 'bytea' ? name(column) : textField(column);
}

function textField(column: Column): string {
  return `${name(column)}::text`;
}

/** A row's time, and by how many microseconds it may have been earlier (not at all, but for wall clocks near a change of the zone). */
function timeFields(at: TimeColumn): string[] {
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
function insideOrTimeless(at: TimeColumn, bounds: EffectBounds): string {
  const column = name(at);
  const [from, to] = [comparable(bounds.from, at), comparable(bounds.to, at)];
  const inside =
    at.zone === undefined
      ? `${column} >= ${from} AND ${column} <= ${to}`
      : `${column} >= ${from} - interval '1 day' AND ${column} <= ${to} + interval '1 day' ` +
        `AND w.moment >= ${moment(bounds.from)} AND w.moment <= ${moment(bounds.to)}`;
  const timeless = at.notNull ? '' : ` OR ${column} IS NULL`;
  return `(${inside})${timeless} OR ${column} IN ('infinity', '-infinity')`;
}

/** A moment as something the column is compared with: in the column's own terms, converted once by the server. */
function comparable(epochMs: number, at: TimeColumn): string {
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
