/** What contested events prove together, in stories that a person can judge. */
import { describe, expect, it } from 'vitest';
import type { ContestedGroup } from '../../src/model.ts';
import { play } from '../support/play.ts';
import { at, mail, ONE, order, SOME, type Told, told } from '../support/shop/told.ts';

/** Five orders of one customer within minutes: nobody can say which mail is whose. */
const FIVE = [0, 1, 2, 3, 4].map((minutes) => order('customer-7', minutes));
const mails = (count: number) => Array.from({ length: count }, (_, i) => mail('customer-7', 5 + i / 10));

async function groupsOf(story: Told) {
  const { judgement, lines } = await play(told(story), false);
  const { groups } = judgement.kinds[0]!;
  return { groups, group: groups.examples[0] as ContestedGroup | undefined, lines };
}

describe('a group of contested events', () => {
  it('is short where there are fewer effects than its events must have', async () => {
    const { groups, group, lines } = await groupsOf({ orders: FIVE, mails: mails(4) });
    expect(lines.map(({ verdict, reason }) => `${verdict}: ${reason}`)).toEqual(
      FIVE.map(() => 'unknown: ambiguous'),
    );
    expect(group).toEqual({
      state: 'short',
      key: 'customer-7',
      events: 5,
      expected: { min: 5, max: 5 },
      count: 4,
      most: 4,
    });
    expect(groups).toMatchObject({ short: 1, missing: 1, extra: 0 });
  });

  it('is balanced, or in excess', async () => {
    expect((await groupsOf({ orders: FIVE, mails: mails(5) })).groups).toMatchObject({
      balanced: 1,
      short: 0,
    });
    const { groups } = await groupsOf({ orders: FIVE, mails: mails(7) });
    expect(groups).toMatchObject({ excess: 1, extra: 2, missing: 0 });
  });

  it('is open where a late mail may be a later message’s', async () => {
    const late = mail('customer-7', 119);
    const { group } = await groupsOf({ orders: FIVE, mails: [...mails(4), late] });
    expect(group).toMatchObject({ state: 'open', count: 4, most: 5 });
  });

  it('is not in excess where a message that is gone may have had the surplus', async () => {
    const hole = { partition: 0, class: 'absent' as const, first: 900, end: 901, from: at(0), to: at(1) };
    expect((await groupsOf({ orders: FIVE, mails: mails(7), holes: [hole] })).group?.state).toBe('open');
    expect((await groupsOf({ orders: FIVE, mails: mails(4), holes: [hole] })).group?.state).toBe('short');
  });

  it('says nothing of what an event of the padding may lack', async () => {
    const [first, ...rest] = FIVE;
    const orders = [{ ...first!, inRange: false }, ...rest];
    expect((await groupsOf({ orders, mails: mails(4) })).group).toMatchObject({ state: 'open', events: 4 });
    expect((await groupsOf({ orders, mails: mails(3) })).group?.state).toBe('short');
  });

  it('leaves out what is surely another event’s', async () => {
    const evening = order('customer-7', 50);
    const twice = [mail('customer-7', 51), mail('customer-7', 52, { id: 'mail again' })];
    const { groups, lines } = await groupsOf({
      orders: [...FIVE, { ...evening, expect: [{ min: 2, max: 2 }] }],
      mails: [...mails(4), ...twice],
    });
    expect(lines.at(-1)?.verdict).toBe('ok');
    expect(groups).toMatchObject({ short: 1, missing: 1 });
  });

  it('is never in excess of what has no maximum', async () => {
    const orders = FIVE.map((one, i) => ({ ...one, expect: [i === 0 ? SOME : ONE] }));
    expect((await groupsOf({ orders, mails: mails(9) })).groups).toMatchObject({ balanced: 1, excess: 0 });
  });

  it('is none where the source did not show all of it', async () => {
    const gap = { from: at(6), to: at(7), why: 'silence' as const, detail: 'mail.log fell silent' };
    const { groups } = await groupsOf({ orders: FIVE, mails: mails(4), coverage: { gaps: [gap] } });
    expect(groups).toEqual({ short: 0, balanced: 0, excess: 0, open: 0, missing: 0, extra: 0, examples: [] });
  });
});
