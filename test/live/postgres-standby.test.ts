/** Rows read from a real standby: how far behind its primary it is, and what that proves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { postgresEffects } from '../../src/sources/database/postgres/effects.ts';
import { ALWAYS, hooks, ordersTable, readTable, shopSettings } from '../sources/database/postgres/orders.ts';
import {
  type Postgres,
  postgresUnavailable,
  type Standby,
  startPostgres,
} from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';

const borrowed = process.env.PGHOST
  ? { server: 'a standby of PostgreSQL', reason: 'PGHOST names a server', install: 'Unset PGHOST.' }
  : undefined;

skipUnless([postgresUnavailable(), borrowed], 'rows of a real standby', () => {
  let server: Postgres;
  let standby: Standby;
  let shop: Client;
  let replica: Client;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres();
    const database = await server.createDatabase('shop');
    shop = new Client({ connectionString: database });
    await shop.connect();
    await shop.query(
      'CREATE TABLE orders (id int PRIMARY KEY, order_id text, created_at timestamptz DEFAULT now())',
    );
    standby = await server.startStandby!();
    url = Object.assign(new URL(database), { port: String(standby.port) }).href;
    replica = new Client({ connectionString: url });
    await replica.connect();
  });

  afterAll(async () => {
    await replica?.end();
    await shop?.end();
    await standby?.stop();
    await server?.stop();
  });

  async function arrives(id: number): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if ((await replica.query('SELECT 1 FROM orders WHERE id = $1', [id])).rowCount === 1) return;
      await sleep(50);
    }
    throw new Error('the standby does not follow');
  }

  it('proves no more than what was replayed, but takes the word of an idle primary', async () => {
    await shop.query("INSERT INTO orders VALUES (1, 'A')");
    await arrives(1);
    await sleep(1_500);
    const before = Date.now();
    // The primary is idle: what it says comes with its next message.
    const seen = await untilHeard(before);
    expect(seen.effects).toHaveLength(1);
    expect(seen.coverage.readAt).toBeLessThanOrEqual(Date.now());
    expect(seen.coverage.notes.join()).toMatch(
      /read from a standby, which showed the state of .*Z, \d+\.\d s behind/,
    );
    expect(seen.coverage.span?.to).toBe(seen.coverage.readAt);
  });

  /** A checkpoint writes to the log, so that the primary speaks without anything being committed. */
  async function untilHeard(after: number) {
    for (let tries = 0; tries < 100; tries++) {
      await shop.query('CHECKPOINT');
      const seen = await readTable(ordersTable({ url }));
      if (seen.coverage.readAt >= after) return seen;
      await sleep(100);
    }
    throw new Error('the standby never said that it is not behind');
  }

  it('is as old as its last transaction for a role that may see no more, and while replay is paused', async () => {
    await shop.query('CREATE ROLE clerk LOGIN; GRANT SELECT ON orders TO clerk');
    await shop.query("INSERT INTO orders VALUES (2, 'B')");
    await arrives(2);
    const committed = Date.now();
    await sleep(1_200);
    await shop.query('CHECKPOINT');
    const clerk = Object.assign(new URL(url), { username: 'clerk' }).href;
    const blind = await readTable(ordersTable({ url: clerk }));
    expect(blind.coverage.readAt).toBeLessThanOrEqual(committed);
    expect(blind.coverage.notes.join()).toMatch(/pg_read_all_stats/);
    await replica.query('SELECT pg_wal_replay_pause()');
    await shop.query("INSERT INTO orders VALUES (3, 'C')");
    await sleep(300);
    const paused = await readTable(ordersTable({ url }));
    await replica.query('SELECT pg_wal_replay_resume()');
    expect(paused.effects.map((effect) => effect.key)).toEqual(['A', 'B']);
    const { rows } = await shop.query<{ at: Date }>('SELECT created_at AS at FROM orders WHERE id = 3');
    expect(paused.coverage.readAt).toBeLessThan(rows[0]!.at.getTime());
    await arrives(3);
  });

  it('says what to do when replay cancels the read', async () => {
    await shop.query("INSERT INTO orders SELECT n, 'ORD-' || n FROM generate_series(10, 400000) n");
    await arrives(400_000);
    const rows = postgresEffects(shopSettings(ordersTable({ url })), [0], hooks());
    let batches = 0;
    const cancelled = rows.gather([ALWAYS], async () => {
      if (batches++ > 0) return sleep(20);
      await shop.query('DELETE FROM orders WHERE id >= 10');
      await shop.query('VACUUM orders');
      await sleep(500);
    });
    await expect(cancelled).rejects.toMatchObject({
      status: 4,
      message: expect.stringMatching(/conflict with recovery/),
      hint: expect.stringMatching(/read from the primary, or raise max_standby_streaming_delay/),
    });
    await rows.close();
  });
});
