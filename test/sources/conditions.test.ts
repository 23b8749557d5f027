import { describe, expect, it } from 'vitest';
import type { Scalar, Test } from '../../src/model.ts';
import { compileTest } from '../../src/sources/conditions.ts';

function oneOf(...values: Scalar[]): Test {
  return { is: 'in', values };
}

const TEN: Scalar = { text: '10', number: 10 };
const WEB: Scalar = { text: 'web' };

describe('a test of the configuration', () => {
  it.each([
    ['web', oneOf(WEB), true],
    ['Web', oneOf(WEB), false],
    ['app', oneOf(WEB, { text: 'app' }), true],
    ['10', oneOf(TEN), true],
    ['10.0', oneOf(TEN), true],
    ['1e1', oneOf(TEN), true],
    ['10.000000000000000001', oneOf(TEN), false],
    ['', oneOf({ text: '0', number: 0 }), false],
    [' 10', oneOf(TEN), false],
    ['0x0A', oneOf(TEN), false],
    ['10.0', oneOf({ text: '10' }), false],
    ['ORD-7', { is: 'matches', pattern: '^ORD-\\d+$' } as Test, true],
    ['web', { is: 'not', test: oneOf(WEB) } as Test, false],
    ['shop', { is: 'not', test: oneOf(WEB) } as Test, true],
  ])('of %j by %j is %s', (text, test, passes) => {
    expect(compileTest(test)(text)).toBe(passes);
  });

  it('fails for a field that is not there, `not` included', () => {
    expect(compileTest(oneOf(WEB))(undefined)).toBe(false);
    expect(compileTest({ is: 'not', test: oneOf(WEB) })(undefined)).toBe(false);
    expect(compileTest({ is: 'matches', pattern: '' })(undefined)).toBe(false);
  });
});
