/** Times that are numbers: how many seconds, milliseconds or microseconds after 1970-01-01T00:00:00Z. */
import { AuditError } from '../../error.ts';
import type { EpochUnit } from '../../model.ts';

const DIGITS_TO_MICROS: Readonly<Record<EpochUnit, number>> = { s: 6, ms: 3, us: 0 };
const UNIT_NAMES: Readonly<Record<EpochUnit, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
};

/** As far as JavaScript's dates go: beyond, and beyond 30 digits, it is no time. */
const LAST = 8_640_000_000_000_000_000n;
const MOST_DIGITS = 30;

/** Times that an audit may be about; what lies outside is more probably of another unit. */
const PLAUSIBLE = { from: BigInt(Date.UTC(1990, 0)) * 1000n, to: BigInt(Date.UTC(2100, 0)) * 1000n };

/** Epoch microseconds of a decimal number, digit by digit, cut towards the past; undefined: it is no such time. */
export function epochMicros(text: string, unit: EpochUnit): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text) ?? [];
  if (whole === '') return undefined;
  const point = whole.length + Number(exponent) + DIGITS_TO_MICROS[unit];
  const digits = (whole + fraction).padEnd(point, '0');
  if (point > MOST_DIGITS + 1 || digits.length > 4 * MOST_DIGITS) return undefined;
  const magnitude = point <= 0 ? 0n : BigInt(digits.slice(0, point));
  const cut = /[1-9]/.test(digits.slice(Math.max(0, point)));
  const micros = sign === '-' ? -magnitude - (cut ? 1n : 0n) : magnitude;
  return micros <= LAST && micros >= -LAST ? micros : undefined;
}

/**
 * A moment as the number that a column is compared with.
 *
 * @param end of a span of whole numbers, which an index holds: a fraction would make the server convert each of them
 */
export function epochNumber(epochMs: number, unit: EpochUnit, end: 'first' | 'last' | undefined): string {
  if (unit !== 's') return (BigInt(Math.trunc(epochMs)) * (unit === 'ms' ? 1n : 1000n)).toString();
  const seconds = epochMs / 1000;
  if (end === undefined) return seconds.toFixed(3);
  return String(end === 'first' ? Math.ceil(seconds) : Math.floor(seconds));
}

/**
 * Holds a few numbers of the column against the unit that they are said to have: a wrong one would put every row
 * outside the range, and every message would be without its effect.
 *
 * @param named the column in words, such as `effects.order-row: column created of public.orders`
 * @throws AuditError 2 where all of them lie in no time that an audit is about, and another unit puts them there
 */
export function checkUnit(named: string, unit: EpochUnit, sample: readonly string[]): void {
  if (sample.length === 0 || plausible(unit, sample)) return;
  const right = (['s', 'ms', 'us'] as const).find((other) => plausible(other, sample));
  if (right === undefined) return;
  const micros = epochMicros(sample[0]!, unit);
  const year =
    micros === undefined ? 'no time' : `the year ${new Date(Number(micros / 1000n)).getUTCFullYear()}`;
  throw new AuditError(2, `${named} holds ${sample[0]}, which as ${UNIT_NAMES[unit]} is ${year}`, {
    hint: `as ${UNIT_NAMES[right]} it is a time of our days: \`unit: ${right}\``,
  });
}

function plausible(unit: EpochUnit, sample: readonly string[]): boolean {
  return sample.every((text) => {
    const micros = epochMicros(text, unit);
    return micros !== undefined && micros >= PLAUSIBLE.from && micros < PLAUSIBLE.to;
  });
}
