/** Effects from files: emails out of mail logs, and rows out of dumps. */
import type { Coverage, EffectSource, KindSettings, Settings, SourceHooks } from '../../model.ts';
import { expandFiles } from '../files.ts';
import { checkDump, type DumpKind, gatherDump } from './csv.ts';
import { checkMail, type EmailKind, gatherMail } from './mail.ts';

/**
 * The source of one kind.
 *
 * @param kind index into `settings.kinds` of a kind whose source is `email` or `log`
 */
export function logEffects(settings: Settings, kind: number, hooks: SourceHooks): EffectSource {
  const one = settings.kinds[kind]!;
  const files = () => expandFiles(one.source.source === 'postgres' ? [] : one.source.files);
  return {
    kinds: [kind],
    async check() {
      if (isEmail(one)) await checkMail(one, files(), hooks.signal);
      else await checkDump(dumpOf(one), files(), hooks.signal);
    },
    async gather(bounds, take): Promise<readonly Coverage[]> {
      const hand = (batch: Parameters<typeof take>[1]) => take(kind, batch);
      if (isEmail(one)) return [await gatherMail(one, files(), bounds[0]!, hooks, hand)];
      return [await gatherDump(dumpOf(one), files(), bounds[0]!, hooks, hand)];
    },
    async close() {},
  };
}

function isEmail(kind: KindSettings): kind is EmailKind {
  return kind.source.source === 'email';
}

function dumpOf(kind: KindSettings): DumpKind {
  const { source } = kind;
  if (source.source !== 'log') throw new Error(`kind ${kind.name} reads no files`);
  return { ...kind, source };
}
