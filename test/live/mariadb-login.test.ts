/** How a real MariaDB lets an audit in (TLS in all its modes, the environment, a socket), and what a replica of it proves. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ordersTable, readTable, refusalOf } from '../sources/database/mysql/orders.ts';
import { certificatesUnavailable, createAuthority } from '../support/servers/certificates.ts';
import { Endings } from '../support/servers/endings.ts';
import {
  connectMariadb,
  type Mariadb,
  mariadbUnavailable,
  startMariadb,
} from '../support/servers/mariadb.ts';
import { skipUnless } from '../support/servers/skip.ts';

const NEW_ORDER = `
  CREATE TABLE orders (id int PRIMARY KEY, order_id varchar(9), created_at timestamp DEFAULT now());
  INSERT INTO orders (id, order_id) VALUES (1, 'A')`;

skipUnless([mariadbUnavailable(), certificatesUnavailable()], 'logging in to a real MariaDB', () => {
  const endings = new Endings();
  let directory: string;
  let secure: Mariadb;
  let url: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onceover-login-'));
    await chmod(directory, 0o755);
    endings.add(() => rm(directory, { recursive: true }));
    const authority = await createAuthority(directory);
    await createAuthority(directory, 'Another CA');
    const certificate = await authority.issue({ name: 'db', names: ['DNS:localhost'] });
    await authority.issue({ name: 'auditor' });
    await authority.issue({ name: 'other', names: ['DNS:db.shop.example'] });
    await chmod(certificate.keyFile, 0o644);
    secure = await startMariadb({
      options: [
        `--ssl-cert=${certificate.certificateFile}`,
        `--ssl-key=${certificate.keyFile}`,
        `--ssl-ca=${authority.certificateFile}`,
      ],
    });
    endings.add(() => secure.stop());
    url = await secure.createDatabase('shop');
    const shop = await connectMariadb(url);
    await shop.query(`${NEW_ORDER};
      CREATE USER sealed REQUIRE SSL; GRANT SELECT ON shop.* TO sealed;
      CREATE USER known REQUIRE SUBJECT '/CN=auditor'; GRANT SELECT ON shop.* TO known`);
    await shop.end();
  });

  afterAll(() => endings.run());
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const as = (user: string, query: string) => {
    const changed = Object.assign(new URL(url), { hostname: 'localhost', username: user });
    return ordersTable({ url: `${changed.href}${query}` });
  };
  const file = (name: string) => encodeURIComponent(join(directory, name));
  const read = async (user: string, query = '') => (await readTable(as(user, query))).effects.length;

  it('uses TLS where the server has it, and as much of it as is asked for', async () => {
    expect(await read('sealed')).toBe(1);
    expect(await read('sealed', '?ssl-mode=REQUIRED')).toBe(1);
    expect(await read('sealed', `?ssl-ca=${file('order-shop-ca.pem')}`)).toBe(1);
    expect(await read('sealed', `?ssl-mode=VERIFY_IDENTITY&ssl-ca=${file('order-shop-ca.pem')}`)).toBe(1);
    expect(await refusalOf(as('sealed', '?ssl-mode=DISABLED'))).toMatch(
      /^4 .*Access denied for user 'sealed'/,
    );
    expect(await refusalOf(as('sealed', `?ssl-ca=${file('another-ca.pem')}`))).toMatch(
      /^4 .*certificate.* \| check ssl-mode, ssl-ca/,
    );
    expect(await refusalOf(as('sealed', '?ssl-mode=VERIFY_IDENTITY'))).toMatch(/^4 .*certificate/);
  });

  it('shows a certificate of its own', async () => {
    const own = `?ssl-cert=${file('auditor.pem')}&ssl-key=${file('auditor.key')}`;
    expect(await read('known', own)).toBe(1);
    expect(await refusalOf(as('known', ''))).toMatch(/^4 .*Access denied for user 'known'/);
    expect(
      await refusalOf(as('known', `?ssl-cert=${file('auditor.pem')}&ssl-key=${file('other.key')}`)),
    ).toMatch(/\| check ssl-mode, ssl-ca, ssl-cert and ssl-key|\| check ssl-ca, ssl-cert and ssl-key/);
  });

  it('takes all of it from the environment, or a socket of this machine', async () => {
    const { url: _, ...table } = ordersTable();
    vi.stubEnv('MYSQL_HOST', '127.0.0.1');
    vi.stubEnv('MYSQL_TCP_PORT', String(secure.port));
    vi.stubEnv('MYSQL_USER', 'sealed');
    vi.stubEnv('MYSQL_DATABASE', 'shop');
    expect((await readTable(table)).effects).toHaveLength(1);
    const socket = encodeURIComponent(join(dirname(secure.logFile), 's.sock'));
    const { effects, coverage } = await readTable(as('root', `?socket=${socket}`));
    expect(effects).toHaveLength(1);
    expect(coverage.source).toMatch(/^mysql \/.*\/s.sock\/shop shop.orders$/);
  });
});

skipUnless([mariadbUnavailable()], 'a replica of a real MariaDB', () => {
  const endings = new Endings();
  let primary: Mariadb;
  let replica: Mariadb;

  beforeAll(async () => {
    primary = await startMariadb({ options: ['--server-id=1', '--log-bin=binlog'] });
    endings.add(() => primary.stop());
    replica = await startMariadb({ options: ['--server-id=2', '--read-only=1'] });
    endings.add(() => replica.stop());
  });

  afterAll(() => endings.run());

  it('proves what it showed when it last followed, and nothing when it does not follow', async () => {
    const source = await connectMariadb(primary.url);
    const follower = await connectMariadb(replica.url);
    endings.add(() => source.end());
    endings.add(() => follower.end());
    await source.query(`CREATE DATABASE shop; USE shop; ${NEW_ORDER}`);
    await follower.query(`
      CHANGE MASTER 'shop' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port}, MASTER_USER = 'root', MASTER_USE_GTID = slave_pos;
      START SLAVE 'shop'`);
    const orders = ordersTable({ url: `${replica.url}shop` });
    const gone = async () => {
      for (let tries = 0; tries < 200; tries++) {
        const [rows] = await follower.query(
          "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'",
        );
        if ((rows as unknown[]).length > 0) return;
        await sleep(50);
      }
    };
    await gone();
    await follower.query('DO MASTER_GTID_WAIT(@@gtid_slave_pos, 5)');
    const following = await readTable(orders);
    expect(following.effects).toHaveLength(1);
    expect(following.coverage.notes.join()).toMatch(
      /read from a replica, which showed the state of .*, up to 1 s behind/,
    );
    expect(following.coverage.readAt).toBeGreaterThan(Date.now() - 60_000);
    await follower.query("STOP SLAVE 'shop'");
    const stopped = await readTable(orders);
    expect(stopped.effects).toHaveLength(1);
    expect(stopped.coverage).toMatchObject({
      readAt: 0,
      notes: [expect.stringMatching(/nothing is settled/)],
    });
    expect(stopped.coverage.span).toBeUndefined();
  });
});
