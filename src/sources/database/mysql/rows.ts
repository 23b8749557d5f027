/** Rows as they come from the server, with their times made instants, and without those outside the bounds. */
import type { EffectBounds } from '../../../model.ts';
import { wholeStamp } from '../../logs/stamps.ts';
import { Zone } from '../../logs/zones.ts';
import type { RowCursor, TimeColumn } from '../table.ts';
import type { RawRow } from './session.ts';

/** Which rows are wanted: those with a time inside the bounds and those without one, or those with a time outside. */
export type Wanted = { readonly bounds: EffectBounds; readonly side: 'inside' | 'outside' };

/**
 * A cursor over rows: `feed` some, then `next()` until it answers false. The server compares wall clocks roughly; what
 * they mean is decided here, as for those of logs. One that means two moments counts as the later of them, and one that
 * was never shown as if the clock had not been put forward yet.
 */
export class ServerRows implements RowCursor {
  /** The field of the time; -1: none, or a number, which the server compares exactly. */
  readonly #time: number;
  readonly #zone: Zone | undefined;
  readonly #wanted: Wanted | undefined;
  #rows: readonly RawRow[] = [];
  #at = -1;
  #micros: number | string | undefined;
  #doubt = 0;

  /** @param time the field of the time @param wanted undefined: all rows */
  constructor(at: TimeColumn | undefined, time: number, wanted?: Wanted) {
    this.#time = at === undefined || at.unit !== undefined ? -1 : time;
    this.#zone = at?.zone === undefined ? undefined : new Zone(at.zone);
    this.#wanted = wanted;
  }

  feed(rows: readonly RawRow[]): void {
    this.#rows = rows;
    this.#at = -1;
  }

  next(): boolean {
    while (++this.#at < this.#rows.length) {
      if (this.#time < 0) return true;
      this.#readTime(this.bytes(this.#time));
      if (this.#isWanted()) return true;
    }
    return false;
  }

  bytes(field: number): Buffer | undefined {
    return this.#rows[this.#at]![field] ?? undefined;
  }

  instant(): bigint | string | undefined {
    return typeof this.#micros === 'number' ? BigInt(this.#micros) : this.#micros;
  }

  integer(): number | undefined {
    return this.#doubt;
  }

  /** Zero dates, and days that are none, have no stamp. */
  #readTime(bytes: Buffer | undefined): void {
    this.#doubt = 0;
    const text = bytes?.toString('latin1');
    const stamp = text === undefined ? undefined : wholeStamp(text);
    if (stamp?.form !== 'wall') {
      this.#micros = text;
      return;
    }
    if (this.#zone === undefined) {
      this.#micros = stamp.wall;
      return;
    }
    const { at, or = at } = this.#zone.moment(stamp.wall);
    this.#micros = Math.max(at, or);
    this.#doubt = Math.abs(at - or);
  }

  #isWanted(): boolean {
    if (this.#wanted === undefined) return true;
    const { bounds, side } = this.#wanted;
    if (typeof this.#micros !== 'number') return side === 'inside';
    const inside = this.#micros >= bounds.from * 1000 && this.#micros <= bounds.to * 1000;
    return inside === (side === 'inside');
  }
}
