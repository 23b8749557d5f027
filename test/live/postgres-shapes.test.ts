/** Every shape that rows of a real PostgreSQL can have: keys inside of JSON, coordinates, queries, times that are numbers. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PostgresSettings } from '../../src/model.ts';
import { onlyIn, ordersTable, plain, readTable, refusalOf } from '../sources/database/postgres/orders.ts';
import { type Postgres, postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';

skipUnless([postgresUnavailable()], 'shapes of rows of a real PostgreSQL', () => {
  let server: Postgres;
  let shop: Client;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase('shapes');
    shop = new Client({ connectionString: url });
    await shop.connect();
  });

  afterAll(async () => {
    await shop?.end();
    await server?.stop();
  });

  const table = (settings: Partial<PostgresSettings>) => ordersTable({ url, ...settings });
  const query = ({ table: _, ...settings }: PostgresSettings, text: string): PostgresSettings => ({
    ...settings,
    query: text,
    id: 'id',
  });
  const timeless = ({ at: _, ...settings }: PostgresSettings): PostgresSettings => settings;
  const keysOf = async (settings: PostgresSettings) =>
    (await readTable(settings)).effects.map((effect) => effect.key);

  it('finds keys inside of JSON, whatever type holds it', async () => {
    await shop.query(`
      CREATE TABLE outbox (id int PRIMARY KEY, body jsonb, raw json, note text, created_at timestamptz DEFAULT now());
      INSERT INTO outbox (id, raw, note, body) SELECT n, v::json, v, CASE WHEN n < 10 THEN v::jsonb END FROM (VALUES
        (1, '{"order": {"id": "ORD-1"}}'), (2, '{"order": {"id": 9007199254740993}}'), (3, '{"order": {"id": 1.50}}'),
        (4, '{"order": {"id": {}}}'), (5, '{"order": {"id": null}}'), (6, '{"order": []}'), (7, '[1]'), (8, '{"order": {"id": "a\\"\\u00fc"}}'),
        (9, '{"order": {"id": "x"}, "order": {"id": "last"}}'), (10, '{"x": "\\u0000", "order": {"id": "zero"}}')) AS v(n, v);
      INSERT INTO outbox (id, note) VALUES (11, 'no JSON'), (12, NULL)`);
    const at = (name: string) => table({ table: 'outbox', key: [{ ...plain(name), path: ['order', 'id'] }] });
    const wanted = ['ORD-1', '9007199254740993', '1.50', '', '', '', '', 'a"ü', 'last'];
    expect(await keysOf(at('body'))).toEqual([...wanted, '', '', '']);
    expect(await keysOf(at('raw'))).toEqual([...wanted, 'zero', '', '']);
    expect(await keysOf(at('note'))).toEqual([...wanted, 'zero', '', '']);
    const folded = [{ ...plain('body'), path: ['order', 'id'], match: '^ORD-(\\d+)$' }, plain('id')];
    expect((await keysOf(table({ table: 'outbox', key: folded })))[0]).toBe('1 1');
  });

  it('walks through lists by number and through odd names, each as what it is', async () => {
    await shop.query(`CREATE TABLE carts (id int PRIMARY KEY, body jsonb, created_at timestamptz DEFAULT now());
      INSERT INTO carts VALUES (1, '{"items": [{"o''d \\\\ \\"id": "A"}]}'), (2, '{"items": {"0": {"o''d \\\\ \\"id": "B"}}}')`);
    const path = ['items', 0, 'o\'d \\ "id'];
    expect(await keysOf(table({ table: 'carts', key: [{ ...plain('body'), path }] }))).toEqual(['A', '']);
  });

  it('takes the coordinates of messages for their keys, and leaves out other topics', async () => {
    await shop.query(`
      CREATE TABLE handled (id int PRIMARY KEY, topic text, p int, o numeric, at_text text, created_at timestamptz DEFAULT now());
      INSERT INTO handled VALUES (1, 'orders', 0, 7, '007'), (2, 'orders', 12, 9007199254740993, '8'), (3, 'returns', 0, 7, '9'),
        (4, 'orders', NULL, 7, NULL), (5, NULL, 1, 1, '1'), (6, 'orders', 3, 8.00, '-1'), (7, 'orders', 3, 8.5, 'x')`);
    const coordinates = { topic: 'topic', partition: 'p', offset: 'o' };
    const named = { table: 'handled', key: [plain('p'), plain('o')], coordinates };
    const { effects, coverage } = await readTable(table(named));
    expect(effects.map(({ id, key }) => [id, key])).toEqual([
      ['1', '0 7'],
      ['2', '12 9007199254740993'],
      ['4', ''],
      ['5', ''],
      ['6', '3 8'],
      ['7', ''],
    ]);
    expect(coverage).toMatchObject({ effects: 6, excluded: { 'other topic': 1 } });
    const texts = {
      ...named,
      key: [plain('p'), plain('at_text')],
      coordinates: { partition: 'p', offset: 'at_text' },
    };
    expect(await keysOf(table(texts))).toEqual(['0 7', '12 8', '0 9', '', '1 1', '', '']);
    const wrong = {
      ...named,
      key: [plain('p'), plain('created_at')],
      coordinates: { partition: 'p', offset: 'created_at' },
    };
    expect(await refusalOf(table(wrong))).toMatch(/^2 .*created_at of public.handled is of type timestamp/);
  });

  it('reads what a query answers, inside the bounds', async () => {
    await shop.query(`
      CREATE TABLE customers (id int PRIMARY KEY, shop text); INSERT INTO customers VALUES (1, 'web'), (2, 'app');
      CREATE TABLE sales (id int PRIMARY KEY, customer int, ref text, made timestamptz);
      INSERT INTO sales VALUES (1, 1, 'A', '2026-11-22Z'), (2, 2, 'B', '2026-11-22Z'), (3, 1, 'C', '2026-11-29Z')`);
    const joined = `SELECT s.ref AS order_id, s.id, s.made AS created_at, c.shop AS "Shop", 'x' AS what
      FROM sales s JOIN customers c ON c.id = s.customer -- all of them; even tests`;
    const bounds = { from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 25) };
    const web = table({ only: [onlyIn('Shop', 'web')] });
    const { effects, coverage } = await readTable(query(web, joined), bounds);
    expect(effects).toEqual([{ key: 'A', id: '1', at: '2026-11-22T00:00:00.000000Z' }]);
    expect(coverage).toMatchObject({
      source: expect.stringMatching(/^postgres 127.0.0.1:\d+\/shapes\w* the query of order-row$/),
      places: ['the query of order-row'],
      read: 2,
      excluded: { only: 1 },
      span: { from: Date.UTC(2026, 10, 22) },
    });
  });

  it('refuses what is no single SELECT, and writes nothing', async () => {
    await shop.query('CREATE TABLE stock (id int PRIMARY KEY, order_id text, created_at timestamptz)');
    const refused = (text: string) => refusalOf(query(table({}), text));
    for (const text of [
      'SELECT * FROM stock; DELETE FROM stock',
      'DELETE FROM stock RETURNING *',
      'WITH gone AS (DELETE FROM stock RETURNING *) SELECT * FROM gone',
      'SELECT * FROM stock) AS r; DROP TABLE stock; --',
      'SELEC order_id FROM stock',
      '',
    ]) {
      expect(await refused(text)).toMatch(
        /^2 effects.order-row: the database does not take the query: .*\| write one SELECT/,
      );
    }
    expect(await refused('SELECT * FROM stok')).toMatch(/^2 .*relation "stok" does not exist/);
    expect(await refused('SELECT id, order_id FROM stock')).toMatch(
      /^4 .*no column created_at in the query of order-row \| columns: id, order_id/,
    );
    expect(await refused('SELECT id, id, order_id, created_at FROM stock')).toMatch(/^2 .*two columns id/);
    const writing = query(timeless(table({})), "SELECT nextval('counter') AS id, 'A' AS order_id");
    await shop.query('CREATE SEQUENCE counter');
    await expect(readTable(writing)).rejects.toMatchObject({
      status: 4,
      message: expect.stringMatching(/read-only transaction/),
    });
    expect((await shop.query('SELECT * FROM stock')).rowCount).toBe(0);
  });

  it('reads times that are numbers, and uses an index on them', async () => {
    await shop.query(`
      CREATE TABLE stamps (id int PRIMARY KEY, order_id text, s int, ms bigint, us numeric, f float8);
      INSERT INTO stamps SELECT n, 'ORD-' || n, 1763769600 + n, (1763769600 + n) * 1000::bigint + 1, (1763769600 + n) * 1000000::numeric + 1.5,
        1763769600.25 + n FROM generate_series(0, 9999) n;
      INSERT INTO stamps VALUES (-1, 'NULL', NULL, NULL, NULL, NULL), (-2, 'NaN', NULL, NULL, 'NaN', 'NaN'), (-3, 'inf', NULL, NULL, NULL, '-Infinity');
      CREATE INDEX ON stamps (s); CREATE INDEX ON stamps (ms); CREATE INDEX ON stamps (us); ANALYZE stamps`);
    const bounds = { from: 1_763_769_602_000, to: 1_763_769_603_999 };
    const read = (at: string, unit: 's' | 'ms' | 'us') =>
      readTable(table({ table: 'stamps', at, unit, only: [] }), bounds);
    const timeOf = async (at: string, unit: 's' | 'ms' | 'us') =>
      (await read(at, unit)).effects.filter((effect) => effect.at !== null).map((effect) => effect.at);
    expect(await timeOf('s', 's')).toEqual(['2025-11-22T00:00:02.000000Z', '2025-11-22T00:00:03.000000Z']);
    expect(await timeOf('ms', 'ms')).toEqual(['2025-11-22T00:00:02.001000Z', '2025-11-22T00:00:03.001000Z']);
    expect(await timeOf('us', 'us')).toEqual(['2025-11-22T00:00:02.000001Z', '2025-11-22T00:00:03.000001Z']);
    expect(await timeOf('f', 's')).toEqual(['2025-11-22T00:00:02.250000Z', '2025-11-22T00:00:03.250000Z']);
    const { coverage, effects } = await read('f', 's');
    expect(
      effects
        .filter((effect) => effect.at === null)
        .map((effect) => effect.key)
        .sort(),
    ).toEqual(['NULL', 'NaN', 'inf']);
    expect(coverage).toMatchObject({ unreadable: 2, span: { from: 1_763_769_600_250 } });
    expect([...coverage.samples].sort()).toEqual([
      'public.stamps, id -2: f is NaN',
      'public.stamps, id -3: f is -Infinity',
    ]);
  });

  it('refuses numbers of an unknown or a wrong unit, and a unit for what is no number', async () => {
    const refused = (settings: Partial<PostgresSettings>) =>
      refusalOf(table({ table: 'stamps', ...settings }));
    expect(await refused({ at: 'ms' })).toMatch(
      /^2 .*column ms of public.stamps is of type bigint.*\| say it, such as `at: \{ from: ms, unit: ms \}`/,
    );
    expect(await refused({ at: 'ms', unit: 's' })).toMatch(
      /^2 .*column ms of public.stamps holds 17637696\d+, which as seconds is the year \d+ \|.*`unit: ms`/,
    );
    expect(await refused({ at: 'order_id', unit: 's' })).toMatch(/^4 .*is of type text, which is no time/);
    expect(await refused({ table: 'outbox', key: [plain('note')], unit: 's' })).toMatch(
      /^2 .*timestamp with time zone, which has no unit/,
    );
  });

  it('refuses key columns whose text never is that of a message', async () => {
    await shop.query(`
      CREATE TYPE place AS (street text); CREATE DOMAIN money_amount AS float8;
      CREATE TABLE odd (id int PRIMARY KEY, created_at timestamptz, body jsonb, list text[], place place, day date, paid boolean,
        amount float8, price money_amount, cost money, span interval, during tstzrange, tags xml)`);
    const refused = (...names: string[]) => refusalOf(table({ table: 'odd', key: names.map(plain) }));
    expect(await refused('body')).toMatch(
      /^2 .*body of public.odd is of type jsonb.*\{ from: body, path: order.id \}/,
    );
    expect(await refused('list')).toMatch(/^2 .*type text\[\]: it is an array/);
    expect(await refused('place')).toMatch(/^2 .*it is a row/);
    expect(await refused('created_at')).toMatch(/^2 .*it is a time/);
    expect(await refused('span')).toMatch(/^2 .*it is a duration/);
    expect(await refused('during')).toMatch(/^2 .*it is a range/);
    for (const name of ['amount', 'price', 'cost']) expect(await refused(name)).toMatch(/^2 .*as: number/);
    for (const name of ['day', 'paid']) expect(await refused(name)).toMatch(/^2 .*tells no two orders apart/);
    const { effects } = await readTable(table({ table: 'odd', key: [plain('day'), plain('paid')] }));
    expect(effects).toEqual([]);
    const path = refusalOf(table({ table: 'odd', key: [{ ...plain('day'), path: ['x'] }] }));
    expect(await path).toMatch(/^2 .*type date, which holds no JSON/);
  });

  it('compares keys as the text that each type has', async () => {
    await shop.query(`
      CREATE TYPE channel AS ENUM ('web'); CREATE DOMAIN ref AS uuid;
      CREATE TABLE kinds (id int PRIMARY KEY, created_at timestamptz DEFAULT now(), u ref, c char(8), n numeric(10,2), e channel, b bytea, v varchar(9));
      INSERT INTO kinds VALUES (1, now(), '{3F2504E0-4F89-11D3-9A0C-0305E82C3301}', 'AB', 12, 'web', '\\x4f5244', 'x ')`);
    const one = async (name: string) => {
      const { effects, coverage } = await readTable(table({ table: 'kinds', key: [plain(name)] }));
      return [effects[0]!.key, coverage.notes.join()];
    };
    expect(await one('u')).toEqual(['3f2504e0-4f89-11d3-9a0c-0305e82c3301', '']);
    expect(await one('c')).toEqual(['AB', '']);
    expect(await one('e')).toEqual(['web', '']);
    expect(await one('b')).toEqual(['ORD', '']);
    expect(await one('v')).toEqual(['x ', '']);
    expect(await one('n')).toEqual([
      '12.00',
      expect.stringMatching(/n is of type numeric\(10,2\).*`as: number`/),
    ]);
  });
});
