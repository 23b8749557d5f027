/** Effects that carry their message's partition and offset (rule 8), in stories that a person can judge. */
import { describe, expect, it } from 'vitest';
import type { History, HistoryEffect } from '../support/history.ts';
import { play } from '../support/play.ts';
import { at, mail, order, told } from '../support/shop/told.ts';

/** A row that names the message at this offset. */
function row(offset: number, minutes: number, change: Partial<HistoryEffect> = {}): HistoryEffect {
  return mail('named', minutes, {
    id: `row ${offset} at ${minutes}`,
    of: { partition: 0, offset },
    ...change,
  });
}

async function said(history: History) {
  const { lines, orphans } = await play(history, false);
  return {
    verdicts: lines.map(({ count, verdict, reason }) => `${count ?? ''} ${reason ?? verdict}`),
    orphans: orphans.map(({ key, reason }) => `${key} ${reason}`),
  };
}

describe('a row that names its message', () => {
  const orders = [order('customer-7', 0), order('customer-7', 1), order('customer-7', 2)];

  it('is that message’s, among others of the same key and at any time', async () => {
    const mails = [row(0, 1), row(1, -40), row(2, 5), row(2, 55)];
    expect((await said(told({ orders, mails }))).verdicts).toEqual(['1 ok', '1 ok', '2 duplicate']);
  });

  it('is needed of the message itself, whatever the others have too many', async () => {
    const mails = [row(1, 1), row(1, 2), row(2, 3), row(2, 4), row(2, 5)];
    expect((await said(told({ orders, mails }))).verdicts).toEqual([
      '0 missing',
      '2 duplicate',
      '3 duplicate',
    ]);
  });

  it('counts beside rows with a key, of another source', async () => {
    const mails = [row(0, 1), mail('customer-8', 1)];
    const two = [order('customer-7', 0), order('customer-8', 0)];
    expect((await said(told({ orders: two, mails }))).verdicts).toEqual(['1 ok', '1 ok']);
    const twice = [...mails, mail('customer-7', 3)];
    expect((await said(told({ orders: two, mails: twice }))).verdicts).toEqual(['2 duplicate', '1 ok']);
  });

  it('is its message’s without a time of its own', async () => {
    const mails = [row(0, 0, { time: null }), row(1, 0, { time: null }), row(2, 0, { time: null })];
    expect((await said(told({ orders, mails }))).verdicts).toEqual(['1 ok', '1 ok', '1 ok']);
  });

  it('is any copy’s of the event', async () => {
    const copies = [0, 1].map((minutes) => order('customer-7', minutes, { eventId: 'E-1' }));
    expect((await said(told({ orders: copies, mails: [row(1, 1)] }))).verdicts).toEqual(['1 ok', '1 ok']);
    const each = told({ orders: copies, mails: [row(1, 1)], more: { copies: 'each-message' } });
    expect((await said(each)).verdicts).toEqual(['0 missing', '1 ok']);
  });

  it('is unexpected of a message that expects none, though others of the key do', async () => {
    const none = order('customer-7', 1, { expect: [{ min: 0, max: 0 }] });
    const story = told({ orders: [order('customer-7', 0), none], mails: [row(0, 1), row(1, 1)] });
    expect((await said(story)).verdicts).toEqual(['1 ok', '1 unexpected']);
  });

  it('is an orphan where that message is not audited, and it is known why', async () => {
    const hole = { partition: 0, class: 'absent' as const, first: 700, end: 800, from: at(0), to: at(1) };
    const skipped = order('customer-7', 3, { class: 'skipped' });
    const aborted = order('customer-7', 3, { class: 'aborted' });
    const mails = [row(0, 1), row(1, 2), row(2, 3), row(3, 4), row(700, 5), row(5000, 6)];
    const elsewhere = row(0, 7, { of: { partition: 9, offset: 0 } });
    const story = told({
      orders: [order('customer-7', 0), skipped, aborted],
      mails: [...mails, elsewhere],
      holes: [hole],
    });
    expect((await said(story)).orphans).toEqual([
      '0 1 skipped',
      '0 2 aborted',
      '0 3 no-message',
      '0 700 unread',
      '0 5000 unread',
      '9 0 unread',
    ]);
  });

  it('is no orphan where the message has no key, though that stays unjudged', async () => {
    const keyless = order('', 1, { eventId: '' });
    const { verdicts, orphans } = await said(
      told({ orders: [order('customer-7', 0), keyless], mails: [row(1, 1)] }),
    );
    expect([verdicts, orphans]).toEqual([['0 missing', ' no-key'], []]);
  });
});

describe('rows of which none names a message', () => {
  const orders = Array.from({ length: 25 }, (_, i) => order(`ORD-${i}`, i / 10));

  it('stop the audit, with examples of both', async () => {
    const mails = Array.from({ length: 25 }, (_, i) => row(1000 + i, i / 10));
    await expect(play(told({ orders, mails }), false)).rejects.toThrow(
      'not one of 25 effects of confirmation-email names one of 25 messages: messages are at "0 0", "0 1", "0 2" (partition, offset), effects name "0 1000", "0 1001", "0 1002"',
    );
  });

  it('are no reason to stop where one does', async () => {
    const mails = Array.from({ length: 25 }, (_, i) => row(i === 7 ? 7 : 1000 + i, i / 10));
    expect(
      (await play(told({ orders, mails }), false)).lines.filter(({ verdict }) => verdict === 'ok'),
    ).toHaveLength(1);
  });
});
