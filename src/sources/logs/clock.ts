/** Reads the times of one log from its first line to its last, and gives them the year and the offset they leave out. */
import { AuditError } from '../../error.ts';
import { leadingStamp, type Stamp, wallOf } from './stamps.ts';
import type { Zone } from './zones.ts';

const SECOND = 1e6;
const DAY = 86_400 * SECOND;
/** Lines of different daemons overtake each other by a second or two; a whole hour back is the clock put back. */
const OVERTAKING = 60 * SECOND;

/** Readings of one wall that mean two moments or none; shown in the notes of the coverage. */
export interface Doubtful {
  readonly zone: string;
  /** The first of them, as written. */
  readonly example: string;
}

export class Clock {
  readonly #zone: Zone | undefined;
  readonly #where: () => string;
  /** Epoch microseconds of the line before; undefined: nothing is known about it. */
  #previous: number | undefined;
  /** About when the next line was written, a day more or less. */
  #about = Date.now() * 1000;
  /** The text of the line before up to its time's end: most lines of a second share it. */
  #prefix = '';
  /** Where the last line that was read goes on after its time. */
  rest = 0;
  /** Lines in the hour that the zone had twice, told apart by their order. */
  twice: Doubtful | undefined;
  /** Lines in an hour that the zone left out. */
  never: Doubtful | undefined;

  /** @param where names the file and line being read, for the error about a missing zone */
  constructor(zone: Zone | undefined, where: () => string) {
    this.#zone = zone;
    this.#where = where;
  }

  /** About when the next line was written (epoch microseconds): what year a file begins in. */
  begin(about: number): void {
    if (this.#previous !== undefined && Math.abs(about - this.#previous) <= DAY) return;
    this.#about = about;
    this.#previous = undefined;
    this.#prefix = '';
  }

  /**
   * Epoch microseconds of the time a line begins with; undefined: it begins with none.
   * @throws AuditError 2 where a zone is needed and none is configured
   */
  read(line: string): number | undefined {
    if (this.#prefix !== '' && line.startsWith(this.#prefix)) return this.#previous;
    const leading = leadingStamp(line);
    const at = leading === undefined ? undefined : this.#moment(leading.stamp, line.slice(0, leading.end));
    if (at === undefined) return undefined;
    this.#previous = at;
    this.#about = at;
    this.rest = leading!.end;
    // With the blank behind it, so that no longer fraction begins the same way.
    this.#prefix = line.length > this.rest ? line.slice(0, this.rest + 1) : '';
    return at;
  }

  /** The same of a time that stands elsewhere in the line. @param written as the line has it */
  follow(stamp: Stamp, written: string): number | undefined {
    const at = this.#moment(stamp, written);
    if (at === undefined) return undefined;
    this.#previous = at;
    this.#about = at;
    this.#prefix = '';
    return at;
  }

  #moment(stamp: Stamp, written: string): number | undefined {
    if (stamp.form === 'moment') return stamp.at;
    if (this.#zone === undefined) throw zoneNeeded(this.#where());
    const wall = stamp.form === 'wall' ? stamp.wall : nearestYear(stamp, this.#about);
    return wall === undefined ? undefined : this.#onWall(this.#zone, wall, written);
  }

  #onWall(zone: Zone, wall: number, written: string): number {
    const moment = zone.moment(wall);
    const doubtful = { zone: zone.name, example: written };
    if (moment.or === undefined) return moment.at;
    if (moment.never) {
      this.never ??= doubtful;
      return moment.at;
    }
    this.twice ??= doubtful;
    // The earlier of the two, unless the lines before it are already past that.
    const earlierFits = this.#previous === undefined || moment.at >= this.#previous - OVERTAKING;
    return earlierFits ? moment.at : moment.or;
  }
}

/** The reading in the year that brings it nearest to a moment; undefined: 29 February in none of them. */
function nearestYear(stamp: Extract<Stamp, { form: 'yearless' }>, near: number): number | undefined {
  const year = new Date(near / 1000).getUTCFullYear();
  let best: number | undefined;
  for (const candidate of [year, year - 1, year + 1]) {
    const wall = wallOf(candidate, stamp.month, stamp.day, stamp.time);
    if (wall !== undefined && (best === undefined || Math.abs(wall - near) < Math.abs(best - near)))
      best = wall;
  }
  return best;
}

/** @param where file and line, or file, line and column */
export function zoneNeeded(where: string): AuditError {
  return new AuditError(2, `${where}: the time says no zone, and none is configured`, {
    hint: 'zone: Europe/Berlin (or whatever zone the clock there showed; zone: UTC if it was that)',
  });
}
