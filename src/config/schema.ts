/** The shape of `onceover.yaml` (DESIGN section 3), all of it. */
import type { z } from 'zod';
import { effects } from './effects.ts';
import { messages } from './messages.ts';
import { scalar, section, text } from './pieces.ts';
import { configurationName, size, texts, trueOrFalse } from './values.ts';

function configurationWith<Effects extends z.ZodType>(kinds: Effects) {
  return section({
    version: scalar(texts('1', /^1$/)),
    name: scalar(configurationName).exactOptional(),
    messages,
    effects: kinds,
    report: section(
      { directory: text('a directory').default('reports'), ledger: scalar(trueOrFalse).default(false) },
      ['redact', 'include'],
    ).exactOptional(),
    memory: scalar(size).default('2GB'),
  });
}

export const configuration = configurationWith(effects);

/** Where only messages are read: the same, but for effects that need not be there. */
export const readingConfiguration = configurationWith(effects.default([]));

export type Configuration = z.output<typeof configuration>;
