/** Effects from files: emails out of mail logs, and rows out of dumps. */
import type { Coverage, EffectEntry, EffectSource, Settings, SourceHooks } from '../../model.ts';
import { expandFiles } from '../files.ts';
import { checkDump, type DumpEntry, gatherDump } from './csv.ts';
import { checkMail, type EmailEntry, gatherMail } from './mail.ts';

/**
 * The source of one entry.
 *
 * @param entry index into `settings.entries` of one whose source is `email` or `log`
 */
export function logEffects(settings: Settings, entry: number, hooks: SourceHooks): EffectSource {
  const one = settings.entries[entry]!;
  const files = () => expandFiles(one.source.source === 'postgres' ? [] : one.source.files);
  return {
    entries: [entry],
    async check() {
      if (isEmail(one)) await checkMail(one, files(), hooks.signal);
      else await checkDump(dumpOf(one), files(), hooks.signal);
    },
    async gather(bounds, take): Promise<readonly Coverage[]> {
      const hand = (batch: Parameters<typeof take>[1]) => take(entry, batch);
      if (isEmail(one)) return [await gatherMail(one, files(), bounds[0]!, hooks, hand)];
      return [await gatherDump(dumpOf(one), files(), bounds[0]!, hooks, hand)];
    },
    async close() {},
  };
}

function isEmail(entry: EffectEntry): entry is EmailEntry {
  return entry.source.source === 'email';
}

function dumpOf(entry: EffectEntry): DumpEntry {
  const { source } = entry;
  if (source.source !== 'log') throw new Error(`${entry.name} reads no files`);
  return { ...entry, source };
}
