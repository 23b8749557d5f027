/** What pairs of one message and one effect say of a source's clock, from the evidence to the report. */
import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/findings/report.ts';
import type { PairLatency } from '../../src/model.ts';
import { parse } from '../support/notation.ts';
import { play } from '../support/play.ts';
import { calmRecord, judgementOf, totalsOf } from '../support/records.ts';

const MINUTE = 60_000;
const HUNDRED = Array.from({ length: 100 }, (_, i) => i);

const orders = HUNDRED.map((i) => `ORD-${i}@${i * 100}`).join(' ');

/** A hundred orders, each with one mail that is dated so many milliseconds after it. */
function mailed(after: (i: number) => number): string {
  return `m ${orders} | e ${HUNDRED.map((i) => `ORD-${i}@${i * 100 + after(i)}`).join(' ')}`;
}

async function latencies(line: string): Promise<readonly PairLatency[]> {
  return (await play(parse(line), false)).judgement.pairLatencies;
}

describe('pairs of one message and one effect', () => {
  it('have a latency of each source, also where no mail lies in its window', async () => {
    expect(await latencies(mailed(() => 1))).toEqual([{ entry: 0, pairs: 100, p01: 1, p50: 1, lead: 2 }]);
    expect(await latencies(mailed((i) => (i < 10 ? -30 : -5)))).toEqual([
      { entry: 0, pairs: 100, p01: -30, p50: -5, lead: 2 },
    ]);
  });

  it('are told of each source by itself', async () => {
    const mails = HUNDRED.slice(30).map((i) => `ORD-${i}@${i * 100 + 1}`);
    const rows = HUNDRED.slice(0, 30).map((i) => `0:${i}@${i * 100 + 3}`);
    const pairs = await latencies(`m ${orders} | e ${mails.join(' ')} | c ${rows.join(' ')}`);
    expect(pairs.map(({ entry, pairs: count, p50 }) => [entry, count, p50])).toEqual([
      [0, 70, 1],
      [1, 30, 3],
    ]);
  });

  it('are none of keys with several messages or effects, or without a time', async () => {
    expect(await latencies('m 1@0 1@1 2@0 3@? 4@0 | e 1@1 2@1 2@2 3@1 4@?')).toEqual([]);
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
