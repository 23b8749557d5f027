/** What rows become as effects, and what they prove. */
import { describe, expect, it } from 'vitest';
import type { PostgresSettings } from '../../../src/model.ts';
import { coverageOf, spanOf } from '../../../src/sources/database/coverage.ts';
import { BATCH_ROWS, EffectRows } from '../../../src/sources/database/rows.ts';
import {
  copyAscii,
  type RowCursor,
  type RowTable,
  type TimeColumn,
} from '../../../src/sources/database/table.ts';
import { effectsOf, onlyIn, ordersTable, plain } from './postgres/orders.ts';

const column = (name: string, base = 'text') => ({ name, shown: name, type: base, base, notNull: false });

const time = (settings: Partial<TimeColumn>): TimeColumn => ({
  ...column('created_at', 'timestamptz'),
  zone: undefined,
  unit: undefined,
  movedBy: undefined,
  ...settings,
});

function ordersOf(settings: Partial<PostgresSettings> = {}, table: Partial<RowTable> = {}): RowTable {
  const source = ordersTable(settings);
  return {
    kind: 'order-row',
    settings: source,
    shown: 'public.orders',
    key: source.key.map((part) => ({ ...column(part.name), path: undefined })),
    id: [column('id', 'int8')],
    at: time({}),
    only: source.only.map((condition) => column(condition.name)),
    topic: undefined,
    hides: undefined,
    blind: undefined,
    looseId: undefined,
    notes: [],
    ...table,
  };
}

/** Rows written as lines: key, id, microseconds, doubt, columns of `only`, with tabs between; \\N is NULL. */
function cursor(lines: readonly string[]): RowCursor {
  let at = -1;
  const value = (field: number) => lines[at]!.split('\t')[field]!;
  const present = (field: number) => (value(field) === '\\N' ? undefined : value(field));
  return {
    next: () => ++at < lines.length,
    bytes: (field) => {
      const text = present(field);
      return text === undefined ? undefined : Buffer.from(text, 'latin1');
    },
    copyAscii: (field, column) => {
      const bytes = Buffer.from(present(field) ?? 'h', 'latin1');
      return copyAscii(bytes, 0, bytes.length, column);
    },
    instant: (field) => {
      const text = present(field);
      return text === undefined || text.endsWith('infinity') ? text : BigInt(text);
    },
    integer: (field) => (present(field) === undefined ? undefined : Number(value(field))),
  };
}

function read(table: RowTable, ...lines: string[]): EffectRows {
  const rows = new EffectRows(table);
  const all = cursor(lines);
  while (all.next()) rows.add(all);
  return rows;
}

describe('EffectRows', () => {
  it('makes one effect of each row, with its time to the microsecond', () => {
    const rows = read(ordersOf(), '007\t1\t1763800000123456\t0', '\\N\t2\t\\N\t0', '\t3\t-1\t0');
    expect(effectsOf(rows.take())).toEqual([
      { key: '007', id: '1', at: '2025-11-22T08:26:40.123456Z' },
      { key: '', id: '2', at: null },
      { key: '', id: '3', at: expect.any(String) },
    ]);
    expect(rows).toMatchObject({ read: 3, effects: 3, keyless: 2, timeless: 1, unreadable: 0, oldest: -1 });
    expect(effectsOf(rows.take())).toEqual([]);
  });

  it('spells bytes that are no text, and text that looks like such bytes', () => {
    const rows = read(ordersOf(), 'hex:00\th\t0\t0', '\xff\xfe\t\xff\t0\t0', 'hat\thex:\t0\t0');
    expect(effectsOf(rows.take()).map(({ key, id }) => [key, id])).toEqual([
      ['hex:6865783a3030', 'h'],
      ['hex:fffe', 'hex:ff'],
      ['hat', 'hex:6865783a'],
    ]);
  });

  it('normalises keys, and has none where a part is missing or does not match', () => {
    const key = [
      { name: 'ref', match: '^ORD-(\\d+)$', fold: false },
      { name: 'shop', fold: true },
    ];
    const rows = read(
      ordersOf({ key }),
      'ORD-12\tBERLIN\t1\t0\t0',
      'X-12\tBERLIN\t2\t0\t0',
      'ORD-1\t\\N\t3\t0\t0',
    );
    expect(effectsOf(rows.take()).map((effect) => effect.key)).toEqual(['12 berlin', '', '']);
    expect(rows.keyless).toBe(2);
  });

  it('lets in only what passes, and a NULL never', () => {
    const only = [
      onlyIn('channel', 'web', 'app'),
      { name: 'test', test: { is: 'not', test: { is: 'in', values: [{ text: 'true' }] } } } as const,
    ];
    const rows = read(
      ordersOf({ only }),
      'A\t1\t0\t0\tweb\tfalse',
      'B\t2\t0\t0\tweb\ttrue',
      'C\t3\t0\t0\tapp\t\\N',
      'D\t4\t0\t0\t\\N\tfalse',
    );
    expect(effectsOf(rows.take()).map((effect) => effect.key)).toEqual(['A']);
    expect(rows).toMatchObject({ read: 4, effects: 1, failedOnly: 3 });
  });

  it('compares columns, and asks whether they are there', () => {
    const only = [
      { name: 'total', test: { is: 'gte', number: '99.5' } },
      { name: 'cancelled_at', test: { is: 'exists', exists: false } },
    ] as const;
    const rows = read(
      ordersOf({ only }),
      'A\t1\t0\t0\t99.50\t\\N',
      'B\t2\t0\t0\t99.49\t\\N',
      'C\t3\t0\t0\t100\t2026-11-22',
      'D\t4\t0\t0\tNaN\t\\N',
      'E\t5\t0\t0\t\\N\t\\N',
      'F\t6\t0\t0\t1e2\t',
    );
    expect(effectsOf(rows.take()).map((effect) => effect.key)).toEqual(['A']);
  });

  it('makes numbers of keys, also of one alone', () => {
    const rows = read(
      ordersOf({ key: [{ name: 'ref', fold: false, as: 'number' }] }),
      '0012\t1\t0\t0',
      '12.00\t2\t0\t0',
      'ORD-12\t3\t0\t0',
    );
    expect(effectsOf(rows.take()).map((effect) => effect.key)).toEqual(['12', '12', '']);
    expect(rows.keyless).toBe(1);
  });

  it('finds keys inside of JSON, and takes nothing for one that is none', () => {
    const key = [{ name: 'body', path: ['order', 'id'], fold: false }];
    const rows = read(
      ordersOf({ key }, { key: [{ ...column('body'), path: ['order', 'id'] }] }),
      '{"order":{"id":"ORD-1"}}\t1\t0\t0',
      '{"order":{"id":1.50}}\t2\t0\t0',
      '{"order":{"id":[]}}\t3\t0\t0',
      '{"order":\t4\t0\t0',
      '\\N\t5\t0\t0',
    );
    expect(effectsOf(rows.take()).map((effect) => effect.key)).toEqual(['ORD-1', '1.50', '', '', '']);
    expect(rows.keyless).toBe(3);
  });

  it('takes coordinates for a key, of the audited topic only', () => {
    const coordinates = { topic: 't', partition: 'p', offset: 'o' };
    const key = [plain('p'), plain('o')];
    const table = ordersOf({ key, coordinates }, { topic: { column: column('t'), name: 'orders' } });
    const rows = read(
      table,
      '0\t007\t1\t0\t0\torders',
      '0\t7\t2\t0\t0\treturns',
      '0\t7\t3\t0\t0\t\\N',
      '0\t-7\t4\t0\t0\torders',
      '1\t8.0\t5\t0\t0\torders',
    );
    expect(effectsOf(rows.take()).map(({ id, key: own }) => [id, own])).toEqual([
      ['1', '0 7'],
      ['3', ''],
      ['4', ''],
      ['5', '1 8'],
    ]);
    expect(rows).toMatchObject({ read: 5, effects: 4, otherTopic: 1, keyless: 2 });
  });

  it('reads times that are numbers', () => {
    const rows = read(
      ordersOf({}, { at: time({ base: 'int8', unit: 'ms' }) }),
      'A\t1\t1500\t\\N',
      'B\t2\tNaN\t\\N',
    );
    expect(effectsOf(rows.take()).map((effect) => effect.at)).toEqual(['1970-01-01T00:00:01.500000Z', null]);
    expect(rows.samples).toEqual(['public.orders, id 2: created_at is NaN']);
  });

  it('keeps an infinite time as unreadable, with samples, and the effect without a time', () => {
    const lines = Array.from({ length: 7 }, (_, i) => `A\t${i}\t${i % 2 ? '-' : ''}infinity\t0`);
    const rows = read(ordersOf(), ...lines);
    expect(effectsOf(rows.take()).every((effect) => effect.at === null)).toBe(true);
    expect(rows).toMatchObject({ unreadable: 7, timeless: 7, oldest: undefined });
    expect(rows.samples).toHaveLength(5);
    expect(rows.samples[1]).toBe('public.orders, id 1: created_at is -infinity');
  });

  it('makes one hole of each hour whose wall clock came twice', () => {
    const october = Date.UTC(2026, 9, 25, 1);
    const line = (id: number, ms: number) => `A\t${id}\t${ms}000\t3600000000`;
    const at = time({ base: 'timestamp', zone: 'Europe/Berlin' });
    const rows = read(
      ordersOf({}, { at }),
      line(1, october + 60_000),
      line(2, october),
      line(3, Date.UTC(2025, 9, 26, 1)),
    );
    expect(rows.gaps().map(({ from, to, why }) => [from, to, why])).toEqual([
      [october - 3_600_000, october + 60_000, 'unreadable'],
      [Date.UTC(2025, 9, 26), Date.UTC(2025, 9, 26, 1), 'unreadable'],
    ]);
    expect(rows.gaps()[0]!.detail).toMatch(/Europe\/Berlin had twice or not at all: 2/);
  });

  it('says when its batch is full', () => {
    const table = ordersOf();
    const lines = Array.from({ length: BATCH_ROWS - 1 }, (_, i) => `A\t${i}\t0\t0`);
    expect(read(table, ...lines).full).toBe(false);
    const full = read(table, ...lines, 'A\tlast\t0\t0');
    expect(full.full).toBe(true);
    expect(full.take().rows).toBe(BATCH_ROWS);
    expect(full.full).toBe(false);
  });
});

describe('the span that rows cover', () => {
  const READ_AT = 10_000;

  it('goes from the oldest row to the snapshot', () => {
    expect(spanOf(ordersOf(), 3, READ_AT, 500)).toEqual({ from: 500, to: READ_AT, edge: 'row' });
  });

  it('is nothing without a row of a known time, unless it is declared', () => {
    expect(spanOf(ordersOf(), 0, READ_AT, undefined)).toBeUndefined();
    expect(spanOf(ordersOf(), 3, READ_AT, undefined)).toBeUndefined();
    expect(spanOf(ordersOf({ covers: { from: 7 } }), 0, READ_AT, undefined)).toEqual({
      from: 7,
      to: READ_AT,
      // A window that begins before what was declared is not seen whole.
      edge: 'line',
    });
    expect(spanOf(ordersOf({ covers: { to: 900 } }), 0, READ_AT, undefined)).toEqual({
      to: 900,
      edge: 'row',
    });
  });

  it('begins where it is declared to, and ends there only when that is earlier than the snapshot', () => {
    expect(spanOf(ordersOf({ covers: { from: 100, to: 900 } }), 3, READ_AT, 500)).toMatchObject({
      from: 100,
      to: 900,
    });
    expect(spanOf(ordersOf({ covers: { from: 700 } }), 3, READ_AT, 500)).toMatchObject({ from: 700 });
    expect(spanOf(ordersOf({ covers: { to: 99_999 } }), 3, READ_AT, 500)).toMatchObject({
      from: 500,
      to: READ_AT,
    });
    expect(spanOf(ordersOf({ covers: { to: 400 } }), 3, READ_AT, 500)).toBeUndefined();
  });

  it('has no beginning where rows have no time', () => {
    expect(spanOf(ordersOf({}, { at: undefined }), 1, READ_AT, undefined)).toEqual({
      to: READ_AT,
      edge: 'row',
    });
    expect(spanOf(ordersOf({}, { at: undefined }), 0, READ_AT, undefined)).toBeUndefined();
  });
});

describe('coverageOf', () => {
  const snapshot = { readAt: 10_000, notes: ["the database's clock is 3.0 s behind this machine's"] };
  const notesOf = (table: RowTable, ...lines: string[]) =>
    coverageOf('postgres db:5432/shop', table, read(table, ...lines), snapshot, 1).notes.join('\n');

  it('says what makes its numbers doubtful', () => {
    const at = (name: string, movedBy?: string) => ({ at: time({ ...column(name), movedBy }) });
    expect(notesOf(ordersOf({}, at('updated_at')))).toMatch(/clock is 3.0 s[\s\S]*updated_at looks like/);
    expect(notesOf(ordersOf({}, at('lastModifiedOn')))).toMatch(/looks like/);
    expect(notesOf(ordersOf({}, at('made', 'trigger touch')))).toMatch(/trigger touch sets made/);
    expect(notesOf(ordersOf({}, at('created_at')))).not.toMatch(/looks like/);
    expect(notesOf(ordersOf(), '\\N\t\\N\t\\N\t0')).toMatch(
      /rows without a readable time in created_at: 1[\s\S]*rows without a readable key in order_id: 1[\s\S]*rows without an id in id: 1/,
    );
    expect(notesOf(ordersOf({}, { hides: 'row-level security of public.orders may hide rows' }))).toMatch(
      /no zero is claimed/,
    );
  });

  it('names the place, and counts what `only` left out', () => {
    const table = ordersOf({ key: [plain('order_id')], only: [onlyIn('channel', 'web')] });
    expect(
      coverageOf('postgres db:5432/shop', table, read(table, 'A\t1\t0\t0\tapp'), snapshot, undefined),
    ).toMatchObject({
      kind: 'order-row',
      source: 'postgres db:5432/shop public.orders',
      places: ['public.orders'],
      readAt: 10_000,
      read: 1,
      effects: 0,
      excluded: { only: 1 },
    });
  });
});
