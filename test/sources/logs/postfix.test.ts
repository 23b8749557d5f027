import { afterAll, describe, expect, it } from 'vitest';
import { Directory, type EmailOptions, emails, type Gathered } from './gathered.ts';

const directory = new Directory();
afterAll(() => directory.remove());

/** Lines as Postfix 3.7 wrote them, with the time and host left out: `20:56:58 smtpd[1]: …`. */
function log(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.map((line) => line.replace(/^(\d\d:\d\d:\d\d) /, 'Nov 23 $1 mail ')).join('\n');
}

async function of(text: string, options: EmailOptions = {}): Promise<Gathered> {
  return emails(directory.write({ 'mail.log': log(text) }), options);
}

const SENT = `20:56:58 postfix/smtpd[28443]: 180FA9AE6B9: client=unknown[127.0.0.1]
  20:56:58 postfix/cleanup[28445]: 180FA9AE6B9: info: header X-Order-ID: A-1001 from unknown[127.0.0.1]; from=<shop@shop.test> to=<ann@example.test> proto=ESMTP helo=<app.shop.test>
  20:56:58 postfix/cleanup[28445]: 180FA9AE6B9: info: header Subject: Your order A-1001 from unknown[127.0.0.1]; from=<shop@shop.test> to=<ann@example.test> proto=ESMTP helo=<app.shop.test>
  20:56:58 postfix/cleanup[28445]: 180FA9AE6B9: message-id=<order-A-1001@shop.test>
  20:56:58 postfix/qmgr[28429]: 180FA9AE6B9: from=<shop@shop.test>, size=444, nrcpt=1 (queue active)
  20:56:58 postfix/smtp[28446]: 180FA9AE6B9: to=<ann@example.test>, relay=127.0.0.1[127.0.0.1]:2600, delay=0.04, delays=0.01/0.03/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
  20:56:58 postfix/qmgr[28429]: 180FA9AE6B9: removed
  `;
const SENT_ROW = {
  key: 'A-1001',
  id: 'mail/180FA9AE6B9@2026-11-23T20:56:58Z',
  at: '2026-11-23T20:56:58Z',
  seen: 'mail.log:5',
};

/** Lines of an email from its queue id on: a header for its key, the queue, and what `rest` says. */
function mail(queueId: string, order: string, time: string, rest: string, tag = 'postfix'): string {
  return `${time} ${tag}/smtpd[1]: ${queueId}: client=unknown[127.0.0.1]
    ${time} ${tag}/cleanup[2]: ${queueId}: info: header X-Order-ID: ${order} from unknown[127.0.0.1]; from=<shop@shop.test> to=<ann@example.test> proto=ESMTP helo=<app.shop.test>
    ${time} ${tag}/qmgr[3]: ${queueId}: from=<shop@shop.test>, size=444, nrcpt=1 (queue active)
    ${rest}
    `;
}
const toAnn = (queueId: string, status: string) =>
  `postfix/smtp[4]: ${queueId}: to=<ann@example.test>, relay=127.0.0.1[127.0.0.1]:2600, delay=0.04, delays=0.01/0.03/0/0, dsn=2.0.0, status=${status}`;

describe('an email in a Postfix log', () => {
  it('is one, with its key, dated by the queue manager', async () => {
    const { rows, coverage } = await of(SENT);
    expect(rows).toEqual([SENT_ROW]);
    expect(coverage).toMatchObject({
      source: 'postfix mail.log',
      read: 7,
      effects: 1,
      excluded: {},
      unreadable: 0,
      gaps: [],
      span: {
        from: Date.UTC(2026, 10, 23, 20, 56, 58),
        to: Date.UTC(2026, 10, 23, 20, 56, 58),
        edge: 'line',
      },
    });
  });

  it('is one for two recipients', async () => {
    const { rows } =
      await of(`20:56:58 postfix/cleanup[28445]: 1BECB9AE6BA: info: header X-Order-ID: A-1002 from unknown[127.0.0.1]; from=<shop@shop.test> to=<bob@example.test> proto=ESMTP helo=<app.shop.test>
      20:56:58 postfix/qmgr[28429]: 1BECB9AE6BA: from=<shop@shop.test>, size=439, nrcpt=2 (queue active)
      20:56:58 postfix/smtp[28446]: 1BECB9AE6BA: to=<ann@example.test>, relay=127.0.0.1[127.0.0.1]:2600, delay=0.03, delays=0.01/0.01/0.01/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
      20:56:58 postfix/smtp[28446]: 1BECB9AE6BA: to=<bob@example.test>, relay=127.0.0.1[127.0.0.1]:2600, delay=0.03, delays=0.01/0.01/0.01/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)`);
    expect(rows.map(({ key }) => key)).toEqual(['A-1002']);
  });

  const DEFERRED = `20:56:58 postfix/qmgr[28429]: 1E8DA9AE6BB: from=<shop@shop.test>, size=436, nrcpt=1 (queue active)
      20:56:58 postfix/smtp[28446]: 1E8DA9AE6BB: to=<cy@soft.test>, relay=127.0.0.1[127.0.0.1]:2601, delay=0.08, delays=0.02/0/0.04/0.01, dsn=4.7.1, status=deferred (host 127.0.0.1[127.0.0.1] said: 451 4.7.1 Try again later (in reply to end of DATA command))
      20:56:59 postfix/qmgr[28429]: 1E8DA9AE6BB: from=<shop@shop.test>, size=436, nrcpt=1 (queue active)
      20:57:01 postfix/smtp[28447]: 1E8DA9AE6BB: to=<cy@soft.test>, relay=127.0.0.1[127.0.0.1]:2601, delay=3.1, delays=3.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
      20:57:01 postfix/qmgr[28429]: 1E8DA9AE6BB: removed`;

  it('that is deferred and then sent is one, of its acceptance or of its hand-over', async () => {
    const accepted = await of(DEFERRED);
    expect(accepted.rows.map(({ at }) => at)).toEqual(['2026-11-23T20:56:58Z']);
    const delivered = await of(DEFERRED, { counts: 'delivered' });
    expect(delivered.rows.map(({ at, seen }) => [at, seen])).toEqual([
      ['2026-11-23T20:57:01Z', 'mail.log:4'],
    ]);
    expect(delivered.rows[0]!.id).toBe(accepted.rows[0]!.id);
  });

  it('that bounces was sent; its notice is none', async () => {
    const text = `20:56:58 postfix/qmgr[28429]: 24C429AE6B9: from=<shop@shop.test>, size=2346, nrcpt=1 (queue active)
      20:56:58 postfix/smtp[28446]: 24C429AE6B9: to=<di@hard.test>, relay=127.0.0.1[127.0.0.1]:2602, delay=0.07, delays=0.01/0.06/0/0.01, dsn=5.1.1, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command))
      20:56:58 postfix/cleanup[28445]: 368039AE6C5: message-id=<20261123205658.368039AE6C5@mail.shop.test>
      20:56:58 postfix/qmgr[28429]: 368039AE6C5: from=<>, size=2346, nrcpt=1 (queue active)
      20:56:58 postfix/bounce[28453]: 24C429AE6B9: sender non-delivery notification: 368039AE6C5
      20:56:58 postfix/qmgr[28429]: 24C429AE6B9: removed
      20:56:58 postfix/smtp[28446]: 368039AE6C5: to=<shop@shop.test>, relay=127.0.0.1[127.0.0.1]:2600, conn_use=2, delay=0.01, delays=0.01/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)`;
    const accepted = await of(text);
    expect(accepted.rows.map(({ id }) => id)).toEqual(['mail/24C429AE6B9@2026-11-23T20:56:58Z']);
    expect(accepted.coverage.excluded).toEqual({ 'bounce-notice': 1 });
    const delivered = await of(text, { counts: 'delivered' });
    expect(delivered.coverage.excluded).toEqual({ 'bounce-notice': 1, 'not-delivered': 1 });
  });

  it('that warns of a delay or of an expiry is none, also if only the notification line names it', async () => {
    const { rows, coverage } =
      await of(`20:57:32 postfix/qmgr[28617]: 4jYJJP4sY5z1Tcdc: from=<shop@shop.test>, size=449, nrcpt=1 (queue active)
      20:57:33 postfix/bounce[32328]: 4jYJJP4sY5z1Tcdc: sender delay notification: 4jYJJP5CfSz1Tcdq
      20:57:33 postfix/smtp[28446]: 4jYJJP5CfSz1Tcdq: to=<shop@shop.test>, relay=h[::1]:25, delay=0.01, delays=0.01/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
      21:01:12 postfix/qmgr[32287]: 4jYJJP4sY5z1Tcdc: from=<shop@shop.test>, status=expired, returned to sender
      21:01:12 postfix/bounce[32328]: 4jYJJP4sY5z1Tcdc: sender non-delivery notification: 4jYJJS5cq8z1Tcdv
      21:01:12 postfix/qmgr[32287]: 4jYJJP4sY5z1Tcdc: removed`);
    expect(rows.map(({ id }) => id)).toEqual(['mail/4jYJJP4sY5z1Tcdc']);
    expect(coverage.excluded).toEqual({ 'bounce-notice': 2 });
  });

  it.each([
    [
      'discarded by a transport',
      'discarded',
      `20:56:58 postfix/discard[9]: 28B359AE6BA: to=<ann@example.test>, relay=none, delay=0.01, delays=0.01/0.01/0/0, dsn=2.0.0, status=sent (gone.test)\n 20:56:58 postfix/qmgr[3]: 28B359AE6BA: removed`,
    ],
    [
      'asked for, as an address probe',
      'probe',
      `20:56:58 ${toAnn('28B359AE6BA', 'deliverable (delivers to command)')}`,
    ],
  ])('that was %s is none', async (_, reason, rest) => {
    const { rows, coverage } = await of(mail('28B359AE6BA', 'A-1', '20:56:58', rest));
    expect(rows).toEqual([]);
    expect(coverage.excluded).toEqual({ [reason]: 1 });
  });

  it('counts if only one of its recipients is discarded', async () => {
    const { rows } = await of(
      mail(
        '28B359AE6BA',
        'A-1',
        '20:56:58',
        `20:56:58 postfix/discard[9]: 28B359AE6BA: to=<ed@gone.test>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (gone.test)
        20:56:58 ${toAnn('28B359AE6BA', 'sent (250 Ok)')}
        20:56:58 postfix/qmgr[3]: 28B359AE6BA: removed`,
      ),
    );
    expect(rows).toHaveLength(1);
  });

  it.each([
    [
      'milter-reject: END-OF-MESSAGE from unknown[127.0.0.1]: 5.7.1 Spam; from=<a@b.test> to=<c@d.test> proto=ESMTP helo=<x>',
      'rejected',
    ],
    [
      'reject: header X-Order-ID: A-1 from unknown[127.0.0.1]; from=<a@b.test> to=<c@d.test> proto=ESMTP helo=<x>: 5.7.1 no',
      'rejected',
    ],
    [
      'hold: header X-Order-ID: A-1 from unknown[127.0.0.1]; from=<a@b.test> to=<c@d.test> proto=ESMTP helo=<x>',
      'rejected',
    ],
    [
      'milter-discard: END-OF-MESSAGE from unknown[127.0.0.1]: milter triggers DISCARD action; from=<a@b.test> to=<c@d.test>',
      'discarded',
    ],
    ['message-id=<order-A-1@shop.test>', 'not-accepted'],
  ])('is none after cleanup said %s', async (said, reason) => {
    const { rows, coverage } = await of(`20:56:58 postfix/smtpd[1]: 28B359AE6BA: client=unknown[127.0.0.1]
      20:56:58 postfix/cleanup[2]: 28B359AE6BA: ${said}`);
    expect(rows).toEqual([]);
    expect(coverage.excluded).toEqual({ [reason]: 1 });
  });

  it('that was held and later released counts from then on', async () => {
    const held =
      '20:00:00 postfix/cleanup[2]: 28B359AE6BA: hold: header X-Order-ID: A-1 from local; from=<a@b.test> to=<c@d.test>';
    const { rows } = await of(`${held}
      20:40:00 postfix/postsuper[2]: 28B359AE6BA: released from hold
      20:40:01 postfix/qmgr[3]: 28B359AE6BA: from=<a@b.test>, size=44, nrcpt=1 (queue active)`);
    expect(rows.map(({ key, at }) => [key, at])).toEqual([['A-1', '2026-11-23T20:40:01Z']]);
  });

  it('counts where the log begins in the middle of it, but not by its end alone', async () => {
    const { rows, coverage } = await of(`20:56:58 ${toAnn('28B359AE6BA', 'sent (250 Ok)')}
      20:56:58 postfix/qmgr[3]: 28B359AE6BA: removed
      20:56:59 postfix/qmgr[3]: 28B359AE6BB: removed`);
    expect(rows.map(({ id, key }) => [id, key])).toEqual([['mail/28B359AE6BA@2026-11-23T20:56:58Z', '']]);
    expect(coverage.excluded).toEqual({ 'not-accepted': 1 });
  });

  it('outside the bounds is counted as out of time', async () => {
    const to = Date.UTC(2026, 10, 23, 20, 56, 57);
    const { rows, coverage } = await of(SENT, { bounds: { from: 0, to } });
    expect(rows).toEqual([]);
    expect(coverage.excluded).toEqual({ 'out-of-time': 1 });
    expect((await of(SENT, { bounds: { from: 0, to: to + 1000 } })).rows).toHaveLength(1);
  });
});

describe('re-injection', () => {
  const hop1 = mail('4jYJJP4fTcz1TcdV', 'A-1', '21:01:09', '');
  const handover = `21:01:09 ${toAnn('4jYJJP4fTcz1TcdV', 'sent (250 2.0.0 Ok: queued as AE8AE9B209A)')}
    21:01:09 postfix/qmgr[3]: 4jYJJP4fTcz1TcdV: removed
    `;
  const hop2 = mail('AE8AE9B209A', 'A-1', '21:01:09', '', 'postfix-out');
  const out = `21:01:12 postfix-out/smtp[32327]: AE8AE9B209A: to=<ann@example.test>, relay=127.0.0.1[127.0.0.1]:2600, delay=0.04, delays=0.02/0.02/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 0123456789AB)
    21:01:12 postfix-out/qmgr[3]: AE8AE9B209A: removed
    `;

  it.each([
    ['named after the second hop began', [hop1, hop2, handover, out]],
    ['named before the second hop began', [hop1, handover, hop2, out]],
    ['named when the second hop is over', [hop1, hop2, out, handover]],
  ])('makes one email of two hops: %s', async (_, parts) => {
    const { rows } = await of(parts.join(''));
    expect(rows.map(({ key, id, at }) => [key, id, at])).toEqual([
      ['A-1', 'mail/4jYJJP4fTcz1TcdV', '2026-11-23T21:01:09Z'],
    ]);
    const delivered = await of(parts.join(''), { counts: 'delivered' });
    expect(delivered.rows.map(({ at }) => at)).toEqual(['2026-11-23T21:01:12Z']);
  });

  it('asks the first hop for the sender', async () => {
    const rewritten = hop2.replaceAll('from=<shop@', 'from=<owner@');
    const only = (pattern: string) => ({
      only: [{ name: 'from', test: { is: 'matches', pattern } as const }],
    });
    const text = [hop1, rewritten, handover, out].join('');
    expect((await of(text, only('^shop@'))).rows).toHaveLength(1);
    expect((await of(text, only('^owner@'))).rows).toHaveLength(0);
  });

  it('leaves two emails alone that do not name each other', async () => {
    expect((await of([hop1, hop2, out].join(''))).rows).toHaveLength(2);
  });

  it('follows a filter that repeats what the server behind it said, and a forwarding', async () => {
    const filtered = handover.replace(
      '250 2.0.0 Ok: queued as AE8AE9B209A',
      '250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as AE8AE9B209A',
    );
    expect((await of([hop1, filtered, hop2, out].join(''))).rows).toHaveLength(1);
    const forwarded = handover.replace('250 2.0.0 Ok: queued as AE8AE9B209A', 'forwarded as AE8AE9B209A');
    expect((await of([hop1, forwarded, hop2, out].join(''))).rows).toHaveLength(1);
  });

  it('follows the queue id that a filter hands on', async () => {
    const hidden = handover.replace(': queued as AE8AE9B209A', '');
    const told = hop2.replace(
      'client=unknown[127.0.0.1]',
      'client=unknown[127.0.0.1], orig_queue_id=4jYJJP4fTcz1TcdV, orig_client=app[127.0.0.1]',
    );
    expect((await of([hop1, told, hidden, out].join(''))).rows).toHaveLength(1);
  });

  it('does not take the word of a remote server for a queue id here that is much younger', async () => {
    const late = mail('AE8AE9B209A', 'A-2', '22:30:00', '');
    const { rows } = await of([hop1, handover, late].join(''));
    expect(rows.map(({ key }) => key).sort()).toEqual(['A-1', 'A-2']);
  });
});

describe('a queue id that a remote server happens to name', () => {
  it('stays an email of its own, if it was here long before', async () => {
    const old = mail(
      'AE8AE9B209A',
      'A-2',
      '20:00:00',
      `20:00:00 ${toAnn('AE8AE9B209A', 'deferred (later)')}`,
    );
    const young = mail(
      '4jYJJP4fTcz1TcdV',
      'A-1',
      '21:01:09',
      `21:01:09 ${toAnn('4jYJJP4fTcz1TcdV', 'sent (250 Ok: queued as AE8AE9B209A)')}`,
    );
    expect(new Set((await of(old + young)).rows.map(({ id }) => id)).size).toBe(2);
  });
});

describe('a queue id that is used again', () => {
  const life = (order: string, second: string) =>
    mail(
      '180FA9AE6B9',
      order,
      second,
      `${second} ${toAnn('180FA9AE6B9', 'sent (250 Ok)')}\n ${second} postfix/qmgr[3]: 180FA9AE6B9: removed`,
    );

  it('is another email after its removal', async () => {
    const { rows } = await of(life('A-1', '20:56:00') + life('A-2', '20:57:01') + life('A-3', '20:57:03'));
    expect(rows.map(({ key, id }) => [key, id])).toEqual([
      ['A-1', 'mail/180FA9AE6B9@2026-11-23T20:56:00Z'],
      ['A-2', 'mail/180FA9AE6B9@2026-11-23T20:57:01Z'],
      ['A-3', 'mail/180FA9AE6B9@2026-11-23T20:57:03Z'],
    ]);
  });

  it('keeps lines that come late with the email they are about', async () => {
    const late = `20:56:59 ${toAnn('180FA9AE6B9', 'sent (250 Ok)')}`;
    const { rows } = await of(
      `${life('A-1', '20:57:00')}${late}\n20:57:20 cron[1]: tick\n${late}\n20:59:00 cron[1]: tick`,
    );
    expect(rows).toHaveLength(1);
  });

  it('leaves to the first email what comes late about it', async () => {
    const late = `20:57:06 ${toAnn('180FA9AE6B9', 'sent (250 Ok)')}
      20:57:06 postfix/qmgr[3]: 180FA9AE6B9: removed`;
    const text = mail('180FA9AE6B9', 'A-1', '20:57:00', '') + mail('180FA9AE6B9', 'A-2', '20:57:07', late);
    const { rows } = await of(text, { counts: 'delivered' });
    expect(rows.map(({ key, at }) => [key, at])).toEqual([['A-1', '2026-11-23T20:57:06Z']]);
  });

  it('is another one on another host or in another instance', async () => {
    const other = life('A-2', '20:56:00').replaceAll('postfix/', 'postfix-out/');
    expect((await of(life('A-1', '20:56:00') + other)).rows.map(({ id }) => id).sort()).toEqual([
      'mail/180FA9AE6B9@2026-11-23T20:56:00Z',
      'mail/postfix-out/180FA9AE6B9@2026-11-23T20:56:00Z',
    ]);
    const pattern = directory.write({
      'mail.log': log(life('A-1', '20:56:00')),
      'mail2.log': log(life('A-2', '20:56:00')).replaceAll(' mail ', ' mail2 '),
    });
    expect((await emails(pattern)).rows.map(({ id }) => id).sort()).toEqual([
      'mail/180FA9AE6B9@2026-11-23T20:56:00Z',
      'mail2/180FA9AE6B9@2026-11-23T20:56:00Z',
    ]);
  });

  it('takes a submission service for a part of its instance', async () => {
    const text = life('A-1', '20:56:00').replace('postfix/smtpd', 'postfix/submission/smtpd');
    expect((await of(text)).rows).toHaveLength(1);
  });
});

describe('keys', () => {
  const header = (name: string, value: string, id = '180FA9AE6B9') =>
    `20:56:58 postfix/cleanup[2]: ${id}: info: header ${name}: ${value} from unknown[127.0.0.1]; from=<shop@shop.test> to=<ann@example.test> proto=ESMTP helo=<app.shop.test>\n`;
  const active =
    '20:56:58 postfix/qmgr[3]: 180FA9AE6B9: from=<shop@shop.test>, size=444, nrcpt=1 (queue active)\n';
  const keysOf = async (text: string, options: EmailOptions = {}) =>
    (await of(text + active, options)).rows.map(({ key }) => key);

  it('are each a row of the same email, in order and each once', async () => {
    const text = ['A-2', 'A-1', 'A-2'].map((value) => header('x-order-ID', value)).join('');
    const { rows, coverage } = await of(text + active);
    expect(rows.map(({ key }) => key)).toEqual(['A-2', 'A-1']);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(1);
    expect(coverage.effects).toBe(1);
  });

  it('may hold the words that end a header line', async () => {
    expect(await keysOf(header('X-Order-Id', 'A-1 from here; from=<x@y.test>'))).toEqual([
      'A-1 from here; from=<x@y.test>',
    ]);
  });

  it('are matched, folded and composed of several headers', async () => {
    const text = header('X-Order-Id', 'ORD-17') + header('X-Shop', 'De 1') + header('X-Shop', 'FR');
    expect(
      await keysOf(text, {
        key: [
          { name: 'X-Shop', fold: true },
          { name: 'X-Order-Id', match: '(\\d+)', fold: false },
        ],
      }),
    ).toEqual(['de%201 17']);
  });

  it('are none if one part is missing', async () => {
    const key = [
      { name: 'X-Shop', fold: false },
      { name: 'X-Order-Id', fold: false },
    ];
    expect(await keysOf(header('X-Order-Id', '17'), { key })).toEqual(['']);
  });

  it('are not read where the log cut them', async () => {
    const whole = 'A'.repeat(199 - 'X-Order-Id: '.length);
    expect(await keysOf(header('X-Order-Id', whole))).toEqual([whole]);
    const { rows, coverage } = await of(header('X-Order-Id', `${whole}B`) + active);
    expect(rows.map(({ key }) => key)).toEqual(['']);
    expect(coverage.notes.join()).toContain('cut at 200 bytes');
  });

  it('keep their bytes, also those that are not UTF-8', async () => {
    expect(await keysOf(header('X-Order-Id', 'Grün-1'))).toEqual(['Grün-1']);
    const latin1 = Buffer.from(log(header('X-Order-Id', 'Gr\xfcn-1') + active), 'latin1');
    const { rows } = await emails(directory.write({ 'mail.log': latin1 }));
    expect(rows.map(({ key }) => key)).toEqual(['hex:4772fc6e2d31']);
  });

  it('can be the Message-ID, which Postfix logs by itself', async () => {
    const key = [{ name: 'Message-ID', match: 'order-(.*)@', fold: false }];
    expect(
      await keysOf('20:56:58 postfix/cleanup[2]: 180FA9AE6B9: message-id=<order-A-7@shop.test>\n', { key }),
    ).toEqual(['A-7']);
  });

  it('that no line carries are explained', async () => {
    const { coverage } = await of(active);
    expect(coverage.notes.join()).toContain('/^X-Order-Id:/ INFO');
  });
});

describe('only', () => {
  const matches = (name: string, pattern: string) => ({
    only: [{ name, test: { is: 'matches', pattern } as const }],
  });

  it.each([
    ['subject', '^Your order', true],
    ['subject', '^Your invoice', false],
    ['from', '^shop@', true],
    ['from', '^sales@', false],
    ['recipient', '^ann@', true],
    ['recipient', '^bob@', false],
  ])('%s matches %s', async (name, pattern, passes) => {
    const { rows, coverage } = await of(SENT, matches(name, pattern));
    expect(rows).toHaveLength(passes ? 1 : 0);
    expect(coverage.excluded).toEqual(passes ? {} : { only: 1 });
  });

  it('is passed by any of the recipients, also as they were before an alias', async () => {
    const extra = `20:56:58 postfix/local[4]: 180FA9AE6B9: to=<zoe@example.test>, orig_to=<team@example.test>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)`;
    const text = SENT.replace('20:56:58 postfix/qmgr[28429]: 180FA9AE6B9: removed', extra);
    for (const pattern of ['^ann@', '^zoe@', '^team@'])
      expect((await of(text, matches('recipient', pattern))).rows).toHaveLength(1);
  });

  it.each([
    ['A subject', true, {}],
    ['No subject', false, { only: 1 }],
  ])('%s is there in an email that shows one', async (_, exists, excluded) => {
    const { coverage } = await of(SENT, { only: [{ name: 'subject', test: { is: 'exists', exists } }] });
    expect(coverage.excluded).toEqual(excluded);
  });

  it.each([true, false])(
    'never claims that a subject is there or not (%s) where no log shows it',
    async (exists) => {
      const silent = SENT.split('\n')
        .filter((line) => !line.includes('header Subject'))
        .join('\n');
      expect(silent).not.toBe(SENT);
      const { coverage } = await of(silent, { only: [{ name: 'subject', test: { is: 'exists', exists } }] });
      expect(coverage.excluded).toEqual({ 'only-unseen': 1 });
    },
  );

  it('is not passed by what is not known', async () => {
    const queued =
      '20:56:58 postfix/qmgr[3]: 180FA9AE6B9: from=<shop@shop.test>, size=444, nrcpt=1 (queue active)\n';
    const key =
      '20:56:58 postfix/cleanup[2]: 180FA9AE6B9: info: header X-Order-ID: A-1001 from unknown[127.0.0.1]; from=<shop@shop.test> to=<ann@example.test> proto=ESMTP helo=<app>\n';
    const not = { is: 'not', test: { is: 'matches', pattern: 'invoice' } } as const;
    const only = [{ name: 'subject', test: not }];
    const { coverage } = await of(key + queued, { only });
    // It may be one of the kind: nothing around it is known to be missing.
    expect(coverage.excluded).toEqual({ 'only-unseen': 1 });
    expect(coverage.gaps).toMatchObject([{ why: 'unreadable' }]);
    expect(coverage.notes.join()).toContain('/^Subject:/ INFO');

    // Without a key it is of no event, and may be anybody's.
    const keyless = await of(queued, { only });
    expect(keyless.coverage.excluded).toEqual({ 'only-unseen': 1 });
    expect(keyless.coverage.gaps).toEqual([]);

    const owner = { name: 'from', test: { is: 'matches', pattern: '^owner@' } as const };
    const other = await of(key + queued, { only: [...only, owner] });
    expect(other.coverage.excluded).toEqual({ only: 1 });
    expect(other.coverage.gaps).toEqual([]);
  });

  it('sees a folded subject with its encoded words put right', async () => {
    const text = `20:56:58 postfix/cleanup[28445]: 2F3759AE6BE: info: header Subject: =?UTF-8?Q?Gr=C3=B6=C3=9Fe_best=C3=A4tigt_=E2=80=93?=? =?UTF-8?Q?_Bestellung_A-1007_lang_lang_lang_lang_l?=? =?UTF-8?Q?ang_lang_lang_lang_lang_lang_lang_lang_l?=? =?UTF-8?Q?ang_lang_lang_lang_ from unknown[127.0.0.1]; from=<shop@shop.test> to=<güt@example.test> proto=ESMTP helo=<app.shop.test>
      20:56:58 postfix/smtp[28446]: 2F3759AE6BE: to=<güt@example.test>, relay=127.0.0.1[127.0.0.1]:2600, delay=0.03, delays=0/0.03/0/0, dsn=5.6.7, status=bounced (SMTPUTF8 is required, but was not offered by host 127.0.0.1[127.0.0.1])`;
    const { rows, coverage } = await of(
      text,
      matches('subject', '=E2=80=93\\?= =\\?UTF-8\\?Q\\?_Bestellung'),
    );
    expect(rows).toHaveLength(1);
    expect(coverage.notes.join()).toContain('their beginning was tested');
    expect((await of(text, matches('recipient', '^güt@'))).rows).toHaveLength(1);
  });
});
