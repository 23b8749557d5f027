/** A real MariaDB for tests: own data, free port, every statement logged to a file that a test can read. */
import { execFile } from 'node:child_process';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';
import { commandPath, demand, isExecutable, isRoot, type Unavailable } from './availability.ts';
import { type Child, lastLines, startChild } from './child.ts';
import { freePort } from './ports.ts';

export interface MariadbOptions {
  /** Options of the server, such as `--ssl-cert=…`. */
  readonly options?: readonly string[];
}

export interface Mariadb {
  /** URL of the server as its superuser, without a database. */
  readonly url: string;
  readonly port: number;
  /** Every statement, with the connection's number. */
  readonly logFile: string;
  /** Makes a database and answers its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** `nobody`, because MariaDB refuses to run as root. */
const NOBODY = { uid: 65534, gid: 65534 };

/** Debian keeps the server off the PATH of most users. */
function serverPath(): string | undefined {
  return commandPath('mariadbd') ?? ['/usr/sbin/mariadbd', '/usr/local/sbin/mariadbd'].find(isExecutable);
}

/** Why MariaDB cannot be started here; undefined: it can. */
export function mariadbUnavailable(): Unavailable | undefined {
  const missing = serverPath() === undefined ? 'mariadbd' : 'mariadb-install-db';
  if (serverPath() !== undefined && commandPath('mariadb-install-db') !== undefined) return undefined;
  return {
    server: 'MariaDB',
    reason: `no ${missing} found`,
    install:
      'Install it (Debian: apt-get install mariadb-server-core mariadb-client-core; macOS: brew install mariadb).',
  };
}

/**
 * Starts a server.
 * @throws ServerUnavailable where there is none; Error with the server's own words where it does not come up.
 */
export async function startMariadb({ options = [] }: MariadbOptions = {}): Promise<Mariadb> {
  demand(mariadbUnavailable());
  const work = await mkdtemp(join(tmpdir(), 'onceover-mariadb-'));
  const user = isRoot() ? NOBODY : undefined;
  if (user !== undefined) await chown(work, user.uid, user.gid);
  await initialise(work, user);

  const port = await freePort();
  const output = join(work, 'mariadb.log');
  const server = await startChild(serverPath()!, [...settings(work, port), ...options], {
    output,
    cwd: work,
    remove: work,
    ...(user === undefined ? {} : { user }),
  });
  await ready(server, output);
  const url = `mysql://root@127.0.0.1:${port}/`;
  return {
    url,
    port,
    logFile: join(work, 'statements.log'),
    createDatabase: async (name) => {
      const connection = await connectMariadb(url);
      await connection.query(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
      await connection.end();
      return `${url}${name}`;
    },
    stop: () => server.stop('SIGTERM'),
  };
}

/** A connection of the test's own, which may send several statements at once. */
export async function connectMariadb(url: string): Promise<Connection> {
  return createConnection({ uri: url, multipleStatements: true, charset: 'utf8mb4', timezone: 'Z' });
}

async function initialise(work: string, user: typeof NOBODY | undefined): Promise<void> {
  const args = [
    '--no-defaults',
    `--datadir=${join(work, 'data')}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
  ];
  try {
    await run(commandPath('mariadb-install-db')!, args, { cwd: work, ...user });
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw new Error(`MariaDB's mariadb-install-db failed: ${(error as Error).message}`, { cause: error });
  }
}

function settings(work: string, port: number): string[] {
  return [
    // It must come first.
    '--no-defaults',
    `--datadir=${join(work, 'data')}`,
    `--socket=${join(work, 's.sock')}`,
    `--pid-file=${join(work, 'pid')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--general-log=1',
    `--general-log-file=${join(work, 'statements.log')}`,
    // Nothing here must survive a power cut.
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=128M',
  ];
}

async function ready(server: Child, output: string): Promise<void> {
  for (let tries = 0; tries < 1500 && !server.hasEnded(); tries++) {
    if ((await readFile(output, 'utf8')).includes('ready for connections.')) return;
    await sleep(20);
  }
  const words = lastLines(output);
  await server.stop('SIGKILL');
  throw new Error(`MariaDB did not come up:\n${words}`);
}
