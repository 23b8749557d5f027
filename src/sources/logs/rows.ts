/** Effects of one kind on their way into columns, a batch at a time. */
import { TextColumn } from '../../columns.ts';
import type { EffectBatch, EffectBounds } from '../../model.ts';
import type { Point } from './email.ts';

/** Rows after which a batch is handed over. */
const BATCH_ROWS = 8192;

/** Which effects are handed over: those inside the bounds, or, with keys, those outside that have one of them (a second look). */
export interface Wanted {
  readonly bounds: EffectBounds;
  readonly keys?: ReadonlySet<string>;
}

/** @param time epoch microseconds */
export function isWantedAt(time: number, { bounds, keys }: Wanted): boolean {
  const ms = Math.floor(time / 1000);
  const isInside = ms >= bounds.from && ms <= bounds.to;
  return isInside === (keys === undefined);
}

export class EffectRows {
  readonly #keysWanted: ReadonlySet<string> | undefined;
  readonly #take: (batch: EffectBatch) => Promise<void> | void;
  readonly #keys = new TextColumn();
  readonly #ids = new TextColumn();
  #times = new BigInt64Array(BATCH_ROWS);
  #places = new Int32Array(BATCH_ROWS);
  #lines = new BigInt64Array(BATCH_ROWS);
  #rows = 0;

  /** @param keys only effects with one of these are handed over; undefined: all */
  constructor(take: (batch: EffectBatch) => Promise<void> | void, keys?: ReadonlySet<string>) {
    this.#take = take;
    this.#keysWanted = keys;
  }

  /** @param time epoch microseconds, or NO_TIME */
  add(key: string, id: string, time: bigint, { place, line }: Omit<Point, 'time'>): void {
    if (this.#keysWanted?.has(key) === false) return;
    if (this.#rows === this.#times.length) this.#grow();
    this.#keys.pushString(key);
    this.#ids.pushString(id);
    this.#times[this.#rows] = time;
    this.#places[this.#rows] = place;
    this.#lines[this.#rows] = BigInt(line);
    this.#rows++;
  }

  /** Hands over what there is, if it is enough for a batch. To be awaited whenever the source can wait. */
  async flush(): Promise<void> {
    if (this.#rows >= BATCH_ROWS) await this.end();
  }

  /** Hands over the rest. */
  async end(): Promise<void> {
    const rows = this.#rows;
    if (rows === 0) return;
    this.#rows = 0;
    await this.#take({
      rows,
      key: this.#keys.take(),
      id: this.#ids.take(),
      time: this.#times.slice(0, rows),
      place: this.#places.slice(0, rows),
      line: this.#lines.slice(0, rows),
    });
  }

  #grow(): void {
    const [times, places, lines] = [this.#times, this.#places, this.#lines];
    this.#times = new BigInt64Array(times.length * 2);
    this.#places = new Int32Array(times.length * 2);
    this.#lines = new BigInt64Array(times.length * 2);
    this.#times.set(times);
    this.#places.set(places);
    this.#lines.set(lines);
  }
}
