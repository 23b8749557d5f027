/** From a configuration that is right to the settings of an audit: nothing left open, every path absolute. */
import { resolve } from 'node:path';
import type {
  CaptureSettings,
  EffectEntry,
  EffectKeyPart,
  EffectSourceSettings,
  KafkaSettings,
  KindSettings,
  LogSettings,
  MessageSettings,
  RangeSettings,
  ReportSettings,
  TopicSettings,
} from '../model.ts';
import { DEFAULT_WINDOW } from './effects.ts';
import { fieldPath, groupsOf } from './logs.ts';
import type { Configuration } from './schema.ts';

type Messages = Configuration['messages'];
type Kind = Configuration['effects'][number][1];

/**
 * @param connection how to reach Kafka, where messages come from there
 * @param directory what relative paths are beside: the configuration's own directory
 */
export function messageSettings(
  messages: Messages,
  kinds: readonly KindSettings[],
  connection: KafkaSettings | undefined,
  directory: string,
): MessageSettings {
  const { topic, isolation, value, envelope, key, where, copies, id, partitions, 'on-gap': onGap } = messages;
  return {
    topic,
    from: messageSource(messages, connection, directory),
    range: rangeSettings(messages, kinds),
    ...(partitions === undefined ? {} : { partitions }),
    isolation,
    onGap,
    value,
    ...(envelope === undefined ? {} : { envelope }),
    ...schemaSettings(messages, directory),
    key,
    ...(id === undefined ? {} : { id }),
    where,
    copies,
  };
}

function messageSource(
  { kafka, capture }: Messages,
  connection: KafkaSettings | undefined,
  directory: string,
): KafkaSettings | CaptureSettings {
  if (connection === undefined) {
    const { files = [], ...form } = capture ?? {};
    return { source: 'capture', files: beside(directory, files), ...form };
  }
  const { 'max-rate': maxRate, 'fetch-memory': fetchMemory, patience } = kafka ?? {};
  return {
    ...connection,
    ...(maxRate === undefined ? {} : { maxRate }),
    ...(fetchMemory === undefined ? {} : { fetchMemory }),
    ...(patience === undefined ? {} : { patience }),
  };
}

function schemaSettings(
  { schema, 'schema-registry': registry }: Pick<Messages, 'schema' | 'schema-registry'>,
  directory: string,
): Pick<MessageSettings, 'schemas'> {
  if (schema !== undefined) return { schemas: { ...schema, file: resolve(directory, schema.file) } };
  return registry === undefined ? {} : { schemas: registry };
}

/**
 * `last` ends where every message has had time to settle. The padding reaches as far as two windows can touch, settle
 * and lead: one event outside the range may contest the effects of one inside.
 */
function rangeSettings(messages: Messages, kinds: readonly KindSettings[]): RangeSettings {
  const windows = kinds.length > 0 ? kinds : [DEFAULT_WINDOW];
  const settle = Math.max(...windows.map((kind) => kind.settle));
  const reach = Math.max(...windows.map((kind) => kind.settle + kind.lead));
  const { from, to, last, offsets, padding = reach } = { ...extent(messages), ...messages.range };
  if (last !== undefined) return { padding, by: 'last', length: last, settle };
  if (offsets !== undefined) return { padding, by: 'offsets', offsets: new Map(offsets) };
  if (from === undefined && to === undefined) return { padding, by: 'all' };
  return {
    padding,
    by: 'time',
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function extent({ last, offsets, padding }: Messages): NonNullable<Messages['range']> {
  return {
    ...(last === undefined ? {} : { last }),
    ...(offsets === undefined ? {} : { offsets }),
    ...(padding === undefined ? {} : { padding }),
  };
}

export function kindSettings(name: string, kind: Kind): KindSettings {
  const { expect, where, settle, lead, after, orphans, 'max-keyless': maxKeyless } = kind;
  return { name, expect, where, lead, settle, after, maxKeyless, orphans };
}

/**
 * The entries of all kinds: those of one kind stand together.
 * @param from where the messages come from: other topics are on the same cluster
 */
export function effectEntries(
  effects: Configuration['effects'],
  from: MessageSettings['from'],
  directory: string,
): readonly EffectEntry[] {
  return effects.flatMap(([name, of], kind) =>
    [...effectSources(of, directory), ...topicSources(of, from, directory)].map((source) => ({
      kind,
      name,
      source,
    })),
  );
}

function effectSources(
  { postgres = [], mysql = [], email = [], log = [] }: Kind,
  directory: string,
): readonly EffectSourceSettings[] {
  return [
    ...postgres.map((one) => ({ source: 'postgres' as const, ...one })),
    ...mysql.map((one) => ({ source: 'mysql' as const, ...one })),
    ...email.map((one) => ({ source: 'email' as const, ...one, files: beside(directory, one.files) })),
    ...log.map((one) => logSettings(one, directory)),
  ];
}

function topicSources(
  { kafka = [] }: Kind,
  from: MessageSettings['from'],
  directory: string,
): readonly TopicSettings[] {
  if (from.source !== 'kafka') return [];
  return kafka.map(({ schema, 'schema-registry': registry, ...one }) => ({
    source: 'kafka',
    kafka: from,
    ...one,
    ...schemaSettings(
      {
        ...(schema === undefined ? {} : { schema }),
        ...(registry === undefined ? {} : { 'schema-registry': registry }),
      },
      directory,
    ),
  }));
}

type Log = NonNullable<Kind['log']>[number];

/** A pattern's groups `key`, `id` and `at` are what they are called. */
function logSettings({ at: time, key, ...log }: Log, directory: string): LogSettings {
  const groups = log.pattern === undefined ? [] : groupsOf(log.pattern);
  const group = (name: 'id' | 'at') => (groups.includes(name) ? { [name]: name } : {});
  const settings: LogSettings = {
    source: 'log',
    ...group('id'),
    ...group('at'),
    ...log,
    ...time,
    key: key ?? (log.coordinates === undefined ? namedParts('key') : coordinateParts(log.coordinates)),
    files: beside(directory, log.files),
  };
  return log.format === 'json' ? { ...settings, paths: pathsOf(settings) } : settings;
}

function namedParts(...names: readonly string[]): EffectKeyPart[] {
  return names.map((name) => ({ name, fold: false }));
}

/** Numbers, so that all ways to write one meet the message's. */
function coordinateParts({ partition, offset }: NonNullable<Log['coordinates']>): EffectKeyPart[] {
  return namedParts(partition, offset).map((part) => ({ ...part, as: 'number' }));
}

function pathsOf({ key, only, id, at, coordinates }: LogSettings): NonNullable<LogSettings['paths']> {
  const names = [...key, ...only].map(({ name }) => name);
  const single = [id, at, coordinates?.topic].filter((name) => name !== undefined);
  return new Map([...names, ...single].map((name) => [name, fieldPath(name) ?? [name]]));
}

export function reportSettings(
  report: Configuration['report'],
  directory: string,
  flags: { readonly ledger?: boolean; readonly reportDirectory?: string },
): ReportSettings {
  return {
    directory: resolve(flags.reportDirectory ?? resolve(directory, report?.directory ?? 'reports')),
    ledger: flags.ledger ?? report?.ledger ?? false,
  };
}

function beside(directory: string, files: readonly string[]): string[] {
  return files.map((file) => (file === '-' ? file : resolve(directory, file)));
}
