/** Picks the few exceptions that a reader should see first, while all of them stream past. */
import type { LedgerLine, Verdict } from '../model.ts';

/** How many of each verdict are kept: enough to see a pattern, few enough to read. */
const EACH = 4;

const ORDER: readonly Verdict[] = ['duplicate', 'missing', 'unexpected', 'unknown'];

export class Worst {
  readonly #kept = new Map<Verdict, LedgerLine[]>();

  add(line: LedgerLine): void {
    const kept = this.#kept.get(line.verdict) ?? [];
    kept.push(line);
    // The sort is stable: of equally bad ones the first in the log stays.
    kept.sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
    kept.length = Math.min(kept.length, EACH);
    this.#kept.set(line.verdict, kept);
  }

  /** Duplicates first, unknowns last. */
  lines(): readonly LedgerLine[] {
    return ORDER.flatMap((verdict) => this.#kept.get(verdict) ?? []);
  }
}
