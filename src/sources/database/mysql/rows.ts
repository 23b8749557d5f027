/** Rows as they come from the server, with their times made instants, and without those outside the bounds. */
import type { TextColumn } from '../../../columns.ts';
import type { EffectBounds } from '../../../model.ts';
import { Zone } from '../../logs/zones.ts';
import { copyAscii, type RowCursor, type TimeColumn } from '../table.ts';
import type { RawRow } from './session.ts';
import { WallReader } from './wall.ts';

/** Which rows are wanted. */
export interface Wanted {
  readonly bounds: EffectBounds;
  /** Those with a time inside the bounds and those without one, or those with a time outside. */
  readonly side: 'inside' | 'outside';
}

/**
 * A cursor over rows: `feed` some, then `next()` until it answers false. The server compares wall clocks roughly; what
 * they mean is decided here, as for those of logs. One that means two moments counts as the later of them, and one that
 * was never shown as if the clock had not been put forward yet.
 */
export class ServerRows implements RowCursor {
  /** The field of the time; -1: none, or a number, which the server compares exactly. */
  readonly #time: number;
  readonly #zone: Zone | undefined;
  readonly #walls = new WallReader();
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
      if (this.#time >= 0) this.#readTime(this.bytes(this.#time));
      if (this.#isWanted()) return true;
    }
    return false;
  }

  bytes(field: number): Buffer | undefined {
    return this.#rows[this.#at]![field] ?? undefined;
  }

  copyAscii(field: number, column: TextColumn): number {
    const bytes = this.bytes(field);
    return bytes === undefined ? -1 : copyAscii(bytes, 0, bytes.length, column);
  }

  instant(): bigint | string | undefined {
    return typeof this.#micros === 'number' ? BigInt(this.#micros) : this.#micros;
  }

  integer(): number | undefined {
    return this.#doubt;
  }

  /** A zero date, or a day that is none, stays the text that it is. */
  #readTime(bytes: Buffer | undefined): void {
    this.#doubt = 0;
    const wall = bytes === undefined ? undefined : this.#walls.read(bytes);
    if (wall === undefined) {
      this.#micros = bytes?.toString('latin1');
      return;
    }
    if (this.#zone === undefined) {
      this.#micros = wall;
      return;
    }
    const { at, or = at } = this.#zone.moment(wall);
    this.#micros = Math.max(at, or);
    // Of rows outside nobody counts one: it only takes the proof from a zero.
    if (this.#wanted?.side !== 'outside') this.#doubt = Math.abs(at - or);
  }

  #isWanted(): boolean {
    if (this.#wanted === undefined || this.#time < 0) return true;
    const { bounds, side } = this.#wanted;
    if (typeof this.#micros !== 'number') return side === 'inside';
    const inside = this.#micros >= bounds.from * 1000 && this.#micros <= bounds.to * 1000;
    return inside === (side === 'inside');
  }
}
