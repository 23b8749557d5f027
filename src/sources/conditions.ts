/** Whether a text passes a test of the configuration. The same for messages, columns, logs and emails. */
import type { Scalar, Test } from '../model.ts';

/** Answers a test; an absent or null field (undefined) fails every test, `not` included (DESIGN rule 3). */
export type Passes = (text: string | undefined) => boolean;

export function compileTest(test: Test): Passes {
  const passes = compilePresent(test);
  return (text) => text !== undefined && passes(text);
}

function compilePresent(test: Test): (text: string) => boolean {
  if (test.is === 'not') {
    const passes = compilePresent(test.test);
    return (text) => !passes(text);
  }
  if (test.is === 'matches') {
    const pattern = new RegExp(test.pattern, 'u');
    return (text) => pattern.test(text);
  }
  return (text) => test.values.some((value) => equals(text, value));
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
