/** The times of the records of a log: in which form they are written, and which moment each of them is. */
import type { LogSettings } from '../../model.ts';
import { Clock, zoneNeeded } from './clock.ts';
import type { Sight } from './coverage.ts';
import { anyStamp, type Stamp, unitStamp } from './stamps.ts';
import { strptime } from './strptime.ts';
import { Zone } from './zones.ts';

/** Undefined: the text is no time of the form that the settings name. */
export type ReadStamp = (text: string) => Stamp | undefined;

export function stampReader({ unit, timeFormat }: LogSettings): ReadStamp {
  if (unit !== undefined) return (text) => unitStamp(text, unit);
  return remembering(timeFormat === undefined ? anyStamp : strptime(timeFormat));
}

/** Most lines of a second have the text of the one before. */
function remembering(read: ReadStamp): ReadStamp {
  let last: string | undefined;
  let stamp: Stamp | undefined;
  return (text) => {
    if (text !== last) stamp = read(text);
    last = text;
    return stamp;
  };
}

export interface Times {
  /** Whether the time read last may as well be another one, so that it must not be claimed. */
  readonly doubtful: boolean;
  /**
   * Epoch microseconds; undefined: the text is no time.
   * @throws AuditError 2 where a zone is needed and none is configured
   */
  read(text: string, label: string, line: number): number | undefined;
}

/**
 * Of rows in no order that could tell the two hours apart when the clock is put back: either hour would be a claim, so
 * the time is doubtful, and the hours are a hole.
 */
export class RowTimes implements Times {
  readonly #settings: LogSettings;
  readonly #stampOf: ReadStamp;
  readonly #zone: Zone | undefined;
  readonly #sight: Sight;
  doubtful = false;

  constructor(settings: LogSettings, sight: Sight) {
    this.#settings = settings;
    this.#stampOf = stampReader(settings);
    this.#zone = settings.zone === undefined ? undefined : new Zone(settings.zone);
    this.#sight = sight;
  }

  read(text: string, label: string, line: number): number | undefined {
    this.doubtful = false;
    const stamp = this.#stampOf(text);
    if (stamp === undefined || stamp.form === 'yearless') return undefined;
    if (stamp.form === 'moment') return stamp.at;
    if (this.#zone === undefined) throw zoneNeeded(`${label} line ${line}, ${this.#settings.at}`);
    const { at, or, never } = this.#zone.moment(stamp.wall);
    this.doubtful = or !== undefined;
    if (or !== undefined) {
      const often = never ? 'never' : 'twice';
      const detail = `${label} line ${line}: ${this.#zone.name} had ${text} ${often}`;
      this.#sight.hole(at, or, 'unreadable', detail);
    }
    return at;
  }
}

/** Of lines that follow each other in time: those before tell which hour, and which year. */
export class LineTimes implements Times {
  readonly #stampOf: ReadStamp;
  readonly clock: Clock;
  readonly doubtful = false;
  #where = '';

  constructor(settings: LogSettings) {
    this.#stampOf = stampReader(settings);
    const zone = settings.zone === undefined ? undefined : new Zone(settings.zone);
    this.clock = new Clock(zone, () => `${this.#where}, ${settings.at}`);
  }

  read(text: string, label: string, line: number): number | undefined {
    const stamp = this.#stampOf(text);
    if (stamp === undefined) return undefined;
    if (stamp.form !== 'moment') this.#where = `${label} line ${line}`;
    return this.clock.follow(stamp, text);
  }
}
