/** `onceover capture`: writes the messages of a range to a file, to be audited later or attached to an incident. */
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import type { SettingFlags } from '../config/flags.ts';
import type { KafkaFlags } from '../config/kafka/properties.ts';
import { loadSettings } from '../config/load.ts';
import type { OffsetClasses } from '../model.ts';
import { type TakenCapture, takeCapture } from '../sources/capture/take.ts';
import { CaptureWriter } from '../sources/capture/writer.ts';
import { counted, SHORT } from '../words.ts';
import { describe, sayIgnored } from './audit.ts';
import { ProgressDisplay } from './progress.ts';

export interface CaptureOptions {
  readonly config: string;
  /** Absolute path of the file. */
  readonly output: string;
  readonly force: boolean;
  readonly set: readonly string[];
  readonly flags: SettingFlags;
  readonly kafka: KafkaFlags;
  readonly quiet: boolean;
}

/**
 * @returns 0, or 3 where the range is not all that was asked for. @throws AuditError 2 or 4, or the signal's reason when
 *   interrupted: then there is no file
 */
export async function capture(options: CaptureOptions, signal: AbortSignal): Promise<number> {
  const { config, output, force, set, flags, kafka, quiet } = options;
  const settings = loadSettings(config, { set, flags, kafka, env: process.env, messagesOnly: true });
  const progress = new ProgressDisplay(process.stderr, quiet);
  sayIgnored(settings, progress);
  const writer = new CaptureWriter(settings.messages.topic, { path: output, force });
  const discard = (): void => writer.discard();
  process.once('exit', discard);
  try {
    const taken = await takeCapture(settings, { progress: progress.update, signal }, writer, (range) =>
      progress.say(describe(range)),
    );
    progress.clear();
    process.stdout.write(summary(taken, output, config));
    return isShort(taken) ? 3 : 0;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    progress.clear();
    discard();
    process.off('exit', discard);
  }
}

function isShort({ range, classes }: TakenCapture): boolean {
  return (
    range.partitions.some(({ short }) => short > 0) ||
    range.notes.some((note) => note.startsWith(SHORT)) ||
    sum(classes, 'deleted') > 0
  );
}

function summary({ range, messages, classes, sha256 }: TakenCapture, output: string, config: string): string {
  const spans = range.partitions.map(({ partition, first, end }) => `${partition}: [${first}, ${end})`);
  const without = (['control', 'aborted', 'absent', 'deleted'] as const)
    .map((name) => [name, sum(classes, name)] as const)
    .filter(([, offsets]) => offsets > 0)
    .map(([name, offsets]) => `${name} ${offsets}`);
  const size = counted(statSync(output).size, 'byte');
  const lines = [
    `${relative('.', output)}: ${counted(messages, 'message')} of ${range.topic}, ${size}`,
    `  ${spans.join(', ')}${without.length === 0 ? '' : `; of these ${without.join(', ')}`}`,
    ...range.notes.map((note) => `  ${note}`),
    `  sha256 of its lines ${sha256}`,
    `  to audit it: onceover audit ${config} --capture ${relative('.', output)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function sum(classes: ReadonlyMap<number, OffsetClasses>, name: keyof OffsetClasses): number {
  return [...classes.values()].reduce((total, one) => total + one[name], 0);
}
