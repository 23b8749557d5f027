import { describe, expect, it } from 'vitest';
import type { RangeSettings } from '../../../src/model.ts';
import { askedText } from '../../../src/sources/messages/asked.ts';

const HOUR = 3_600_000;
const from = Date.UTC(2025, 10, 22);

describe('what was asked for, in words', () => {
  it.each<[RangeSettings, string]>([
    [{ by: 'all', padding: 0 }, 'the whole log'],
    [{ by: 'last', length: 12 * HOUR, settle: 900_000, padding: 0 }, 'the last 12h, up to 15m ago'],
    [{ by: 'last', length: 12 * HOUR, settle: 0, padding: 0 }, 'the last 12h'],
    [{ by: 'time', from, padding: 0 }, 'from 2025-11-22T00:00:00.000Z'],
    [
      { by: 'time', from, to: from + HOUR, padding: 0 },
      'from 2025-11-22T00:00:00.000Z to 2025-11-22T01:00:00.000Z',
    ],
  ])('%o', (range, text) => {
    expect(askedText({ range })).toBe(text);
    expect(askedText({ range, partitions: [0, 2] })).toBe(`${text}, of partitions 0, 2`);
  });

  it('offsets name their partitions', () => {
    const offsets = new Map([
      [0, [100, 2000] as const],
      [3, [-1000, undefined] as const],
    ]);
    expect(askedText({ range: { by: 'offsets', offsets, padding: 0 }, partitions: [0, 3] })).toBe(
      'offsets 0: [100, 2000), 3: [-1000, end)',
    );
  });
});
