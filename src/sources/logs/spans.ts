/** The stretches of time in which something was logged, however mixed the order in which its times come. */

/** A time (epoch microseconds) and where it was read. */
interface Sighting {
  readonly time: number;
  label: string;
  line: number;
}

/** From one sighting to another with no pause between them longer than allowed. */
export interface Stretch {
  from: Sighting;
  to: Sighting;
}

/**
 * Keeps one stretch for each run of times that are at most `pause` apart. Times may come in any order: two are in one
 * stretch exactly if sorting all times would leave no longer pause between them.
 */
export class Stretches {
  readonly #pause: number;
  /** Sorted, and further than the pause apart. */
  readonly #all: Stretch[] = [];
  #last: Stretch | undefined;

  /** @param pause microseconds */
  constructor(pause: number) {
    this.#pause = pause;
  }

  get all(): readonly Stretch[] {
    return this.#all;
  }

  add(time: number, label: string, line: number): void {
    const last = this.#last;
    if (last !== undefined && time >= last.from.time && time <= last.to.time) {
      if (time === last.to.time) [last.to.label, last.to.line] = [label, line];
      return;
    }
    const sighting = { time, label, line };
    const next = this.#firstEndingFrom(time - this.#pause);
    const stretch = this.#all[next];
    if (stretch === undefined || stretch.from.time > time + this.#pause) {
      this.#last = { from: sighting, to: { ...sighting } };
      this.#all.splice(next, 0, this.#last);
      return;
    }
    if (time < stretch.from.time) stretch.from = sighting;
    if (time > stretch.to.time) stretch.to = sighting;
    this.#last = stretch;
    const after = this.#all[next + 1];
    if (after !== undefined && after.from.time <= stretch.to.time + this.#pause) {
      stretch.to = after.to.time > stretch.to.time ? after.to : stretch.to;
      this.#all.splice(next + 1, 1);
    }
  }

  /** Index of the first stretch that ends at or after a time. */
  #firstEndingFrom(time: number): number {
    let low = 0;
    let high = this.#all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#all[middle]!.to.time < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
