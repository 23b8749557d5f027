import { describe, expect, it } from 'vitest';
import { fewerGaps } from '../../src/evidence/input.ts';

describe('the gaps that windows are compared with', () => {
  it('are disjoint, in order, and touch nothing that no gap does', () => {
    const gaps = [
      { from: 50, to: 60 },
      { from: 10, to: 20 },
      { from: 15, to: 30 },
      { from: 16, to: 17 },
    ];
    expect(fewerGaps(gaps)).toEqual([
      { from: 10, to: 30 },
      { from: 50, to: 60 },
    ]);
  });

  it('become few where there are very many, and still cover every one', () => {
    const gaps = Array.from({ length: 5001 }, (_, i) => ({ from: i * 100, to: i * 100 + 7 }));
    const few = fewerGaps(gaps);
    expect(few.length).toBeLessThanOrEqual(512);
    const uncovered = gaps.filter((gap) => !few.some(({ from, to }) => from <= gap.from && gap.to <= to));
    expect(uncovered).toEqual([]);
  });
});
