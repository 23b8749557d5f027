/** What a reader must know of a table before believing its counts, found out from a real PostgreSQL. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PostgresSettings, Progress, Report } from '../../src/model.ts';
import { postgresEffects } from '../../src/sources/database/postgres/effects.ts';
import {
  ALWAYS,
  hooks,
  ordersTable,
  plain,
  readTable,
  shopSettings,
} from '../sources/database/postgres/orders.ts';
import { type Postgres, postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';

const ONCEOVER = fileURLToPath(new URL('../../bin/onceover.js', import.meta.url));

skipUnless([postgresUnavailable()], 'warnings about tables of a real PostgreSQL', () => {
  let server: Postgres;
  let shop: Client;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase('warnings');
    shop = new Client({ connectionString: url });
    await shop.connect();
  });

  afterAll(async () => {
    await shop?.end();
    await server?.stop();
  });

  const table = (settings: Partial<PostgresSettings>) => ordersTable({ url, ...settings });
  const coverageOf = async (settings: Partial<PostgresSettings>) =>
    (await readTable(table(settings))).coverage;

  it('says that a unique index over the key leaves no room for a duplicate', async () => {
    await shop.query(`
      CREATE TABLE once (id int PRIMARY KEY, order_id text UNIQUE, shop text, topic text, p int, o bigint, created_at timestamptz);
      CREATE UNIQUE INDEX by_coordinates ON once (topic, p, o);
      CREATE TABLE many (id int PRIMARY KEY, order_id text, shop text, ref text, late text, item int, created_at timestamptz, gone timestamptz);
      CREATE UNIQUE INDEX lower_ref ON many (lower(ref)); CREATE UNIQUE INDEX living ON many (order_id) WHERE gone IS NULL;
      CREATE UNIQUE INDEX pair ON many (shop, item) INCLUDE (ref);
      ALTER TABLE many ADD UNIQUE (late) DEFERRABLE INITIALLY DEFERRED`);
    const blind = async (settings: Partial<PostgresSettings>) => (await coverageOf(settings)).blind;
    expect(await blind({ table: 'once' })).toBe('unique index once_order_id_key covers order_id');
    expect(await blind({ table: 'once', key: [plain('id')] })).toBe('unique index once_pkey covers id');
    expect(await blind({ table: 'once', key: [plain('shop'), plain('order_id')] })).toMatch(/order_id/);
    expect(await blind({ table: 'once', key: [{ name: 'order_id', fold: true }] })).toBeUndefined();
    expect(
      await blind({ table: 'once', key: [{ name: 'order_id', fold: false, match: '^\\w+' }] }),
    ).toBeUndefined();
    const handled = { partition: 'p', offset: 'o' };
    const key = [plain('p'), plain('o')];
    expect(await blind({ table: 'once', key, coordinates: { ...handled, topic: 'topic' } })).toBe(
      'unique index by_coordinates covers topic, p, o',
    );
    expect(await blind({ table: 'once', key, coordinates: handled })).toBeUndefined();
    for (const name of ['order_id', 'ref', 'shop', 'item'])
      expect(await blind({ table: 'many', key: [plain(name)] })).toBeUndefined();
    expect(await blind({ table: 'many', key: [plain('item'), plain('shop')] })).toBe(
      'unique index pair covers shop, item',
    );
    expect(await blind({ table: 'many', key: [plain('late')] })).toMatch(/many_late_key/);
  });

  it('says that no index makes an id unique, where one could', async () => {
    await shop.query(`
      CREATE TABLE lines (n int PRIMARY KEY, order_id text, ref text UNIQUE, line int, shop text, created_at timestamptz, gone timestamptz);
      CREATE UNIQUE INDEX line_of_order ON lines (order_id, line); CREATE UNIQUE INDEX living_shop ON lines (shop) WHERE gone IS NULL;
      CREATE VIEW seen_lines AS SELECT * FROM lines`);
    const said = async (settings: Partial<PostgresSettings>) => {
      const sentences: string[] = [];
      const say = (sentence: string) => void sentences.push(sentence);
      const rows = postgresEffects(shopSettings(table(settings)), [0], { ...hooks(), say });
      await rows.check();
      await rows.close();
      const { notes, distinct } = await coverageOf(settings);
      expect(distinct).toBe(true);
      expect(notes.filter((note) => note.startsWith('id '))).toEqual(sentences);
      return sentences.join();
    };
    for (const id of ['order_id', 'shop'])
      expect(await said({ table: 'lines', id })).toBe(
        `id ${id} of public.lines is not unique by any index: rows of one key that share it count as one effect`,
      );
    for (const id of ['n', 'ref', 'line']) expect(await said({ table: 'lines', id })).toBe('');
    expect(await said({ table: 'lines' })).toBe('');
    expect(await said({ table: 'lines', id: 'line', key: [plain('shop')] })).toMatch(/id line of/);
    expect(await said({ table: 'seen_lines', id: 'order_id' })).toBe('');
  });

  it('does not end as expected where rows of one key share the id that is configured', async () => {
    await shop.query(`
      CREATE TABLE eff (n int PRIMARY KEY, k text);
      INSERT INTO eff VALUES (1, 'A'), (2, 'B'), (3, 'B'), (4, 'C'), (5, 'C'), (6, 'C')`);
    const folder = await mkdtemp(join(tmpdir(), 'onceover-shared-'));
    try {
      const message = { topic: 'orders', partition: 0, tstype: 'create', ts: Date.now() - 3_600_000 };
      const messages = ['A', 'B', 'C'].map((order, offset) =>
        JSON.stringify({ ...message, offset, key: null, payload: JSON.stringify({ order }) }),
      );
      await writeFile(join(folder, 'messages.jsonl'), `${messages.join('\n')}\n`);
      const audit = async (id: string) => {
        await writeFile(join(folder, 'onceover.yaml'), JSON.stringify(configured(id)));
        const audited = await onceover(['audit', 'onceover.yaml', '--json'], folder);
        const { coverage, run } = JSON.parse(audited.output) as Report;
        const again = await onceover(['report', join('reports', run.directory), '--json'], folder);
        expect(again).toEqual(audited);
        return { status: audited.status, shared: coverage[0]!.shared, notes: coverage[0]!.notes.join('\n') };
      };
      const merged = await audit('k');
      expect(merged).toMatchObject({ status: 3, shared: 3 });
      expect(merged.notes).toContain('3 rows share their id with another row of the same key');
      expect(await audit('n')).toMatchObject({ status: 1, shared: 0 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  function configured(id: string): object {
    return {
      version: 1,
      name: 'orders',
      messages: { topic: 'orders', capture: ['messages.jsonl'], key: 'value.order' },
      effects: { 'order-row': { postgres: { url, table: 'eff', key: 'k', id } } },
    };
  }

  it('warns of a time that a trigger moves, whatever its name', async () => {
    await shop.query(`
      CREATE TABLE touched (id int PRIMARY KEY, order_id text, created_at timestamptz, seen timestamptz, "Odd = time" timestamptz);
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created_at := now(); RETURN NEW; END $$;
      CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id > 0 THEN NEW."Odd = time" = now(); END IF; RETURN NEW; END $$;
      CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.seen = OLD.seen THEN RETURN NEW; END IF; RETURN NEW; END $$;
      CREATE TRIGGER touch_order BEFORE UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION touch();
      CREATE TRIGGER mark_order BEFORE UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION mark();
      CREATE TRIGGER look_order BEFORE UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION look();
      CREATE TABLE first (id int PRIMARY KEY, order_id text, created_at timestamptz);
      CREATE TRIGGER stamp BEFORE INSERT ON first FOR EACH ROW EXECUTE FUNCTION touch()`);
    const notes = async (settings: Partial<PostgresSettings>) => (await coverageOf(settings)).notes.join();
    expect(await notes({ table: 'touched' })).toMatch(
      /trigger touch_order sets created_at when a row is changed: an update moves the effect/,
    );
    expect(await notes({ table: 'touched', at: 'seen' })).toBe('');
    expect(await notes({ table: 'touched', at: 'Odd = time' })).toMatch(
      /trigger mark_order sets "Odd = time"/,
    );
    expect(await notes({ table: 'first' })).toBe('');
    await shop.query('ALTER TABLE touched DISABLE TRIGGER touch_order');
    expect(await notes({ table: 'touched' })).toBe('');
  });

  it('warns before a large table is read from end to end, and only then', async () => {
    await shop.query(`
      CREATE TABLE large (id int PRIMARY KEY, order_id text, created_at timestamptz, made timestamptz, n bigint);
      INSERT INTO large SELECT n, n, now(), now(), 1 FROM generate_series(1, 1000) n; CREATE INDEX ON large (made); ANALYZE large;
      UPDATE pg_class SET relpages = 20000 WHERE relname = 'large'`);
    const said = async (settings: Partial<PostgresSettings>) => {
      const sentences: string[] = [];
      const order: string[] = [];
      const say = (sentence: string) => {
        sentences.push(sentence);
        order.push('said');
      };
      const { table: name, ...rest } = table(settings);
      const source = settings.query === undefined ? { ...rest, table: name! } : rest;
      const rows = postgresEffects(shopSettings(source), [0], { ...hooks(), say });
      const [coverage] = await rows.gather([ALWAYS], () => void order.push('read'));
      await rows.close();
      expect(coverage!.notes.filter((note) => sentences.includes(note))).toEqual(sentences);
      if (sentences.length > 0) expect(order).toEqual(['said', 'read']);
      return sentences.join();
    };
    expect(await said({ table: 'large' })).toBe(
      'public.large is scanned from end to end (public.large: 156 MB): no index on created_at serves',
    );
    expect(await said({ table: 'large', at: 'made' })).toBe('');
    expect(await said({ id: 'id', query: 'SELECT * FROM large' })).toMatch(
      /the query of order-row is scanned/,
    );
    await shop.query("UPDATE pg_class SET relpages = 9999 WHERE relname = 'large'");
    expect(await said({ table: 'large' })).toBe('');
  });

  it('says how far it is of how many rows', async () => {
    const seen: Progress[] = [];
    const progress = (one: Progress) => void seen.push(one);
    const rows = postgresEffects(shopSettings(table({ table: 'large' })), [0], { ...hooks(), progress });
    await rows.gather([ALWAYS], () => {});
    await rows.close();
    expect(seen.at(-1)).toMatchObject({ stage: 'rows of order-row', done: 1000, unit: 'rows' });
    expect(seen.every(({ done, total = 0 }) => total >= done && total < 2000)).toBe(true);
  });

  it('reads partitioned tables and views as one, and claims nothing of a materialized view', async () => {
    await shop.query(`
      CREATE TABLE parts (id int, order_id text, created_at timestamptz, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-11-01Z') TO ('2026-11-15Z');
      CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-11-15Z') TO ('2026-12-01Z');
      INSERT INTO parts VALUES (1, 'A', '2026-11-10Z'), (2, 'B', '2026-11-20Z');
      CREATE VIEW seen AS SELECT id, order_id, created_at FROM parts;
      CREATE MATERIALIZED VIEW kept AS SELECT * FROM parts`);
    const parts = await readTable(table({ table: 'parts' }));
    expect(parts.effects.map(({ key, id }) => [key, id])).toEqual([
      ['A', '1 2026-11-10%2000:00:00+00'],
      ['B', '2 2026-11-20%2000:00:00+00'],
    ]);
    expect(parts.coverage.span).toBeDefined();
    const view = await readTable(table({ table: 'seen', id: 'id' }));
    expect(view.effects).toHaveLength(2);
    expect(view.coverage.span?.from).toBe(Date.UTC(2026, 10, 10));
    const kept = await readTable(table({ table: 'kept', id: 'id' }));
    expect(kept.effects).toHaveLength(2);
    expect(kept.coverage.span).toBeUndefined();
    expect(kept.coverage.notes.join()).toMatch(
      /public.kept is a materialized view, and nobody can say when it was refreshed: no zero is claimed/,
    );
  });

  it('reads foreign tables, and says that they are another server’s', async (context) => {
    const { rows } = await shop.query("SELECT 1 FROM pg_available_extensions WHERE name = 'file_fdw'");
    if (rows.length === 0) return context.skip('the server has no file_fdw');
    await shop.query(`
      CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
      CREATE FOREIGN TABLE elsewhere (order_id text, id int, created_at timestamptz)
        SERVER files OPTIONS (program 'echo "A,1,2026-11-22 00:00:00Z"', format 'csv')`);
    const { effects, coverage } = await readTable(table({ table: 'elsewhere', id: 'id' }));
    expect(effects).toEqual([{ key: 'A', id: '1', at: '2026-11-22T00:00:00.000000Z' }]);
    expect(coverage.notes.join()).toMatch(/public.elsewhere is a foreign table/);
  });

  it('claims nothing of a query over rows that a policy may hide', async () => {
    await shop.query(`
      CREATE TABLE tenants (order_id text, id int PRIMARY KEY, created_at timestamptz); INSERT INTO tenants VALUES ('A', 1, now());
      ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
      CREATE ROLE clerk LOGIN; GRANT SELECT ON tenants TO clerk; CREATE POLICY mine ON tenants USING (id = 1)`);
    const clerk = Object.assign(new URL(url), { username: 'clerk' }).href;
    const { table: _, ...rest } = ordersTable({ url: clerk, id: 'id' });
    const { effects, coverage } = await readTable({ ...rest, query: 'SELECT * FROM tenants' });
    await shop.query('DROP OWNED BY clerk; DROP ROLE clerk');
    expect(effects).toHaveLength(1);
    expect(coverage.span).toBeUndefined();
    expect(coverage.notes.join()).toMatch(/row-level security of public.tenants may hide rows/);
  });
});

function onceover(args: readonly string[], cwd: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ONCEOVER, ...args], { cwd }, (error, stdout) => {
      resolve({ status: error === null ? 0 : Number(error.code), output: stdout });
    });
  });
}
