/** What MySQL does otherwise than MariaDB, tried on a server that ONCEOVER_MYSQL_URL names: none is to be had from packages. */
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MysqlSettings } from '../../src/model.ts';
import { mysqlEffects } from '../../src/sources/database/mysql/effects.ts';
import { ordersTable, readTable, refusalOf, shopOf } from '../sources/database/mysql/orders.ts';
import { ALWAYS, hooks, plain } from '../sources/database/postgres/orders.ts';
import { connectMariadb } from '../support/servers/mariadb.ts';

/** vitest.config.ts leaves this file out where there is none. */
const server = process.env.ONCEOVER_MYSQL_URL;
describe('rows of a real MySQL', () => {
  let shop: Connection;
  const url = `${server}onceover_test`;
  const table = (settings: Partial<MysqlSettings> = {}) => ordersTable({ url, ...settings });
  const keysOf = async (settings: Partial<MysqlSettings>) =>
    (await readTable(table(settings))).effects.map((effect) => effect.key);

  beforeAll(async () => {
    shop = await connectMariadb(server!);
    await shop.query(
      'DROP DATABASE IF EXISTS onceover_test; CREATE DATABASE onceover_test; USE onceover_test',
    );
    await shop.query("SET time_zone = '+00:00'; DROP USER IF EXISTS onceover_auditor");
  });

  afterAll(async () => {
    await shop?.query('DROP DATABASE onceover_test; DROP USER IF EXISTS onceover_auditor');
    await shop?.end();
  });

  it('reads keys and times of every type, zero dates too', async () => {
    await shop.query(`
      SET sql_mode = '';
      CREATE TABLE typed (id bigint unsigned PRIMARY KEY, t varchar(60), amount decimal(30,2), raw varbinary(9), l varchar(20) CHARACTER SET latin1,
        body json, flag bit(1), created_at timestamp(6) NOT NULL, wall datetime(3), KEY (created_at));
      INSERT INTO typed VALUES (18446744073709551615, 'Grüße 🎁', 10.5, x'ff00', 'ß', '{"order": {"id": 9007199254740993}}', 1, '2026-11-22 10:00:00.123456', '2026-10-25 02:30:00'),
        (1, '007', 1, 'A', 'A', '{"order": {"id": "ORD-1"}}', 0, '0000-00-00 00:00:00', '0000-00-00 00:00:00')`);
    const of = (name: string) => keysOf({ table: 'typed', key: [plain(name)] });
    expect(await of('t')).toEqual(['007', 'Grüße 🎁']);
    expect(await of('id')).toEqual(['1', '18446744073709551615']);
    expect(await of('amount')).toEqual(['1.00', '10.50']);
    expect(await of('raw')).toEqual(['A', 'hex:ff00']);
    expect(await of('l')).toEqual(['A', 'ß']);
    const path = ['order', 'id'];
    expect(await keysOf({ table: 'typed', key: [{ ...plain('body'), path }] })).toEqual([
      'ORD-1',
      '9007199254740993',
    ]);
    expect(await refusalOf(table({ table: 'typed', key: [plain('body')] }))).toMatch(/^2 .*path: order.id/);
    const key = [plain('t')];
    const { effects, coverage } = await readTable(table({ table: 'typed', key }));
    expect(effects.map(({ at }) => at)).toEqual([null, '2026-11-22T10:00:00.123456Z']);
    expect(coverage).toMatchObject({
      unreadable: 1,
      span: { from: Date.UTC(2026, 10, 22, 10, 0, 0, 123) },
    });
    const doubtful = await readTable(table({ table: 'typed', key, at: 'wall', zone: 'Europe/Berlin' }));
    expect(doubtful.coverage.gaps).toHaveLength(1);
  });

  it('knows indexes over expressions and times that move', async () => {
    await shop.query(`
      CREATE TABLE once (id int PRIMARY KEY, order_id varchar(20), ref varchar(20) UNIQUE, created_at timestamp NOT NULL DEFAULT now() ON UPDATE now(),
        UNIQUE by_lower ((lower(order_id))))`);
    const { coverage } = await readTable(table({ table: 'once' }));
    expect(coverage.blind).toBeUndefined();
    expect(coverage.notes).toEqual([expect.stringMatching(/ON UPDATE CURRENT_TIMESTAMP sets created_at/)]);
    expect((await readTable(table({ table: 'once', key: [plain('ref')] }))).coverage.blind).toMatch(
      /covers ref/,
    );
  });

  it('finds a few keys at any time, and answers a query', async () => {
    await shop.query(`
      CREATE TABLE later (id int PRIMARY KEY, order_id varchar(20), created_at timestamp NULL, KEY (order_id));
      INSERT INTO later VALUES (1, 'ORD-1', '2026-11-22 12:00'), (2, 'ord-1', '2026-11-25'), (3, 'ORD-1', '2026-11-25')`);
    const bounds = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) };
    const { effects, beyond } = await readTable(table({ table: 'later' }), bounds, ['ORD-1']);
    expect([effects, beyond].map((all) => all.map(({ id }) => id))).toEqual([['1'], ['3']]);
    const { table: _, ...rest } = table({ id: 'id' });
    const answered = await readTable({ ...rest, query: 'SELECT * FROM later -- all' }, bounds);
    expect(answered.effects).toHaveLength(1);
    expect(await refusalOf({ ...rest, query: 'DELETE FROM later' })).toMatch(/^2 .*does not take the query/);
  });

  it('is content with the right to read the columns it names', async () => {
    await shop.query(
      'CREATE USER onceover_auditor; GRANT SELECT (order_id, id, created_at) ON onceover_test.later TO onceover_auditor',
    );
    const auditor = Object.assign(new URL(url), { username: 'onceover_auditor' }).href;
    const { effects, coverage } = await readTable(table({ url: auditor, table: 'later' }));
    expect(effects).toHaveLength(3);
    expect(coverage.notes.join('\n')).toMatch(/only some columns of onceover_test.later may be read/);
    expect(coverage.notes.join('\n')).toMatch(/whether the server is a replica/);
    expect(await refusalOf(table({ url: auditor, table: 'once' }))).toMatch(
      /^4 .*denied.* \| grant the user SELECT/,
    );
  });

  it('warns of a large scan, and ends a read that takes too long, or that is interrupted', async () => {
    await shop.query(`
      SET SESSION cte_max_recursion_depth = 1000000;
      CREATE TABLE large (id int PRIMARY KEY, order_id varchar(20), created_at timestamp, made timestamp, KEY (made));
      INSERT INTO large WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 600000)
        SELECT n, n, now(), now() FROM s; ANALYZE TABLE large;
      CREATE VIEW slow AS SELECT a.id, a.order_id, a.created_at + INTERVAL (SELECT COUNT(*) FROM large b WHERE b.id + a.id < 0) SECOND AS created_at FROM large a`);
    const said: string[] = [];
    const own = { ...hooks(), say: (sentence: string) => void said.push(sentence) };
    expect((await readTable(table({ table: 'large' }), { from: 0, to: 1 }, [], own)).effects).toEqual([]);
    expect(said.join()).toMatch(
      /large is scanned from end to end \(about \d{6} rows\): no index on created_at serves/,
    );
    const slow = { table: 'slow', id: 'id', zone: 'UTC' };
    await expect(readTable(table({ ...slow, timeout: 700 }))).rejects.toMatchObject({
      status: 4,
      hint: expect.stringMatching(/shorter range/),
    });
    const controller = new AbortController();
    const rows = mysqlEffects(shopOf(table(slow)), [0], hooks(controller.signal));
    const reading = rows.gather([ALWAYS], () => {});
    setTimeout(() => controller.abort(new Error('interrupted by the user')), 500);
    await expect(reading).rejects.toThrow('interrupted by the user');
    await rows.close();
    const [threads] = await shop.query(
      "SELECT 1 FROM performance_schema.processlist WHERE INFO LIKE 'SELECT r.%'",
    );
    expect(threads).toEqual([]);
  });
});
