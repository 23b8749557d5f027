/** The row source against a real MariaDB: what it reads, what it refuses, and what it leaves behind (nothing). */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MysqlSettings } from '../../src/model.ts';
import { databaseOf, mysqlEffects } from '../../src/sources/database/mysql/effects.ts';
import { ordersTable, readTable, refusalOf, shopOf } from '../sources/database/mysql/orders.ts';
import { ALWAYS, hooks, onlyIn, plain } from '../sources/database/postgres/orders.ts';
import {
  connectMariadb,
  type Mariadb,
  mariadbUnavailable,
  startMariadb,
} from '../support/servers/mariadb.ts';
import { freePort } from '../support/servers/ports.ts';
import { skipUnless } from '../support/servers/skip.ts';

const PASSWORD = 'p@ss/word#1';

skipUnless([mariadbUnavailable()], 'rows of a real MariaDB', () => {
  let server: Mariadb;
  let shop: Connection;
  let url: string;

  beforeAll(async () => {
    server = await startMariadb();
    url = await server.createDatabase('shop');
    shop = await connectMariadb(url);
    await shop.query("SET time_zone = '+00:00', timestamp = DEFAULT");
  });

  afterAll(async () => {
    await shop?.end();
    await server?.stop();
  });

  const table = (settings: Partial<MysqlSettings> = {}) => ordersTable({ url, ...settings });
  const query = ({ table: _, ...settings }: MysqlSettings, text: string): MysqlSettings => ({
    ...settings,
    query: text,
    id: 'id',
  });
  const keysOf = async (settings: Partial<MysqlSettings>) =>
    (await readTable(table(settings))).effects.map((effect) => effect.key);
  const refused = (settings: Partial<MysqlSettings>) => refusalOf(table(settings));
  const as = (user: string, password = '') =>
    Object.assign(new URL(url), { username: user, password: encodeURIComponent(password) }).href;

  it('reads keys of every type as their text', async () => {
    await shop.query(`
      CREATE TABLE typed (id bigint unsigned PRIMARY KEY, t varchar(60), big bigint unsigned, amount decimal(30,2), ref uuid, raw varbinary(9),
        fixed binary(6), code char(6), l varchar(20) CHARACTER SET latin1, e enum('web', 'app'), padded int(5) ZEROFILL,
        created_at timestamp(6) NOT NULL DEFAULT '2026-11-22 10:00:00.123456');
      INSERT INTO typed VALUES
        (1, '007', 18446744073709551615, 10.5, '3F2504E0-4F89-11D3-9A0C-0305E82C3301', 'ORD-7', 'ORD-7', 'AB  ', 'Grüße', 'web', 42, DEFAULT),
        (2, 'tab\\there\\nline\\\\back\\r"quotes''', 9007199254740993, 12345678901234567890, NULL, x'ff00', NULL, '', 'ß', 'app', 0, DEFAULT),
        (3, 'Grüße 🎁 ', 0, 0, NULL, '', NULL, NULL, NULL, NULL, NULL, DEFAULT),
        (4, 'hex:6869', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT)`);
    const keys = (column: string) => keysOf({ table: 'typed', key: [plain(column)] });
    expect(await keys('t')).toEqual([
      '007',
      'tab\there\nline\\back\r"quotes\'',
      'Grüße 🎁 ',
      'hex:6865783a36383639',
    ]);
    expect(await keys('big')).toEqual(['18446744073709551615', '9007199254740993', '0', '']);
    expect(await keys('amount')).toEqual(['10.50', '12345678901234567890.00', '0.00', '']);
    expect(await keys('ref')).toEqual(['3f2504e0-4f89-11d3-9a0c-0305e82c3301', '', '', '']);
    expect(await keys('raw')).toEqual(['ORD-7', 'hex:ff00', '', '']);
    expect(await keys('fixed')).toEqual(['ORD-7\0', '', '', '']);
    expect(await keys('code')).toEqual(['AB', '', '', '']);
    expect(await keys('l')).toEqual(['Grüße', 'ß', '', '']);
    expect(await keys('e')).toEqual(['web', 'app', '', '']);
    expect(await keys('padded')).toEqual(['00042', '00000', '', '']);
    const notes = async (column: string) =>
      (await readTable(table({ table: 'typed', key: [plain(column)] }))).coverage.notes.join();
    expect(await notes('amount')).toMatch(/12.00 there: `as: number`/);
    expect(await notes('padded')).toMatch(/zeros before it there: `as: number`/);
    expect(await notes('fixed')).toMatch(/fixed is of type binary\(6\)/);
  });

  it('is not misled by what the server is set to', async () => {
    await shop.query(`
      CREATE TABLE plain_text (id int PRIMARY KEY, order_id char(8), created_at timestamp NOT NULL DEFAULT '2026-11-22 10:00:00');
      INSERT INTO plain_text (id, order_id) SELECT seq, 'A' FROM seq_1_to_50;
      SET @mode = @@GLOBAL.sql_mode;
      SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,NO_ZERO_DATE,STRICT_ALL_TABLES', GLOBAL sql_select_limit = 7, GLOBAL time_zone = '+05:00', GLOBAL tx_isolation = 'READ-UNCOMMITTED'`);
    const { effects } = await readTable(table({ table: 'plain_text' }));
    await shop.query(
      "SET GLOBAL sql_mode = @mode, GLOBAL sql_select_limit = DEFAULT, GLOBAL time_zone = 'SYSTEM', GLOBAL tx_isolation = DEFAULT",
    );
    expect(effects).toHaveLength(50);
    expect(effects[0]).toEqual({ key: 'A', id: '1', at: '2026-11-22T10:00:00.000000Z' });
  });

  it('keeps composite keys and ids apart, and normalises keys by their rules', async () => {
    await shop.query(`
      CREATE TABLE \`lines\` (a varchar(9), b varchar(9), item int, made timestamp DEFAULT '2026-11-22', PRIMARY KEY (b, item));
      INSERT INTO \`lines\` (a, b, item) VALUES ('1', '11', 1), ('11', '1', 1), ('1 1', '%', 2), (NULL, 'x y', 3)`);
    const { effects, coverage } = await readTable(
      table({ table: 'lines', key: [plain('a'), { name: 'b', match: '^(\\S+)$', fold: true }], at: 'made' }),
    );
    expect(effects.map(({ key, id }) => [key, id])).toEqual([
      ['1%201 %25', '%25 2'],
      ['11 1', '1 1'],
      ['1 11', '11 1'],
      ['', 'x%20y 3'],
    ]);
    expect(coverage.notes).toContain('rows without a readable key in a, b: 1');
  });

  it('reads times to the microsecond, and counts rows without one, zero dates among them', async () => {
    await shop.query(`
      CREATE TABLE timed (id int PRIMARY KEY, order_id varchar(9), created_at timestamp(6) NULL, KEY (created_at));
      SET sql_mode = 'ALLOW_INVALID_DATES';
      INSERT INTO timed VALUES (1, 'A', '2026-11-22 08:00:00.123456'), (2, 'A', NULL), (3, 'B', '0000-00-00 00:00:00'),
        (4, 'C', '2026-11-20 00:00:00'), (5, 'D', '2026-11-30 00:00:00'), (6, 'E', '2026-11-23 00:00:00.000001')`);
    const bounds = { from: Date.UTC(2026, 10, 22, 8), to: Date.UTC(2026, 10, 23) };
    const { effects, coverage } = await readTable(table({ table: 'timed' }), bounds);
    expect(effects).toEqual([
      { key: 'A', id: '1', at: '2026-11-22T08:00:00.123456Z' },
      { key: 'A', id: '2', at: null },
      { key: 'B', id: '3', at: null },
    ]);
    expect(coverage.span).toEqual({ from: Date.UTC(2026, 10, 20), to: coverage.readAt, edge: 'row' });
    expect(Math.abs(coverage.readAt - Date.now())).toBeLessThan(10_000);
    expect(coverage).toMatchObject({ read: 3, effects: 3, unreadable: 1, excluded: {}, gaps: [] });
    expect(coverage.samples).toEqual(['shop.timed, id 3: created_at is 0000-00-00 00:00:00.000000']);
    expect(coverage.source).toBe(`mysql 127.0.0.1:${server.port}/shop shop.timed`);
  });

  it('converts wall clocks in their zone, and says where a change of the zone makes two moments of one', async () => {
    await shop.query(`
      CREATE TABLE clocks (id int PRIMARY KEY, order_id varchar(9), created_at datetime(3), KEY (created_at));
      INSERT INTO clocks VALUES (1, 'A', '2026-10-25 01:59:59'), (2, 'B', '2026-10-25 02:30:00'), (3, 'C', '2026-10-25 03:00:00'),
        (4, 'D', '2026-03-29 01:59:59'), (5, 'E', '2026-03-29 02:30:00'), (6, 'F', '2026-03-29 03:00:00.5'), (7, 'G', '2026-02-31 00:00:00')`);
    const berlin = table({ table: 'clocks', zone: 'Europe/Berlin' });
    const { effects, coverage } = await readTable(berlin);
    expect(effects.map((effect) => effect.at)).toEqual([
      '2026-10-24T23:59:59.000000Z',
      // It came twice, and which of the two it was nobody knows.
      null,
      '2026-10-25T02:00:00.000000Z',
      '2026-03-29T00:59:59.000000Z',
      // It never came.
      null,
      '2026-03-29T01:00:00.500000Z',
      null,
    ]);
    expect(coverage.gaps.map(({ from, to }) => [from, to])).toEqual([
      [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)],
      [Date.UTC(2026, 2, 29, 0, 30), Date.UTC(2026, 2, 29, 1, 30)],
    ]);
    expect(coverage.unreadable).toBe(1);
    const hour = { from: Date.UTC(2026, 9, 24, 23), to: Date.UTC(2026, 9, 25, 1, 45) };
    const narrow = await readTable(berlin, hour);
    expect(narrow.effects.map((effect) => effect.key)).toEqual(['A', 'B']);
    expect(narrow.coverage).toMatchObject({ read: 2 });
    expect((await readTable(berlin, { from: 0, to: hour.to })).coverage.span?.from).toBeUndefined();
    expect(await refused({ table: 'clocks' })).toMatch(
      /^2 .*created_at of shop.clocks is of type datetime\(3\): its times carry no zone \| .*`zone: Europe\/Berlin`/,
    );
  });

  it('reads times that are numbers, of a unit that must be right', async () => {
    await shop.query(`
      CREATE TABLE stamps (id int PRIMARY KEY, order_id varchar(20), s int, ms bigint, us decimal(20,1), d double, day date, flag bit(3), KEY (s), KEY (ms));
      INSERT INTO stamps SELECT seq, concat('ORD-', seq), 1763769600 + seq, (1763769600 + seq) * 1000 + 1, (1763769600 + seq) * 1000000 + 1.5,
        1763769600.25 + seq, NULL, 5 FROM seq_0_to_999`);
    const bounds = { from: 1_763_769_602_000, to: 1_763_769_603_999 };
    const timesOf = async (at: string, unit: 's' | 'ms' | 'us') =>
      (await readTable(table({ table: 'stamps', at, unit }), bounds)).effects.map((effect) => effect.at);
    expect(await timesOf('s', 's')).toEqual(['2025-11-22T00:00:02.000000Z', '2025-11-22T00:00:03.000000Z']);
    expect(await timesOf('ms', 'ms')).toEqual(['2025-11-22T00:00:02.001000Z', '2025-11-22T00:00:03.001000Z']);
    expect(await timesOf('us', 'us')).toEqual(['2025-11-22T00:00:02.000001Z', '2025-11-22T00:00:03.000001Z']);
    expect(await timesOf('d', 's')).toEqual(['2025-11-22T00:00:02.250000Z', '2025-11-22T00:00:03.250000Z']);
    expect(await refused({ table: 'stamps', at: 'ms' })).toMatch(
      /^2 .*what its numbers count is not said \| .*unit: ms/,
    );
    expect(await refused({ table: 'stamps', at: 'ms', unit: 's' })).toMatch(
      /^2 .*holds 1763769600001, which as seconds.*`unit: ms`/,
    );
    expect(await refused({ table: 'stamps', at: 'day' })).toMatch(/^2 .*day of shop.stamps is a date/);
    expect(await refused({ table: 'stamps', at: 'order_id', unit: 's' })).toMatch(/^4 .*which is no time/);
    const flagged = await readTable(
      table({ table: 'stamps', at: 's', unit: 's', only: [onlyIn('flag', '5')] }),
    );
    expect(flagged.effects).toHaveLength(1000);
  });

  it('finds keys inside of JSON', async () => {
    await shop.query(`
      CREATE TABLE outbox (id int PRIMARY KEY, body json, note text, created_at timestamp DEFAULT now());
      INSERT INTO outbox (id, body, note) VALUES (1, '{"order": {"id": "ORD-1"}}', '{"order": {"id": 9007199254740993}}'),
        (2, '{"order": {"id": {}}}', 'no JSON'), (3, '{"order": [{"id": "ü"}]}', NULL)`);
    const at = (name: string, path: (string | number)[]) =>
      keysOf({ table: 'outbox', key: [{ ...plain(name), path }] });
    expect(await at('body', ['order', 'id'])).toEqual(['ORD-1', '', '']);
    expect(await at('body', ['order', 0, 'id'])).toEqual(['', '', 'ü']);
    expect(await at('note', ['order', 'id'])).toEqual(['9007199254740993', '', '']);
    expect(await refused({ table: 'outbox', key: [{ ...plain('id'), path: ['x'] }] })).toMatch(
      /^2 .*which holds no JSON/,
    );
  });

  it('takes the coordinates of messages for their keys, and leaves out other topics', async () => {
    await shop.query(`
      CREATE TABLE handled (id int PRIMARY KEY, topic varchar(20), p int, o bigint, created_at timestamp DEFAULT now(), UNIQUE (topic, p, o));
      INSERT INTO handled (id, topic, p, o) VALUES (1, 'orders', 0, 7), (2, 'orders', 12, 9007199254740993), (3, 'returns', 0, 7), (4, 'orders', NULL, 7)`);
    const coordinates = { topic: 'topic', partition: 'p', offset: 'o' };
    const key = [plain('p'), plain('o')];
    const { effects, coverage } = await readTable(table({ table: 'handled', key, coordinates }));
    expect(effects.map(({ id, key: own }) => [id, own])).toEqual([
      ['1', '0 7'],
      ['2', '12 9007199254740993'],
      ['4', ''],
    ]);
    expect(coverage).toMatchObject({
      excluded: { 'other topic': 1 },
      blind: 'unique index topic covers topic, p, o',
    });
    const old = { from: 0, to: 1 };
    const { beyond } = await readTable(table({ table: 'handled', key, coordinates }), old, ['0 7', '5 5']);
    expect(beyond.map(({ id, key: own }) => [id, own])).toEqual([['1', '0 7']]);
  });

  it('reads what a query answers, inside the bounds, and refuses what is no single SELECT', async () => {
    await shop.query(`
      CREATE TABLE customers (id int PRIMARY KEY, shop varchar(9)); INSERT INTO customers VALUES (1, 'web'), (2, 'app');
      CREATE TABLE sales (id int PRIMARY KEY, customer int, ref varchar(9), made timestamp);
      INSERT INTO sales VALUES (1, 1, 'A', '2026-11-22'), (2, 2, 'B', '2026-11-22'), (3, 1, 'C', '2026-11-29');
      CREATE TABLE stock (id int PRIMARY KEY, order_id varchar(9), created_at timestamp NULL)`);
    const joined = `SELECT s.ref AS order_id, s.id, s.made AS created_at, c.shop AS "Shop"
      FROM sales s JOIN customers c ON c.id = s.customer -- all of them; even tests`;
    const bounds = { from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 25) };
    const { effects, coverage } = await readTable(
      query(table({ only: [onlyIn('Shop', 'web')] }), joined),
      bounds,
    );
    expect(effects).toEqual([{ key: 'A', id: '1', at: '2026-11-22T00:00:00.000000Z' }]);
    expect(coverage).toMatchObject({ places: ['the query of order-row'], read: 2, excluded: { only: 1 } });
    for (const text of [
      'SELECT * FROM stock; DELETE FROM stock',
      'DELETE FROM stock RETURNING *',
      'SELECT * FROM stock) AS r; DROP TABLE stock; -- ',
      "SELECT * FROM stock INTO OUTFILE '/tmp/onceover-stock'",
      'SELEC order_id FROM stock',
      'SELECT id, id, order_id, created_at FROM stock',
      'SELECT * FROM stok',
    ]) {
      expect(await refusalOf(query(table(), text))).toMatch(
        /^2 effects.order-row: the database does not take the query: .*\| write one SELECT/,
      );
    }
    expect(await refusalOf(query(table(), 'SELECT id, order_id FROM stock'))).toMatch(
      /^4 .*no column created_at in the query of order-row \| columns: id, order_id/,
    );
  });

  it('finds names of another case, and odd ones', async () => {
    await shop.query(
      "CREATE TABLE `Odd ``Name` (`Order Id` varchar(9), id int PRIMARY KEY, `Made` timestamp); INSERT INTO `Odd ``Name` VALUES ('A', 1, '2026-11-22')",
    );
    const { effects, coverage } = await readTable(
      table({
        table: 'shop.`Odd ``Name`',
        key: [plain('order id')].map(() => plain('`order id`')),
        id: 'ID',
        at: 'made',
      }),
    );
    expect(effects).toEqual([{ key: 'A', id: '1', at: '2026-11-22T00:00:00.000000Z' }]);
    expect(coverage.places).toEqual(['shop.`Odd ``Name`']);
  });

  it('refuses what is not there, with what was probably meant', async () => {
    await shop.query(`
      CREATE TABLE orders (order_id varchar(9), id int PRIMARY KEY, created_at timestamp, total float, amount double, flag boolean, shape point);
      CREATE TABLE keyless (order_id varchar(9), created_at timestamp)`);
    expect(await refused({ table: 'shop.oders' })).toMatch(
      /^4 effects.order-row: no table shop.oders in 127.*mean shop.orders\?$/,
    );
    expect(await refused({ table: 'sales.orders' })).toMatch(
      /^4 .*no table sales.orders.*mean shop.orders\?$/,
    );
    expect(await refused({ table: 'Odd Name' })).toMatch(/^2 .*`Odd Name` is not the name/);
    expect(await refused({ at: 'created' })).toMatch(
      /^4 .*no column created in shop.orders.*mean created_at\? columns: order_id, id/,
    );
    expect(await refused({ table: 'keyless' })).toMatch(/^2 .*shop.keyless has no primary key.*`id: …`/);
    expect(await refused({ key: [plain('total')] })).toMatch(/^2 .*six digits only/);
    expect(await refused({ key: [plain('amount')] })).toMatch(/^2 .*as: number/);
    expect(await refused({ key: [plain('flag')] })).toMatch(/^2 .*tells no two orders apart/);
    expect(await refused({ key: [plain('shape')] })).toMatch(/^2 .*it is a shape/);
    expect(await refused({ key: [plain('created_at')] })).toMatch(/^2 .*it is a time/);
    const nowhere = new URL(url);
    nowhere.pathname = '/';
    expect(await refused({ url: nowhere.href })).toMatch(/^2 .*no database is named that orders is in/);
  });

  it('refuses a server, a password and a database that do not work, and never prints the password', async () => {
    await shop.query(`CREATE USER clerk IDENTIFIED BY '${PASSWORD}'; GRANT SELECT ON shop.* TO clerk`);
    const hidden = async (settings: Partial<MysqlSettings>) => {
      const line = await refused(settings);
      expect(line).not.toMatch(/p@ss|p%40ss|word#1|word%231/);
      return line;
    };
    const port = await freePort();
    const at = (change: Partial<Pick<URL, 'port' | 'password' | 'pathname'>>) =>
      Object.assign(new URL(as('clerk', PASSWORD)), change).href;
    expect(await hidden({ url: at({ port: String(port) }) })).toMatch(
      `4 database 127.0.0.1:${port}/shop: connecting failed: connect ECONNREFUSED`,
    );
    expect(await hidden({ url: at({ password: encodeURIComponent(`${PASSWORD}x`) }) })).toMatch(
      /^4 .*Access denied for user 'clerk'.* \| check the user and the password/,
    );
    expect(await hidden({ url: at({ pathname: '/shpo' }) })).toMatch(
      /^4 .*shpo.* \| check the name of the database/,
    );
    for (const broken of [
      `mysql://clerk:1/${PASSWORD}@127.0.0.1/shop`,
      `mysql://clerk:${PASSWORD}@127.0.0.1/shop`,
      `mysql://clerk:%p@127.0.0.1/shop`,
    ])
      expect(await hidden({ url: broken })).toMatch(/^2 the database url/);
    expect((await readTable(ordersTable({ url: as('clerk', PASSWORD) }))).effects).toEqual([]);
    expect(databaseOf(ordersTable({ url: as('clerk', PASSWORD) }))).toBe(
      `clerk@127.0.0.1:${server.port}/shop?PREFERRED`,
    );
    expect(await hidden({ url: `${as('clerk', PASSWORD)}?ssl-mode=REQUIRED` })).toMatch(
      /^4 .*does not support secure connection \| the server offers no encryption/,
    );
  });

  it('is content with the right to read the columns it names', async () => {
    await shop.query(`
      CREATE TABLE vault (order_id varchar(9), id int PRIMARY KEY, created_at timestamp, card varchar(20), item int, UNIQUE (order_id, item));
      INSERT INTO vault VALUES ('A', 1, '2026-11-22', 'secret', 1); CREATE TABLE closed (id int PRIMARY KEY);
      CREATE USER auditor; GRANT SELECT (order_id, id, created_at), INSERT (card) ON vault TO auditor`);
    const vault = (settings: Partial<MysqlSettings> = {}) => ({
      url: as('auditor'),
      table: 'vault',
      ...settings,
    });
    const { effects, coverage } = await readTable(table(vault()));
    expect(effects).toHaveLength(1);
    expect(coverage.blind).toBeUndefined();
    expect(coverage.notes.join('\n')).toMatch(/only some columns of shop.vault may be read: a unique index/);
    expect(coverage.notes.join('\n')).toMatch(/whether the server is a replica.* was not to be seen/);
    expect(await refused(vault({ key: [plain('card')] }))).toMatch(
      /^4 .*no right to read column card of shop.vault.*GRANT SELECT \(card\) ON shop.vault/,
    );
    expect(await refused(vault({ table: 'closed' }))).toMatch(
      /^4 .*denied.*closed.* \| grant the user SELECT/,
    );
    expect(await refused(vault({ at: 'item' }))).toMatch(/^4 .*no column item/);
  });

  it('says that a unique index over the key leaves no room for a duplicate', async () => {
    await shop.query(`
      CREATE TABLE once (id int PRIMARY KEY, order_id varchar(20) COLLATE utf8mb4_general_ci UNIQUE, ref varchar(20), shop varchar(9), item int NOT NULL,
        created_at timestamp, UNIQUE prefix_ref (ref(4)), UNIQUE pair (shop, item))`);
    const blind = async (settings: Partial<MysqlSettings>) =>
      (await readTable(table({ table: 'once', ...settings }))).coverage.blind;
    expect(await blind({})).toBe('unique index order_id covers order_id');
    expect(await blind({ key: [plain('id')] })).toBe('unique index PRIMARY covers id');
    expect(await blind({ key: [plain('shop'), plain('order_id')] })).toMatch(/order_id/);
    expect(await blind({ key: [{ name: 'order_id', fold: true }] })).toBeUndefined();
    expect(await blind({ key: [plain('ref')] })).toBeUndefined();
    expect(await blind({ key: [plain('shop')] })).toBeUndefined();
    expect(await blind({ key: [plain('item'), plain('shop')] })).toBe('unique index pair covers shop, item');
  });

  it('says that no index makes an id unique, where one could', async () => {
    const said = async (id: string, settings: Partial<MysqlSettings> = {}) => {
      const source = table({ table: 'once', key: [plain('shop')], id, ...settings });
      const sentences: string[] = [];
      const say = (sentence: string) => void sentences.push(sentence);
      const rows = mysqlEffects(shopOf(source), [0], { ...hooks(), say });
      await rows.check();
      await rows.close();
      const { notes } = (await readTable(source)).coverage;
      expect(notes.filter((note) => note.startsWith('id '))).toEqual(sentences);
      return sentences.join();
    };
    expect(await said('shop')).toBe(
      'id shop of shop.once is not unique by any index: rows of one key that share it count as one effect',
    );
    // The index `pair` holds key and item; `prefix_ref` holds the beginning of ref.
    for (const id of ['id', 'order_id', 'ref', 'item']) expect(await said(id)).toBe('');
    expect(await said('item', { key: [plain('ref')] })).toBe('');
    expect(await said('created_at')).toMatch(/id created_at/);
    expect(await said('order_id', { url: as('auditor'), table: 'vault', key: [plain('order_id')] })).toBe('');
  });

  it('warns of a time that an update moves, and of a table that obeys no snapshot', async () => {
    await shop.query(`
      CREATE TABLE moved (id int PRIMARY KEY, order_id varchar(9), created_at timestamp DEFAULT now() ON UPDATE now(), seen datetime, updated_at datetime) ENGINE = Aria;
      CREATE TRIGGER touch_order BEFORE UPDATE ON moved FOR EACH ROW SET NEW.order_id = OLD.order_id, NEW.\`Seen\` = now();
      CREATE VIEW all_moved AS SELECT * FROM moved`);
    const notes = async (settings: Partial<MysqlSettings>) =>
      (await readTable(table({ table: 'moved', zone: 'UTC', ...settings }))).coverage.notes.join('\n');
    expect(await notes({})).toMatch(
      /ON UPDATE CURRENT_TIMESTAMP sets created_at when a row is changed: an update moves the effect/,
    );
    expect(await notes({ at: 'seen' })).toMatch(/trigger touch_order sets seen/);
    expect(await notes({ at: 'updated_at' })).toMatch(/updated_at looks like the time of the last change/);
    expect(await notes({})).toMatch(/shop.moved is a table of Aria, which obeys no snapshot/);
    expect(await notes({ table: 'all_moved', id: 'id' })).toMatch(
      /shop.all_moved may read tables.*: shop.moved$/,
    );
    expect(await notes({ table: 'once', key: [plain('shop')] })).toBe('');
    await shop.query('DROP VIEW all_moved; DROP TABLE moved');
  });

  it('lets only the rows of the kind in, and looks for an older one of them', async () => {
    await shop.query(`
      CREATE TABLE channels (id int PRIMARY KEY, order_id varchar(9), created_at timestamp NULL, channel varchar(9));
      INSERT INTO channels VALUES (1, 'A', '2026-11-01', 'test'), (2, 'B', '2026-11-02', 'web'), (3, 'C', '2026-11-22 10:00', 'web'),
        (4, 'D', '2026-11-22 11:00', NULL), (5, 'E', '2026-11-22 12:00', 'app')`);
    const bounds = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) };
    const of = (channel: string) =>
      readTable(table({ table: 'channels', only: [onlyIn('channel', channel)] }), bounds);
    const web = await of('web');
    expect(web.effects.map((effect) => effect.key)).toEqual(['C']);
    expect(web.coverage).toMatchObject({ read: 3, effects: 1, excluded: { only: 2 } });
    expect(web.coverage.span?.from).toBe(Date.UTC(2026, 10, 2));
    expect((await of('app')).coverage.span?.from).toBe(Date.UTC(2026, 10, 22, 12));
    expect((await of('shop')).coverage.span).toBeUndefined();
  });

  it('covers nothing with an empty table, and everything with rows that have no time', async () => {
    expect((await readTable(table())).coverage.span).toBeUndefined();
    const { at: _, ...timeless } = table({ table: 'channels' });
    const { effects, coverage, beyond } = await readTable(timeless, { from: 0, to: 1 }, ['A']);
    expect(effects).toHaveLength(5);
    expect(beyond).toEqual([]);
    expect(coverage.span).toEqual({ to: coverage.readAt, edge: 'row' });
  });

  it('looks once more for keys at any time, whatever the collation, by an index or without one', async () => {
    await shop.query(`
      CREATE TABLE later (id int PRIMARY KEY, order_id varchar(20) COLLATE utf8mb4_general_ci, n bigint, raw varbinary(9), wall datetime, created_at timestamp NULL,
        KEY (order_id), KEY (n));
      INSERT INTO later VALUES (1, 'ord-1', 1, 'x', '2026-11-22 12:00', '2026-11-22 12:00'), (2, 'ORD-1', 1, 'x', '2026-11-25 12:00', '2026-11-25 12:00'),
        (3, 'ORD-1', 2, x'ff', '2026-11-22 12:00', '2026-11-22 12:00'), (4, 'ORD-1 ', 9007199254740993, 'y', '2026-11-01 12:00', '2026-11-01 12:00'),
        (5, 'ORD-1', 9007199254740992, 'z', '2026-11-01 12:00', '2026-11-01 12:00'), (6, 'ORD-1', 6, 'x', NULL, NULL), (7, 'ORD-7', 7, 'x', '2026-11-23 00:00', '2026-11-23 00:00'),
        (8, 'it''s \\\\ 🎁', 8, 'x', '2026-11-25', '2026-11-25'), (9, 'hex:ff', 9, 'hex:ff', '2026-11-25', '2026-11-25')`);
    const bounds = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) - 1 };
    const again = async (settings: Partial<MysqlSettings>, ...keys: string[]) =>
      (await readTable(table({ table: 'later', ...settings }), bounds, keys)).beyond.map(({ id }) => id);
    expect(await again({}, 'ORD-1')).toEqual(['2', '5']);
    expect(await again({}, 'ORD-1 ', 'ORD-7', "it's \\ 🎁", 'hex:6865783a6666', 'hex:ff', 'none')).toEqual([
      '4',
      '7',
      '8',
      '9',
    ]);
    expect(await again({ key: [plain('n')] }, '9007199254740993', '01', '1', 'x')).toEqual(['2', '4']);
    expect(await again({ key: [plain('raw')] }, 'hex:ff', 'x', 'y')).toEqual(['2', '4', '7', '8']);
    expect(await again({ key: [{ name: 'order_id', fold: true }] }, 'ord-1')).toEqual(['2', '5']);
    expect(
      await again({ key: [plain('order_id'), plain('n')] }, 'ORD-1%20 9007199254740993', 'ORD-1 2'),
    ).toEqual(['4']);
    // Beyond the bounds by less than the slack that an index needs.
    const zoned = { at: 'wall', zone: 'Asia/Tokyo' };
    expect(await again(zoned, 'ORD-1', 'ORD-7')).toEqual(['2', '5']);
    expect(await again({ ...zoned, zone: 'America/Los_Angeles' }, 'ORD-7', 'ord-1')).toEqual(['7']);
    const many = Array.from({ length: 2500 }, (_, n) => `ORD-${n}`);
    expect(await again({}, ...many)).toEqual(['2', '5', '7']);
  });

  it('reads all its kinds in one read-only snapshot, and writes nothing', async () => {
    await shop.query(`CREATE TABLE pair (order_id varchar(9), id int PRIMARY KEY, created_at timestamp);
      INSERT INTO pair VALUES ('A', 1, now())`);
    const { size } = await stat(server.logFile);
    const rows = mysqlEffects(shopOf(table({ table: 'pair' }), table({ table: 'pair' })), [0, 1], hooks());
    const seen: [number, number][] = [];
    await rows.gather([ALWAYS, ALWAYS], async (kind, batch) => {
      seen.push([kind, batch.rows]);
      await shop.query(`INSERT INTO pair VALUES ('B', ${2 + kind}, '2026-01-01')`);
    });
    await rows.lookAgain(1, new Set(['B']), (kind, batch) => void seen.push([kind, batch.rows]));
    await rows.close();
    expect(seen).toEqual([
      [0, 1],
      [1, 1],
    ]);
    const log = (await readFile(server.logFile)).subarray(size).toString();
    const statements = [...log.matchAll(/\t\s*\d+ (Query|Execute|Prepare)\t(.*)/g)].map(([, , sql]) =>
      sql!.trim(),
    );
    expect(
      statements.filter((sql) => sql.startsWith('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')),
    ).toHaveLength(1);
    const others = statements.filter(
      (sql) => !/^(SET |START |SHOW |EXPLAIN |SELECT |INSERT INTO pair|$)/.test(sql),
    );
    expect(others).toEqual([]);
  });

  it('reads 200 000 rows in bounded memory, by an index on the time, however slowly they are taken', async () => {
    await shop.query(`
      CREATE TABLE busy (id int PRIMARY KEY, order_id varchar(20), created_at timestamp, KEY (created_at));
      INSERT INTO busy SELECT seq, concat('ORD-', seq), '2026-01-01' + INTERVAL seq MINUTE FROM seq_1_to_200000; ANALYZE TABLE busy`);
    let seen = 0;
    let peak = 0;
    const rows = mysqlEffects(shopOf(table({ table: 'busy' })), [0], hooks());
    const began = performance.now();
    const [coverage] = await rows.gather([ALWAYS], async (_, batch) => {
      seen += batch.rows;
      peak = Math.max(peak, process.memoryUsage().heapUsed);
      await sleep(1);
    });
    const seconds = (performance.now() - began) / 1000;
    await rows.close();
    process.stdout.write(
      `rows: ${Math.round(seen / seconds)} a second, heap peak ${Math.round(peak / 2 ** 20)} MB\n`,
    );
    expect(seen).toBe(200_000);
    expect(coverage).toMatchObject({ read: 200_000, effects: 200_000 });
    expect(peak).toBeLessThan(200 * 2 ** 20);
  });

  it('warns before a large table is read from end to end, and only then', async () => {
    const said = async (source: MysqlSettings) => {
      const sentences: string[] = [];
      const say = (sentence: string) => void sentences.push(sentence);
      const { coverage } = await readTable(source, { from: 0, to: 1 }, [], { ...hooks(), say });
      expect(coverage.notes.filter((note) => sentences.includes(note))).toEqual(sentences);
      return sentences.join();
    };
    const rowsOf = (count: number) =>
      `SELECT seq AS id, seq AS order_id, '2026-01-01' + INTERVAL seq SECOND AS wall FROM seq_1_to_${count}`;
    const timed = { at: 'created_at', zone: 'UTC', id: 'id' };
    await shop.query(
      `CREATE VIEW large AS SELECT id, order_id, CAST(wall AS datetime) AS created_at FROM (${rowsOf(600_000)}) AS s`,
    );
    expect(await said(table({ table: 'large', ...timed }))).toBe(
      'shop.large is scanned from end to end (about 600000 rows): no index on created_at serves',
    );
    const few = `SELECT id, order_id, CAST(wall AS datetime) AS created_at FROM (${rowsOf(400_000)}) AS s`;
    expect(await said(query(table(timed), few))).toBe('');
    expect(await said(query(table(timed), few.replace('400000', '600000')))).toMatch(
      /^the query of order-row is scanned/,
    );
  });

  it('fails when the server ends the connection, or the time is over', async () => {
    const rows = mysqlEffects(shopOf(table({ table: 'busy' })), [0], hooks());
    const killed = rows.gather([ALWAYS], async () => {
      const [threads] = await shop.query(
        "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT r.%' AND ID <> CONNECTION_ID()",
      );
      for (const { id } of threads as { id: number }[]) await shop.query(`KILL ${id}`);
      await sleep(50);
    });
    await expect(killed).rejects.toMatchObject({
      status: 4,
      message: expect.stringMatching(/reading shop.busy failed/),
    });
    await rows.close();
    await shop.query(
      'CREATE VIEW slow AS SELECT order_id, id, created_at + INTERVAL SLEEP(0.2) SECOND AS created_at FROM busy',
    );
    const late = readTable(table({ table: 'slow', id: 'id', zone: 'UTC', timeout: 500 }));
    await expect(late).rejects.toMatchObject({
      status: 4,
      message: expect.stringMatching(/max_statement_time exceeded/),
      hint: expect.stringMatching(/shorter range/),
    });
  });

  it('passes on what the taker throws, and ends the read on the server', async () => {
    const rows = mysqlEffects(shopOf(table({ table: 'busy' })), [0], hooks());
    const full = new Error('disk full');
    await expect(rows.gather([ALWAYS], () => Promise.reject(full))).rejects.toBe(full);
    await rows.close();
    await expectNobody();
  });

  it('stops at once when interrupted, on the server too', async () => {
    const controller = new AbortController();
    const rows = mysqlEffects(
      shopOf(table({ table: 'slow', id: 'id', zone: 'UTC' })),
      [0],
      hooks(controller.signal),
    );
    const reading = rows.gather([ALWAYS], () => {});
    const began = performance.now();
    setTimeout(() => controller.abort(new Error('interrupted by the user')), 500);
    await expect(reading).rejects.toThrow('interrupted by the user');
    await rows.close();
    expect(performance.now() - began).toBeLessThan(3_000);
    await expectNobody();
  });

  async function expectNobody(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const [threads] = await shop.query(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root'",
      );
      if ((threads as unknown[]).length === 0) return;
      await sleep(50);
    }
    throw new Error('the server is still working for the audit');
  }
});
