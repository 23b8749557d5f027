/** Which source serves what the settings name. */
import { AuditError, isAuditError } from '../error.ts';
import type { EffectSource, MessageSource, PostgresSettings, Settings, SourceHooks } from '../model.ts';
import { captureMessages } from './capture/messages.ts';
import { databaseOf, postgresEffects } from './database/effects.ts';
import { kafkaMessages } from './kafka/messages.ts';
import { logEffects } from './logs/effects.ts';

export function openMessages(settings: Settings, hooks: SourceHooks): MessageSource {
  return settings.messages.from.source === 'kafka'
    ? kafkaMessages(settings, hooks)
    : captureMessages(settings, hooks);
}

/** One source per log entry, and one per database, so that all its entries are read in one snapshot. */
export function openEffects(settings: Settings, hooks: SourceHooks): readonly EffectSource[] {
  const databases = new Map<string, number[]>();
  const logs: EffectSource[] = [];
  for (const [entry, { name, source }] of settings.entries.entries()) {
    if (source.source !== 'postgres') logs.push(logEffects(settings, entry, hooks));
    else {
      const database = databaseNamed(name, source);
      databases.set(database, [...(databases.get(database) ?? []), entry]);
    }
  }
  return [...[...databases.values()].map((entries) => postgresEffects(settings, entries, hooks)), ...logs];
}

/** @throws AuditError 2, naming the kind whose url it is */
function databaseNamed(kind: string, source: PostgresSettings): string {
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
