/** In which year each file of a rotated set begins, where its lines carry no year. */
import type { EffectBounds } from '../../model.ts';
import { type Stamp, wallOf } from './stamps.ts';

const DAY = 86_400e6;
/** So near to the audited time, a later year goes before an earlier one that overlaps it: logs are of late. */
const NEAR = 30 * DAY;
/** Years looked at before this one. */
const YEARS_BACK = 60;

/** The beginning of one file, as far as it can be seen without reading all of it. */
export interface Beginning {
  /** Its first readable time; undefined: it has none. */
  readonly first: Stamp | undefined;
  /** Epoch microseconds by which it was closed, from the date in its name. */
  readonly closed: number | undefined;
}

export interface Years {
  /** About when each file begins, epoch microseconds (a zone away at most); undefined: no readable time. */
  readonly starts: readonly (number | undefined)[];
  /**
   * What told the year: the date in a name, a neighbouring file that says its year, the audited time that the set
   * overlaps so, or no more than being nearest to it. Undefined: every file says its year itself.
   */
  readonly from: 'name' | 'neighbour' | 'overlap' | 'nearest' | undefined;
}

/**
 * Chooses years so that no file begins after the next one, none lies in the future, and the set overlaps the audited
 * time; where no year does that, the nearest to it.
 *
 * @param files oldest first
 * @param last the last readable time of the newest file
 * @param now epoch milliseconds
 */
export function chooseYears(
  files: readonly Beginning[],
  last: Stamp | undefined,
  bounds: EffectBounds,
  now: number,
): Years {
  if (files.every(({ first }) => first === undefined || first.form !== 'yearless')) {
    return { starts: chain(files, Number.POSITIVE_INFINITY), from: undefined };
  }
  const newest = files.findLast(({ first }) => first !== undefined)!;
  if (newest.first!.form !== 'yearless' || newest.closed !== undefined) {
    const from = newest.closed === undefined ? 'neighbour' : 'name';
    return { starts: chain(files, now * 1000 + DAY), from };
  }
  let best: { starts: readonly (number | undefined)[]; distance: number } | undefined;
  for (let year = new Date(now).getUTCFullYear(); year >= 1970; year--) {
    const starts = chain(files, Math.min(now * 1000 + DAY, Date.UTC(year + 1, 0, 1) * 1000 - 1));
    const distance = distanceTo(bounds, starts, last);
    if (best === undefined || distance < best.distance) best = { starts, distance };
    if (distance <= NEAR || year < new Date(now).getUTCFullYear() - YEARS_BACK) break;
  }
  return { starts: best!.starts, from: best!.distance === 0 ? 'overlap' : 'nearest' };
}

/** Dates the files from the newest to the oldest, each as late as the one after it and its own name allow. */
function chain(files: readonly Beginning[], end: number): (number | undefined)[] {
  const starts: (number | undefined)[] = [];
  let latest = end;
  for (const { first, closed } of [...files].reverse()) {
    const start = first === undefined ? undefined : latestBefore(first, Math.min(latest, closed ?? latest));
    if (start !== undefined) latest = start + DAY;
    starts.unshift(start);
  }
  return starts;
}

/** A stamp in the latest year that does not put it behind `latest`. */
function latestBefore(stamp: Stamp, latest: number): number {
  if (stamp.form === 'moment') return stamp.at;
  if (stamp.form === 'wall') return stamp.wall;
  const year = Number.isFinite(latest)
    ? new Date(latest / 1000).getUTCFullYear()
    : new Date().getUTCFullYear();
  // 29 February may be eight years away (1896 to 1904, 2096 to 2104).
  for (let candidate = year; candidate > year - 9; candidate--) {
    const wall = wallOf(candidate, stamp.month, stamp.day, stamp.time);
    if (wall !== undefined && wall <= latest) return wall;
  }
  return latest;
}

/** Microseconds between the set's span and the audited time; 0: they overlap. */
function distanceTo(
  bounds: EffectBounds,
  starts: readonly (number | undefined)[],
  last: Stamp | undefined,
): number {
  const first = starts.find((start) => start !== undefined)!;
  const newest = starts.findLast((start) => start !== undefined)!;
  const end = last === undefined ? newest : firstFrom(last, newest - DAY);
  return Math.max(0, bounds.from * 1000 - end, first - bounds.to * 1000);
}

/** A stamp in the first year that does not put it before `earliest`. */
function firstFrom(stamp: Stamp, earliest: number): number {
  if (stamp.form === 'moment') return stamp.at;
  if (stamp.form === 'wall') return stamp.wall;
  const year = new Date(earliest / 1000).getUTCFullYear();
  for (let candidate = year; candidate < year + 9; candidate++) {
    const wall = wallOf(candidate, stamp.month, stamp.day, stamp.time);
    if (wall !== undefined && wall >= earliest) return wall;
  }
  return earliest;
}
