import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_LINE, splitLines } from '../../../src/sources/logs/lines.ts';
import { CsvRecords } from '../../../src/sources/logs/records.ts';
import { rotatedSets, rotationOf } from '../../../src/sources/logs/rotation.ts';
import { Stretches } from '../../../src/sources/logs/spans.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(text: string | Buffer, size: number, keepReturns = false) {
  const lines: (string | undefined)[] = [];
  for await (const { first, texts } of splitLines(
    pieces(Buffer.from(text as string, 'latin1'), size),
    keepReturns,
  )) {
    expect(first).toBe(lines.length + 1);
    lines.push(...texts);
  }
  return lines;
}

describe('lines', () => {
  it('are the same however the bytes come', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\xe4'), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 41 }), async (written, size) => {
        const expected = written.split('\n');
        if (expected.at(-1) === '') expected.pop();
        const last = written.endsWith('\n') ? expected.length : expected.length - 1;
        const stripped = expected.map((line, i) =>
          i < last && line.endsWith('\r') ? line.slice(0, -1) : line,
        );
        expect(await linesOf(written, size)).toEqual(stripped);
        expect(await linesOf(written, size, true)).toEqual(expected);
      }),
    );
  });

  it('that are too long are given up, not kept', async () => {
    const long = 'x'.repeat(LONGEST_LINE + 1);
    expect(await linesOf(`a\n${long}\nb\n${long}`, 1 << 16)).toEqual(['a', undefined, 'b', undefined]);
  });
});

describe('records', () => {
  const read = async (text: string, size = 1 << 16) => {
    const records = new CsvRecords();
    const all = [];
    for await (const lines of splitLines(pieces(Buffer.from(text, 'latin1'), size), true))
      all.push(...records.add(lines));
    return [...all, ...records.end()].map(({ line, fields }) => [line, fields]);
  };

  it('hold quotes, commas and line breaks', async () => {
    expect(await read('\xef\xbb\xbf"id",at\r\n1,"a\r\nb, ""c"""\r\n\r\n2,\r\n,"3"')).toEqual([
      [1, ['id', 'at']],
      [2, ['1', 'a\r\nb, "c"']],
      [5, ['2', '']],
      [6, ['', '3']],
    ]);
  });

  it.each([
    [
      'a quote inside a field',
      '1,5" pipe\n2,"ok"\n3,"ok"\n',
      [
        [1, undefined],
        [2, ['2', 'ok']],
        [3, ['3', 'ok']],
      ],
    ],
    [
      'text behind the closing quote',
      '1,"a"b\n2,x\n',
      [
        [1, undefined],
        [2, ['2', 'x']],
      ],
    ],
    [
      'a quote that is never closed',
      '1,"a\n2,x\n3,y\n',
      [
        [1, undefined],
        [2, ['2', 'x']],
        [3, ['3', 'y']],
      ],
    ],
    [
      'a stray quote that meets a good one',
      '1,"a\n2,"x"\n3,y\n',
      [
        [1, undefined],
        [2, ['2', 'x']],
        [3, ['3', 'y']],
      ],
    ],
  ])('get over %s', async (_, text, expected) => {
    expect(await read(text)).toEqual(expected);
  });

  it('are what was written, whatever the fields and pieces', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' '), maxLength: 6 });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 30 }), async (rows, size) => {
        const text = rows
          .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
          .join('\r\n');
        expect((await read(text, size)).map(([, fields]) => fields)).toEqual(rows);
      }),
    );
  });
});

describe('rotation', () => {
  it.each([
    ['/l/mail.log', '/l/mail.log', 0, undefined],
    ['/l/mail.log.1', '/l/mail.log', 1, undefined],
    ['/l/mail.log.12.gz', '/l/mail.log', 12, undefined],
    ['/l/maillog-20261122.gz', '/l/maillog', undefined, '20261122'],
    ['/l/maillog-20261122', '/l/maillog', undefined, '20261122'],
    ['/l/mail.log.20261123-210115.gz', '/l/mail.log', undefined, '20261123210115'],
    ['/l/mail.log-2026-11-22', '/l/mail.log', undefined, '20261122'],
    ['/l/-20261122', '/l/-20261122', 0, undefined],
  ])('reads %s', (path, base, number, date) => {
    expect(rotationOf(path)).toEqual({ base, number, date });
  });

  it('orders a set from old to new, and finds the number that is missing', () => {
    const files = [
      'mail.log',
      'mail.log.1',
      'mail.log.10.gz',
      'mail.log.4.gz',
      'maillog-20261108',
      'maillog',
      'maillog-20261101',
    ].map((name) => ({ path: `/l/${name}` }));
    const [mail, dated] = rotatedSets(files, [...files, { path: '/l/mail.log.3.gz' }]);
    expect(mail!.files.map(({ path }) => path.slice(3))).toEqual([
      'mail.log.10.gz',
      'mail.log.4.gz',
      'mail.log.1',
      'mail.log',
    ]);
    expect([...mail!.missingBefore]).toEqual([
      [1, [5, 6, 7, 8, 9]],
      [2, [2]],
    ]);
    expect(dated!.files.map(({ path }) => path.slice(3))).toEqual([
      'maillog-20261101',
      'maillog-20261108',
      'maillog',
    ]);
  });
});

describe('stretches', () => {
  it('are the same as after sorting, in whatever order the times come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { minLength: 1 }), fc.nat(20), (times, pause) => {
        const stretches = new Stretches(pause);
        for (const time of times) stretches.add(time, 'orders.csv', 1);
        const sorted = [...times].sort((a, b) => a - b);
        const expected: number[][] = [];
        for (const time of sorted) {
          if (expected.length > 0 && time - expected.at(-1)!.at(-1)! <= pause) expected.at(-1)!.push(time);
          else expected.push([time]);
        }
        expect(stretches.all.map(({ from, to }) => [from.time, to.time])).toEqual(
          expected.map((run) => [run[0], run.at(-1)]),
        );
      }),
    );
  });
});
