/** What is kept of an audit that was interrupted in a long replay, so that `--resume` can go on with it. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { AuditError } from '../error.ts';
import type { ReplayState } from '../model.ts';
import { TOOL } from './tool.ts';

const FILE = 'unfinished.json';

/** One audit under way, as of its last checkpoint. */
export interface Unfinished {
  readonly tool: string;
  /** The process that writes here, for as long as it lives, and when it began, as the system counts. */
  readonly pid: number;
  readonly since: string | null;
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly configDigest: string;
  /** Hex digits. */
  readonly digestKey: string;
  /** How many files of messages are whole. */
  readonly files: number;
  readonly replay: ReplayState;
}

/** Keeps a checkpoint in the directory of the run: whole, or as it was before. */
export function keepUnfinished(
  directory: string,
  unfinished: Omit<Unfinished, 'tool' | 'pid' | 'since'>,
): void {
  const path = join(directory, FILE);
  const { pid } = process;
  const whole: Unfinished = { tool: TOOL.version, pid, since: startOf(pid), ...unfinished };
  const file = openSync(`${path}.part`, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(whole));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.part`, path);
}

/** Whether an audit that ended in this directory can be gone on with. */
export function isKept(directory: string): boolean {
  return existsSync(join(directory, FILE));
}

/** Takes the checkpoint away: the audit will be finished, or cannot be. */
export function forgetUnfinished(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}

export interface Found {
  readonly directory: string;
  readonly unfinished: Unfinished;
}

/** The interrupted audits of a name, the latest first. */
export function findUnfinished(reports: string, name: string): readonly Found[] {
  return all(reports, name).filter(({ unfinished }) => !isAtWork(unfinished));
}

function all(reports: string, name: string): readonly Found[] {
  const names = existsSync(reports) ? readdirSync(reports) : [];
  return names
    .filter((entry) => entry.startsWith(`.${name}-`) && isKept(join(reports, entry)))
    .map((entry) => join(reports, entry))
    .map((directory) => ({ directory, unfinished: read(directory) }))
    .filter(({ unfinished }) => unfinished.name === name)
    .sort((one, other) => other.unfinished.startedAt - one.unfinished.startedAt);
}

/**
 * The interrupted audit to go on with.
 * @throws AuditError 2: there is none, or it was one of another configuration or of another onceover
 */
export function takeUp(reports: string, name: string, configDigest: string): Found {
  const idle = findUnfinished(reports, name);
  const same = idle.find(({ unfinished }) => unfinished.configDigest === configDigest);
  if (same === undefined) {
    const why =
      idle.length === 0
        ? noneIdle(reports, name)
        : `the configuration was changed since the audit in ${idle[0]!.directory} was interrupted`;
    throw new AuditError(2, `cannot resume: ${why}`, { hint: 'run it without --resume' });
  }
  const { tool } = same.unfinished;
  if (tool === TOOL.version) return same;
  throw new AuditError(
    2,
    `cannot resume: ${same.directory} was begun by ${TOOL.name} ${tool}, this is ${TOOL.version}`,
    {
      hint: 'run it without --resume',
    },
  );
}

function read(directory: string): Unfinished {
  try {
    return JSON.parse(readFileSync(join(directory, FILE), 'utf8')) as Unfinished;
  } catch (cause) {
    throw new AuditError(4, `${join(directory, FILE)} cannot be read`, {
      hint: `remove ${directory} and run the audit again`,
      cause,
    });
  }
}

function noneIdle(reports: string, name: string): string {
  const [running] = all(reports, name);
  return running === undefined
    ? `there is no interrupted audit of ${name} in ${reports}`
    : `the audit in ${running.directory} is not interrupted: process ${running.unfinished.pid} is at it`;
}

function isAtWork({ pid, since }: Unfinished): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of somebody else's is a process, too.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // Numbers are given anew; and a process that ended keeps its own until its parent has asked for it.
  return since === null || startOf(pid) === since;
}

/** When a process began; null: it is no more, or the system does not say (only Linux does). */
function startOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name, in brackets, may hold anything; the state is the first field behind it, the start the twentieth.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}
