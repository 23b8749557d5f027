import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import { Directory, emailSource } from './gathered.ts';

const directory = new Directory();
afterAll(() => directory.remove());

/** The whole measurement: ONCEOVER_EMAILS=200000. */
const MAILS = Number(process.env.ONCEOVER_EMAILS ?? 40_000);
const START = Date.UTC(2026, 10, 1);
const MEGABYTE = 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it(`memory does not grow with the log (${MAILS} emails)`, async () => {
  const pattern = directory.write({});
  await write(join(pattern.slice(0, -1), 'mail.log'));
  let rows = 0;
  let peak = 0;
  const kept: number[] = [];
  const before = Date.now();
  const [coverage] = await emailSource(pattern).gather(
    [{ from: START, to: START + 30 * 86_400_000 }],
    (_, batch) => {
      rows += batch.rows;
      peak = Math.max(peak, process.memoryUsage().heapUsed);
      collect();
      kept.push(process.memoryUsage().heapUsed);
    },
  );
  const seconds = (Date.now() - before) / 1000;
  process.stdout.write(
    `${MAILS} emails, ${coverage!.read} lines in ${seconds.toFixed(1)} s: ${Math.round(coverage!.read / seconds)} lines/s, heap at most ${Math.round(peak / MEGABYTE)} MB, of that in use ${Math.round(Math.max(...kept) / MEGABYTE)} MB\n`,
  );
  expect([rows, coverage!.effects, coverage!.unreadable]).toEqual([MAILS, MAILS, 0]);
  // The last batch holds the emails of the last seconds, as the others did.
  expect(kept.at(-2)! - kept[0]!).toBeLessThan(5 * MEGABYTE);
  expect(peak).toBeLessThan(200 * MEGABYTE);
});

/** Two hundred mails a second, eight lines each, with queue ids that are used again after a while. */
async function write(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (let n = 0; n < MAILS; n += 200) {
    const at = new Date(START + (n / 200) * 1000).toISOString();
    const time = `Nov ${at.slice(8, 10).replace(/^0/, ' ')} ${at.slice(11, 19)}`;
    const mails = Array.from({ length: 200 }, (_, i) => lines(time, n + i));
    if (!file.write(mails.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

function lines(time: string, n: number): string {
  const queueId = (0x10000000000 + (n % 50_000)).toString(16).toUpperCase();
  const from =
    'from unknown[127.0.0.1]; from=<shop@shop.test> to=<ann@example.test> proto=ESMTP helo=<app.shop.test>';
  return [
    `smtpd[1]: ${queueId}: client=unknown[127.0.0.1]`,
    `cleanup[2]: ${queueId}: info: header X-Order-ID: A-${n} ${from}`,
    `cleanup[2]: ${queueId}: info: header Subject: Your order A-${n} ${from}`,
    `cleanup[2]: ${queueId}: message-id=<order-A-${n}@shop.test>`,
    `qmgr[3]: ${queueId}: from=<shop@shop.test>, size=444, nrcpt=1 (queue active)`,
    `smtp[4]: ${queueId}: to=<ann@example.test>, relay=mx[192.0.2.1]:25, delay=0.04, delays=0.01/0.03/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ${queueId.toLowerCase()})`,
    `qmgr[3]: ${queueId}: removed`,
    'smtpd[1]: disconnect from unknown[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 commands=4',
  ]
    .map((rest) => `${time} mail postfix/${rest}\n`)
    .join('');
}
