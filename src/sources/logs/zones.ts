/** Which moments the clock on a wall can mean, in a zone with summer time. */
import { AuditError } from '../../error.ts';

const SECOND = 1e6;
/** Zones change their offset on a quarter of an hour, so one answer serves all of it. */
const QUARTER = 900 * SECOND;
const DAY = 86_400 * SECOND;

/** Epoch microseconds, and whether the wall showed that time twice or never. */
export interface Moment {
  readonly at: number;
  /** The other moment that the same reading can mean; undefined: there is none. */
  readonly or?: number;
  /** The wall never showed this: the clock was put forward over it, and `at` and `or` are before and after that. */
  readonly never: boolean;
}

export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, { readonly offsets: readonly number[]; readonly never: boolean }>();

  /** @throws AuditError 2 for a name that is no IANA zone. */
  constructor(name: string) {
    this.name = name;
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (cause) {
      throw new AuditError(2, `zone: ${name} is not a zone of the IANA database`, {
        hint: 'Such as zone: Europe/Berlin, or zone: UTC.',
        cause,
      });
    }
  }

  /** @param wall the reading, as microseconds since 1970-01-01T00:00 on the same wall */
  moment(wall: number): Moment {
    const { offsets, never } = this.#offsetsAt(Math.floor(wall / QUARTER));
    const [first, second] = offsets;
    const at = wall - first!;
    return second === undefined ? { at, never } : { at, or: wall - second, never };
  }

  /** Offsets from UTC that can be in force at a reading, the one that gives the earlier moment first. */
  #offsetsAt(quarter: number): { readonly offsets: readonly number[]; readonly never: boolean } {
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const wall = quarter * QUARTER;
    const around = [this.#offset(wall - DAY), this.#offset(wall + DAY)];
    const fitting = [...new Set(around)].filter((offset) => this.#offset(wall - offset) === offset);
    const never = fitting.length === 0;
    const answer = { offsets: never ? around : fitting.sort((a, b) => b - a), never };
    this.#offsets.set(quarter, answer);
    return answer;
  }

  /** Offset from UTC at a moment: what the wall shows minus the moment. */
  #offset(at: number): number {
    const moment = Math.floor(at / SECOND) * 1000;
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(moment)) parts[type] = Number(value);
    const shown = Date.UTC(
      parts.year!,
      parts.month! - 1,
      parts.day!,
      parts.hour!,
      parts.minute!,
      parts.second!,
    );
    return (shown - moment) * 1000;
  }
}
