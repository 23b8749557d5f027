import { describe, expect, it } from 'vitest';
import type { Comparison, Scalar, Test, TextTest } from '../../src/model.ts';
import { compileTest } from '../../src/sources/conditions.ts';

function oneOf(...values: Scalar[]): TextTest {
  return { is: 'in', values };
}

const TEN: Scalar = { text: '10', number: 10 };
const WEB: Scalar = { text: 'web' };

function than(is: Comparison['is'], number: string): TextTest {
  return { is, number };
}

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
    ['100.01', than('gt', '100'), true],
    ['100.0', than('gt', '100'), false],
    ['1e2', than('gte', '100'), true],
    ['99.99', than('gte', '100'), false],
    ['9007199254740993', than('gt', '9007199254740992'), true],
    ['-10', than('lt', '-9.5'), true],
    ['-9.50', than('lt', '-9.5'), false],
    ['-9.50', than('lte', '-9.5'), true],
    ['-9', than('lte', '-9.5'), false],
    ['1e5000', than('gt', '10'), true],
    ['', than('gte', '0'), false],
    ['free', than('lt', '10'), false],
    ['free', { is: 'not', test: than('lt', '10') } as Test, true],
    ['9', { is: 'not', test: than('lt', '10') } as Test, false],
    ['', { is: 'exists', exists: true } as Test, true],
    ['', { is: 'exists', exists: false } as Test, false],
  ])('of %j by %j is %s', (text, test, passes) => {
    expect(compileTest(test)(text)).toBe(passes);
  });

  it('fails for a field that is not there, `not` included', () => {
    expect(compileTest(oneOf(WEB))(undefined)).toBe(false);
    expect(compileTest({ is: 'not', test: oneOf(WEB) })(undefined)).toBe(false);
    expect(compileTest({ is: 'matches', pattern: '' })(undefined)).toBe(false);
    expect(compileTest(than('gte', '0'))(undefined)).toBe(false);
    expect(compileTest({ is: 'not', test: than('gte', '0') })(undefined)).toBe(false);
    expect(compileTest({ is: 'exists', exists: true })(undefined)).toBe(false);
  });

  it('passes for it where it shall not be there; an object is there, though it has no text', () => {
    expect(compileTest({ is: 'exists', exists: false })(undefined)).toBe(true);
    expect(compileTest({ is: 'exists', exists: false })(undefined, true)).toBe(false);
    expect(compileTest({ is: 'exists', exists: true })(undefined, true)).toBe(true);
    expect(compileTest({ is: 'not', test: oneOf(WEB) })(undefined, true)).toBe(false);
  });
});
