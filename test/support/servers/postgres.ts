/** A real PostgreSQL for tests: own data, free port, every statement logged to a file that a test can read. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { demand, isRoot } from './availability.ts';
import { type Child, isSoon, lastLines, startChild } from './child.ts';
import { freePort } from './ports.ts';
import { postgresBinaries, postgresUnavailable } from './postgres-binaries.ts';

export { postgresUnavailable } from './postgres-binaries.ts';

export interface PostgresOptions {
  /** Password of the user `postgres`; without one everybody on this machine is let in. */
  readonly password?: string;
  /** Settings of the server besides its own. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Postgres {
  /** Connection URL of a database that is this caller's alone, as its superuser. */
  readonly url: string;
  readonly port: number;
  /** Every statement with time, process id and application name; undefined: a server that was there before (PGHOST). */
  readonly logFile: string | undefined;
  /** Makes one more database and answers its URL. */
  createDatabase(name: string): Promise<string>;
  /** Starts a standby that follows this server; it is stopped by itself. Undefined: not of a server that was there before. */
  readonly startStandby: (() => Promise<Standby>) | undefined;
  stop(): Promise<void>;
}

/** Shows the databases of its primary at another port. */
export interface Standby {
  readonly port: number;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** `nobody`, because PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65534, gid: 65534 };

/**
 * Starts a server, or makes databases on the one of `PGHOST` and drops them in the end.
 * @throws ServerUnavailable where there is none; Error with the server's own words where it does not come up.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  if (process.env.PGHOST) return borrowPostgres();
  demand(postgresUnavailable());
  const user = isRoot() ? NOBODY : undefined;
  const work = await newWork(user);
  const bin = await reachableBin(work);
  await initialise(bin, work, user, options.password);

  const place = { bin, work, user };
  const { server, port, logFile } = await startServer(place, options.settings);
  const secret = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}`;
  const url = `postgres://postgres${secret}@127.0.0.1:${port}/postgres`;
  return {
    url,
    port,
    logFile,
    createDatabase: (name) => createDatabase(url, name),
    startStandby: () => startStandby(bin, user, url),
    // SIGINT is "fast": it ends sessions where SIGTERM would wait for them.
    stop: () => server.stop('SIGINT'),
  };
}

interface Place {
  readonly bin: string;
  /** Directory of its own: the data, and the log. */
  readonly work: string;
  readonly user: typeof NOBODY | undefined;
}

async function startServer({ bin, work, user }: Place, more: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const logFile = join(work, 'postgres.log');
  const args = ['-D', join(work, 'data'), ...settings(port, more)];
  const server = await startChild(join(bin, 'postgres'), args, {
    output: logFile,
    cwd: work,
    remove: work,
    ...(user === undefined ? {} : { user }),
  });
  await ready(server, logFile);
  return { server, port, logFile };
}

async function newWork(user: typeof NOBODY | undefined): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'onceover-postgres-'));
  if (user !== undefined) await chown(work, user.uid, user.gid);
  return work;
}

/** A copy of the primary's data that streams from it. Conflicts cancel its queries at once, not after half a minute. */
async function startStandby(bin: string, user: typeof NOBODY | undefined, url: string): Promise<Standby> {
  const work = await newWork(user);
  const args = ['-D', join(work, 'data'), '-d', url, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
  await run(join(bin, 'pg_basebackup'), args, { cwd: work, ...user });
  const { server, port } = await startServer({ bin, work, user }, { max_standby_streaming_delay: '0' });
  return { port, stop: () => server.stop('SIGINT') };
}

/** A server may be asked to run as another user, who must be able to reach its programs; a home directory may be closed. */
async function reachableBin(work: string): Promise<string> {
  const { bin, packaged } = postgresBinaries()!;
  if (!packaged) return bin;
  const native = dirname(bin);
  const copy = join(work, 'native');
  await cp(native, copy, { recursive: true });
  await linkLibraries(copy);
  return join(copy, basename(bin));
}

/** A package cannot hold symbolic links: it lists them, for an install script that npm may have been told not to run. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) await symlink(basename(source), link);
  }
}

async function initialise(
  bin: string,
  work: string,
  user: typeof NOBODY | undefined,
  password: string | undefined,
): Promise<void> {
  const secret = join(work, 'password');
  if (password !== undefined) await writeFile(secret, password, { mode: 0o644 });
  const auth = password === undefined ? ['--auth=trust'] : ['--auth=scram-sha-256', `--pwfile=${secret}`];
  const args = ['-D', join(work, 'data'), '-U', 'postgres', ...auth, '--no-sync', '-E', 'UTF8', '--locale=C'];
  try {
    await run(join(bin, 'initdb'), args, { cwd: work, ...user });
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw new Error(`PostgreSQL's initdb failed: ${(error as Error).message}`, { cause: error });
  }
}

function settings(port: number, more: Readonly<Record<string, string>>): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    log_statement: 'all',
    log_line_prefix: '%m [%p] %a ',
    // Nothing here must survive a power cut.
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    ...more,
  };
  return [
    '-p',
    String(port),
    ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

async function ready(server: Child, logFile: string): Promise<void> {
  const words = /database system is ready to accept (read-only )?connections/;
  if (await isSoon(server, async () => words.test(await readFile(logFile, 'utf8')))) return;
  const last = lastLines(logFile);
  await server.stop('SIGQUIT');
  throw new Error(`PostgreSQL did not come up:\n${last}`);
}

/** The server that the PG* variables speak of: a database of our own on it, dropped in the end with all others. */
async function borrowPostgres(): Promise<Postgres> {
  const { PGHOST, PGPORT = '5432', PGUSER = 'postgres', PGPASSWORD, PGDATABASE = 'postgres' } = process.env;
  const secret = PGPASSWORD === undefined ? '' : `:${encodeURIComponent(PGPASSWORD)}`;
  const maintenance = `postgres://${encodeURIComponent(PGUSER)}${secret}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
  const made: string[] = [];
  const create = async (name: string) => {
    const unique = `${name}_${randomBytes(4).toString('hex')}`;
    made.push(unique);
    return createDatabase(maintenance, unique);
  };
  return {
    url: await create('onceover_test'),
    port: Number(PGPORT),
    logFile: undefined,
    startStandby: undefined,
    createDatabase: create,
    stop: async () => {
      for (const name of made) await execute(maintenance, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function createDatabase(url: string, name: string): Promise<string> {
  await execute(url, `CREATE DATABASE ${name}`);
  const database = new URL(url);
  database.pathname = `/${name}`;
  return database.href;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
