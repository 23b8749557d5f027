/** Which source serves what the settings name; only what serves is loaded, since drivers and formats take a while. */
import { AuditError, isAuditError } from '../error.ts';
import type { EffectSource, MessageSource, PostgresSettings, Settings, SourceHooks } from '../model.ts';

export async function openMessages(settings: Settings, hooks: SourceHooks): Promise<MessageSource> {
  if (settings.messages.from.source === 'kafka') {
    const { kafkaMessages } = await import('./kafka/messages.ts');
    return kafkaMessages(settings, hooks);
  }
  const { captureMessages } = await import('./capture/messages.ts');
  return captureMessages(settings, hooks);
}

/** One source per log entry, and one per database, so that all its entries are read in one snapshot. */
export async function openEffects(settings: Settings, hooks: SourceHooks): Promise<readonly EffectSource[]> {
  const entries = [...settings.entries.keys()];
  const ofLogs = entries.filter((entry) => settings.entries[entry]!.source.source !== 'postgres');
  const databases = ofLogs.length < entries.length ? await openDatabases(settings, hooks) : [];
  if (ofLogs.length === 0) return databases;
  const { logEffects } = await import('./logs/effects.ts');
  return [...databases, ...ofLogs.map((entry) => logEffects(settings, entry, hooks))];
}

async function openDatabases(settings: Settings, hooks: SourceHooks): Promise<readonly EffectSource[]> {
  const { databaseOf, postgresEffects } = await import('./database/postgres/effects.ts');
  const databases = new Map<string, number[]>();
  for (const [entry, { name, source }] of settings.entries.entries()) {
    if (source.source !== 'postgres') continue;
    const database = databaseNamed(name, source, databaseOf);
    databases.set(database, [...(databases.get(database) ?? []), entry]);
  }
  return [...databases.values()].map((entries) => postgresEffects(settings, entries, hooks));
}

/** @throws AuditError 2, naming the kind whose url it is */
function databaseNamed(
  kind: string,
  source: PostgresSettings,
  databaseOf: (source: PostgresSettings) => string,
): string {
  try {
    return databaseOf(source);
  } catch (error) {
    if (!isAuditError(error)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new AuditError(error.status, `effects.${kind}.postgres.url: ${error.message}`, {
      ...hint,
      cause: error,
    });
  }
}
