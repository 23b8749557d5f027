/** The upper end needs proof, too (rules 9 and 10): what was counted where not all could be seen is a lower bound. */
import { describe, expect, it } from 'vitest';
import type { History } from '../support/history.ts';
import { play } from '../support/play.ts';
import { at, mail, order, told } from '../support/shop/told.ts';

const GAP = { from: at(3), to: at(4), why: 'silence' as const, detail: 'mail.log fell silent' };
const SEEN: History['coverage'][number] = told({ orders: [], mails: [] }).coverage[0]!;

/** An order at noon with mails at these minutes, and what is said of it. */
async function verdict(
  minutes: readonly number[],
  coverage: Partial<typeof SEEN>,
  more: Partial<History> = {},
) {
  const mails = minutes.map((minute) => mail('ORD-1', minute));
  const [line] = (await play(told({ orders: [order('ORD-1', 0)], mails, coverage, more }), false)).lines;
  const { count, most, outcome, verdict: said, reason } = line!;
  return [count, most, outcome, said, reason];
}

describe('an order whose window was not seen whole', () => {
  it('has duplicates where there are too many already', async () => {
    expect(await verdict([1, 2], { gaps: [GAP] })).toEqual([
      2,
      undefined,
      'multiple',
      'duplicate',
      undefined,
    ]);
    expect(await verdict([1, 2], { readAt: at(5) })).toEqual([
      2,
      undefined,
      'multiple',
      'duplicate',
      undefined,
    ]);
  });

  it('is unknown where there are as many as expected, with what was seen in the count', async () => {
    expect(await verdict([1], { gaps: [GAP] })).toEqual([1, undefined, 'unknown', 'unknown', 'source-gap']);
    expect(await verdict([1], { readAt: at(5) })).toEqual([
      1,
      undefined,
      'unknown',
      'unknown',
      'not-settled',
    ]);
    expect(await verdict([], { gaps: [GAP] })).toEqual([0, undefined, 'unknown', 'unknown', 'source-gap']);
  });

  it('is no better seen by one source than by the one that shows least', async () => {
    const span = { from: at(-60), to: at(5), edge: 'line' as const };
    for (const further of [
      { ...SEEN, gaps: [GAP] },
      { ...SEEN, span },
    ]) {
      expect(await verdict([1], {}, { further: [further] })).toEqual([
        1,
        undefined,
        'unknown',
        'unknown',
        'source-gap',
      ]);
      expect(await verdict([1, 2], {}, { further: [SEEN, further] })).toEqual([
        2,
        undefined,
        'multiple',
        'duplicate',
        undefined,
      ]);
    }
    const early = { ...SEEN, readAt: at(5) };
    expect(await verdict([1], {}, { further: [early] })).toEqual([
      1,
      undefined,
      'unknown',
      'unknown',
      'not-settled',
    ]);
    expect(await verdict([], {}, { further: [early] })).toEqual([
      0,
      undefined,
      'unknown',
      'unknown',
      'not-settled',
    ]);
    const { span: _, ...nothing } = SEEN;
    expect(await verdict([], {}, { further: [nothing] })).toEqual([
      0,
      undefined,
      'unknown',
      'unknown',
      'source-gap',
    ]);
  });

  it('is missing, or ok, only where every source showed all of it', async () => {
    expect(await verdict([], {}, { further: [SEEN] })).toEqual([0, 0, 'zero', 'missing', undefined]);
    expect(await verdict([1], {}, { further: [SEEN] })).toEqual([1, 1, 'one', 'ok', undefined]);
  });
});
