/** Which source serves what the settings name; only what serves is loaded, since drivers and formats take a while. */
import { AuditError, isAuditError } from '../error.ts';
import type {
  EffectEntry,
  EffectSource,
  EffectSourceSettings,
  MessageSource,
  Settings,
  SourceHooks,
} from '../model.ts';

export async function openMessages(settings: Settings, hooks: SourceHooks): Promise<MessageSource> {
  if (settings.messages.from.source === 'kafka') {
    const { kafkaMessages } = await import('./kafka/messages.ts');
    return kafkaMessages(settings, hooks);
  }
  const { captureMessages } = await import('./capture/messages.ts');
  return captureMessages(settings, hooks);
}

/** One source per log and topic, and one per database, so that all its entries are read in one snapshot. */
export async function openEffects(settings: Settings, hooks: SourceHooks): Promise<readonly EffectSource[]> {
  return [
    ...(await openPostgres(settings, hooks)),
    ...(await openMysql(settings, hooks)),
    ...(await openLogs(settings, hooks)),
    ...(await openTopics(settings, hooks)),
  ];
}

async function openPostgres(settings: Settings, hooks: SourceHooks): Promise<EffectSource[]> {
  const entries = entriesFrom(settings, (source) => source.source === 'postgres');
  if (entries.length === 0) return [];
  const { databaseOf, postgresEffects } = await import('./database/postgres/effects.ts');
  return perDatabase(entries, databaseOf).map((own) => postgresEffects(settings, own, hooks));
}

async function openMysql(settings: Settings, hooks: SourceHooks): Promise<EffectSource[]> {
  const entries = entriesFrom(settings, (source) => source.source === 'mysql');
  if (entries.length === 0) return [];
  const { databaseOf, mysqlEffects } = await import('./database/mysql/effects.ts');
  return perDatabase(entries, databaseOf).map((own) => mysqlEffects(settings, own, hooks));
}

async function openLogs(settings: Settings, hooks: SourceHooks): Promise<EffectSource[]> {
  const entries = entriesFrom(settings, (source) => 'files' in source);
  if (entries.length === 0) return [];
  const { logEffects } = await import('./logs/effects.ts');
  return entries.map(([entry]) => logEffects(settings, entry, hooks));
}

async function openTopics(settings: Settings, hooks: SourceHooks): Promise<EffectSource[]> {
  const entries = entriesFrom(settings, (source) => source.source === 'kafka');
  if (entries.length === 0) return [];
  const { topicEffects } = await import('./kafka/effects.ts');
  return entries.map(([entry]) => topicEffects(settings, entry, hooks));
}

type Numbered<Source extends EffectSourceSettings> = readonly [number: number, entry: EffectEntry<Source>];

/** The entries of one sort of source, with their indexes. */
function entriesFrom<Source extends EffectSourceSettings>(
  settings: Settings,
  isFrom: (source: EffectSourceSettings) => source is Source,
): Numbered<Source>[] {
  return [...settings.entries.entries()].flatMap(([number, entry]): Numbered<Source>[] => {
    const { source } = entry;
    return isFrom(source) ? [[number, { ...entry, source }]] : [];
  });
}

/** The indexes of the entries, those of one database together. */
function perDatabase<Source extends EffectSourceSettings>(
  entries: readonly Numbered<Source>[],
  databaseOf: (source: Source) => string,
): readonly number[][] {
  const databases = new Map<string, number[]>();
  for (const [number, entry] of entries) {
    const database = databaseNamed(entry, databaseOf);
    databases.set(database, [...(databases.get(database) ?? []), number]);
  }
  return [...databases.values()];
}

/** @throws AuditError 2, naming the kind whose url it is */
function databaseNamed<Source extends EffectSourceSettings>(
  { name, source }: EffectEntry<Source>,
  databaseOf: (source: Source) => string,
): string {
  try {
    return databaseOf(source);
  } catch (error) {
    if (!isAuditError(error)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new AuditError(error.status, `effects.${name}.${source.source}.url: ${error.message}`, {
      ...hint,
      cause: error,
    });
  }
}
