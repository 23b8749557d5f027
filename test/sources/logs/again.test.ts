/** A second look into files: the same keys at any other time, and nothing that was handed over before. */
import { afterAll, describe, expect, it } from 'vitest';
import { textValues } from '../../../src/columns.ts';
import type { EffectSource } from '../../../src/model.ts';
import { Directory, dumpSource, emailSource } from './gathered.ts';

const directory = new Directory();
afterAll(() => directory.remove());

const NOON = Date.UTC(2026, 10, 22, 12);
const BOUNDS = { from: NOON, to: NOON + 3_600_000 };

/** `key id` of what was gathered, and of what a second look for the keys finds. */
async function looks(
  source: EffectSource,
  ...keys: string[]
): Promise<{ first: string[]; second: string[] }> {
  const [first, second]: [string[], string[]] = [[], []];
  const into = (rows: string[]) => (_: number, batch: { key: Uint8Array; id: Uint8Array }) => {
    const ids = textValues(batch.id);
    rows.push(...textValues(batch.key).map((key, i) => `${key} ${ids[i]}`));
  };
  await source.gather([BOUNDS], into(first));
  await source.lookAgain(0, new Set(keys), into(second));
  await source.close();
  return { first, second };
}

describe('a second look into a dump', () => {
  it('finds the keys outside the bounds, and hands over nothing twice', async () => {
    const files = directory.write({
      'orders.csv': [
        'order_id,id,channel,created_at',
        'A,1,web,2026-11-22T12:00:00Z',
        'A,2,web,2026-11-22T11:59:59.999Z',
        'A,3,web,2026-11-22T13:00:00.000999Z',
        'A,4,web,2026-11-22T13:00:00.001Z',
        'A,5,test,2026-11-25T00:00:00Z',
        'A,6,web,',
        'B,7,web,2026-11-25T00:00:00Z',
        ',8,web,2026-11-25T00:00:00Z',
        'C,9,web,2026-11-25T00:00:00Z',
      ].join('\n'),
    });
    const only = [{ name: 'channel', test: { is: 'in', values: [{ text: 'web' }] } }] as const;
    const source = dumpSource(files, { id: 'id', at: 'created_at', only });
    const { first, second } = await looks(source, 'A', 'C', 'D');
    expect(first).toEqual(['A 1', 'A 3', 'A 6']);
    expect(second).toEqual(['A 2', 'A 4', 'C 9']);
  });

  it('finds no rows without times, as all of them were handed over', async () => {
    const files = directory.write({ 'orders.csv': 'order_id,id\nA,1\nA,2\n' });
    expect(await looks(dumpSource(files, { id: 'id' }), 'A')).toEqual({ first: ['A 1', 'A 2'], second: [] });
  });

  it('keeps the time of a row from an hour that came twice', async () => {
    const files = directory.write({ 'orders.csv': 'order_id,id,at\nA,1,2026-10-25 02:30:00\n' });
    const source = dumpSource(files, { id: 'id', at: 'at', zone: 'Europe/Berlin' });
    const times: bigint[] = [];
    await source.gather([BOUNDS], () => {});
    await source.lookAgain(0, new Set(['A']), (_, batch) => {
      times.push(...batch.time);
    });
    expect(times.map((time) => new Date(Number(time / 1000n)).getUTCDate())).toEqual([25]);
  });
});

describe('a second look into a mail log', () => {
  const mail = (id: string, at: string, ...orders: string[]) => [
    ...orders.map(
      (order) =>
        `${at} mx postfix/cleanup[9]: ${id}: info: header X-Order-Id: ${order} from localhost[127.0.0.1]; from=<shop@example.com> to=<ann@example.com> proto=ESMTP helo=<shop>`,
    ),
    `${at} mx postfix/qmgr[3]: ${id}: from=<shop@example.com>, size=1, nrcpt=1 (queue active)`,
    `${at} mx postfix/smtp[5]: ${id}: to=<ann@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)`,
    `${at} mx postfix/qmgr[3]: ${id}: removed`,
  ];

  it('finds emails of the keys outside the bounds, by those keys only', async () => {
    const files = directory.write({
      'mail.log': [
        ...mail('4Lp0bB1xyzz1', '2026-11-21T09:00:00+00:00', 'A'),
        ...mail('4Lp0bB1xyzz2', '2026-11-22T12:30:00+00:00', 'A'),
        ...mail('4Lp0bB1xyzz3', '2026-11-24T09:00:00+00:00', 'A', 'B'),
      ].join('\n'),
    });
    const { first, second } = await looks(emailSource(files), 'A');
    expect(first).toEqual(['A mx/4Lp0bB1xyzz2']);
    expect(second).toEqual(['A mx/4Lp0bB1xyzz1', 'A mx/4Lp0bB1xyzz3']);
  });
});
