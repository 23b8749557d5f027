/** How a real PostgreSQL lets an audit in: TLS in all its modes, password files, the environment; and its time limits. */
import { chmod, chown, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ordersTable, readTable, refusalOf } from '../sources/database/postgres/orders.ts';
import { isRoot } from '../support/servers/availability.ts';
import {
  type Authority,
  type Certificate,
  certificatesUnavailable,
  createAuthority,
} from '../support/servers/certificates.ts';
import { type Postgres, postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';

const PASSWORD = 'p@ss:w\\rd';
const NOBODY = 65534;

const borrowed = process.env.PGHOST
  ? { server: 'PostgreSQL with TLS', reason: 'PGHOST names a server', install: 'Unset PGHOST.' }
  : undefined;

skipUnless(
  [postgresUnavailable(), certificatesUnavailable(), borrowed],
  'logging in to a real PostgreSQL',
  () => {
    let directory: string;
    let plain: Postgres;
    let secure: Postgres;
    let authority: Authority;
    let stranger: Authority;
    let own: Certificate;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'onceover-login-'));
      await chmod(directory, 0o755);
      authority = await createAuthority(directory);
      stranger = await createAuthority(directory, 'Another CA');
      // Of another host: what checks the name must refuse it.
      const certificate = await authority.issue({ name: 'db', names: ['DNS:db.shop.example'] });
      own = await authority.issue({ name: 'auditor' });
      const key = join(directory, 'server.key');
      await copyFile(certificate.keyFile, key);
      await chmod(key, 0o600);
      if (isRoot()) await chown(key, NOBODY, NOBODY);
      plain = await startPostgres({ password: PASSWORD });
      secure = await startPostgres({
        password: PASSWORD,
        settings: {
          ssl: 'on',
          ssl_cert_file: certificate.certificateFile,
          ssl_key_file: key,
          ssl_ca_file: authority.certificateFile,
        },
      });
      for (const { url } of [plain, secure]) await makeOrders(url);
    });

    afterEach(() => {
      vi.unstubAllEnvs();
    });

    afterAll(async () => {
      await plain?.stop();
      await secure?.stop();
      await rm(directory, { recursive: true, force: true });
    });

    async function makeOrders(url: string): Promise<void> {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(`
      CREATE TABLE orders (order_id text, id int PRIMARY KEY, created_at timestamptz); INSERT INTO orders VALUES ('A', 1, now());
      CREATE VIEW cipher AS SELECT (SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS order_id, 1 AS id, now() AS created_at;
      CREATE VIEW dn AS SELECT (SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS order_id, 1 AS id, now() AS created_at;
      CREATE VIEW slow AS SELECT order_id, id, created_at + (pg_sleep(20)::text || '0 s')::interval AS created_at FROM orders`);
      await client.end();
    }

    /** What a connection with these settings of the url shows: `true` over TLS. */
    const keyOf = async (url: string, table = 'cipher') => {
      const { effects } = await readTable(ordersTable({ url, table, id: 'id' }));
      return effects[0]?.key;
    };
    const withQuery = (url: string, query: Record<string, string>) => `${url}?${new URLSearchParams(query)}`;
    const refused = (url: string) => refusalOf(ordersTable({ url }));

    it('takes TLS where there is some, like psql, and none where none is asked for', async () => {
      expect(await keyOf(secure.url)).toBe('true');
      expect(await keyOf(plain.url)).toBe('false');
      for (const sslmode of ['allow', 'prefer', 'require', 'no-verify'])
        expect(await keyOf(withQuery(secure.url, { sslmode }))).toBe('true');
      expect(await keyOf(withQuery(secure.url, { sslmode: 'disable' }))).toBe('false');
      expect(await refused(withQuery(plain.url, { sslmode: 'require' }))).toMatch(
        /^4 .*does not support SSL connections \| check sslmode/,
      );
    });

    it('checks the authority, and the name only where that is asked for', async () => {
      const sslrootcert = authority.certificateFile;
      const other = stranger.certificateFile;
      expect(await keyOf(withQuery(secure.url, { sslmode: 'verify-ca', sslrootcert }))).toBe('true');
      expect(await keyOf(withQuery(secure.url, { sslmode: 'require', sslrootcert }))).toBe('true');
      expect(await refused(withQuery(secure.url, { sslmode: 'verify-full', sslrootcert }))).toMatch(
        /^4 .*does not match certificate.*\| check sslmode and sslrootcert/,
      );
      for (const sslmode of ['require', 'verify-ca', 'verify-full']) {
        expect(await refused(withQuery(secure.url, { sslmode, sslrootcert: other }))).toMatch(
          /^4 .*certificate.*\| check sslmode and sslrootcert/,
        );
      }
      expect(await refused(withQuery(secure.url, { sslmode: 'verify-full' }))).toMatch(/^4 .*certificate/);
    });

    it('shows a certificate of its own', async () => {
      const { certificateFile: sslcert, keyFile: sslkey } = own;
      expect(await keyOf(withQuery(secure.url, { sslmode: 'require', sslcert, sslkey }), 'dn')).toBe(
        '/CN=auditor',
      );
      expect(await keyOf(withQuery(secure.url, { sslmode: 'require' }), 'dn')).toBe('');
    });

    it('takes the modes and files of the environment, and refuses what cannot be', async () => {
      vi.stubEnv('PGSSLMODE', 'verify-ca');
      expect(await refused(secure.url)).toMatch(
        /^2 sslmode=verify-ca needs the certificate of the authority/,
      );
      vi.stubEnv('PGSSLROOTCERT', authority.certificateFile);
      expect(await keyOf(secure.url)).toBe('true');
      vi.stubEnv('PGSSLROOTCERT', join(directory, 'none.pem'));
      expect(await refused(secure.url)).toMatch(/^2 cannot read \/.*none.pem \| it is the sslrootcert/);
      vi.stubEnv('PGSSLROOTCERT', undefined);
      vi.stubEnv('PGSSLMODE', 'sometimes');
      expect(await refused(secure.url)).toMatch(/^2 unknown sslmode `sometimes` \| expected disable, allow/);
    });

    it('takes everything from the environment, and the password from a file', async () => {
      const { port } = secure;
      const passwords = join(directory, 'pgpass');
      const escaped = PASSWORD.replace(/[\\:]/g, '\\$&');
      await writeFile(passwords, `127.0.0.1:1:*:*:no\n127.0.0.1:${port}:postgres:postgres:${escaped}\n`, {
        mode: 0o600,
      });
      vi.stubEnv('PGHOST', '127.0.0.1');
      vi.stubEnv('PGPORT', String(port));
      vi.stubEnv('PGUSER', 'postgres');
      vi.stubEnv('PGDATABASE', 'postgres');
      expect(await refusalOf(ordersTable())).toMatch(/^4 .*the server asks for a password \| give one/);
      vi.stubEnv('PGPASSFILE', passwords);
      expect((await readTable(ordersTable())).effects).toHaveLength(1);
      vi.stubEnv('PGPASSWORD', 'wrong');
      expect(await refusalOf(ordersTable())).toMatch(/^4 .*password authentication failed/);
    });

    it('gives up when a statement takes longer than it may', async () => {
      const slow = ordersTable({ url: plain.url, table: 'slow', id: 'id', timeout: 300 });
      await expect(readTable(slow)).rejects.toMatchObject({
        status: 4,
        message: expect.stringMatching(/reading public.slow failed: .*statement timeout/),
        hint: expect.stringMatching(/`timeout`/),
      });
    });
  },
);
