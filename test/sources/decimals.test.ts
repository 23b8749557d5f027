/** Decimals against whole numbers of any size: two decimals brought to one exponent stand to each other as their digits do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalNumber, compareDecimals, jsonNumber } from '../../src/sources/decimals.ts';

/** A number as BigInt has it, and one of the many ways to write it. */
interface Written {
  readonly text: string;
  /** The number is so many 10^-FINEST. */
  readonly units: bigint;
}

const FINEST = 40;
const MOST = 20;

/** Mantissa and exponent, the point put anywhere by the exponent, with needless zeros at both ends. */
function anyWritten(json: boolean): fc.Arbitrary<Written> {
  const mantissa = fc.oneof(
    fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
    fc.constantFrom(0n, 1n, -1n, 10n, 2n ** 53n, 2n ** 53n + 1n),
  );
  return fc
    .record({
      mantissa,
      exponent: fc.integer({ min: -MOST, max: MOST }),
      point: fc.nat(MOST),
      zeros: fc.nat(3),
      plus: fc.boolean(),
      e: fc.constantFrom('e', 'E', 'e+'),
    })
    .map(({ mantissa: digits, exponent, point, zeros, plus, e }) => {
      const magnitude = (digits < 0n ? -digits : digits).toString().padStart(point + 1, '0');
      const whole = magnitude.slice(0, magnitude.length - point);
      const fraction = magnitude.slice(magnitude.length - point) + '0'.repeat(zeros);
      const power = exponent + point;
      const sign = digits < 0n ? '-' : !json && plus ? '+' : '';
      const written = `${json ? '' : '0'.repeat(zeros)}${whole}${fraction === '' ? '' : `.${fraction}`}`;
      const shift = power === 0 ? '' : `${power < 0 ? e[0] : e}${power}`;
      return { text: sign + written + shift, units: digits * 10n ** BigInt(FINEST + exponent) };
    });
}

function plain(units: bigint): string {
  const magnitude = (units < 0n ? -units : units).toString().padStart(FINEST + 1, '0');
  const fraction = magnitude.slice(-FINEST).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${magnitude.slice(0, -FINEST)}${fraction === '' ? '' : `.${fraction}`}`;
}

function order(a: string, b: string): number {
  return Math.sign(compareDecimals(jsonNumber(a)!, jsonNumber(b)!));
}

describe('the order of two decimals', () => {
  it('is that of BigInt, however they are written', () => {
    const number = anyWritten(true);
    const near = fc
      .tuple(number, fc.bigInt({ min: -2n, max: 2n }))
      .map(([{ units }, step]) => [plain(units), plain(units + step), units, units + step] as const);
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(order(a.text, b.text)).toBe(Math.sign(Number(a.units - b.units)));
      }),
    );
    fc.assert(
      fc.property(near, ([a, b, unitsOfA, unitsOfB]) => {
        expect(order(a, b)).toBe(Math.sign(Number(unitsOfA - unitsOfB)));
      }),
    );
  });

  it.each<[string, string, number]>([
    ['9007199254740993', '9007199254740992', 1],
    ['10', '10.0', 0],
    ['1e3', '1000', 0],
    ['-0', '0', 0],
    ['-0.0e5', '0', 0],
    ['-2', '-10', 1],
    ['0.1', '0.10000000000000000001', -1],
    ['1e99999999999999999999', '1e999', 1],
    ['-1e99999999999999999999', '1e-999', -1],
    ['1e-99999999999999999999', '0', 1],
    [`1e${'9'.repeat(400)}`, '1e999', 1],
  ])('of %s and %s is %i', (a, b, expected) => {
    expect(order(a, b)).toBe(expected);
    expect(order(b, a)).toBe(expected === 0 ? 0 : -expected);
  });
});

describe("a number of JSON's grammar", () => {
  it('is whatever JSON.parse takes for one, and nothing else', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789.eE+-'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          anyWritten(false).map((written) => written.text),
        ),
        (written) => {
          expect(jsonNumber(written) !== undefined).toBe(isJson(written));
        },
      ),
    );
  });

  it.each(['', ' 1', '1 ', '1\n', '+1', '01', '1.', '.5', '0x10', 'NaN', 'Infinity', '١', '1,5', '1_000'])(
    '%j is none',
    (text) => {
      expect(jsonNumber(text)).toBeUndefined();
    },
  );
});

describe('the one text of a number', () => {
  it('is the same however it is written, and another for every other number', () => {
    fc.assert(
      fc.property(anyWritten(false), ({ text, units }) => {
        expect(canonicalNumber(text)).toBe(plain(units));
        expect(canonicalNumber(plain(units))).toBe(plain(units));
      }),
    );
  });

  it.each([
    ['007', '7'],
    ['+7', '7'],
    ['1.0', '1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['+0.00e9', '0'],
    ['12.50', '12.5'],
    ['-0.050', '-0.05'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['120e-1', '12'],
    ['12345678901234567890123456789', '12345678901234567890123456789'],
    ['1e999', `1${'0'.repeat(999)}`],
    ['1e-1000', `0.${'0'.repeat(999)}1`],
    [`${'0'.repeat(5000)}7.${'0'.repeat(5000)}`, '7'],
  ])('of %s is %s', (text, canonical) => {
    expect(canonicalNumber(text)).toBe(canonical);
  });

  it.each(['', '.', '-', '+', 'e5', '1e', '--1', ' 1', '1 000', '1,5', '0x1F', 'ORD-7', 'NaN', '7th', '٧'])(
    'is not there for %j',
    (text) => {
      expect(canonicalNumber(text)).toBeUndefined();
    },
  );

  it('is not there for what cannot be written out, whichever way it came', () => {
    const none = [
      '1e1000',
      `1${'0'.repeat(1000)}`,
      '1e-1001',
      `0.${'0'.repeat(1000)}1`,
      `1e${'9'.repeat(400)}`,
    ];
    for (const text of [...none, `-1e-${'9'.repeat(400)}`]) expect(canonicalNumber(text)).toBeUndefined();
    expect(canonicalNumber(`0e${'9'.repeat(400)}`)).toBe('0');
  });

  it('takes no longer for many zeros than for other digits', () => {
    const text = `0.${'0'.repeat(1 << 20)}1`;
    const started = performance.now();
    expect(canonicalNumber(text)).toBeUndefined();
    expect(jsonNumber(`1${text.slice(2)}`)).toBeDefined();
    // The square of their number would be minutes.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'number';
  } catch {
    return false;
  }
}
