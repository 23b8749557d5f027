/** Servers and services as direct children of the test process, of which none outlives it, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The user to run as; only root can choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** File that what the child prints is appended to. */
  readonly output: string;
  /** Hands stdout to the caller in place of the file. */
  readonly pipeStdout?: boolean;
  /** Directory that belongs to this child alone and is removed with it. */
  readonly remove?: string;
}

export interface Child {
  readonly pid: number;
  /** Only with `pipeStdout`. */
  readonly stdout: Readable | undefined;
  /** Settles when the child has ended, with words for how. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** Kills the whole process group at once, as a crash of the machine would. */
  kill(): Promise<void>;
  /** Asks with `signal` and kills what is still there after `patienceMs` (10 s). The child's directory stays. */
  end(signal?: NodeJS.Signals, patienceMs?: number): Promise<void>;
  /** Ends it, and removes its directory. */
  stop(signal?: NodeJS.Signals, patienceMs?: number): Promise<void>;
}

/**
 * Starts a command in a process group of its own (Postfix's master needs that, and a Ctrl-C at the terminal then does not
 * reach it before us). @throws Error when it cannot be started.
 */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<Child> {
  const output = openSync(options.output, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', options.pipeStdout === true ? 'pipe' : output, output],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.user,
  });
  closeSync(output);
  const ended = endOf(child);
  await once(child, 'spawn');
  const pid = child.pid!;
  const dismissWatcher = watch(pid, options.remove);
  child.unref();

  const kill = async () => {
    signalGroup(pid, 'SIGKILL');
    await ended;
  };
  const end = async (signal: NodeJS.Signals = 'SIGTERM', patienceMs = 10_000) => {
    if (!hasEnded(child)) process.kill(pid, signal);
    const patience = setTimeout(kill, patienceMs);
    await ended;
    clearTimeout(patience);
    signalGroup(pid, 'SIGKILL');
    dismissWatcher();
  };
  return {
    pid,
    stdout: child.stdout ?? undefined,
    ended,
    hasEnded: () => hasEnded(child),
    kill: async () => {
      await kill();
      dismissWatcher();
    },
    end,
    stop: async (signal, patienceMs) => {
      await end(signal, patienceMs);
      if (options.remove !== undefined) await rm(options.remove, { recursive: true, force: true });
    },
  };
}

/** Far longer than any server takes: a machine may be busy with other tests. */
const START_MS = 120_000;

/**
 * Asks again and again whether a server is so far.
 * @returns false where it ended before, or was not so far after `patienceMs`, by default two minutes
 */
export async function isSoon(
  child: Pick<Child, 'hasEnded'>,
  isSo: () => Promise<boolean>,
  patienceMs = START_MS,
): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline && !child.hasEnded()) {
    if (await isSo()) return true;
    await sleep(20);
  }
  return false;
}

/** The last lines of what a child printed, for the message that tells why it did not come up. */
export function lastLines(file: string, count = 15): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit status ${code}` : signal));
    child.once('error', (error) => resolve(error.message));
  });
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A directory in the system's temporary one that goes when `remove` is called, or with this process. */
export async function temporaryDirectory(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `onceover-${name}-`));
  const dismissWatcher = watch(undefined, path);
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      dismissWatcher();
    },
  };
}

/**
 * A shell that waits at a pipe which only this process holds open: it reads a line when all was ended in good order, or
 * the end of the pipe when this process died of anything, SIGKILL included, and then kills the group of `leader` and
 * removes the directory. @returns the function that sends it home.
 */
function watch(leader: number | undefined, remove: string | undefined): () => void {
  const act = '[ -z "$1" ] || kill -s KILL -- "-$1"; [ -z "$2" ] || rm -rf -- "$2"';
  const script = `read -r word; [ "$word" = ended ] || { ${act}; }`;
  const shell = spawn('/bin/sh', ['-c', script, 'watcher', String(leader ?? ''), remove ?? ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  (shell.stdin as { unref?: () => void }).unref?.();
  shell.stdin.on('error', () => {});
  return () => shell.stdin.end('ended\n');
}
