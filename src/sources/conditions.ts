/** Whether a text passes a test of the configuration. The same for messages, columns, logs and emails. */
import type { Comparison, Scalar, Test, TextTest } from '../model.ts';
import { compareDecimals, jsonNumber } from './decimals.ts';

/**
 * Answers a test. What has no text (undefined) fails every test but `exists`, `not` included (DESIGN rule 3).
 * @param isThere whether anything but null is there; to be said where an object or a list may be, which have no text
 */
export type Passes = (text: string | undefined, isThere?: boolean) => boolean;

export function compileTest(test: Test): Passes {
  if (test.is === 'exists') return (text, isThere = text !== undefined) => isThere === test.exists;
  const passes = compilePresent(test);
  return (text) => text !== undefined && passes(text);
}

function compilePresent(test: TextTest): (text: string) => boolean {
  if (test.is === 'not') {
    const passes = compilePresent(test.test);
    return (text) => !passes(text);
  }
  if (test.is === 'matches') {
    const pattern = new RegExp(test.pattern, 'u');
    return (text) => pattern.test(text);
  }
  if (test.is === 'in') return (text) => test.values.some((value) => equals(text, value));
  return compileComparison(test);
}

/** What the order of a number and the one that it is compared with must be. */
const HOLDS: Readonly<Record<Comparison['is'], (order: number) => boolean>> = {
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

function compileComparison(test: Comparison): (text: string) => boolean {
  const holds = HOLDS[test.is];
  const bound = jsonNumber(test.number);
  if (bound === undefined) throw new TypeError(`a comparison with ${test.number}, which is no number`);
  return (text) => {
    const number = jsonNumber(text);
    return number !== undefined && holds(compareDecimals(number, bound));
  };
}

/** Equal as text; a number of the configuration also equals the same number written another way (10 and 10.0). */
function equals(text: string, value: Scalar): boolean {
  if (text === value.text) return true;
  return value.number !== undefined && isExact(text) && Number(text) === value.number;
}

/** A double holds up to 15 significant digits of any decimal; beyond, two different numbers may become one. */
const EXACT_DIGITS = 15;

function isExact(text: string): boolean {
  const [, whole, fraction = ''] = /^[+-]?(\d+)(?:\.(\d+))?(?:[eE][+-]?\d+)?$/.exec(text) ?? [];
  return whole !== undefined && `${whole}${fraction}`.replace(/^0+/, '').length <= EXACT_DIGITS;
}
