/** The row source against a real PostgreSQL: what it reads, what it refuses, and what it leaves behind (nothing). */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type AuditError, isAuditError } from '../../src/error.ts';
import type { PostgresSettings } from '../../src/model.ts';
import { CopyRows } from '../../src/sources/database/postgres/copy.ts';
import { databaseOf, postgresEffects } from '../../src/sources/database/postgres/effects.ts';
import { selectRows } from '../../src/sources/database/postgres/select.ts';
import { Session } from '../../src/sources/database/postgres/session.ts';
import { findTable } from '../../src/sources/database/postgres/table.ts';
import {
  ALWAYS,
  effectsOf,
  hooks,
  onlyIn,
  orderRow,
  ordersTable,
  plain,
  readTable,
  shopSettings,
} from '../sources/database/postgres/orders.ts';
import { freePort } from '../support/servers/ports.ts';
import { type Postgres, postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';

const PASSWORD = 'p@ss/word#1';

skipUnless([postgresUnavailable()], 'rows of a real PostgreSQL', () => {
  let server: Postgres;
  let shop: Client;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres({ password: PASSWORD });
    url = await server.createDatabase('shop');
    shop = new Client({ connectionString: url });
    await shop.connect();
  });

  afterAll(async () => {
    await shop?.query('DROP OWNED BY auditor; DROP ROLE auditor');
    await shop?.end();
    await server?.stop();
  });

  /** The database as the source names it. */
  const shown = () => `${new URL(url).host}${new URL(url).pathname}`;

  const table = (settings: Partial<PostgresSettings>) => ordersTable({ url, ...settings });

  /** The error of checking one table; the whole of it is searched for the password. */
  async function refusal(source: PostgresSettings): Promise<AuditError> {
    const rows = postgresEffects(shopSettings(source), [0], hooks());
    const error: unknown = await rows.check().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await rows.close();
    if (!isAuditError(error)) throw new Error('nothing was refused', { cause: error });
    expect(`${error.message} ${error.hint} ${error.stack}`).not.toMatch(/p@ss|p%40ss|word#1|word%231/);
    return error;
  }

  it('reads keys of every type as their text', async () => {
    await shop.query(`
      CREATE TABLE typed (id bigint PRIMARY KEY, t text, big bigint, amount numeric, ref uuid, raw bytea, code char(6), paid boolean,
        created_at timestamptz NOT NULL DEFAULT '2026-11-22T10:00:00.123456Z');
      INSERT INTO typed VALUES
        (1, '007', 12345678901234567, 10.50, '3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'ORD-7', 'AB', true),
        (2, E'tab\\there\\nline\\\\back\\r"quotes''', -1, 12345678901234567890.00, NULL, '\\xff00', 'AB', false),
        (3, 'Grüße 🎁', 0, 0, NULL, '\\x', '', NULL),
        (4, 'hex:6869', NULL, NULL, NULL, NULL, NULL, NULL),
        (5, '\\N', 5, 5, NULL, 'N', NULL, NULL)`);
    const keys = async (column: string) =>
      (await readTable(table({ table: 'typed', key: [plain(column)] }))).effects.map((effect) => effect.key);
    expect(await keys('t')).toEqual([
      '007',
      'tab\there\nline\\back\r"quotes\'',
      'Grüße 🎁',
      'hex:6865783a36383639',
      '\\N',
    ]);
    expect(await keys('big')).toEqual(['12345678901234567', '-1', '0', '', '5']);
    expect(await keys('amount')).toEqual(['10.50', '12345678901234567890.00', '0', '', '5']);
    expect(await keys('ref')).toEqual(['3f2504e0-4f89-11d3-9a0c-0305e82c3301', '', '', '', '']);
    expect(await keys('raw')).toEqual(['ORD-7', 'hex:ff00', '', '', 'N']);
    expect(await keys('code')).toEqual(['AB', 'AB', '', '', '']);
  });

  it('keeps composite keys and ids apart, and normalises keys by their rules', async () => {
    await shop.query(`
      CREATE TABLE lines (a text, b text, item int, made timestamptz DEFAULT '2026-11-22Z', PRIMARY KEY (b, item));
      INSERT INTO lines VALUES ('1', '11', 1), ('11', '1', 1), ('1 1', '%', 2), (NULL, 'x y', 3)`);
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

  it('reads times to the microsecond, and counts rows without one', async () => {
    await shop.query(`
      CREATE TABLE timed (id int PRIMARY KEY, order_id text, created_at timestamptz);
      INSERT INTO timed VALUES (1, 'A', '2026-11-22T10:00:00.123456+02'), (2, 'A', NULL), (3, 'B', 'infinity'),
        (4, 'C', '2026-11-20Z'), (5, 'D', '2026-11-30Z')`);
    const bounds = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) };
    const { effects, coverage } = await readTable(table({ table: 'timed' }), bounds);
    expect(effects).toEqual([
      { key: 'A', id: '1', at: '2026-11-22T08:00:00.123456Z' },
      { key: 'A', id: '2', at: null },
      { key: 'B', id: '3', at: null },
    ]);
    expect(coverage.span?.from).toBe(Date.UTC(2026, 10, 20));
    expect(coverage.span?.to).toBe(coverage.readAt);
    expect(Math.abs(coverage.readAt - Date.now())).toBeLessThan(10_000);
    expect(coverage).toMatchObject({ read: 3, effects: 3, unreadable: 1, excluded: {}, gaps: [] });
    expect(coverage.samples).toEqual(['public.timed, id 3: created_at is infinity']);
    expect(coverage.source).toBe(`postgres ${shown()} public.timed`);
  });

  it('converts wall clocks in their zone, and says where a change of the zone makes two moments of one', async () => {
    await shop.query(`
      CREATE TABLE clocks (id int PRIMARY KEY, order_id text, created_at timestamp);
      INSERT INTO clocks VALUES (1, 'A', '2026-10-25 01:59:59'), (2, 'B', '2026-10-25 02:30:00'), (3, 'C', '2026-10-25 03:00:00'),
        (4, 'D', '2026-03-29 01:59:59'), (5, 'E', '2026-03-29 02:30:00'), (6, 'F', '2026-03-29 03:00:00'), (7, 'G', 'infinity')`);
    const { effects, coverage } = await readTable(table({ table: 'clocks', zone: 'Europe/Berlin' }));
    expect(effects.map((effect) => effect.at)).toEqual([
      '2026-10-24T23:59:59.000000Z',
      // It came twice, and which of the two it was nobody knows.
      null,
      '2026-10-25T02:00:00.000000Z',
      '2026-03-29T00:59:59.000000Z',
      // It never came.
      null,
      '2026-03-29T01:00:00.000000Z',
      null,
    ]);
    expect(coverage.gaps.map(({ from, to }) => [from, to])).toEqual([
      [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)],
      [Date.UTC(2026, 2, 29, 0, 30), Date.UTC(2026, 2, 29, 1, 30)],
    ]);
    expect(coverage.span?.from).toBe(Date.UTC(2026, 2, 29, 0, 59, 59));
    const hour = { from: Date.UTC(2026, 9, 24, 23), to: Date.UTC(2026, 9, 25, 1, 45) };
    const narrow = await readTable(table({ table: 'clocks', zone: 'Europe/Berlin' }), hour);
    expect(narrow.effects.map((effect) => effect.key)).toEqual(['A', 'B', 'G']);
  });

  it('refuses a date, which does not say when on that day', async () => {
    await shop.query('CREATE TABLE days (id int PRIMARY KEY, order_id text, created_at date)');
    await expect(readTable(table({ table: 'days', zone: 'Europe/Berlin' }))).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining('created_at of public.days is a date'),
    });
  });

  it('lets only the rows of the kind in, and looks for an older one of them', async () => {
    await shop.query(`
      CREATE TABLE channels (id int PRIMARY KEY, order_id text, created_at timestamptz, channel text, test boolean);
      INSERT INTO channels VALUES (1, 'A', '2026-11-01Z', 'test', true), (2, 'B', '2026-11-02Z', 'web', false),
        (3, 'C', '2026-11-22T10:00Z', 'web', false), (4, 'D', '2026-11-22T11:00Z', NULL, true), (5, 'E', '2026-11-22T12:00Z', 'app', true)`);
    const bounds = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) };
    const web = await readTable(table({ table: 'channels', only: [onlyIn('channel', 'web')] }), bounds);
    expect(web.effects.map((effect) => effect.key)).toEqual(['C']);
    expect(web.coverage).toMatchObject({ read: 3, effects: 1, excluded: { only: 2 } });
    expect(web.coverage.span?.from).toBe(Date.UTC(2026, 10, 2));
    const app = await readTable(table({ table: 'channels', only: [onlyIn('channel', 'app')] }), bounds);
    expect(app.coverage.span?.from).toBe(Date.UTC(2026, 10, 22, 12));
    const tests = await readTable(table({ table: 'channels', only: [onlyIn('test', 'true')] }), bounds);
    expect(tests.effects.map((effect) => effect.key)).toEqual(['D', 'E']);
    const none = await readTable(table({ table: 'channels', only: [onlyIn('channel', 'shop')] }), bounds);
    expect(none.coverage.span).toBeUndefined();
  });

  it('covers nothing with an empty table, and everything with rows that have no time', async () => {
    await shop.query('CREATE TABLE empty (id int PRIMARY KEY, order_id text, created_at timestamptz)');
    await shop.query(
      "CREATE TABLE timeless (id int PRIMARY KEY, order_id text); INSERT INTO timeless VALUES (1, 'A')",
    );
    expect((await readTable(table({ table: 'empty' }))).coverage.span).toBeUndefined();
    const declared = await readTable(table({ table: 'empty', covers: { from: 1000 } }));
    expect(declared.coverage.span).toEqual({ from: 1000, to: declared.coverage.readAt, edge: 'line' });
    const { at: _, ...withoutTime } = table({ table: 'timeless' });
    const { effects, coverage } = await readTable(withoutTime, { from: 0, to: 1 });
    expect(effects).toEqual([{ key: 'A', id: '1', at: null }]);
    expect(coverage.span).toEqual({ to: coverage.readAt, edge: 'row' });
    expect(coverage.notes.join()).toMatch(/have no time/);
  });

  it('gives every row without an id an identity of its own', async () => {
    await shop.query(`CREATE TABLE loose (ref text, order_id text, created_at timestamptz DEFAULT '2026-11-22Z');
      INSERT INTO loose VALUES (NULL, 'A'), (NULL, 'A'), ('r1', 'A')`);
    const { effects, coverage } = await readTable(table({ table: 'loose', id: 'ref' }));
    expect(new Set(effects.map((effect) => effect.id)).size).toBe(3);
    expect(coverage.notes.join()).toMatch(/rows without an id in ref: 2/);
  });

  it('finds odd names, and names of another case', async () => {
    await shop.query(`CREATE TABLE "Odd ""Name" ("Order Id" text, id int PRIMARY KEY, "Made" timestamptz);
      INSERT INTO "Odd ""Name" VALUES ('A', 1, '2026-11-22Z')`);
    const { effects, coverage } = await readTable(
      table({ table: 'PUBLIC."Odd ""Name"', key: [plain('Order Id')], id: 'ID', at: '"Made"' }),
    );
    expect(effects).toEqual([{ key: 'A', id: '1', at: '2026-11-22T00:00:00.000000Z' }]);
    expect(coverage.places).toEqual(['public."Odd ""Name"']);
  });

  it('refuses what is not there, with what was probably meant', async () => {
    await shop.query(
      'CREATE TABLE orders (order_id text, id int PRIMARY KEY, created_at timestamptz, wall timestamp, total int)',
    );
    await shop.query('CREATE TABLE keyless (order_id text, created_at timestamptz)');
    const refused = async (settings: Partial<PostgresSettings>) => {
      const { status, message, hint } = await refusal(table(settings));
      return `${status} ${message} | ${hint}`;
    };
    expect(await refused({ table: 'public.oders' })).toMatch(
      /^4 effects.order-row: no table public.oders in 127.*mean public.orders\?$/,
    );
    expect(await refused({ table: 'sales.orders' })).toMatch(
      /^4 .*no table sales.orders.*mean public.orders\?$/,
    );
    expect(await refused({ table: 'Odd Name' })).toMatch(/^2 .*`Odd Name`/);
    expect(await refused({ at: 'created' })).toMatch(
      /^4 .*no column created in public.orders.*mean created_at\? columns: order_id, id/,
    );
    expect(await refused({ key: [plain('xyz')] })).toMatch(
      /^4 .*no column xyz in public.orders \| columns: /,
    );
    expect(await refused({ only: [onlyIn('chanel', 'web')] })).toMatch(/^4 .*no column chanel/);
    expect(await refused({ at: 'wall' })).toMatch(/^2 .*column wall.*no zone.*`zone: Europe\/Berlin`/);
    expect(await refused({ at: 'wall', zone: 'Mars/Olympus' })).toMatch(
      /^2 .*does not know the zone Mars\/Olympus/,
    );
    expect(await refused({ at: 'total' })).toMatch(
      /^2 .*column total of public.orders is of type integer.*unit: ms/,
    );
    expect(await refused({ table: 'keyless' })).toMatch(/^2 .*public.keyless has no primary key.*`id: …`/);
    expect(await refused({ table: 'orders_pkey' })).toMatch(/^4 .*orders_pkey is an index/);
  });

  it('refuses a server, a password and a database that do not work, and never prints the password', async (context) => {
    context.skip(new URL(url).password === '', 'the borrowed server asks for no password');
    const at = (change: Partial<Pick<URL, 'port' | 'password' | 'pathname'>>) => {
      const changed = Object.assign(new URL(url), change);
      return ordersTable({ url: changed.href });
    };
    const port = await freePort();
    const nowhere = await refusal(at({ port: String(port) }));
    expect(nowhere).toMatchObject({
      status: 4,
      message: expect.stringMatching(`127.0.0.1:${port}/shop: connecting failed`),
    });
    const wrong = await refusal(at({ password: encodeURIComponent(`${PASSWORD}x`) }));
    expect(wrong.message).toMatch(/password authentication failed for user "postgres"/);
    expect(wrong.hint).toMatch(/check the user and the password/);
    const none = await refusal(at({ password: '' }));
    expect(none.message).toMatch(/the server asks for a password/);
    const unknown = await refusal(at({ pathname: '/shpo' }));
    expect(unknown.message).toMatch(/database "shpo" does not exist/);
    for (const broken of [
      `postgres://postgres:1/${PASSWORD}@127.0.0.1/shop`,
      `postgres://postgres:${PASSWORD}@127.0.0.1/shop`,
      `host=127.0.0.1 password=${PASSWORD}`,
    ]) {
      expect(await refusal(ordersTable({ url: broken }))).toMatchObject({
        status: 2,
        message: expect.stringMatching('database url'),
      });
    }
    expect(databaseOf(ordersTable({ url }))).toBe(`${new URL(url).username}@${shown()}`);
  });

  it('is content with the right to read the columns it names', async () => {
    await shop.query(`
      CREATE SCHEMA vault;
      CREATE TABLE vault.orders (order_id text, id int PRIMARY KEY, created_at timestamptz, card text);
      INSERT INTO vault.orders VALUES ('A', 1, '2026-11-22Z', 'secret');
      CREATE ROLE auditor LOGIN PASSWORD 'audit'; GRANT USAGE ON SCHEMA vault TO auditor;
      GRANT SELECT (order_id, id, created_at) ON vault.orders TO auditor;
      CREATE SCHEMA closed; CREATE TABLE closed.orders (id int PRIMARY KEY)`);
    const auditor = new URL(url);
    auditor.username = 'auditor';
    auditor.password = 'audit';
    const vault = (settings: Partial<PostgresSettings> = {}) =>
      ordersTable({ url: auditor.href, table: 'vault.orders', ...settings });
    expect((await readTable(vault())).effects).toHaveLength(1);
    const card = await refusal(vault({ key: [plain('card')] }));
    expect(card).toMatchObject({
      status: 4,
      message: expect.stringMatching('no right to read column card of vault.orders'),
    });
    expect(card.hint).toMatch(/GRANT SELECT \(card\) ON vault.orders/);
    const closed = await refusal(vault({ table: 'closed.orders' }));
    expect(closed).toMatchObject({
      status: 4,
      message: expect.stringMatching('permission denied for schema closed'),
    });
  });

  it('claims nothing where row-level security may hide rows', async () => {
    await shop.query(`
      CREATE TABLE vault.tenants (order_id text, id int PRIMARY KEY, created_at timestamptz);
      INSERT INTO vault.tenants VALUES ('A', 1, '2026-11-22Z'), ('B', 2, '2026-11-22Z');
      ALTER TABLE vault.tenants ENABLE ROW LEVEL SECURITY;
      CREATE POLICY mine ON vault.tenants USING (id = 1); GRANT SELECT ON vault.tenants TO auditor`);
    const auditor = new URL(url);
    auditor.username = 'auditor';
    auditor.password = 'audit';
    const tenants = ordersTable({ url: auditor.href, table: 'vault.tenants' });
    const hidden = await readTable(tenants);
    expect(hidden.effects).toHaveLength(1);
    expect(hidden.coverage.span).toBeUndefined();
    expect(hidden.coverage.notes.join()).toMatch(/row-level security of vault.tenants/);
    expect((await readTable({ ...tenants, covers: { from: 0 } })).coverage.span).toBeDefined();
    expect((await readTable(table({ table: 'vault.tenants' }))).coverage.span).toBeDefined();
  });

  it('reads all its kinds in one read-only snapshot, and writes nothing', async (context) => {
    const { logFile } = server;
    if (logFile === undefined) return context.skip('the borrowed server keeps its log to itself');
    await shop.query(`CREATE TABLE pair (order_id text, id int PRIMARY KEY, created_at timestamptz);
      INSERT INTO pair VALUES ('A', 1, now())`);
    const { size } = await stat(logFile);
    const rows = postgresEffects(
      shopSettings(table({ table: 'pair' }), table({ table: 'pair' })),
      [0, 1],
      hooks(),
    );
    const seen: [number, number][] = [];
    await rows.gather([ALWAYS, ALWAYS], async (kind, batch) => {
      seen.push([kind, batch.rows]);
      await shop.query(`INSERT INTO pair VALUES ('B', ${2 + kind}, now())`);
    });
    await rows.close();
    expect(seen).toEqual([
      [0, 1],
      [1, 1],
    ]);
    const log = (await readFile(logFile)).subarray(size).toString();
    const statements = log.split('\n').filter((line) => / onceover LOG: {2}(statement|execute)/.test(line));
    expect(statements.filter((line) => line.includes('BEGIN TRANSACTION'))).toHaveLength(1);
    expect(statements.find((line) => line.includes('BEGIN'))).toMatch(/REPEATABLE READ READ ONLY/);
    expect(statements.filter((line) => line.includes('COPY ('))).toHaveLength(2);
    const others = statements.filter(
      (line) => !/(statement|execute [^:]*): +(BEGIN|SET LOCAL|EXPLAIN|COPY \(SELECT|SELECT|$)/.test(line),
    );
    expect(others).toEqual([]);
  });

  it('can use an index on the time column, of every type of time', async () => {
    await shop.query(`
      CREATE TABLE busy AS SELECT 'ORD-' || n AS order_id, n AS id, '2026-01-01Z'::timestamptz + n * interval '1 minute' AS created_at,
        '2026-01-01'::timestamp + n * interval '1 minute' AS wall FROM generate_series(1, 200000) n;
      ALTER TABLE busy ADD PRIMARY KEY (id); CREATE INDEX ON busy (created_at); CREATE INDEX ON busy (wall); ANALYZE busy`);
    const bounds = { from: Date.UTC(2026, 1, 1), to: Date.UTC(2026, 1, 2) };
    const session = await Session.open(table({}), hooks().signal);
    for (const at of ['created_at', 'wall']) {
      const source = table({ table: 'busy', at, zone: 'Europe/Berlin' });
      const found = await findTable(session, orderRow(source), 'orders');
      const plan = await session.rows('explaining', `EXPLAIN ${selectRows(found, bounds)}`);
      expect(JSON.stringify(plan)).toMatch(new RegExp(`busy_${at}_idx`));
      expect(JSON.stringify(plan)).not.toMatch(/Seq Scan/);
    }
    await session.close();
  });

  it('reads 200 000 rows in bounded memory, however slowly they are taken', async () => {
    const rows = postgresEffects(shopSettings(table({ table: 'busy' })), [0], hooks());
    let seen = 0;
    let largest = 0;
    let peak = 0;
    const began = performance.now();
    const [coverage] = await rows.gather([ALWAYS], async (_, batch) => {
      seen += batch.rows;
      largest = Math.max(largest, batch.rows);
      peak = Math.max(peak, process.memoryUsage().heapUsed);
      await sleep(1);
    });
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(
      `rows: ${Math.round(seen / seconds)} a second, heap peak ${Math.round(peak / 2 ** 20)} MB\n`,
    );
    expect(seen).toBe(200_000);
    expect(coverage).toMatchObject({ read: 200_000, effects: 200_000 });
    expect(largest).toBe(16_384);
    expect(peak).toBeLessThan(200 * 2 ** 20);
  });

  it('fails when the server ends the connection in the middle', async () => {
    const rows = postgresEffects(shopSettings(table({ table: 'busy' })), [0], hooks());
    const killed = rows.gather([ALWAYS], async () => {
      await shop.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'onceover'",
      );
      await sleep(50);
    });
    await expect(killed).rejects.toMatchObject({
      status: 4,
      message: expect.stringMatching(/public.busy failed: .*terminat/i),
    });
    await rows.close();
  });

  it('fails when it read another number of rows than the server sent', async () => {
    vi.spyOn(CopyRows.prototype, 'count', 'get').mockReturnValue(199_999);
    const rows = postgresEffects(shopSettings(table({ table: 'busy' })), [0], hooks());
    const short = rows.gather([ALWAYS], () => {});
    await expect(short).rejects.toMatchObject({
      status: 4,
      message: expect.stringMatching('199999 rows, but the server sent 200000'),
    });
    vi.restoreAllMocks();
  });

  it('passes on what the taker throws, and ends the read on the server', async () => {
    const rows = postgresEffects(shopSettings(table({ table: 'busy' })), [0], hooks());
    const full = new Error('disk full');
    await expect(rows.gather([ALWAYS], () => Promise.reject(full))).rejects.toBe(full);
    await rows.close();
    await expectNobody();
  });

  it('stops at once when interrupted, on the server too', async () => {
    await shop.query(
      `CREATE VIEW slow AS SELECT order_id, id, created_at + (pg_sleep(30)::text || '0 s')::interval AS created_at FROM busy`,
    );
    const controller = new AbortController();
    const rows = postgresEffects(
      shopSettings(table({ table: 'slow', id: 'id' })),
      [0],
      hooks(controller.signal),
    );
    const reading = rows.gather([ALWAYS], () => {});
    const began = performance.now();
    setTimeout(() => controller.abort(new Error('interrupted by the user')), 300);
    await expect(reading).rejects.toThrow('interrupted by the user');
    await rows.close();
    expect(performance.now() - began).toBeLessThan(2_000);
    await expectNobody();
  });

  async function expectNobody(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const { rows } = await shop.query(
        "SELECT query FROM pg_stat_activity WHERE application_name = 'onceover'",
      );
      if (rows.length === 0) return;
      await sleep(50);
    }
    throw new Error('the server is still working for the audit');
  }

  it('hands over what a batch holds', async () => {
    const rows = postgresEffects(shopSettings(table({ table: 'busy', covers: { to: 5 } })), [0], hooks());
    const bounds = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 1, 0, 3) };
    const [coverage] = await rows.gather([bounds], (kind, batch) => {
      expect(kind).toBe(0);
      expect(
        effectsOf(batch)
          .map((effect) => effect.id)
          .sort(),
      ).toEqual(['1', '2', '3']);
      expect([...batch.place, ...batch.line.map(BigInt)].every((value) => Number(value) === 0)).toBe(true);
    });
    await rows.close();
    expect(coverage!.span).toBeUndefined();
  });
});
