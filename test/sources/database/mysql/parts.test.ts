/** Names, plans and second looks of MySQL, without a server. */
import { describe, expect, it } from 'vitest';
import { conditionsFor } from '../../../../src/sources/database/mysql/again.ts';
import { nameParts, quotedName, shownName } from '../../../../src/sources/database/mysql/names.ts';
import { planOf, scanWarning } from '../../../../src/sources/database/mysql/plan.ts';
import type { Table } from '../../../../src/sources/database/mysql/table.ts';
import { plain } from '../postgres/orders.ts';
import { ordersTable } from './orders.ts';

describe('names', () => {
  it('are read as MySQL reads them', () => {
    expect(nameParts('shop.orders')).toEqual(['shop', 'orders']);
    expect(nameParts(' `odd ``name` . 2orders$ü')).toEqual(['odd `name', '2orders$ü']);
    for (const text of ['', '12', 'shop.12', 'a b', 'a.', '`a', 'a;b', '"a"'])
      expect(nameParts(text)).toBeUndefined();
  });

  it('are quoted only where they must be, and in SQL always', () => {
    expect(shownName('shop', 'odd `name', '12')).toBe('shop.`odd ``name`.`12`');
    expect(quotedName('shop', 'o`; DROP TABLE x')).toBe('`shop`.`o``; DROP TABLE x`');
    expect(nameParts(shownName('a.b', '`'))).toEqual(['a.b', '`']);
  });
});

const column = (name: string, base: string) => ({ name, shown: name, type: base, base, notNull: false });

function tableOf(
  settings: Parameters<typeof ordersTable>[0],
  bases: readonly string[],
  more: Partial<Table> = {},
): Table {
  const source = ordersTable(settings);
  return {
    kind: 'order-row',
    settings: source,
    from: '`shop`.`orders` AS r',
    indexes: [],
    shown: 'shop.orders',
    key: source.key.map((part, i) => ({ ...column(part.name, bases[i]!), path: part.path })),
    id: [column('id', 'int')],
    at: { ...column('created_at', 'timestamp'), zone: undefined, unit: undefined, movedBy: undefined },
    only: [],
    topic: undefined,
    hides: undefined,
    blind: undefined,
    looseId: undefined,
    notes: [],
    ...more,
  };
}

const indexOn = (column: string) => ({
  name: 'i',
  unique: false,
  sorted: true,
  parts: [{ column, whole: true }],
});

describe('plans', () => {
  const table = tableOf({}, ['varchar']);
  const mariadb = (type: string) => ({
    query_block: {
      nested_loop: [{ table: { table_name: 'r', access_type: type, rows: 900_000, filtered: 50 } }],
    },
  });
  const mysql8 = {
    query_block: {
      table: { table_name: 'r', access_type: 'ALL', rows_examined_per_scan: 900_000, filtered: '10.00' },
    },
  };
  const mysql9 = {
    query_plan: {
      inputs: [{ operation: 'Table scan on r', access_type: 'table', estimated_rows: 900_000.4 }],
    },
  };

  it('are read in the form of either server', () => {
    expect(planOf(mariadb('ALL'))).toEqual({ rows: 450_000, scanned: 900_000 });
    expect(planOf(mariadb('range'))).toEqual({ rows: 450_000, scanned: 0 });
    expect(planOf(mysql8)).toEqual({ rows: 90_000, scanned: 900_000 });
    expect(planOf(mysql9)).toEqual({ rows: 900_000.4, scanned: 900_000.4 });
    expect(planOf({ query_block: { message: 'Impossible WHERE' } })).toEqual({ rows: 0, scanned: 0 });
  });

  it('are warned of where a large table is scanned and no index on the time serves', () => {
    expect(scanWarning(table, planOf(mysql9))).toBe(
      'shop.orders is scanned from end to end (about 900000 rows): no index on created_at serves',
    );
    expect(scanWarning({ ...table, indexes: [indexOn('created_at')] }, planOf(mysql8))).toBeUndefined();
    expect(scanWarning({ ...table, at: undefined }, planOf(mysql8))).toMatch(/without `at`/);
    expect(scanWarning(table, { rows: 1, scanned: 500_000 })).toBeUndefined();
  });
});

describe('what a second look asks for', () => {
  const many = new Set(Array.from({ length: 1001 }, (_, n) => String(n)));

  it('is the keys that a column can have, and nothing that could be taken for SQL', () => {
    const texts = tableOf({}, ['varchar']);
    expect(conditionsFor(texts, new Set(["A' OR 1=1", 'hex:ff']))).toEqual([
      "r.`order_id` IN (_utf8mb4 X'4127204f5220313d31')",
    ]);
    const numbers = tableOf({}, ['bigint']);
    expect(conditionsFor(numbers, new Set(['9007199254740993', '1 OR 1=1', '1.0']))).toEqual([
      'r.`order_id` IN (9007199254740993)',
    ]);
    expect(conditionsFor(numbers, new Set(['none']))).toEqual([]);
    expect(conditionsFor(tableOf({}, ['varbinary']), new Set(['hex:00ff']))).toEqual([
      "r.`order_id` IN (X'00ff')",
    ]);
  });

  it('is every part of a key that stands in a column as it is', () => {
    const lines = tableOf(
      { key: [plain('shop'), { name: 'n', match: '\\d+', fold: false }, plain('item')] },
      ['char', 'char', 'int'],
    );
    expect(conditionsFor(lines, new Set(['a%20b 1 7', 'c 2 8']))).toEqual([
      "r.`shop` IN (_utf8mb4 X'612062', _utf8mb4 X'63') AND r.`item` IN (7, 8)",
    ]);
    const coordinates = { topic: 't', partition: 'p', offset: 'o' };
    const handled = tableOf({ key: [plain('p'), plain('o')], coordinates }, ['int', 'varchar'], {
      topic: { column: column('t', 'varchar'), name: 'orders' },
    });
    expect(conditionsFor(handled, new Set(['0 7']))).toEqual([
      "r.`t` IN (_utf8mb4 X'6f7264657273') AND r.`p` IN (0)",
    ]);
  });

  it('is the whole table where no index helps with many keys, and chunks of them where one does', () => {
    expect(conditionsFor(tableOf({}, ['varchar']), many)).toEqual([undefined]);
    expect(conditionsFor(tableOf({}, ['uuid']), new Set(['a']))).toEqual([undefined]);
    expect(conditionsFor(tableOf({}, ['varchar'], { indexes: [indexOn('order_id')] }), many)).toHaveLength(2);
  });
});
