/** What a command costs as a whole process: wall clock, CPU time and the most memory it held, read from /proc while it runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Cost {
  readonly seconds: number;
  /** User and system time together. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly stdout: string;
}

/** Linux counts CPU time in hundredths of a second (USER_HZ). */
const TICKS = 100;
const SAMPLE_MS = 5;

/** @throws Error with the command's own words where it fails */
export async function measure(command: string, args: readonly string[]): Promise<Cost> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  let last = { cpuSeconds: 0, peakBytes: 0 };
  const watch = setInterval(() => {
    last = usage(child.pid) ?? last;
  }, SAMPLE_MS);
  const [status] = (await once(child, 'close')) as [number | null];
  clearInterval(watch);
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${Buffer.concat(stderr)}`);
  return {
    seconds: (performance.now() - started) / 1000,
    ...last,
    stdout: Buffer.concat(stdout).toString(),
  };
}

/** Undefined: the process has ended. */
function usage(pid: number | undefined): Omit<Cost, 'seconds' | 'stdout'> | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold spaces; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (peak === undefined) return undefined;
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
      peakBytes: Number(peak) * 1024,
    };
  } catch {
    return undefined;
  }
}
