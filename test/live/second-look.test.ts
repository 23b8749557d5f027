/** A second look into real tables, and padding that grows in a real log. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka as Client, logLevel } from 'kafkajs';
import { Client as Database } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EffectBounds, PostgresSettings, Report } from '../../src/model.ts';
import { postgresEffects } from '../../src/sources/database/postgres/effects.ts';
import {
  effectsOf,
  hooks,
  onlyIn,
  ordersTable,
  plain,
  shopSettings,
} from '../sources/database/postgres/orders.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { type Postgres, postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';

const ONCEOVER = fileURLToPath(new URL('../../bin/onceover.js', import.meta.url));
const HOUR = 3_600_000;
const MINUTE = 60_000;

/** The hour that is looked at. */
const BOUNDS: EffectBounds = { from: Date.now() - 10 * HOUR, to: Date.now() - 9 * HOUR };
const at = (hours: number) => new Date(BOUNDS.from + hours * HOUR).toISOString();

skipUnless([postgresUnavailable()], 'a second look into a table', () => {
  let server: Postgres;
  let shop: Database;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase('shop');
    shop = new Database({ connectionString: url });
    await shop.connect();
  });

  afterAll(async () => {
    await shop?.end();
    await server?.stop();
  });

  /** `key id` of what is gathered, and of what a second look then finds, whatever happens `between`. */
  async function looks(
    settings: Partial<PostgresSettings>,
    keys: readonly string[],
    between: () => Promise<unknown> = async () => {},
  ): Promise<{ first: string[]; second: string[] }> {
    const rows = postgresEffects(shopSettings(ordersTable({ url, ...settings })), [0], hooks());
    const [first, second]: [string[], string[]] = [[], []];
    const into = (list: string[]) => (_: number, batch: Parameters<typeof effectsOf>[0]) => {
      list.push(
        ...effectsOf(batch).map(({ key, id, at: time }) => `${key} ${id}${time === null ? ' -' : ''}`),
      );
    };
    try {
      await rows.gather([BOUNDS], into(first));
      await between();
      await rows.lookAgain(0, new Set(keys), into(second));
    } finally {
      await rows.close();
    }
    return { first: first.sort(), second: second.sort() };
  }

  it('finds the keys outside the bounds, and hands over nothing twice', async () => {
    await shop.query(
      `CREATE TABLE sales (id int PRIMARY KEY, order_id text, channel text, created_at timestamptz)`,
    );
    await shop.query(
      `INSERT INTO sales VALUES (1, 'A', 'web', $1), (2, 'A', 'web', $2), (3, 'A', 'test', $2), (4, 'A', 'web', NULL),
        (5, 'A', 'web', 'infinity'), (6, 'A', 'web', $3), (7, 'B', 'web', $2), (8, NULL, 'web', $2)`,
      [at(0.5), at(-24), at(5)],
    );
    const only = [onlyIn('channel', 'web')];
    expect(await looks({ table: 'sales', only }, ['A', 'nobody'])).toEqual({
      first: ['A 1', 'A 4 -', 'A 5 -'],
      second: ['A 2', 'A 6'],
    });
  });

  it('looks into the snapshot that was gathered', async () => {
    const between = () => shop.query(`INSERT INTO sales VALUES (9, 'B', 'web', $1)`, [at(-24)]);
    expect((await looks({ table: 'sales' }, ['B'], between)).second).toEqual(['B 7']);
    expect((await looks({ table: 'sales' }, ['B'])).second).toEqual(['B 7', 'B 9']);
  });

  it('compares keys of every type as it does elsewhere', async () => {
    await shop.query(`
      CREATE TABLE typed (id int PRIMARY KEY, t text, v varchar(20), s smallint, i int, big bigint, ref uuid, amount numeric,
        code char(6), raw bytea, created_at timestamptz)`);
    await shop.query(
      `INSERT INTO typed VALUES
        (1, 'a''b\\c', 'X', 7, -2147483648, 9223372036854775807, '3f2504e0-4f89-11d3-9a0c-0305e82c3301', 10.50, 'AB', '\\x41', $1),
        (2, 'hex:41', 'x', 0, 0, 0, NULL, 7, NULL, '\\xff', $1)`,
      [at(-24)],
    );
    const find = async (column: string, ...keys: string[]) =>
      (await looks({ table: 'typed', key: [plain(column)] }, keys)).second;
    expect(await find('t', "a'b\\c", 'other')).toEqual(["a'b\\c 1"]);
    expect(await find('t', 'hex:6865783a3431', 'nul\0')).toEqual(['hex:6865783a3431 2']);
    expect(await find('t', 'nul\0', 'hex:41')).toEqual([]);
    expect(await find('v', 'X')).toEqual(['X 1']);
    expect(await find('s', '7', '007', '70000', 'seven')).toEqual(['7 1']);
    expect(await find('i', '-2147483648', '2147483648', '-0')).toEqual(['-2147483648 1']);
    expect(await find('big', '9223372036854775807', '9223372036854775808', '0')).toEqual([
      '0 2',
      '9223372036854775807 1',
    ]);
    const ref = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
    expect(await find('ref', ref, ref.toUpperCase(), 'no uuid')).toEqual([`${ref} 1`]);
    expect(await find('amount', '10.50', '7.0')).toEqual(['10.50 1']);
    expect(await find('code', 'AB', 'AB    ')).toEqual(['AB 1']);
    expect(await find('raw', 'A', 'hex:ff')).toEqual(['A 1', 'hex:ff 2']);
    const folded = await looks({ table: 'typed', key: [{ name: 'v', fold: true }] }, ['x']);
    expect(folded.second).toEqual(['x 1', 'x 2']);
    const both = await looks({ table: 'typed', key: [plain('v'), plain('s')] }, ['X 7', 'x 1']);
    expect(both.second).toEqual(['X 7 1']);
  });

  it('finds thousands of keys, with an index and without one', async () => {
    await shop.query(`CREATE TABLE many (id int PRIMARY KEY, order_id int, created_at timestamptz)`);
    await shop.query(`INSERT INTO many SELECT n, n % 5000, $1 FROM generate_series(1, 10000) AS n`, [
      at(-24),
    ]);
    const keys = Array.from({ length: 2500 }, (_, i) => String(i * 2));
    const plainly = (await looks({ table: 'many' }, keys)).second;
    expect(plainly).toHaveLength(5000);
    await shop.query('CREATE INDEX ON many (order_id)');
    expect((await looks({ table: 'many' }, keys)).second).toEqual(plainly);
  });

  it('takes a row from an hour that came twice for what it may be, not for one without a time', async () => {
    await shop.query(`CREATE TABLE clocks (id int PRIMARY KEY, order_id text, created_at timestamp);
      INSERT INTO clocks VALUES (1, 'A', '2020-10-25 02:30:00')`);
    expect((await looks({ table: 'clocks', zone: 'Europe/Berlin' }, ['A'])).second).toEqual(['A 1']);
  });
});

skipUnless([kafkaUnavailable(), postgresUnavailable()], 'an hour of a real log', () => {
  let kafka: Kafka;
  let server: Postgres;
  let shop: Database;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onceover-second-look-'));
    [kafka, server] = await Promise.all([startKafka(), startPostgres()]);
    url = await server.createDatabase('shop');
    shop = new Database({ connectionString: url });
    await shop.connect();
  });

  afterAll(async () => {
    await shop?.end();
    await Promise.all([kafka?.stop(), server?.stop()]);
    if (folder) await rm(folder, { recursive: true });
  });

  /** [partition, hours after the beginning, customer/order]. */
  const ORDERS: readonly (readonly [number, number, string])[] = [
    [0, -3, 'dan/1'],
    [1, -2, 'eve/1'],
    [0, 0.1, 'ann/1'],
    [1, 0.2, 'bob/1'],
    [0, 0.3, 'cem/1'],
    [1, 1.5, 'eve/2'],
    [1, 3, 'ann/2'],
    [0, 3.2, 'eve/3'],
    [1, 5, 'eve/4'],
  ];

  async function produce(topic: string): Promise<void> {
    const client = new Client({ brokers: kafka.bootstrap.split(','), logLevel: logLevel.NOTHING });
    const [admin, producer] = [client.admin(), client.producer()];
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
    for (const [partition, hours, order] of ORDERS) {
      const value = JSON.stringify({ customer: order.split('/')[0], order });
      const timestamp = String(BOUNDS.from + Math.round(hours * HOUR));
      await producer.send({ topic, messages: [{ partition, value, timestamp }] });
    }
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }

  it('is read on and back, and its missing rows are looked for again', async () => {
    const topic = `orders-${process.pid}`;
    await produce(topic);
    await shop.query(`CREATE TABLE sales (id int PRIMARY KEY, customer text, created_at timestamptz)`);
    await shop.query(
      `INSERT INTO sales VALUES (1, 'dan', $1), (2, 'ann', $2), (3, 'ann', $3), (4, 'bob', $4), (5, 'eve', $4)`,
      [at(0.1), at(2), at(3.01), at(8)],
    );
    await writeFile(
      join(folder, 'onceover.yaml'),
      JSON.stringify({
        version: 1,
        name: 'orders',
        messages: {
          topic,
          kafka: { bootstrap: kafka.bootstrap },
          range: { from: at(0), to: at(1), padding: '10m' },
          key: 'value.customer',
          id: 'value.order',
        },
        effects: {
          'order-row': {
            postgres: {
              url,
              table: 'sales',
              key: 'customer',
              at: 'created_at',
              covers: { from: new Date(BOUNDS.from - 30 * 24 * HOUR).toISOString() },
            },
            after: '4h',
          },
        },
      }),
    );
    const { status, output } = await onceover(['audit', 'onceover.yaml', '--ledger'], folder);
    expect(status, output).toBe(1);
    const [name] = await readdir(join(folder, 'reports'));
    const read = (file: string) => readFile(join(folder, 'reports', name!, file), 'utf8');
    const report = JSON.parse(await read('report.json')) as Report;
    expect(report.stages.map((stage) => stage.name).slice(-5), output).toEqual([
      'judge',
      'read back',
      'read on',
      'second look',
      'judge again',
    ]);
    expect(report.effects[0]!.orphans, output).toMatchObject({ 'no-message': 0, unread: 0 });
    expect(report.effects[0]!.verdicts, output).toMatchObject({ ok: 1, missing: 1, unknown: 1 });
    expect(report.coverage[0]!.secondLook).toEqual({ keys: 3, found: 1, effects: 1 });
    const lines = (await read('ledger.csv'))
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(','));
    const verdictOf = new Map(lines.map((cells) => [cells[4], cells.slice(12, 14).join(' ').trim()]));
    expect(Object.fromEntries(verdictOf)).toEqual({ ann: 'ok', bob: 'unknown late', cem: 'missing' });
    const lastLate = BOUNDS.from + Math.round(3.01 * HOUR) + 2 * MINUTE + 1;
    expect(report.range.notes).toEqual([
      expect.stringContaining(`read back from ${at(0.1 - 4)}`),
      expect.stringContaining(`read on to ${new Date(lastLate).toISOString()}`),
    ]);
  });
});

function onceover(args: readonly string[], cwd: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ONCEOVER, ...args], { cwd }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` });
    });
  });
}
