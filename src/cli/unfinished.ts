/** What is kept of an audit that was interrupted in a long replay, so that `--resume` can go on with it. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AuditError } from '../error.ts';
import type { FileSeal } from '../evidence/parquet.ts';
import type { ReplayState } from '../model.ts';
import { TOOL } from './tool.ts';

const FILE = 'unfinished.json';
/** What each process that begins an audit, or goes on with it, makes first, in turn: `claim-0`, `claim-1`, … */
const CLAIM = 'claim-';
/** Between making a claim and writing into it there is but a moment. */
const CLAIM_MS = 5000;

/** Who writes here, for as long as it lives, and when it began, as the system counts. */
interface Holder {
  readonly pid: number;
  readonly since: string | null;
}

/** Beside it, where its number is a process's: only there can be told that none has it any more. */
interface Claim extends Holder {
  readonly where: string;
}

/** One audit under way, as of its last checkpoint. */
export interface Unfinished extends Holder {
  readonly tool: string;
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly resumeDigest: string;
  /** Hex digits. */
  readonly digestKey: string;
  /** The files of messages that are whole. */
  readonly files: readonly FileSeal[];
  readonly replay: ReplayState;
}

/** Keeps a checkpoint in the directory of the run: whole, or as it was before. */
export function keepUnfinished(
  directory: string,
  unfinished: Omit<Unfinished, 'tool' | 'pid' | 'since'>,
): void {
  const path = join(directory, FILE);
  const whole: Unfinished = { ...unfinished, tool: TOOL.version, ...ourselves() };
  const file = openSync(`${path}.part`, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(whole));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.part`, path);
}

/** The failure of an audit, or its interruption, of which something is kept. */
export class KeptError extends Error {
  /** @param message what is kept where, and what to do about it. @param cause what happened */
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'KeptError';
  }
}

/**
 * Removes what audits of a name left that were killed before there was anything to keep. One that may be at work
 * somewhere stays. @returns the directories that are gone now
 */
export function removeDead(reports: string, name: string): readonly string[] {
  const directories = asideOf(reports, name).filter((directory) => !isKept(directory) && isDead(directory));
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  return directories;
}

/** The directories of unfinished audits: a name that begins like another's is another. */
function asideOf(reports: string, name: string): readonly string[] {
  const names = existsSync(reports) ? readdirSync(reports) : [];
  const prefix = `.${name}-`;
  return names
    .filter((entry) => entry.startsWith(prefix) && /^[0-9a-f]{8}$/.test(entry.slice(prefix.length)))
    .map((entry) => join(reports, entry));
}

/** Whether whoever began the audit is certainly no more. */
function isDead(directory: string): boolean {
  const claims = readdirSync(directory).filter((name) => name.startsWith(CLAIM));
  const holders = claims.map((name) => holderOf(join(directory, name)));
  return holders.length > 0 && holders.every((one) => one?.where === here() && !isAtWork(one));
}

/** Whether an audit that ended in this directory can be gone on with. */
export function isKept(directory: string): boolean {
  return existsSync(join(directory, FILE));
}

/** Takes the checkpoint away: the audit will be finished, or cannot be. */
export function forgetUnfinished(directory: string): void {
  // It goes first: whoever makes a claim meanwhile finds nothing to go on with.
  rmSync(join(directory, FILE), { force: true });
  for (const name of readdirSync(directory)) if (name.startsWith(CLAIM)) rmSync(join(directory, name));
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
 * The interrupted audit to go on with, which from now on is this process's: of several that ask at once, one gets it.
 * @throws AuditError 2: there is none, or it was one of another configuration or of another onceover
 */
export function takeUp(reports: string, name: string, resumeDigest: string): Found {
  const { directory } = idleOne(reports, name, resumeDigest);
  claim(directory);
  // Another may have gone on with it, and ended, since it was read.
  const latest = isKept(directory) ? read(directory) : undefined;
  if (latest === undefined) throw refusal(finished(directory));
  if (isAtWork(latest)) throw refusal(beingAtWork(directory, latest.pid));
  keepUnfinished(directory, latest);
  return { directory, unfinished: latest };
}

function idleOne(reports: string, name: string, resumeDigest: string): Found {
  const idle = findUnfinished(reports, name);
  const same = idle.find(({ unfinished }) => unfinished.resumeDigest === resumeDigest);
  if (same === undefined) {
    throw refusal(
      idle.length === 0
        ? noneIdle(reports, name)
        : `the configuration was changed since the audit in ${idle[0]!.directory} was interrupted`,
    );
  }
  const { tool } = same.unfinished;
  if (tool === TOOL.version) return same;
  throw refusal(`${same.directory} was begun by ${TOOL.name} ${tool}, this is ${TOOL.version}`);
}

function refusal(why: string): AuditError {
  return new AuditError(2, `cannot resume: ${why}`, { hint: 'run it without --resume' });
}

/**
 * Makes the first claim that nobody has made. Claims are never taken back before the audit ends: of two who find one of
 * a dead process, both would remove it, and the later one that of the other.
 */
export function claim(directory: string): void {
  for (let number = 0; ; number++) {
    const path = join(directory, `${CLAIM}${number}`);
    try {
      writeFileSync(path, JSON.stringify({ ...ourselves(), where: here() }), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') throw refusal(finished(directory));
      if (code !== 'EEXIST') throw error;
    }
    const holder = holderOf(path);
    if (holder === undefined) throw refusal(`another process has just taken up the audit in ${directory}`);
    if (isAtWork(holder)) throw refusal(beingAtWork(directory, holder.pid));
  }
}

/** Who made a claim; undefined: it is being written. One that was never written is nobody's, process 0's. */
function holderOf(path: string): Claim | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Claim;
  } catch {
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return age < CLAIM_MS ? undefined : { pid: 0, since: '', where: '' };
  }
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
    : beingAtWork(running.directory, running.unfinished.pid);
}

function beingAtWork(directory: string, pid: number): string {
  return `the audit in ${directory} is not interrupted: process ${pid} is at it`;
}

function finished(directory: string): string {
  return `the audit in ${directory} is finished by now`;
}

function ourselves(): Holder {
  return { pid: process.pid, since: startOf(process.pid) };
}

/** The machine, and the container on it (Linux only): processes of others have numbers of their own. */
function here(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function isAtWork({ pid, since }: Holder): boolean {
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
