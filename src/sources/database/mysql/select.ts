/** The SQL that reads one table. What is compared stands in it as numbers, times and hexadecimal digits only. */
import type { EffectBounds } from '../../../model.ts';
import { epochNumber } from '../epoch.ts';
import { OLDER_ROWS } from '../read.ts';
import type { Column, TimeColumn } from '../table.ts';
import type { Table } from './table.ts';
import { isWhole } from './time.ts';

/** Values that are looked at to see whether a unit can be right. */
const SAMPLE_ROWS = 20;
/** No zone is farther from UTC, and no change of one wider. */
const DAY_MS = 86_400_000;
/** The types' own beginning and end, years 1 to 9999. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.UTC(9999, 11, 31);
const ZERO_DATE = "'0000-00-00 00:00:00'";

/** All rows inside the bounds (of wall clocks: and a day around), and those without a time, in the order of `layoutOf`. */
export function selectRows(table: Table, bounds: EffectBounds): string {
  const where = table.at === undefined ? '' : ` WHERE ${insideOrTimeless(table.at, bounds)}`;
  return `SELECT ${fieldsOf(table)} FROM ${table.from}${where}`;
}

/** All rows that have a time outside the bounds (of wall clocks: and a day inside). @param keys what else they must fulfil */
export function selectOutside(
  table: Table,
  at: TimeColumn,
  bounds: EffectBounds,
  keys: string | undefined,
): string {
  const [from, to] = [comparable(bounds.from, at, DAY_MS), comparable(bounds.to, at, -DAY_MS)];
  const outside = `(${name(at)} < ${from} OR ${name(at)} > ${to})`;
  const also = keys === undefined ? '' : ` AND ${keys}`;
  return `SELECT ${fieldsOf(table)} FROM ${table.from} WHERE ${outside}${also}`;
}

/** The table's oldest time, as it stands; NULL: there is none. */
export function selectOldest(table: Table, at: TimeColumn): string {
  return `SELECT MIN(${name(at)}) AS oldest FROM ${table.from} WHERE ${isTime(at)}`;
}

/** The oldest rows before the bounds (of wall clocks: and a day more), oldest first: time, columns of `only`. */
export function selectOlder(table: Table, at: TimeColumn, bounds: EffectBounds): string {
  return (
    `SELECT ${[at, ...table.only].map(value).join(', ')} FROM ${table.from} WHERE ${isTime(at)} ` +
    `AND ${name(at)} < ${comparable(bounds.from, at, DAY_MS)} ORDER BY ${name(at)} LIMIT ${OLDER_ROWS}`
  );
}

/** A few values of a column of numbers, wherever they lie first. */
export function selectSample(table: Table, at: TimeColumn): string {
  return `SELECT CAST(${name(at)} AS CHAR) AS value FROM ${table.from} WHERE ${name(at)} IS NOT NULL LIMIT ${SAMPLE_ROWS}`;
}

export function name(column: Column): string {
  return `r.\`${column.name.replaceAll('`', '``')}\``;
}

function fieldsOf({ key, id, at, only, topic }: Table): string {
  return [
    ...[...key, ...id].map(value),
    // How doubtful a wall clock is, is found out here.
    ...(at === undefined ? [] : [value(at), 'NULL']),
    ...[...only, ...(topic === undefined ? [] : [topic.column])].map(value),
  ].join(', ');
}

/** Bits are a number. */
function value(column: Column): string {
  return column.base === 'bit' ? `${name(column)} + 0` : name(column);
}

/** The bare column is compared, so that an index on it serves. */
function insideOrTimeless(at: TimeColumn, bounds: EffectBounds): string {
  const column = name(at);
  const [from, to] = [
    comparable(bounds.from, at, -DAY_MS, 'first'),
    comparable(bounds.to, at, DAY_MS, 'last'),
  ];
  const timeless = at.notNull ? '' : ` OR ${column} IS NULL`;
  const zero = at.unit === undefined ? ` OR ${column} = ${ZERO_DATE}` : '';
  return `(${column} >= ${from} AND ${column} <= ${to})${timeless}${zero}`;
}

function isTime(at: TimeColumn): string {
  return at.unit === undefined ? `${name(at)} > ${ZERO_DATE}` : `${name(at)} IS NOT NULL`;
}

/**
 * A moment as something the column is compared with.
 *
 * @param slack milliseconds to be added where the column is a wall clock
 * @param end of a span of whole numbers: what lies between two of them is none
 */
function comparable(epochMs: number, at: TimeColumn, slack: number, end?: 'first' | 'last'): string {
  if (at.unit !== undefined) return epochNumber(epochMs, at.unit, isWhole(at) ? end : undefined);
  const ms = Math.min(Math.max(epochMs + (at.zone === undefined ? 0 : slack), FIRST_MS), LAST_MS);
  return `TIMESTAMP'${new Date(ms).toISOString().slice(0, -1).replace('T', ' ')}'`;
}
