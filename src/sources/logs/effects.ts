/** Effects from files: emails out of mail logs, and rows out of dumps. */
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
import { expandFiles } from '../files.ts';
import { checkDump, type DumpEntry, gatherDump } from './csv.ts';
import { checkMail, type EmailEntry, gatherMail } from './mail.ts';
import type { Wanted } from './rows.ts';

/**
 * The source of one entry.
 *
 * @param entry index into `settings.entries` of one whose source is `email` or `log`
 */
export function logEffects(settings: Settings, entry: number, hooks: SourceHooks): EffectSource {
  const one = settings.entries[entry]!;
  const files = () => expandFiles('files' in one.source ? one.source.files : []);
  let gathered: { readonly paths: readonly string[]; readonly bounds: EffectBounds } | undefined;
  const read = ({ paths, ...wanted }: Wanted & { paths: readonly string[] }, take: TakeEffects) => {
    const hand = (batch: EffectBatch) => take(entry, batch);
    return isEmail(one)
      ? gatherMail(one, paths, wanted, hooks, hand)
      : gatherDump(dumpOf(one), paths, wanted, hooks, hand);
  };
  return {
    entries: [entry],
    async check() {
      if (isEmail(one)) await checkMail(one, files(), hooks.signal);
      else await checkDump(dumpOf(one), files(), hooks.signal);
    },
    async gather([bounds], take): Promise<readonly Coverage[]> {
      gathered = { paths: files(), bounds: bounds! };
      return [await read(gathered, take)];
    },
    async lookAgain(_entry, keys, take) {
      await read({ ...gathered!, keys }, take);
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
