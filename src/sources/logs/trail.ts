/** Follows the records of files that come one after another, and notes what stands between two readable ones. */
import type { Damage } from '../bytes.ts';
import type { Sight } from './coverage.ts';

interface Doubt {
  readonly from: number;
  readonly detail: string;
}

export class Trail {
  readonly #sight: Sight;
  /** Time of the last readable record, and of the first one in this file; epoch microseconds. */
  #last = Number.NEGATIVE_INFINITY;
  #firstHere: number | undefined;
  /** What came after the last readable record. */
  #broken: Doubt | undefined;
  #missing: Doubt | undefined;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  /** Another file begins. */
  begin(): void {
    this.#firstHere = undefined;
  }

  /** A record of that time could be read. */
  readable(time: number, label: string, line: number): void {
    this.#resume(time);
    if (this.#missing !== undefined)
      this.#sight.hole(this.#missing.from, time, 'missing-file', this.#missing.detail);
    this.#missing = undefined;
    this.#last = time;
    this.#firstHere ??= time;
    this.#sight.saw(time, label, line);
  }

  unreadable(label: string, line: number, text: string): void {
    const where = `${label} line ${line}`;
    this.#sight.missed(where, text);
    this.#broken ??= { from: this.#last, detail: `${where} cannot be read` };
  }

  /** The file breaks off, or all of it turns out doubtful. */
  damaged(label: string, damage: Damage): void {
    const from = damage.all ? (this.#firstHere ?? this.#last) : this.#last;
    const detail = `${label}: ${damage.message}`;
    this.#sight.missed(label, damage.message);
    const rest = damage.all ? 'all of it is doubtful' : 'what follows in it was not read';
    this.#sight.note(`${detail}: ${rest}`);
    this.#broken = { from: Math.min(from, this.#broken?.from ?? from), detail };
  }

  /** A file between the last one and the next does not exist. */
  missing(detail: string): void {
    this.#missing ??= { from: this.#last, detail };
    this.#sight.note(detail);
  }

  /** Nothing follows. */
  end(): void {
    this.#resume(Number.POSITIVE_INFINITY);
  }

  #resume(time: number): void {
    if (this.#broken !== undefined)
      this.#sight.hole(this.#broken.from, time, 'unreadable', this.#broken.detail);
    this.#broken = undefined;
  }
}
