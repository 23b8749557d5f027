/** From `onceover.yaml`, `--set`, flags and the environment to the settings of one audit, or every mistake at once. */
import { readFileSync } from 'node:fs';
import { dirname, parse, resolve } from 'node:path';
import { AuditError } from '../error.ts';
import type { KafkaSettings, Settings } from '../model.ts';
import { configDigest, resumeDigest } from './digest.ts';
import { type Environment, substituted } from './environment.ts';
import { type SettingFlags, withFlags } from './flags.ts';
import { kafkaSettings } from './kafka/connection.ts';
import type { KafkaFlags } from './kafka/properties.ts';
import { type Mistake, mistaken, schemaMistakes } from './mistakes.ts';
import { crossFieldMistakes } from './rules.ts';
import { type Configuration, configuration, readingConfiguration } from './schema.ts';
import { withSetting } from './set.ts';
import { effectEntries, kindSettings, messageSettings, reportSettings } from './settings.ts';
import { plain, type Written, writtenAt } from './written.ts';
import { readYaml } from './yaml.ts';

export interface LoadOptions {
  /** `path=value`, each; the value is YAML. They beat the file, and of two for one path the later wins. */
  readonly set: readonly string[];
  /** Where `${NAME}` takes its values from. */
  readonly env: Environment;
  /** These beat file and `set`. */
  readonly flags?: SettingFlags;
  /** So do these; a relative report directory is beside the working directory. */
  readonly ledger?: boolean;
  readonly reportDirectory?: string;
  readonly kafka?: KafkaFlags;
  /** Only messages are read, so that effects need not be there. */
  readonly messagesOnly?: boolean;
}

export interface LoadedSettings extends Settings {
  /** Hex digest of what an interrupted audit must have in common with the one that goes on with it. */
  readonly resumeDigest: string;
}

/** Far beyond any configuration: who names a log or a dump by mistake is told so. */
const MOST_BYTES = 1 << 20;

/**
 * Loads the configuration of an audit.
 * @throws AuditError (status 2) with all mistakes, each with its line, and no secret
 */
export function loadSettings(file: string, options: LoadOptions): LoadedSettings {
  const { root, mistakes } = asWritten(file, options);
  const all = checked(root, file, options, mistakes);
  if (all === undefined) throw mistaken(file, mistakes);
  const { configuration: found, kafka } = all;
  const directory = dirname(resolve(file));
  const kinds = found.effects.map(([name, kind]) => kindSettings(name, kind));
  const messages = messageSettings(found.messages, kinds, kafka, directory);
  return {
    name: found.name ?? parse(file).name,
    messages,
    kinds,
    entries: effectEntries(found.effects, messages.from, directory),
    report: reportSettings(found.report, directory, options),
    memory: found.memory,
    configDigest: configDigest(root),
    resumeDigest: resumeDigest(root),
  };
}

/** The file with its settings replaced, and what is wrong so far. */
function asWritten(file: string, { set, flags = {} }: LoadOptions): { root: Written; mistakes: Mistake[] } {
  const { root, mistakes } = readYaml(fileText(file));
  if (root === undefined) throw mistaken(file, mistakes);
  if (root.type === 'scalar' && root.kind !== 'null') {
    // Perhaps a file of passwords, named by mistake: nothing of it is shown.
    const text = 'expected a mapping that begins with version: 1; got a single text';
    throw mistaken(file, [{ place: root.place, path: [], text }]);
  }
  const replaced = set.reduce((before, setting) => withSetting(before, setting, mistakes), root);
  return { root: withFlags(replaced, flags, mistakes), mistakes };
}

interface Checked {
  readonly configuration: Configuration;
  /** Undefined: messages come from somewhere else. */
  readonly kafka: KafkaSettings | undefined;
}

/** Undefined: there are mistakes, all of them added to `mistakes`. */
function checked(
  asWritten: Written,
  file: string,
  { env, kafka: flags = {}, messagesOnly = false }: LoadOptions,
  mistakes: Mistake[],
): Checked | undefined {
  const root = substituted(asWritten, env, mistakes);
  const result = (messagesOnly ? readingConfiguration : configuration).safeParse(plain(root));
  mistakes.push(...schemaMistakes(root, result.error?.issues ?? []));
  mistakes.push(...crossFieldMistakes(root, parse(file).name, Date.now()));
  const fromKafka = writtenAt(root, ['messages', 'kafka'])?.type === 'map';
  const sources = { root, directory: dirname(resolve(file)), env, flags };
  const kafka = fromKafka ? kafkaSettings(sources, mistakes) : undefined;
  if (!fromKafka) mistakes.push(...flagsWithoutKafka(flags));
  return mistakes.length > 0 || !result.success ? undefined : { configuration: result.data, kafka };
}

/** They would be to no effect, and whoever wrote them thinks otherwise. */
function flagsWithoutKafka({ properties = [], ...flags }: KafkaFlags): Mistake[] {
  if (properties.length === 0 && Object.values(flags).every((flag) => flag === undefined)) return [];
  const text =
    'options of the command line for Kafka, but messages.kafka is not there; expected at least kafka: {}';
  return [{ place: { argument: 'the command line' }, path: [], text }];
}

function fileText(file: string): string {
  const bytes = fileBytes(file);
  if (bytes.length > MOST_BYTES) {
    throw new AuditError(2, `${file} is larger than a configuration can be (${MOST_BYTES} bytes)`, {
      hint: 'Name the configuration, not a file that it is about.',
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AuditError(2, `${file} is not UTF-8 text`, { cause, hint: 'Save it as UTF-8.' });
  }
}

function fileBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      const hint = 'Name the configuration file, such as onceover.yaml.';
      throw new AuditError(2, `${file} does not exist`, { cause, hint });
    }
    if (code === 'EISDIR') {
      const hint = 'Name the configuration file inside it.';
      throw new AuditError(2, `${file} is a directory`, { cause, hint });
    }
    throw new AuditError(2, `${file} cannot be read (${code})`, { cause });
  }
}
