/** How many messages have something where the settings look: a path that no message has is named loudly (DESIGN rule 3). */
import type { FieldReference, Replay } from '../../model.ts';
import type { Declare } from './expectations.ts';
import type { Field, Fields } from './fields.ts';
import type { Program } from './program.ts';

/** The setting whose fields decide what is skipped, so that skipped messages count for it too. */
const DECIDES = 'messages.where';

export class ReferenceCounts {
  readonly #entries: {
    readonly setting: string;
    readonly reference: FieldReference;
    readonly field: Field;
    mayBeAbsent: boolean;
    seen: number;
  }[] = [];

  /** Declares fields in the name of a setting; the same reference again is the same field. */
  declarer(setting: string, fields: Fields): Declare {
    return (reference, mayBeAbsent = false) => {
      const known = this.#entries.find(
        (entry) => entry.setting === setting && entry.reference.text === reference.text,
      );
      if (known !== undefined) {
        known.mayBeAbsent &&= mayBeAbsent;
        return known.field;
      }
      const field = fields.add(reference);
      this.#entries.push({ setting, reference, field, mayBeAbsent, seen: 0 });
      return field;
    };
  }

  /** Counts the message that the fields were turned to last. */
  count(as: 'audited' | 'skipped'): void {
    for (const entry of this.#entries) {
      if (as === 'skipped' && entry.setting !== DECIDES) continue;
      if (entry.field.present()) entry.seen++;
    }
  }

  /** Goes on counting from what all() answered for the same settings. */
  restore(saved: Replay['references']): void {
    this.#entries.forEach((entry, i) => {
      entry.seen = saved[i]?.seen ?? 0;
    });
  }

  /** @param elsewhere knows of the messages that were added without being counted here */
  all(elsewhere: Pick<Program, 'seen'> | undefined): Replay['references'] {
    return this.#entries.map(({ setting, reference, mayBeAbsent, seen }) => {
      const others = elsewhere?.seen(reference, false) ?? 0;
      const skipped = setting === DECIDES ? (elsewhere?.seen(reference, true) ?? 0) : 0;
      const all = seen + others + skipped;
      return { setting, text: reference.text, seen: all, ...(mayBeAbsent ? { mayBeAbsent } : {}) };
    });
  }
}
