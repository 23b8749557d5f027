/** The holes of one partition, each between the times of the records beside it, few enough to keep however many there are. */
import type { MessageHole } from '../../model.ts';

/** More are merged in pairs. */
const MOST = 1000;

interface Hole {
  readonly class: MessageHole['class'];
  readonly first: number;
  end: number;
  /** Infinite: unbounded. */
  from: number;
  to: number;
}

/** JSON: times that are unbounded are left out. */
export interface HolesState {
  readonly holes: readonly (Pick<Hole, 'class' | 'first' | 'end'> & Partial<Hole>)[];
  readonly open: number;
  readonly lastSeen?: number;
}

export class Holes {
  readonly #partition: number;
  #holes: Hole[] = [];
  /** The first hole behind the last record: how far it reaches in time is not known yet. */
  #open = 0;
  #lastSeen = Number.NEGATIVE_INFINITY;

  /** @param saved what state() answered where the partition was left off */
  constructor(partition: number, saved?: HolesState) {
    this.#partition = partition;
    if (saved === undefined) return;
    // A hole that is still open has no end in time yet, which is smaller than any.
    const unbounded = (i: number) => (i < saved.open ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
    this.#holes = saved.holes.map((hole, i) => ({
      from: Number.NEGATIVE_INFINITY,
      to: unbounded(i),
      ...hole,
    }));
    this.#open = saved.open;
    this.#lastSeen = saved.lastSeen ?? Number.NEGATIVE_INFINITY;
  }

  state(): HolesState {
    return {
      holes: this.#holes.map(withoutInfinity),
      open: this.#open,
      ...(Number.isFinite(this.#lastSeen) ? { lastSeen: this.#lastSeen } : {}),
    };
  }

  /** Adds offsets [first, end) behind all that were added or seen so far. */
  add(as: Hole['class'], first: number, end: number): void {
    const last = this.#holes.at(-1);
    if (last !== undefined && last.class === as && last.end === first) {
      last.end = end;
      return;
    }
    this.#holes.push({ class: as, first, end, from: this.#lastSeen, to: Number.NEGATIVE_INFINITY });
    if (this.#holes.length > MOST) this.#merge();
  }

  /** A record follows; its time (negative: none) bounds the holes before it. */
  seen(timestamp: number): void {
    for (; this.#open < this.#holes.length; this.#open++) {
      const hole = this.#holes[this.#open]!;
      // Timestamps need not ascend with the offsets.
      const to = timestamp < 0 ? Number.POSITIVE_INFINITY : Math.max(hole.to, timestamp);
      [hole.from, hole.to] = [Math.min(hole.from, to), Math.max(hole.from, to)];
    }
    this.#lastSeen = timestamp < 0 ? Number.NEGATIVE_INFINITY : timestamp;
  }

  close(): MessageHole[] {
    for (const hole of this.#holes.slice(this.#open)) hole.to = Number.POSITIVE_INFINITY;
    return this.#holes.map((hole) => ({ partition: this.#partition, ...withoutInfinity(hole) }));
  }

  /** Halves their number: neighbours of one class become one hole that spans both. */
  #merge(): void {
    const merged: Hole[] = [];
    let open: number | undefined;
    for (let i = 0; i < this.#holes.length; i++) {
      const hole = this.#holes[i]!;
      const next = this.#holes[i + 1];
      if (next?.class === hole.class) {
        hole.end = next.end;
        hole.from = Math.min(hole.from, next.from);
        hole.to = Math.max(hole.to, next.to);
        i++;
      }
      if (open === undefined && i >= this.#open) open = merged.length;
      merged.push(hole);
    }
    this.#holes = merged;
    this.#open = open ?? merged.length;
  }
}

function withoutInfinity({ class: as, first, end, from, to }: Hole) {
  return {
    class: as,
    first,
    end,
    ...(Number.isFinite(from) ? { from } : {}),
    ...(Number.isFinite(to) ? { to } : {}),
  };
}
