/** Text on its way into columns. */
import { check, property, uint8Array } from 'fast-check';
import { expect, it } from 'vitest';
import { TextColumn, textValues } from '../src/columns.ts';

it('takes a span of bytes only where all of it is ASCII', () => {
  const column = new TextColumn(4);
  const bytes = Buffer.from('ORD-1|Grüße|');
  expect([column.pushAscii(bytes, 0, 5), column.pushAscii(bytes, 6, 11)]).toEqual([true, false]);
  expect([column.pushAscii(bytes, 5, 5), column.pushAscii(bytes, 5, 6)]).toEqual([true, true]);
  expect(textValues(column.take())).toEqual(['ORD-1', '', '|']);
});

it('holds the same as what is pushed whole', () => {
  const same = property(uint8Array({ max: 140, maxLength: 40 }), (bytes) => {
    const spans = new TextColumn(1);
    const whole = new TextColumn(1);
    const isAscii = bytes.every((byte) => byte < 0x80);
    expect(spans.pushAscii(bytes, 0, bytes.length)).toBe(isAscii);
    if (isAscii) whole.push(bytes);
    expect(spans.take()).toEqual(whole.take());
  });
  const outcome = check(same, { numRuns: 300 });
  expect(outcome.failed, JSON.stringify(outcome.counterexample)).toBe(false);
});
