/** JSON lines, tab-separated rows and lines of text, each as an order shop and what is around it writes them. */
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { Directory, dumpSource, type LogOptions, log, NOVEMBER } from './gathered.ts';

const directory = new Directory();
afterAll(() => directory.remove());

const minute = (time: string) => Date.parse(`2026-11-22T${time}:00Z`);
const key = (name: string) => [{ name, fold: false }];
const lines = (...all: string[]) => all.map((line) => `${line}\n`).join('');
const of = (content: string | Buffer, options: LogOptions) =>
  log(directory.write({ 'shop.log': content }), options);

describe('JSON lines', () => {
  const JSON_LOG: LogOptions = {
    format: 'json',
    key: key('order.id'),
    id: 'request',
    at: 'time',
    paths: new Map([['order.id', ['order', 'id']]]),
  };

  it('give the fields that are asked for, digit by digit', async () => {
    const { rows, coverage } = await of(
      lines(
        '\ufeff{"time":"2026-11-22T10:00:00.123456Z","request":"r-1","order":{"id":9007199254740993}}',
        '{"time":1795345200.5,"request":7,"order":{"id":"Ü-2"}}\r',
        '',
        '{"time":"2026-11-22T12:00:00+01:00","order":{"id":null},"request":"r-3"}',
      ),
      JSON_LOG,
    );
    expect(rows).toEqual([
      { key: '9007199254740993', id: 'r-1', at: '2026-11-22T10:00:00.123456Z', seen: 'shop.log:1' },
      { key: 'Ü-2', id: '7', at: '2026-11-22T11:00:00.500000Z', seen: 'shop.log:2' },
      { key: '', id: 'r-3', at: '2026-11-22T11:00:00Z', seen: 'shop.log:4' },
    ]);
    expect(coverage).toMatchObject({
      source: 'json shop.log',
      read: 3,
      span: { from: minute('10:00') + 123, to: minute('11:00') + 500, edge: 'line' },
      notes: ['lines without a readable key in order.id: 1'],
    });
  });

  it('that are no JSON object are counted, shown, and holes', async () => {
    const entry = (time: string) => `{"time":"2026-11-22T${time}:00Z","request":"${time}","order":{"id":1}}`;
    const { rows, coverage } = await of(
      lines(
        entry('10:00'),
        'Traceback of ann@example.test',
        '[1]',
        entry('10:05'),
        entry('10:06').slice(0, 30),
      ),
      { ...JSON_LOG, covers: { to: minute('11:00') } },
    );
    expect(rows.map(({ id }) => id)).toEqual(['10:00', '10:05']);
    expect(coverage.unreadable).toBe(3);
    expect(coverage.samples[0]).toBe('shop.log line 2: Traceback of ***@example.test');
    expect(coverage.gaps.filter(({ why }) => why === 'unreadable')).toMatchObject([
      { from: minute('10:00'), to: minute('11:00') },
    ]);
  });

  it('are filtered by fields, of which an object is there but has no text', async () => {
    const entry = (id: number, more: string) =>
      `{"time":1795341600,"request":"${id}","order":{"id":${id}}${more}}`;
    const text = lines(
      entry(1, ',"event":"invoice sent"'),
      entry(2, ',"event":{"name":"invoice sent"}'),
      entry(3, ',"event":null'),
      entry(4, ''),
    );
    const ids = async (only: LogOptions['only']) =>
      (await of(text, { ...JSON_LOG, only: only! })).rows.map(({ id }) => id);
    const test = { is: 'in', values: [{ text: 'invoice sent' }] } as const;
    expect(await ids([{ name: 'event', test }])).toEqual(['1']);
    expect(await ids([{ name: 'event', test: { is: 'exists', exists: true } }])).toEqual(['1', '2']);
    expect(await ids([{ name: 'event', test: { is: 'exists', exists: false } }])).toEqual(['3', '4']);
  });

  it('with the coordinates of their message are its effects, and not those of other topics', async () => {
    const entry = (topic: string, partition: string, offset: string) =>
      `{"topic":"${topic}","partition":${partition},"offset":${offset}}`;
    const { rows, coverage } = await of(
      lines(entry('orders', '3', '"0017"'), entry('refunds', '3', '17'), entry('orders', 'null', '17')),
      {
        format: 'json',
        key: ['partition', 'offset'].map((name) => ({ name, fold: false, as: 'number' as const })),
        coordinates: { topic: 'topic', partition: 'partition', offset: 'offset' },
      },
    );
    expect(rows.map((row) => row.key)).toEqual(['3 17', '']);
    expect(coverage.excluded).toEqual({ 'other topic': 1 });
    expect(coverage.notes.join()).toContain('lines without readable coordinates in partition, offset: 1');
  });
});

describe('tab-separated rows', () => {
  it('are unescaped as databases escape them', async () => {
    const { rows, coverage } = await of(
      lines(
        'id\torder_id\tcreated_at',
        '1\tA\\t"1"\\\\\t2026-11-22 10:00:00Z',
        '2\t\\N\t2026-11-22 10:01:00Z',
        '3\tA-3',
      ),
      { format: 'tsv', id: 'id', at: 'created_at' },
    );
    expect(rows.map((row) => [row.id, row.key])).toEqual([
      ['1', 'A\t"1"\\'],
      ['2', ''],
    ]);
    expect(coverage.unreadable).toBe(1);
  });
});

describe('lines of text', () => {
  const ACCESS: LogOptions = {
    format: 'text',
    pattern: '\\[(?<at>[^\\]]+)\\] "POST /invoices/(?<key>\\S+) HTTP/[^"]*" (?<status>\\d+)',
    key: key('key'),
    at: 'at',
    timeFormat: '%d/%b/%Y:%H:%M:%S %z',
  };
  const access = (time: string, request: string, status = 201) =>
    `203.0.113.7 - - [22/Nov/2026:${time}:00 +0100] "${request} HTTP/1.1" ${status} 12 "-" "shop/1"`;

  it('of a web server are taken apart, and the others show that the log goes on', async () => {
    const { rows, coverage } = await of(
      lines(
        access('10:00', 'GET /'),
        access('11:00', 'POST /invoices/A-1'),
        access('11:30', 'POST /invoices/A-2', 500),
        access('11:40', 'GET /invoices/A-1', 200),
      ),
      { ...ACCESS, only: [{ name: 'status', test: { is: 'in', values: [{ text: '201' }] } }] },
    );
    expect(rows).toEqual([
      {
        key: 'A-1',
        id: expect.stringMatching(/^shop\.log:[0-9a-f]{16}$/),
        at: '2026-11-22T10:00:00Z',
        seen: 'shop.log:2',
      },
    ]);
    expect(coverage).toMatchObject({
      read: 4,
      unreadable: 0,
      excluded: { only: 1 },
      gaps: [],
      span: { from: minute('09:00'), to: minute('10:40') },
      notes: ['lines of other programs or events, which the pattern does not match: 2'],
    });
  });

  it('of another program are no holes; a time that cannot be read is one', async () => {
    const { rows, coverage } = await of(
      lines(
        access('11:00', 'POST /invoices/A-1'),
        'kernel: eth0 is up',
        access('11:xx', 'POST /invoices/A-2'),
        access('11:02', 'POST /invoices/A-3'),
      ),
      ACCESS,
    );
    expect(rows.map((row) => row.key)).toEqual(['A-1', 'A-3']);
    expect(coverage.gaps.map(({ detail }) => detail)).toEqual(['shop.log line 3 cannot be read']);
  });

  it('prove nothing where not one matches', async () => {
    const { coverage } = await of(lines(access('11:00', 'POST /bills/A-1')), ACCESS);
    expect(coverage.span).toBeUndefined();
    expect(coverage.notes).toEqual(['NOT ONE LINE matches the pattern, of 1: is it right?']);
  });

  it('are texts, and bytes where they are none', async () => {
    const options: LogOptions = { format: 'text', pattern: 'order (?<key>.)$', key: key('key') };
    const { rows } = await of(
      Buffer.concat([Buffer.from('order Ü\n'), Buffer.from('order \xfc\n', 'latin1')]),
      options,
    );
    expect(rows.map((row) => row.key)).toEqual(['Ü', 'hex:fc']);
  });

  it('of syslog get their year from the audited time, and in a rotated set from each other', async () => {
    const options: LogOptions = {
      format: 'text',
      pattern: '^(?<at>\\w+ +\\d+ [\\d:]+) \\S+ billing: invoice for (?<key>\\S+)',
      key: key('key'),
      at: 'at',
      zone: 'UTC',
      bounds: { from: Date.UTC(2024, 11, 30), to: Date.UTC(2025, 0, 2) },
    };
    const pattern = directory.write({
      'billing.log': lines('Jan  1 00:10:00 web1 billing: invoice for A-3'),
      'billing.log.1': lines(
        'Dec 31 23:50:00 web1 billing: invoice for A-1',
        'Dec 31 23:59:00 web1 billing: invoice for A-2',
      ),
    });
    const { rows, coverage } = await log(pattern, options);
    expect(rows.map(({ key: order, at }) => [order, at])).toEqual([
      ['A-1', '2024-12-31T23:50:00Z'],
      ['A-2', '2024-12-31T23:59:00Z'],
      ['A-3', '2025-01-01T00:10:00Z'],
    ]);
    expect(coverage.notes.join()).toContain('taken to begin from 2024 to 2025');
    expect(coverage.gaps).toEqual([]);
  });

  it('without a zone need one', async () => {
    const options: LogOptions = {
      format: 'text',
      pattern: '^(?<at>\\S+ \\S+) (?<key>.*)',
      key: key('key'),
      at: 'at',
    };
    const source = dumpSource(directory.write({ 'shop.log': lines('2026-11-22 10:00:00 A-1') }), options);
    const expected = {
      status: 2,
      message: expect.stringContaining('shop.log line 1, at: the time says no zone'),
    };
    await expect(source.check()).rejects.toMatchObject(expected);
    await expect(source.gather([NOVEMBER], () => {})).rejects.toMatchObject(expected);
  });

  it('are not matched for ever', async () => {
    const options: LogOptions = { format: 'text', pattern: '^(?:\\w+ ?)+; (?<key>.*)', key: key('key') };
    const source = dumpSource(directory.write({ 'shop.log': lines(`${'order '.repeat(20)}A-1`) }), options);
    await expect(source.gather([NOVEMBER], () => {})).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining('shop.log lines 1 to 1: the pattern took more than'),
    });
  }, 60_000);
});

describe('a line without an id', () => {
  const options: LogOptions = {
    format: 'text',
    pattern: '^(?<at>\\S+) (?<key>.*)',
    key: key('key'),
    at: 'at',
  };
  const line = (order: string, time = '10:00:00') => `2026-11-22T${time}Z ${order}`;

  it('is the same effect wherever rotation puts it, and equal lines are several', async () => {
    const older = lines(line('A-1'), line('A-2'), line('A-2'));
    const newer = lines(line('A-2'), line('A-3'));
    const before = await log(directory.write({ 'shop.log': older + newer }), options);
    const after = await log(
      directory.write({ 'shop.log.1.gz': gzipSync(older), 'shop.log': newer }),
      options,
    );
    expect(after.rows.map(({ id }) => id)).toEqual(before.rows.map(({ id }) => id));
    expect(new Set(before.rows.map(({ id }) => id)).size).toBe(5);
    expect(before.rows.filter((row) => row.key === 'A-2').map(({ id }) => id.split('#')[1])).toEqual([
      undefined,
      '2',
      '3',
    ]);
  });

  it('has the same number whatever time is asked for', async () => {
    const text = lines(line('A-1'), line('A-1'), line('A-1', '11:00:00'));
    const bounds = { from: minute('10:30'), to: minute('12:00') };
    const [all, some] = [await of(text, options), await of(text, { ...options, bounds })];
    expect(some.rows).toEqual(all.rows.slice(2));
  });

  it('of another host is another effect', async () => {
    const pattern = directory.write({
      'web1.log': lines(line('A-1')),
      'web2.log': lines(line('A-1'), line('A-2')),
    });
    const { rows } = await log(pattern, options);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
  });
});

describe('a rotated set', () => {
  it('of which a file is missing has a hole', async () => {
    const options: LogOptions = { format: 'json', key: key('order'), at: 'time' };
    const line = (time: string) => lines(`{"time":"2026-11-22T${time}:00Z","order":1}`);
    const pattern = directory.write({
      'shop.log': line('10:20'),
      'shop.log.1': line('10:10'),
      'shop.log.3': line('09:50'),
    });
    const { rows, coverage } = await log(pattern, options);
    expect(rows.map(({ seen }) => seen)).toEqual(['shop.log.3:1', 'shop.log.1:1', 'shop.log:1']);
    expect(coverage.gaps).toMatchObject([
      { why: 'missing-file', from: minute('09:50'), to: minute('10:10') },
    ]);
  });
});
