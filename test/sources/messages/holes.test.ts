import { describe, expect, it } from 'vitest';
import { Holes } from '../../../src/sources/messages/holes.ts';
import { PartitionTally } from '../../../src/sources/messages/tally.ts';

describe('holes', () => {
  it('lie between the times of their neighbours, whichever is earlier', () => {
    const holes = new Holes(2);
    holes.add('absent', 0, 5);
    holes.seen(200);
    holes.add('absent', 6, 8);
    holes.seen(150);
    holes.add('absent', 9, 10);
    expect(holes.close()).toEqual([
      { partition: 2, class: 'absent', first: 0, end: 5, to: 200 },
      { partition: 2, class: 'absent', first: 6, end: 8, from: 150, to: 200 },
      { partition: 2, class: 'absent', first: 9, end: 10, from: 150 },
    ]);
  });

  it('are one where they touch, but not across classes', () => {
    const holes = new Holes(0);
    holes.add('deleted', 0, 5);
    holes.add('absent', 5, 7);
    holes.add('absent', 7, 9);
    expect(holes.close()).toEqual([
      { partition: 0, class: 'deleted', first: 0, end: 5 },
      { partition: 0, class: 'absent', first: 5, end: 9 },
    ]);
  });

  it('are unbounded beside a record without a time', () => {
    const holes = new Holes(0);
    holes.seen(-1);
    holes.add('absent', 1, 2);
    holes.seen(-1);
    holes.add('absent', 3, 4);
    holes.seen(100);
    expect(holes.close()).toEqual([
      { partition: 0, class: 'absent', first: 1, end: 2 },
      { partition: 0, class: 'absent', first: 3, end: 4, to: 100 },
    ]);
  });

  it('stay few, and still span all that they spanned', () => {
    const holes = new Holes(0);
    const count = 100_000;
    for (let i = 0; i < count; i++) {
      holes.add('absent', 2 * i, 2 * i + 1);
      holes.seen(1000 + i);
    }
    const closed = holes.close();
    expect(closed.length).toBeLessThanOrEqual(1000);
    expect(closed.length).toBeGreaterThan(400);
    expect(closed[0]).toMatchObject({ first: 0 });
    expect(closed.at(-1)).toMatchObject({ end: 2 * count - 1, to: 1000 + count - 1 });
    for (const [i, hole] of closed.entries()) {
      const next = closed[i + 1];
      if (next !== undefined) expect(hole.end).toBeLessThan(next.first);
      expect(hole.to).toBe(1000 + (hole.end - 1) / 2);
      expect(hole.from).toBe(i === 0 ? undefined : 1000 + hole.first / 2 - 1);
    }
  });

  it('stay few where no record comes for long, and the next one bounds them all', () => {
    const holes = new Holes(0);
    holes.seen(500);
    for (let i = 1; i < 5000; i++) holes.add('absent', 2 * i, 2 * i + 1);
    holes.seen(900);
    const closed = holes.close();
    expect(closed.length).toBeLessThanOrEqual(1000);
    expect(closed.every(({ from, to }) => from === 500 && to === 900)).toBe(true);
  });

  it('keep their latest time where a merged one is bounded again by an earlier record', () => {
    const holes = new Holes(0);
    for (let i = 0; i < 999; i++) {
      holes.add('absent', 2 * i, 2 * i + 1);
      holes.seen(2000);
    }
    holes.add('absent', 5000, 5001);
    holes.add('absent', 6000, 6001);
    holes.seen(900);
    expect(holes.close().slice(-2)).toEqual([
      { partition: 0, class: 'absent', first: 1996, end: 5001, from: 2000, to: 2000 },
      { partition: 0, class: 'absent', first: 6000, end: 6001, from: 900, to: 2000 },
    ]);
  });
});

describe('a tally', () => {
  const range = { partition: 1, first: 10, end: 20, readFirst: 5, readEnd: 25, short: 0 };

  it('that does not add up is a defect', () => {
    const tally = new PartitionTally(range, { topic: 'orders' }, 'absent');
    tally.passTo(15, 'absent');
    expect(() => tally.close()).toThrow('partition 1: 5 offsets of [10, 20) are in a class, and 15 of 25');
    tally.record('audited', 15, 100);
    tally.passTo(25, 'control');
    expect(tally.close().classes).toMatchObject({ absent: 5, audited: 1, control: 4 });
  });

  it('that was told an offset twice is a defect', () => {
    const tally = new PartitionTally(range, { topic: 'orders' }, 'absent');
    tally.record('audited', 12, 100);
    tally.record('audited', 12, 100);
    tally.passTo(25, 'absent');
    expect(() => tally.close()).toThrow('11 offsets of [10, 20)');
  });
});
