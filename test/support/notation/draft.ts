/** A history while its line is read: sections say more of the kind and the source at hand. */
import type { Gap, MessageHole } from '../../../src/model.ts';
import type { History, HistoryEffect, HistoryEntry, HistoryKind, HistoryMessage } from '../history.ts';
import { DEFAULT } from './words.ts';

type Coverage = HistoryEntry['coverage'];

export class Draft {
  readonly #items: string[] = [];
  readonly #kinds: HistoryKind[] = [];
  readonly #entries: HistoryEntry[] = [];
  readonly #effects: HistoryEffect[] = [];
  readonly #holes: MessageHole[] = [];
  #unreadPartitions: readonly number[] = [];
  #range: History['range'] = DEFAULT.range;
  #copies: History['copies'] = 'one-event';

  /** Read when it is known how many kinds there are. */
  addMessages(items: readonly string[]): void {
    this.#items.push(...items);
  }

  addKind(kind: HistoryKind): void {
    this.#endKind();
    this.#kinds.push(kind);
  }

  addEntry(coordinates: boolean, effects: readonly Omit<HistoryEffect, 'entry'>[]): void {
    if (this.#kinds.length === 0) this.#kinds.push(DEFAULT.kind);
    const entry = this.#entries.length;
    this.#entries.push({ kind: this.#kinds.length - 1, coordinates, coverage: DEFAULT.coverage });
    this.#effects.push(...effects.map((effect) => ({ entry, ...effect })));
  }

  cover(span: Coverage['span']): void {
    const { span: _, ...rest } = this.#entry.coverage;
    this.#cover(span === undefined ? rest : { span, ...rest });
  }

  addGaps(gaps: readonly Gap[]): void {
    const { coverage } = this.#entry;
    this.#cover({ ...coverage, gaps: [...coverage.gaps, ...gaps] });
  }

  readAt(readAt: number): void {
    this.#cover({ ...this.#entry.coverage, readAt });
  }

  setRange(bounds: { readonly from: number; readonly to: number }): void {
    this.#range = { ...this.#range, ...bounds };
  }

  readTo(readTo: number): void {
    this.#range = { ...this.#range, readTo };
  }

  addHoles(holes: readonly MessageHole[]): void {
    this.#holes.push(...holes);
  }

  leaveOut(partitions: readonly number[]): void {
    this.#unreadPartitions = partitions;
  }

  eachMessage(): void {
    this.#copies = 'each-message';
  }

  history(message: (item: string, kinds: number, place: number) => HistoryMessage): History {
    if (this.#kinds.length === 0) this.#kinds.push(DEFAULT.kind);
    this.#endKind();
    return {
      messages: this.#items.map((item, place) => message(item, this.#kinds.length, place)),
      effects: this.#effects,
      kinds: this.#kinds,
      entries: this.#entries,
      range: this.#range,
      holes: this.#holes,
      unreadPartitions: this.#unreadPartitions,
      copies: this.#copies,
    };
  }

  /** The source at hand; what is said before any was begun is said of one without effects. */
  get #entry(): HistoryEntry {
    if (this.#entries.at(-1)?.kind !== this.#kinds.length - 1) this.addEntry(false, []);
    return this.#entries.at(-1)!;
  }

  #cover(coverage: Coverage): void {
    const entry = this.#entry;
    this.#entries[this.#entries.length - 1] = { ...entry, coverage };
  }

  /** Every kind has a source, and every line a kind. */
  #endKind(): void {
    if (this.#kinds.length > 0 && this.#entries.at(-1)?.kind !== this.#kinds.length - 1)
      this.addEntry(false, []);
  }
}
