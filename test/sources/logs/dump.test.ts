import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Test } from '../../../src/model.ts';
import { Directory, type DumpOptions, dump, dumpSource } from './gathered.ts';

const directory = new Directory();
afterAll(() => directory.remove());

const AT = { id: 'id', at: 'created_at' } as const;
const HEADER = 'id,order_id,created_at,channel\r\n';
const rowsOf = (...rows: string[]) => HEADER + rows.map((row) => `${row}\r\n`).join('');
const of = (text: string | Buffer, options: DumpOptions = AT) =>
  dump(directory.write({ 'orders.csv': text }), options);
const minute = (time: string) => Date.parse(`2026-11-22T${time}:00Z`);

describe('a dump', () => {
  it('gives one effect for each row, with its microseconds', async () => {
    const { rows, coverage } = await of(
      rowsOf(
        '1,A-1,2026-11-22 10:00:00.123456+00,web',
        '2,"A ""2"", b",2026-11-22T12:00:00.5+01:00,app',
        '3,,1795345200,web',
      ),
    );
    expect(rows).toEqual([
      { key: 'A-1', id: '1', at: '2026-11-22T10:00:00.123456Z', seen: 'orders.csv:2' },
      { key: 'A "2", b', id: '2', at: '2026-11-22T11:00:00.500000Z', seen: 'orders.csv:3' },
      { key: '', id: '3', at: '2026-11-22T11:00:00Z', seen: 'orders.csv:4' },
    ]);
    expect(coverage).toMatchObject({
      source: 'csv orders.csv',
      read: 3,
      effects: 3,
      span: { from: minute('10:00') + 123, to: minute('11:00') + 500, edge: 'line' },
      gaps: [],
      notes: ['rows without a readable key in order_id: 1'],
    });
  });

  it('may be packed, begin with a byte order mark, and have any column order', async () => {
    const { rows } = await of(gzipSync('\ufeff"created_at","order_id"\n1795341600123456,"A-1"\n'), {
      at: 'created_at',
    });
    expect(rows).toEqual([
      { key: 'A-1', id: 'orders.csv:2', at: '2026-11-22T10:00:00.123456Z', seen: 'orders.csv:2' },
    ]);
  });

  it('is filtered by columns; an empty cell is an absent one', async () => {
    const not = { is: 'not', test: { is: 'in', values: [{ text: 'test' }] } } as const;
    const { rows, coverage } = await of(
      rowsOf('1,A-1,1795341600,web', '2,A-2,1795341600,test', '3,A-3,1795341600,'),
      { ...AT, only: [{ name: 'channel', test: not }] },
    );
    expect(rows.map(({ id }) => id)).toEqual(['1']);
    expect(coverage.excluded).toEqual({ only: 2 });
  });

  it('is filtered by numbers, and by what is there', async () => {
    const text = rowsOf(
      '1,A-1,1795341600,99.50',
      '2,A-2,1795341600,',
      '3,A-3,1795341600,+100',
      '4,A-4,1795341600,1e2',
    );
    const ids = async (test: Test) =>
      (await of(text, { ...AT, only: [{ name: 'channel', test }] })).rows.map(({ id }) => id);
    expect(await ids({ is: 'gt', number: '99.5' })).toEqual(['4']);
    expect(await ids({ is: 'not', test: { is: 'gt', number: '99.5' } })).toEqual(['1', '3']);
    expect(await ids({ is: 'exists', exists: true })).toEqual(['1', '3', '4']);
    expect(await ids({ is: 'exists', exists: false })).toEqual(['2']);
  });

  it('hands over what lies in the bounds, ends included', async () => {
    const bounds = { from: minute('10:01'), to: minute('10:02') };
    const { rows, coverage } = await of(
      rowsOf(
        '1,A-1,2026-11-22 10:00:59.999999Z,',
        '2,A-2,2026-11-22 10:01:00Z,',
        '3,A-3,2026-11-22 10:02:00.000999Z,',
        '4,A-4,2026-11-22 10:02:00.001Z,',
      ),
      { ...AT, bounds },
    );
    expect(rows.map(({ id }) => id)).toEqual(['2', '3']);
    expect(coverage.excluded).toEqual({ 'out-of-time': 2 });
  });

  it('takes a zone from the settings, and is in doubt about an hour that came twice', async () => {
    const bounds = { from: Date.UTC(2026, 9, 1), to: Date.UTC(2026, 10, 1) };
    const { rows, coverage } = await of(
      rowsOf('1,A-1,2026-10-25 01:30:00,', '2,A-2,2026-10-25 02:30:00,', '3,A-3,2026-10-25 03:30:00,'),
      { ...AT, zone: 'Europe/Berlin', bounds, gap: 86_400_000 },
    );
    // Either hour would be a claim, so the second row has no time.
    expect(rows.map(({ at }) => at.slice(11))).toEqual(['23:30:00Z', '', '02:30:00Z']);
    expect(coverage.gaps).toEqual([
      {
        from: Date.UTC(2026, 9, 25, 0, 30),
        to: Date.UTC(2026, 9, 25, 1, 30),
        why: 'unreadable',
        detail: 'orders.csv line 3: Europe/Berlin had 2026-10-25 02:30:00 twice',
      },
    ]);
  });

  it('of rows without a time proves no time', async () => {
    const { rows, coverage } = await of(rowsOf('1,A-1,x,', '2,A-2,y,'), { id: 'id' });
    expect(rows.map(({ at }) => at)).toEqual(['', '']);
    expect(coverage.span).toBeUndefined();
    expect(coverage.notes.join()).toContain('no time');
    const covers = { from: minute('10:00'), to: minute('11:00') };
    const broken = (await of(rowsOf('1,A-1,x,', '2,A-2'), { id: 'id', covers })).coverage;
    expect(broken.span).toEqual({ ...covers, edge: 'line' });
    expect(broken.gaps).toMatchObject([{ ...covers, why: 'unreadable' }]);
  });

  it('in several files is one span, and the same file twice counts once', async () => {
    const first = rowsOf('1,A-1,2026-11-22 10:00:00Z,', '2,A-2,2026-11-22 10:30:00Z,');
    const second = rowsOf('3,A-3,2026-11-22 11:00:00Z,');
    const pattern = directory.write({
      'orders-1.csv': first,
      'orders-2.csv': second,
      'orders-1.csv.gz': gzipSync(first),
    });
    const { rows, coverage } = await dump(pattern, { at: 'created_at' });
    expect(rows.map(({ seen }) => seen)).toEqual(['orders-1.csv:2', 'orders-1.csv:3', 'orders-2.csv:2']);
    expect(coverage.span).toEqual({ from: minute('10:00'), to: minute('11:00'), edge: 'line' });
    expect(coverage.gaps).toEqual([]);
  });

  it('is handed over in batches, and its silences are found whatever its order', async () => {
    const times = Array.from(
      { length: 40_000 },
      (_, i) => 1795341600 + ((i * 7919) % 40_000) + ((i * 7919) % 40_000 > 30_000 ? 3_601 : 0),
    );
    const { batches, coverage } = await of(
      HEADER + times.map((time, i) => `${i},A-${i},${time},\n`).join(''),
    );
    expect(batches.reduce((sum, rows) => sum + rows, 0)).toBe(40_000);
    expect(Math.max(...batches)).toBeLessThanOrEqual(20_000);
    expect(
      coverage.gaps.map(({ from, to, why }) => [why, from / 1000 - 1795341600, to / 1000 - 1795341600]),
    ).toEqual([['silence', 30_000, 33_602]]);
  });
});

describe('rows that cannot be read', () => {
  it('are counted, shown, and holes between their neighbours', async () => {
    const { rows, coverage } = await of(
      rowsOf(
        '1,A-1,2026-11-22 10:00:00Z,',
        '2,A-2,2026-11-22 10:01:00Z',
        '3,A-3,soon,ann@example.test',
        '4,A-4,2026-11-22 10:03:00Z,',
        '5,A"5,2026-11-22 10:04:00Z,',
        '6,A-6,2026-11-22 10:05:00Z,',
      ),
    );
    expect(rows.map(({ id }) => id)).toEqual(['1', '4', '6']);
    expect(coverage.unreadable).toBe(3);
    expect(coverage.samples[1]).toBe('orders.csv line 4: 3,A-3,soon,***@example.test?');
    expect(coverage.gaps.map(({ from, to, detail }) => [from, to, detail])).toEqual([
      [minute('10:00'), minute('10:05'), 'orders.csv line 3 cannot be read, and 1 more next to it'],
    ]);
  });

  it('are joined where there are very many, and none is forgotten', async () => {
    const start = minute('00:00') / 1000;
    const rows = Array.from({ length: 40_000 }, (_, i) =>
      i % 4 === 1 ? `${i},A-${i},?,` : `${i},A-${i},${start + i},`,
    );
    const { coverage } = await of(rowsOf(...rows));
    expect(coverage.unreadable).toBe(10_000);
    expect(coverage.gaps.length).toBeLessThan(10_000);
    for (let i = 1; i < rows.length; i += 4) {
      const at = (start + i) * 1000;
      if (i % 1001 === 0) expect(coverage.gaps.some(({ from, to }) => from < at && at < to)).toBe(true);
    }
  });

  it('may be of any time where the rows are in no order', async () => {
    const sorted = [
      '1,A-1,2026-11-22 10:00:00Z,',
      '2,A-2,?,',
      '3,A-3,2026-11-22 10:01:00Z,',
      '4,A-4,2026-11-22 10:02:00Z,',
    ];
    const back = [...sorted].reverse();
    for (const rows of [sorted, back]) {
      const { coverage } = await of(rowsOf(...rows));
      expect(coverage.gaps.map(({ from, to }) => [from, to])).toEqual([[minute('10:00'), minute('10:01')]]);
    }
    const mixed = await of(rowsOf(sorted[2]!, sorted[1]!, sorted[0]!, sorted[3]!));
    expect(mixed.coverage.gaps.map(({ from, to }) => [from, to])).toEqual([
      [minute('10:00'), minute('10:02')],
    ]);
  });

  it('end a packed file that breaks off', async () => {
    const many = HEADER + Array.from({ length: 3000 }, (_, i) => `${i},A-${i},${1795341600 + i},\n`).join('');
    const packed = gzipSync(many);
    const { rows, coverage } = await of(packed.subarray(0, packed.length - 500), {
      ...AT,
      covers: { to: minute('12:00') },
    });
    expect(rows.length).toBeGreaterThan(2000);
    expect(coverage.unreadable).toBe(1);
    expect(coverage.gaps.filter(({ why }) => why === 'unreadable')).toMatchObject([{ to: minute('12:00') }]);
  });
});

describe('mistakes', () => {
  const failing = (text: string, options: DumpOptions) =>
    dumpSource(directory.write({ 'orders.csv': text }), options);

  it.each([
    [
      'a column that is not there',
      rowsOf(),
      { at: 'create_at' },
      4,
      'orders.csv: there is no column create_at (at); there are id, order_id, created_at, channel',
      'at: created_at',
    ],
    [
      'a key column that is not there',
      rowsOf(),
      { key: [{ name: 'orderid', fold: false }] },
      4,
      'no column orderid (key)',
      'key: order_id',
    ],
    ['an empty file', '', {}, 4, 'its first line is no header', 'HEADER'],
    [
      'two columns of one name',
      'order_id,order_id\n1,2\n',
      {},
      4,
      'two columns are called order_id',
      undefined,
    ],
    ['UTF-16', '\xff\xfei\0d\0', {}, 4, 'UTF-16', 'iconv'],
  ])('%s', async (_, text, options, status, message, hint) => {
    const bytes = Buffer.from(text, 'latin1').toString('latin1');
    const source = dumpSource(directory.write({ 'orders.csv': Buffer.from(bytes, 'latin1') }), options);
    const expected = {
      status,
      message: expect.stringContaining(message),
      ...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }),
    };
    await expect(source.check()).rejects.toMatchObject(expected);
    await expect(source.gather([{ from: 0, to: 1 }], () => {})).rejects.toMatchObject(expected);
  });

  it('a zone that is missing, with the cell that needs it', async () => {
    const source = failing(rowsOf('1,A-1,2026-11-22 10:00:00Z,', '2,A-2,2026-11-22 10:00:00,'), AT);
    await expect(source.gather([{ from: 0, to: 1 }], () => {})).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining('orders.csv line 3, created_at'),
      hint: expect.stringContaining('zone: Europe/Berlin'),
    });
  });
});
