/** A real Postfix for tests: own queue, configuration and mail log, on a free port, relaying everything to one sink. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { demand, isRoot, type Unavailable } from './availability.ts';
import { isSoon, lastLines, startChild } from './child.ts';
import { canConnect, freePort } from './ports.ts';

export interface PostfixOptions {
  /** Port on 127.0.0.1 that all mail is handed to. */
  readonly relayPort: number;
  /** Zone of the times in the log, which name none. Default UTC. */
  readonly timeZone?: string;
}

export interface Postfix {
  readonly port: number;
  readonly logFile: string;
  /** Waits until the queue is empty: all that was accepted is delivered or returned. @throws Error after a minute */
  drained(): Promise<void>;
  /** Renames the log to `mail.log.<date>-<time>`, compresses it and begins a new one. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

const MASTER = ['/usr/lib/postfix/sbin/master', '/usr/libexec/postfix/master'];

/** Why Postfix cannot be started here; undefined: it can. */
export function postfixUnavailable(): Unavailable | undefined {
  const server = 'Postfix';
  if (!isRoot()) {
    return {
      server,
      reason: 'its master runs as root only',
      install: 'Run the tests as root, in a container.',
    };
  }
  if (!MASTER.some((path) => existsSync(path))) {
    const install = "Install it (Debian: apt-get install postfix, answering 'No configuration').";
    return { server, reason: 'not installed', install };
  }
  return undefined;
}

/**
 * Starts master directly, not by `postfix start`: that takes two seconds longer and leaves a grandchild behind.
 * @throws ServerUnavailable where it cannot run; Error with its own words where it does not come up.
 */
export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  demand(postfixUnavailable());
  const work = await mkdtemp(join(tmpdir(), 'onceover-postfix-'));
  await chmod(work, 0o755);
  const port = await freePort();
  const conf = join(work, 'conf');
  const logFile = join(work, 'mail.log');
  await makeDirectories(work);
  await writeFile(join(conf, 'main.cf'), mainCf(work, options.relayPort));
  await writeFile(join(conf, 'master.cf'), masterCf(port));
  await writeFile(join(conf, 'header_checks'), '/^X-Order-Id:/ INFO\n/^Subject:/ INFO\n');

  const output = join(work, 'master.log');
  const master = await startChild(MASTER.find((path) => existsSync(path))!, ['-c', conf, '-d'], {
    output,
    remove: work,
    env: { ...process.env, TZ: options.timeZone ?? 'UTC' },
  });
  if (!(await isSoon(master, () => canConnect(port)))) {
    const words = lastLines(existsSync(logFile) ? logFile : output);
    await master.stop();
    throw new Error(`Postfix did not come up:\n${words}`);
  }
  return {
    port,
    logFile,
    drained: () => drained(join(work, 'queue')),
    rotate: async () => {
      await run('/usr/sbin/postfix', ['-c', conf, 'logrotate']);
    },
    stop: () => master.stop(),
  };
}

/** What `postfix check` would make, in a hundredth of its two seconds. */
async function makeDirectories(work: string): Promise<void> {
  const postfix = await uidOf('postfix');
  const postdrop = await gidOf('postdrop');
  await mkdir(join(work, 'conf'), { mode: 0o755 });
  await mkdir(join(work, 'queue'), { mode: 0o755 });
  await mkdir(join(work, 'queue', 'pid'), { mode: 0o755 });
  await owned(join(work, 'data'), 0o700, postfix);
  for (const name of PRIVATE_QUEUES) await owned(join(work, 'queue', name), 0o700, postfix);
  await owned(join(work, 'queue', 'maildrop'), 0o730, postfix, postdrop);
  await owned(join(work, 'queue', 'public'), 0o710, postfix, postdrop);
}

const PRIVATE_QUEUES = [
  ...['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming'],
  ...['private', 'saved', 'trace'],
];

async function owned(path: string, mode: number, uid: number, gid = 0): Promise<void> {
  await mkdir(path);
  await chown(path, uid, gid);
  await chmod(path, mode);
}

async function uidOf(user: string): Promise<number> {
  return Number((await run('id', ['-u', user])).stdout);
}

async function gidOf(group: string): Promise<number> {
  const line = (await readFile('/etc/group', 'utf8'))
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  if (line === undefined) throw new Error(`Postfix is installed, but there is no group ${group}.`);
  return Number(line.split(':')[2]);
}

/** The queue is a set of files: one per mail that is not yet finished with. */
async function drained(queue: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  let waiting = await queued(queue);
  while (waiting > 0 && Date.now() < deadline) {
    await sleep(50);
    waiting = await queued(queue);
  }
  if (waiting > 0) throw new Error(`Postfix still has ${waiting} mails in its queue after a minute.`);
}

async function queued(queue: string): Promise<number> {
  const folders = ['maildrop', 'incoming', 'active', 'deferred'].map((name) => join(queue, name));
  const entries = await Promise.all(
    folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true })),
  );
  return entries.flat().filter((entry) => entry.isFile()).length;
}

// Without syslog: `maillog_file` and the postlog service. Without DNS and without chroot, which would want copies of files.
// Retries follow within two seconds; within one, the queue manager now and then meets a mail whose delivery is still being
// closed ("skipped, still being delivered") and then leaves it alone for five minutes.
function mainCf(work: string, relayPort: number): string {
  return `compatibility_level = 3.6
queue_directory = ${work}/queue
data_directory = ${work}/data
maillog_file = ${work}/mail.log
maillog_file_prefixes = ${work}
syslog_name = postfix
myhostname = mail.shop.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
relayhost = [127.0.0.1]:${relayPort}
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
header_checks = regexp:${work}/conf/header_checks
enable_long_queue_ids = no
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 2s
maximal_backoff_time = 2s
`;
}

function masterCf(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
smtp      unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
`;
}
