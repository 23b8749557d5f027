/** What pairs of one message and one effect say of a source's clock, from the evidence to the report. */
import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/findings/report.ts';
import type { PairLatency } from '../../src/model.ts';
import { play } from '../support/play.ts';
import { calmRecord, judgementOf, totalsOf } from '../support/records.ts';
import { mail, order, told } from '../support/shop/told.ts';

const MINUTE = 60_000;
const HUNDRED = Array.from({ length: 100 }, (_, i) => i);

/** A hundred orders, each with one mail that is dated so many minutes after it. */
function mailed(after: (i: number) => number) {
  const orders = HUNDRED.map((i) => order(`ORD-${i}`, i / 10));
  const mails = HUNDRED.map((i) => mail(`ORD-${i}`, i / 10 + after(i)));
  return told({ orders, mails });
}

async function latencies(history: ReturnType<typeof told>): Promise<readonly PairLatency[]> {
  return (await play(history, false)).judgement.pairLatencies;
}

describe('pairs of one message and one effect', () => {
  it('have a latency of each source, also where no mail lies in its window', async () => {
    const lead = 2 * MINUTE;
    expect(await latencies(mailed(() => 1))).toEqual([
      { entry: 0, pairs: 100, p01: MINUTE, p50: MINUTE, lead },
    ]);
    expect(await latencies(mailed((i) => (i < 10 ? -30 : -5)))).toEqual([
      { entry: 0, pairs: 100, p01: -30 * MINUTE, p50: -5 * MINUTE, lead },
    ]);
  });

  it('are told of each source by itself', async () => {
    const history = mailed(() => 1);
    const named = HUNDRED.slice(0, 30).map((i) => {
      const of = { partition: 0, offset: i };
      return mail('named', i / 10 + 3, { id: `row ${i}`, of });
    });
    const effects = [...history.effects.slice(30), ...named];
    const pairs = (await latencies({ ...history, effects })).map(({ entry, pairs: count, p50 }) => [
      entry,
      count,
      p50,
    ]);
    expect(pairs).toEqual([
      [0, 70, MINUTE],
      [1, 30, 3 * MINUTE],
    ]);
  });

  it('are none of keys with several messages or effects, or without a time', async () => {
    const orders = [
      order('ORD-1', 0),
      order('ORD-1', 1),
      order('ORD-2', 0),
      order('ORD-3', 0, { timestamp: -1 }),
      order('ORD-4', 0),
    ];
    const mails = [
      mail('ORD-1', 1),
      ...[1, 2].map((minutes) => mail('ORD-2', minutes)),
      mail('ORD-3', 1),
      mail('ORD-4', 1, { time: null }),
    ];
    expect(await latencies(told({ orders, mails }))).toEqual([]);
  });
});

describe('the clock of a source', () => {
  function coverage(latency: Partial<PairLatency>) {
    const pairs = { entry: 0, pairs: 1234, p01: 0, p50: 0, lead: 2 * MINUTE, ...latency };
    const report = buildReport(calmRecord(), judgementOf([totalsOf()], { pairLatencies: [pairs] }), []);
    const { clockOffsetMs, notes } = report.coverage[0]!;
    return { clockOffsetMs, notes: notes.join('\n') };
  }

  it('is behind where most effects are dated before their messages, by no less than the second it may be cut to', () => {
    const { clockOffsetMs, notes } = coverage({ p01: -4000, p50: -3500 });
    expect(clockOffsetMs).toBe(-3000);
    expect(notes).toContain("its clock is at least 3s behind Kafka's");
    expect(notes).toContain('lead (2m) reaches that far');
  });

  it('is said to need a wider lead where that does not reach so far', () => {
    const { notes } = coverage({ p01: -600_000, p50: -500_000 });
    expect(notes).toContain('lead (2m) does not reach that far: widen it to 10m or more');
  });

  it('is not proven by a few early effects, but they are told', () => {
    const { clockOffsetMs, notes } = coverage({ p01: -4000, p50: 20 });
    expect(clockOffsetMs).toBeNull();
    expect(notes).toContain('1% of 1,234 messages with one effect have it 4s or more before them');
  });

  it.each([
    { p01: -990, p50: -400 },
    { p01: 5, p50: 90 },
    { p01: -9000, p50: -9000, pairs: 19 },
  ])('is not spoken of where times are cut to the second, or pairs are few: %o', (latency) => {
    expect(coverage(latency)).toEqual({ clockOffsetMs: null, notes: '' });
  });
});
