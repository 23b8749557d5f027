/** Times that are numbers, digit by digit. */
import { bigInt, check, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkUnit, epochMicros } from '../../../src/sources/database/epoch.ts';

describe('epochMicros', () => {
  it.each([
    ['1763800000', 's', 1_763_800_000_000_000n],
    ['1763800000.123456', 's', 1_763_800_000_123_456n],
    ['1763800000.1234569', 's', 1_763_800_000_123_456n],
    ['1.763800000123456e+09', 's', 1_763_800_000_123_456n],
    ['-0.0000001', 's', -1n],
    ['-1.5', 'ms', -1500n],
    ['1763800000123', 'ms', 1_763_800_000_123_000n],
    ['1763800000123456', 'us', 1_763_800_000_123_456n],
    ['5e-4', 'ms', 0n],
    ['0', 's', 0n],
    ['007', 'us', 7n],
  ] as const)('reads %s %s', (text, unit, micros) => {
    expect(epochMicros(text, unit)).toBe(micros);
  });

  it.each(['NaN', 'Infinity', '', 'x', '1e99', '1763800000123456789012', '9e18', '1e999'])(
    'finds no time in %s',
    (text) => {
      expect(epochMicros(text, 's')).toBeUndefined();
    },
  );

  it('cuts every number of seconds where the microseconds end', () => {
    const nanos = bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n });
    const same = property(nanos, constantFrom('', 'e0', 'e+00'), (all, exponent) => {
      const digits = (all < 0n ? -all : all).toString().padStart(10, '0');
      const text = `${all < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}${exponent}`;
      const floor = (all - (((all % 1000n) + 1000n) % 1000n)) / 1000n;
      expect(epochMicros(text, 's')).toBe(floor);
    });
    const outcome = check(same, { numRuns: 300 });
    expect(outcome.failed, JSON.stringify(String(outcome.counterexample))).toBe(false);
  });
});

describe('checkUnit', () => {
  const refusal = (unit: 's' | 'ms' | 'us', ...sample: string[]) => {
    try {
      checkUnit('column created of orders', unit, sample);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it('refuses a unit that another fits better', () => {
    expect(refusal('ms', '1763800000')).toMatchObject({
      status: 2,
      message: 'column created of orders holds 1763800000, which as milliseconds is the year 1970',
      hint: 'as seconds it is a time of our days: `unit: s`',
    });
    expect(refusal('s', '1763800000123', '1763800000124')).toMatchObject({
      hint: expect.stringMatching(/unit: ms/),
    });
    expect(refusal('s', '1763800000123456')).toMatchObject({ message: expect.stringMatching(/is no time/) });
  });

  it('is content with what fits, with nothing, and with what no unit explains', () => {
    expect(refusal('s', '1763800000', '1763800001.5')).toBeUndefined();
    expect(refusal('s')).toBeUndefined();
    expect(refusal('s', '12', '1763800000123')).toBeUndefined();
  });
});
