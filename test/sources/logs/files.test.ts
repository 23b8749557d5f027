import { appendFileSync, chmodSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readBytes } from '../../../src/sources/bytes.ts';
import { lookUp } from '../../../src/sources/logs/survey.ts';
import { rawZstd } from '../zstd-frames.ts';
import { Directory, dumpSource, emailSource, emails, NOVEMBER } from './gathered.ts';

const directory = new Directory();
afterAll(() => directory.remove());

const SECOND = 1000;
const START = Date.UTC(2026, 10, 22, 6, 25);

function stamp(at: number): string {
  const date = new Date(at);
  return `Nov ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`;
}

/** Root may read everything: for the while it is nobody. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid!(65534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}

/** The lines of order `n`, sent at `at`: the queue id of every tenth is used again. */
function sent(n: number, at: number, time: (at: number) => string = stamp): string[] {
  const queueId = (0xa0000 + (n % 10 === 0 ? 0 : n)).toString(16).toUpperCase().padStart(11, '1');
  const line = (after: number, daemon: string, text: string) =>
    `${time(at + after)} mail postfix/${daemon}[12]: ${queueId}: ${text}`;
  return [
    line(0, 'smtpd', 'client=unknown[127.0.0.1]'),
    line(
      0,
      'cleanup',
      `info: header X-Order-ID: A-${n} from unknown[127.0.0.1]; from=<shop@shop.test> to=<ann@example.test> proto=ESMTP helo=<app>`,
    ),
    line(0, 'qmgr', 'from=<shop@shop.test>, size=444, nrcpt=1 (queue active)'),
    line(
      600,
      'smtp',
      'to=<ann@example.test>, relay=127.0.0.1[127.0.0.1]:2600, delay=0.6, delays=0.1/0.5/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)',
    ),
    line(700, 'qmgr', 'removed'),
  ];
}

/** One mail every seven seconds, with what other programs write in between. */
function day(mails: number, time = stamp): string[] {
  return Array.from({ length: mails }, (_, n) => {
    const at = START + n * 7 * SECOND;
    return [...sent(n, at, time), `${time(at + 3 * SECOND)} mail sshd[7]: Accepted publickey for shop`];
  }).flat();
}

const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

async function found(files: Readonly<Record<string, string | Buffer>>, options = {}) {
  const { rows, coverage } = await emails(directory.write(files), options);
  return { coverage, mails: rows.map(({ key, id, at }) => `${key} ${id} ${at}`).sort() };
}

describe('emails stay the same', () => {
  const lines = day(60);
  const whole = text(lines);

  it('when the log is cut into rotated and packed files', async () => {
    const { mails, coverage } = await found({ 'mail.log': whole });
    expect(mails).toHaveLength(60);
    const cut = (from: number, to?: number) => text(lines.slice(from, to));
    const rotated = await found({
      'mail.log': cut(311),
      'mail.log.1': cut(203, 311),
      'mail.log.2.gz': gzipSync(cut(101, 203)),
      'mail.log.3.gz': Buffer.concat([gzipSync(cut(0, 50)), gzipSync(cut(50, 101))]),
    });
    expect(rotated.mails).toEqual(mails);
    expect(rotated.coverage.span).toEqual(coverage.span);
    expect(rotated.coverage.gaps).toEqual([]);
    expect(rotated.coverage.read).toBe(lines.length);
    expect(rotated.coverage.places).toEqual(['mail.log', 'mail.log.1', 'mail.log.2.gz', 'mail.log.3.gz']);
    const dated = await found({
      maillog: cut(200),
      'maillog-20261123': cut(100, 200),
      'maillog-20261122.gz': gzipSync(cut(0, 100)),
    });
    expect(dated.mails).toEqual(mails);
    const zstd = await found({
      'mail.log': cut(203),
      'mail.log.1.zst': Buffer.concat([rawZstd(cut(0, 50)), rawZstd(cut(50, 203))]),
    });
    expect(zstd.mails).toEqual(mails);
    expect(zstd.coverage.gaps).toEqual([]);
  });

  it('when lines of two seconds are mixed', async () => {
    const { mails } = await found({ 'mail.log': whole });
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (let round = 0; round < 20; round++) {
      const moved = lines.map((line) => ({
        line,
        at: Date.parse(`2026 ${line.slice(0, 15)} UTC`) + random() * 2 * SECOND,
      }));
      const mixed = moved.sort((a, b) => a.at - b.at).map(({ line }) => line);
      expect((await found({ 'mail.log': text(mixed) })).mails).toEqual(mails);
    }
  });

  it('when the same lines are in a second file', async () => {
    const { mails, coverage } = await found({ 'mail.log': whole });
    const copy = await found({ 'mail.log': whole, 'mail.log.1.gz': gzipSync(whole) });
    expect(copy.mails).toEqual(mails);
    expect(copy.coverage.read).toBe(coverage.read);
    expect(copy.coverage.notes.join()).toContain('mail.log.1.gz has the same content as mail.log');
    // A copy of an earlier hour, and the file that a second rule of the log daemon writes.
    const selected = lines.filter((line) => line.includes('postfix'));
    for (const other of [text(lines.slice(0, 200)), text(selected)])
      expect((await found({ 'mail.log': whole, 'mail.info': other })).mails).toEqual(mails);
  });

  it('when every line is there twice', async () => {
    const { mails } = await found({ 'mail.log': whole });
    expect((await found({ 'mail.log': text(lines.flatMap((line) => [line, line])) })).mails).toEqual(mails);
  });

  it('when times are written in another way, or in both', async () => {
    const { mails } = await found({ 'mail.log': whole });
    const seconds = (at: number) =>
      new Date(Math.floor(at / SECOND) * SECOND).toISOString().replace('.000', '.000000');
    const iso = day(60, seconds);
    expect((await found({ 'mail.log': text(iso) }, { zone: null })).mails).toEqual(mails);
    const mixed = lines.map((line, i) => (i > 150 ? iso[i]! : line));
    expect((await found({ 'mail.log': text(mixed) })).mails).toEqual(mails);
  });

  it('when two hosts write a log each', async () => {
    const other = text(lines).replaceAll(' mail ', ' mx2 ').replaceAll('A-', 'B-');
    const { mails } = await found({ 'mail.log': whole, 'mx2.log': other, 'mx2.log.1': '' });
    expect(mails).toHaveLength(120);
  });
});

describe('what the files prove', () => {
  const gapTo = (coverage: { gaps: readonly { why: string; from: number; to: number }[] }) =>
    coverage.gaps.map(({ why, from, to }) => [why, (from - START) / SECOND, (to - START) / SECOND]);

  it('a number that is missing is a hole between its neighbours', async () => {
    const lines = day(30);
    const files = { 'mail.log': text(lines.slice(120)), 'mail.log.2.gz': gzipSync(text(lines.slice(0, 60))) };
    const { coverage } = await found(files);
    expect(gapTo(coverage)).toEqual([['missing-file', 66, 140]]);
    expect(coverage.gaps[0]!.detail).toBe('between mail.log.2.gz and mail.log the file with .1 is missing');
  });

  it('silence is a hole if it is longer than the gap, wherever it is', async () => {
    const lines = [...sent(1, START), ...sent(2, START + 3_600_000), ...sent(3, START + 7_201_000)];
    const { coverage } = await found({ 'mail.log': text(lines) });
    expect(gapTo(coverage)).toEqual([['silence', 3600, 7201]]);
    expect(coverage.gaps[0]!.detail).toBe('nothing for 60 min between mail.log line 10 and mail.log line 11');
    const covers = { from: START - 86_400_000, to: START + 86_400_000 };
    const declared = (await found({ 'mail.log': text(lines) }, { covers })).coverage;
    expect(declared.span).toEqual({ ...covers, edge: 'line' });
    expect(gapTo(declared)).toEqual([['silence', 3600, 7201]]);
  });

  it('what is declared goes before what lines show, also where that is less', async () => {
    const lines = [...sent(1, START), ...sent(2, START + 600_000), ...sent(3, START + 1_200_000)];
    const covers = { from: START + 300_000, to: START + 900_000 };
    const { coverage } = await found({ 'mail.log': text(lines) }, { covers });
    expect(coverage.span).toEqual({ ...covers, edge: 'line' });
  });

  it('lines of other programs go on, lines that cannot be read are holes', async () => {
    const line = (second: number, rest: string) => `${stamp(START + second * SECOND)} mail ${rest}`;
    const { coverage } = await found({
      'mail.log': text([
        line(0, 'postfix/smtpd[1]: connect from unknown[127.0.0.1]'),
        line(10, 'CRON[7]: (root) CMD (true)'),
        line(20, 'dovecot: imap-login: Login'),
        line(30, 'kernel: [1.0] x'),
        '\0\0\0\0garbage',
        'and more',
        line(40, 'sshd[8]: y'),
        line(50, 'postfix/smtp[284'),
        line(60, 'postfix/smtp[28446]: 180FA9AE6B9: to=<ann@example.test>, relay=127.0'),
        line(70, 'postfix/qmgr[1]: 180FA9AE6B9: remo'),
        line(80, 'postfix/smtpd[1]: disconnect from unknown'),
        line(
          90,
          `postfix/smtpd[1]: disconnect from unkn${line(90, 'postfix/qmgr[1]: 180FA9AE6B9: removed')}`,
        ),
        line(100, 'postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[127.0.0.1]: 454 4.7.1 no'),
      ]),
    });
    expect(coverage.unreadable).toBe(6);
    expect(coverage.samples).toHaveLength(5);
    expect(coverage.samples[3]).toContain(
      'mail.log line 9: Nov 22 06:26:00 mail postfix/smtp[28446]: 180FA9AE6B9: to=<***@example.test',
    );
    expect(gapTo(coverage)).toEqual([['unreadable', 30, 100]]);
    expect(coverage.span).toEqual({ from: START, to: START + 100 * SECOND, edge: 'line' });
  });

  it('a line that cannot be read at an edge is a hole as far as `covers` reaches', async () => {
    const lines = ['?', ...sent(1, START), '?'];
    expect(gapTo((await found({ 'mail.log': text(lines) })).coverage)).toEqual([['unreadable', 0, 0]]);
    const covers = { from: START - 10 * SECOND, to: START + 10 * SECOND };
    expect(gapTo((await found({ 'mail.log': text(lines) }, { covers })).coverage)).toEqual([
      ['unreadable', -10, 10],
    ]);
  });

  it('a packed file that breaks off gives what it has, and a hole after it', async () => {
    const lines = day(400);
    const packed = gzipSync(text(lines.slice(0, 1200)));
    const { coverage, mails } = await found({
      'mail.log.1.gz': packed.subarray(0, packed.length - 400),
      'mail.log': text(lines.slice(1800)),
    });
    expect(mails.length).toBeGreaterThan(200);
    expect(mails.length).toBeLessThan(300);
    expect(coverage.unreadable).toBe(1);
    expect(coverage.samples).toEqual(['mail.log.1.gz: the gzip data breaks off']);
    const [gap, ...more] = coverage.gaps;
    expect(more).toEqual([]);
    expect([gap!.why, gap!.detail, (gap!.to - START) / SECOND]).toEqual([
      'unreadable',
      'mail.log.1.gz: the gzip data breaks off',
      2100,
    ]);
    expect((gap!.from - START) / SECOND).toBeGreaterThan(1300);
    expect((gap!.from - START) / SECOND).toBeLessThan(1400);
  });

  it('a file of zstd that breaks off does so too', async () => {
    const lines = day(100);
    const packed = Buffer.concat([
      rawZstd(text(lines.slice(0, 100))),
      rawZstd(text(lines.slice(100, 200))).subarray(0, -400),
    ]);
    const { coverage, mails } = await found({
      'mail.log.1.zst': packed,
      'mail.log': text(lines.slice(300)),
    });
    expect(mails.length).toBeGreaterThan(50);
    expect(coverage.samples).toEqual(['mail.log.1.zst: the zstd data breaks off']);
    expect(coverage.gaps.map(({ why }) => why)).toEqual(['unreadable']);
  });

  it('a packed file with a wrong checksum is doubtful as a whole; one with something behind it is not whole', async () => {
    const lines = day(100);
    const [first, second] = [text(lines.slice(0, 300)), text(lines.slice(300))];
    const wrong = gzipSync(first);
    wrong[wrong.length - 6]! ^= 0xff;
    const broken = await found({ 'mail.log.1.gz': wrong, 'mail.log': second });
    expect(broken.mails).toHaveLength(100);
    expect(gapTo(broken.coverage)).toEqual([['unreadable', 0, 350]]);
    for (const [behind, why] of [
      ['mail.log', 'the gzip data is broken (incorrect header check)'],
      ['\0\0mail.log', 'something that is not gzip follows the packed data'],
    ] as const) {
      const followed = Buffer.concat([gzipSync(first), Buffer.from(behind)]);
      const { mails, coverage } = await found({ 'mail.log.1.gz': followed, 'mail.log': second });
      expect(mails).toHaveLength(100);
      expect(coverage.samples).toEqual([`mail.log.1.gz: ${why}`]);
      expect(gapTo(coverage)).toMatchObject([['unreadable', expect.any(Number), 350]]);
    }
  });

  it('a file without a line of Postfix is no mail log; an empty one is empty', async () => {
    const { coverage } = await found({
      'auth.log': `${stamp(START)} mail sshd[1]: x\n`,
      'mail.log': text(sent(1, START)),
      'mail.log.1': '',
    });
    expect(coverage.notes.join('\n')).toContain('NOT A POSTFIX LOG: not one line of auth.log');
    expect(coverage.notes).toContain('mail.log.1 is empty');
    expect(coverage.gaps).toEqual([]);
  });

  it('nothing at all proves nothing, unless it is declared', async () => {
    expect((await found({ 'mail.log': 'garbage\n' })).coverage).toMatchObject({ unreadable: 1, gaps: [] });
    expect((await found({ 'mail.log': '' })).coverage.span).toBeUndefined();
    const covers = { from: START, to: START + SECOND };
    expect((await found({ 'mail.log': '' }, { covers })).coverage.span).toEqual({ ...covers, edge: 'line' });
    expect((await found({ 'mail.log': 'garbage\n' }, { covers })).coverage.gaps).toHaveLength(1);
  });

  it('the year that was taken is told', async () => {
    const { coverage } = await found({ 'mail.log': text(sent(1, START)) });
    expect(coverage.notes).toContain(
      'the lines of mail.log carry no year: taken to begin in 2026, because it then overlaps the audited time',
    );
  });

  it('a set goes over the end of a year', async () => {
    const old = [
      'Dec 31 23:59:59 mail postfix/qmgr[1]: 180FA9AE6B9: from=<a@b.test>, size=1, nrcpt=1 (queue active)',
    ];
    const young = ['Jan  1 00:00:01 mail postfix/qmgr[1]: 180FA9AE6B9: removed'];
    const bounds = { from: Date.UTC(2025, 11, 31), to: Date.UTC(2026, 0, 2) };
    const { mails, coverage } = await found({ 'mail.log': text(young), 'mail.log.1': text(old) }, { bounds });
    expect(mails).toEqual([' mail/180FA9AE6B9@2025-12-31T23:59:59Z 2025-12-31T23:59:59Z']);
    expect(coverage.gaps).toEqual([]);
    expect(coverage.notes.join()).toContain('from 2025 to 2026');
  });

  it('a set that is rotated in an hour that comes twice keeps its order', async () => {
    const line = (time: string, queueId: string) =>
      `Oct 25 ${time} mail postfix/qmgr[1]: ${queueId}: from=<a@b.test>, size=1, nrcpt=1 (queue active)`;
    const options = {
      zone: 'Europe/Berlin',
      bounds: { from: Date.UTC(2026, 9, 24), to: Date.UTC(2026, 9, 26) },
    };
    const files = {
      'mail.log.1': text([line('01:50:00', 'AAAAAA1'), line('02:50:00', 'AAAAAA2')]),
      'mail.log': text([line('02:10:00', 'AAAAAA3')]),
    };
    const { mails, coverage } = await found(files, options);
    expect(mails.map((mail) => mail.split(' ')[2])).toEqual([
      '2026-10-24T23:50:00Z',
      '2026-10-25T00:50:00Z',
      '2026-10-25T01:10:00Z',
    ]);
    expect(coverage.notes.join()).toContain('had twice');
  });
});

describe('mistakes', () => {
  const sure = text(sent(1, START));
  const take = () => {};

  it('a zone that is missing is asked for, with the line that needs it', async () => {
    const pattern = directory.write({
      'mail.log': `${day(1, (at) => new Date(at).toISOString()).join('\n')}\n${sure}`,
    });
    const source = emailSource(pattern, { zone: null });
    await expect(source.gather([NOVEMBER], take)).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining('mail.log line 7'),
      hint: expect.stringContaining('zone: Europe/Berlin'),
    });
    const early = emailSource(directory.write({ 'mail.log': sure }), { zone: null });
    await expect(early.check()).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining('mail.log line 1'),
    });
    await expect(emailSource(pattern, { zone: 'Mars/Base' }).check()).rejects.toMatchObject({ status: 2 });
  });

  it('a pattern that matches nothing is named', async () => {
    await expect(emailSource('/nowhere/mail.log*').check()).rejects.toMatchObject({
      status: 4,
      message: expect.stringContaining('/nowhere/mail.log*'),
    });
    await expect(dumpSource('/nowhere/*.csv').check()).rejects.toMatchObject({ status: 4 });
  });

  it('a file that may not be read is named', async () => {
    const pattern = directory.write({ 'mail.log': sure });
    const folder = dirname(pattern);
    for (const path of [dirname(folder), folder]) chmodSync(path, 0o755);
    chmodSync(join(folder, 'mail.log'), 0);
    await asNobody(() =>
      expect(emailSource(pattern).check()).rejects.toMatchObject({
        status: 4,
        message: expect.stringContaining('EACCES'),
      }),
    );
  });

  it('a rotation in the middle is noticed', async () => {
    const path = join(dirname(directory.write({ 'mail.log': sure })), 'mail.log');
    const [file] = await lookUp([path]);
    renameSync(path, `${path}.1`);
    writeFileSync(path, sure);
    await expect(readBytes(file!, { signal: new AbortController().signal }).next()).rejects.toMatchObject({
      status: 4,
      message: expect.stringContaining('another file took its place'),
    });
  });

  it('what is written while it is read is left for later', async () => {
    const path = join(dirname(directory.write({ 'mail.log': sure })), 'mail.log');
    const [file] = await lookUp([path]);
    appendFileSync(path, sure);
    let read = 0;
    for await (const chunk of readBytes(file!, { signal: new AbortController().signal }))
      read += chunk.length;
    expect(read).toBe(sure.length);
  });

  it('an interruption ends the reading', async () => {
    const pattern = directory.write({ 'mail.log': sure });
    const [file] = await lookUp([join(dirname(pattern), 'mail.log')]);
    const reading = readBytes(file!, { signal: AbortSignal.abort(new Error('stop')) });
    await expect(reading.next()).rejects.toThrow('stop');
  });
});
