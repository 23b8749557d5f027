/** Effects from files: emails out of mail logs, lines and rows out of any other. */
import type {
  Coverage,
  EffectBatch,
  EffectBounds,
  EffectEntry,
  EffectSource,
  Settings,
  SourceHooks,
  TakeEffects,
} from '../../model.ts';
import { checkLog, gatherLog, type LogEntry } from './log.ts';
import { checkMail, type EmailEntry, gatherMail } from './mail.ts';
import type { Wanted } from './rows.ts';
import { InputFiles } from './standard-input.ts';

/**
 * The source of one entry.
 *
 * @param entry index into `settings.entries` of one whose source is `email` or `log`
 */
export function logEffects(settings: Settings, entry: number, hooks: SourceHooks): EffectSource {
  const one = settings.entries[entry]!;
  const files = new InputFiles('files' in one.source ? one.source.files : [], hooks.signal);
  let gathered: { readonly paths: readonly string[]; readonly bounds: EffectBounds } | undefined;
  const read = ({ paths, ...wanted }: Wanted & { paths: readonly string[] }, take: TakeEffects) => {
    const hand = (batch: EffectBatch) => take(entry, batch);
    return isEmail(one)
      ? gatherMail(one, paths, wanted, hooks, hand)
      : gatherLog(logOf(one), settings.messages.topic, paths, wanted, hooks, hand);
  };
  return {
    entries: [entry],
    async check() {
      if (isEmail(one)) await checkMail(one, await files.paths(), hooks.signal);
      else await checkLog(logOf(one), await files.paths(), hooks.signal);
    },
    async gather([bounds], take): Promise<readonly Coverage[]> {
      gathered = { paths: await files.paths(), bounds: bounds! };
      return [await read(gathered, take)];
    },
    async lookAgain(_entry, keys, take) {
      await read({ ...gathered!, keys }, take);
    },
    close: () => files.close(),
  };
}

function isEmail(entry: EffectEntry): entry is EmailEntry {
  return entry.source.source === 'email';
}

function logOf(entry: EffectEntry): LogEntry {
  const { source } = entry;
  if (source.source !== 'log') throw new Error(`${entry.name} reads no files`);
  return { ...entry, source };
}
