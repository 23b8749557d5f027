/** The forms in which logs and dumps write a time, read exactly to the microsecond. */

/** A time as it is written, before anything is known about its zone or its year. All numbers are microseconds. */
export type Stamp =
  | { readonly form: 'moment'; readonly at: number }
  /** Without a zone: as shown on the wall there, counted from 1970-01-01T00:00 on that wall. */
  | { readonly form: 'wall'; readonly wall: number }
  /** Without a year either: `month` from 0, `day` from 1, `time` since midnight. */
  | { readonly form: 'yearless'; readonly month: number; readonly day: number; readonly time: number };

/** A stamp at the beginning of a text, and where the text goes on. */
export interface Leading {
  readonly stamp: Stamp;
  readonly end: number;
}

const SECOND = 1e6;
export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?(?= |$)/;
const SYSLOG = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?= |$)/;
const NUMBER = /^(\d+)(?:\.(\d{1,9}))?$/;

/** The stamp a log line begins with: ISO 8601, or RFC 3164's `Nov 23 20:56:58`. */
export function leadingStamp(line: string): Leading | undefined {
  const first = line.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return isoStamp(line);
  return syslogStamp(line);
}

/** The stamp that a text is as a whole: that of a cell, or one a log line may begin with. */
export function anyStamp(text: string): Stamp | undefined {
  const whole = wholeStamp(text);
  if (whole !== undefined) return whole;
  const leading = syslogStamp(text);
  return leading?.end === text.length ? leading.stamp : undefined;
}

/** A number of seconds, milliseconds or microseconds since 1970. */
export function unitStamp(text: string, unit: 's' | 'ms' | 'us'): Stamp | undefined {
  const [, whole, fraction = ''] = NUMBER.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const at = Number(whole + fraction.padEnd(9, '0').slice(0, DECIMALS[unit]));
  return Number.isSafeInteger(at) ? { form: 'moment', at } : undefined;
}

/** Of a unit, how many decimals make it microseconds. */
const DECIMALS = { s: 6, ms: 3, us: 0 } as const;

/**
 * The stamp that a cell is as a whole: ISO 8601 with `T` or a space, as PostgreSQL and MySQL write it, or a number of
 * seconds, milliseconds or microseconds since 1970, told apart by its size.
 */
export function wholeStamp(cell: string): Stamp | undefined {
  const number = NUMBER.exec(cell);
  if (number !== null) return epochStamp(number[1]!, number[2]);
  const iso = isoStamp(cell);
  return iso?.end === cell.length ? iso.stamp : undefined;
}

/** Microseconds since 1970 as if the wall were in UTC; undefined: there is no such day. */
export function wallOf(year: number, month: number, day: number, time: number): number | undefined {
  const midnight = new Date(Date.UTC(year, month, day));
  const real = midnight.getUTCMonth() === month && midnight.getUTCDate() === day;
  return real ? midnight.getTime() * 1000 + time : undefined;
}

function isoStamp(text: string): Leading | undefined {
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [whole, year, month, day, hour, minute, second, fraction, zone] = found;
  const time = timeOfDay(hour!, minute!, second!, fraction);
  const wall = time === undefined ? undefined : wallOf(Number(year), Number(month) - 1, Number(day), time);
  if (wall === undefined) return undefined;
  const end = whole.length;
  if (zone === undefined) return { stamp: { form: 'wall', wall }, end };
  return { stamp: { form: 'moment', at: wall - offsetOf(zone) }, end };
}

function syslogStamp(text: string): Leading | undefined {
  const found = SYSLOG.exec(text);
  if (found === null) return undefined;
  const [whole, name, day, hour, minute, second, fraction] = found;
  const month = MONTHS.indexOf(name!);
  const time = timeOfDay(hour!, minute!, second!, fraction);
  if (month < 0 || time === undefined || wallOf(2024, month, Number(day), 0) === undefined) return undefined;
  return { stamp: { form: 'yearless', month, day: Number(day), time }, end: whole.length };
}

/** Second 60 is a leap second: the first of the next minute. */
function timeOfDay(hour: string, minute: string, second: string, fraction: string | undefined) {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  return (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * SECOND + micros(fraction);
}

function micros(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6));
}

function offsetOf(zone: string): number {
  if (zone === 'Z' || zone === 'UTC') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return (zone[0] === '-' ? -seconds : seconds) * SECOND;
}

/** Up to 11 digits are seconds (to the year 5138), up to 14 milliseconds, up to 16 microseconds. */
function epochStamp(whole: string, fraction: string | undefined): Stamp | undefined {
  const digits = whole.replace(/^0+(?=\d)/, '').length;
  const number = Number(whole);
  if (digits <= 11) return { form: 'moment', at: number * SECOND + micros(fraction) };
  if (digits <= 14) return { form: 'moment', at: number * 1000 + Math.floor(micros(fraction) / 1000) };
  return digits <= 16 ? { form: 'moment', at: number } : undefined;
}
