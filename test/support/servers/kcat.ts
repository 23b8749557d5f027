/** Messages of a topic as kcat (librdkafka) reads them: a reader that shares nothing with ours. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commandPath, type Unavailable } from './availability.ts';

const run = promisify(execFile);

export interface KcatMessage {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

/** Why it cannot be run here; undefined: it can. */
export function kcatUnavailable(): Unavailable | undefined {
  if (commandPath('kcat') !== undefined) return undefined;
  return { server: 'kcat', reason: 'no kcat on PATH', install: 'Install the Debian package kcat.' };
}

/** One line of `kcat -J`. */
interface Line {
  readonly partition: number;
  readonly offset: number;
  readonly ts?: number;
  readonly headers?: readonly (string | null)[];
  readonly key: string | null;
  readonly payload: string | null;
}

/** All messages of all partitions up to their ends, or to their last stable offsets where only committed ones count. */
export async function kcatMessages(
  bootstrap: string,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted',
): Promise<KcatMessage[]> {
  const args = ['-C', '-e', '-q', '-J', '-b', bootstrap, '-t', topic, '-o', 'beginning'];
  const options = ['-X', `isolation.level=${isolation}`, '-X', 'check.crcs=true'];
  // It puts bytes between the quotes as they are: as Latin-1, a character is a byte.
  const { stdout } = await run('kcat', [...args, ...options], { encoding: 'latin1', maxBuffer: 1 << 30 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => messageOf(JSON.parse(line) as Line));
}

/**
 * Writes each of the lines to partition 0 as a message with the value alone.
 * @param options librdkafka's, by its names
 */
export async function kcatWrite(
  bootstrap: string,
  topic: string,
  file: string,
  options: Readonly<Record<string, string | number>>,
): Promise<void> {
  const settings = Object.entries(options).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
  await run('kcat', ['-P', '-b', bootstrap, '-t', topic, '-p', '0', '-l', file, ...settings]);
}

function messageOf({ partition, offset, ts, headers = [], key, payload }: Line): KcatMessage {
  return {
    partition,
    offset,
    timestamp: ts ?? -1,
    key: bytesOf(key),
    value: bytesOf(payload),
    headers: Array.from({ length: headers.length / 2 }, (_, i) => [
      bytesOf(headers[2 * i] ?? '')!.toString('utf8'),
      bytesOf(headers[2 * i + 1] ?? null),
    ]),
  };
}

function bytesOf(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'latin1');
}
