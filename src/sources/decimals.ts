/** Decimal numbers as text, exact however many digits they have: a double tells only the first 15 apart. */

/** sign × 0.DIGITS × 10^point. The digits neither begin nor end with a zero; those of zero are empty. */
export interface Decimal {
  readonly sign: -1 | 0 | 1;
  readonly digits: string;
  readonly point: number;
}

const ZERO: Decimal = { sign: 0, digits: '', point: 0 };

/** RFC 8259, section 6. */
const JSON_NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** What people and databases write beyond that: a plus sign, leading zeros, nothing on one side of the point. */
const ANY_NUMBER = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** So many digits before the point, and so many behind it, may a number take that is written out. */
const MOST_DIGITS = 1000;

/** The number that a text is in JSON's grammar, such as -12.50 or 1e3; undefined: it is none. */
export function jsonNumber(text: string): Decimal | undefined {
  return parsed(JSON_NUMBER, text);
}

/**
 * Negative, zero or positive, as `a` is less than, equal to or greater than `b`. Exact unless the exponents of both are
 * beyond 2^53.
 */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  return a.sign < 0 ? compareSizes(b, a) : compareSizes(a, b);
}

/**
 * The one text of a number however it is written: `007` and `7.0` are `7`, `1e2` is `100`, `-0` is `0`.
 * @returns undefined: it is no number, or one of more than 1000 digits before its point or behind it
 */
export function canonicalNumber(text: string): string | undefined {
  const number = parsed(ANY_NUMBER, text);
  if (number === undefined) return undefined;
  const { sign, digits, point } = number;
  if (point > MOST_DIGITS || digits.length - point > MOST_DIGITS) return undefined;
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const fraction = '0'.repeat(Math.max(0, -point)) + digits.slice(Math.max(0, point));
  return `${sign < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function parsed(grammar: RegExp, text: string): Decimal | undefined {
  const found = grammar.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  const all = whole + fraction;
  // By hand: a pattern for the zeros at the end takes the square of their number where another digit follows them.
  let first = 0;
  let end = all.length;
  while (first < end && all[first] === '0') first++;
  while (end > first && all[end - 1] === '0') end--;
  if (first === end) return ZERO;
  const point = whole.length - first + Number(exponent);
  return { sign: sign === '-' ? -1 : 1, digits: all.slice(first, end), point };
}

function compareSizes(a: Decimal, b: Decimal): number {
  if (a.point !== b.point) return a.point < b.point ? -1 : 1;
  // Fractions behind the same point: without zeros at their end the order of texts is that of numbers.
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -1 : 1;
}
