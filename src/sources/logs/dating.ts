/** When each file of a rotated set begins, and what must be told about how that was found out. */
import type { EffectBounds } from '../../model.ts';
import type { SourceFile } from '../bytes.ts';
import type { Clock } from './clock.ts';
import type { Sight } from './coverage.ts';
import { closedBy, type RotatedSet, rotationOf } from './rotation.ts';
import type { Stamp } from './stamps.ts';
import { chooseYears, type Years } from './years.ts';

/** The first and the last readable time of a file; undefined: it has none. */
export interface Ends {
  first(file: SourceFile): Promise<Stamp | undefined>;
  last(file: SourceFile): Promise<Stamp | undefined>;
}

export async function yearsOf(set: RotatedSet<SourceFile>, bounds: EffectBounds, ends: Ends): Promise<Years> {
  const firsts: (Stamp | undefined)[] = [];
  for (const file of set.files) firsts.push(await ends.first(file));
  const newest = firsts.findLastIndex((first) => first !== undefined);
  const yearless = firsts[newest]?.form === 'yearless';
  const last = yearless ? await ends.last(set.files[newest]!) : undefined;
  const beginnings = set.files.map((file, i) => ({
    first: firsts[i],
    closed: closedBy(rotationOf(file.path)),
  }));
  return chooseYears(beginnings, last, bounds, Date.now());
}

/** Times that say their year go before names: a set may be numbered the other way round. */
export function byStart(set: RotatedSet<SourceFile>, starts: readonly (number | undefined)[]) {
  const known = starts.filter((start) => start !== undefined);
  const sorted = known.every((start, i) => i === 0 || start >= known[i - 1]!);
  if (sorted) return { set, starts };
  const order = [...set.files.keys()].sort((a, b) => (starts[a] ?? -Infinity) - (starts[b] ?? -Infinity));
  return {
    set: { files: order.map((i) => set.files[i]!), missingBefore: new Map<number, readonly number[]>() },
    starts: order.map((i) => starts[i]),
  };
}

/** A sentence about the file that is missing before one of a set; undefined: none is. */
export function missingBefore(set: RotatedSet<SourceFile>, index: number): string | undefined {
  const missing = set.missingBefore.get(index);
  if (missing === undefined) return undefined;
  const [older, newer] = [set.files[index - 1]!.label, set.files[index]!.label];
  const numbers = missing.map((number) => `.${number}`).join(', ');
  return `between ${older} and ${newer} the file with ${numbers} is missing`;
}

export function noteYears(set: RotatedSet<SourceFile>, years: Years, sight: Sight): void {
  if (years.from === undefined) return;
  const told = years.starts.filter((start) => start !== undefined);
  const [first, last] = [told[0]!, told.at(-1)!].map((start) => new Date(start / 1000).getUTCFullYear());
  const why = {
    name: 'by the date in the name',
    neighbour: 'by the files next to it, which say it',
    overlap: 'because it then overlaps the audited time',
    nearest: 'because it is then nearest to the audited time, which it does not overlap',
  }[years.from];
  const files =
    set.files.length === 1 ? set.files[0]!.label : `${set.files[0]!.label} … ${set.files.at(-1)!.label}`;
  const year = first === last ? `in ${first}` : `from ${first} to ${last}`;
  sight.note(`the lines of ${files} carry no year: taken to begin ${year}, ${why}`);
}

export function noteClock(clock: Clock, sight: Sight): void {
  if (clock.twice !== undefined)
    sight.note(
      `lines from ${clock.twice.example} on are of an hour that ${clock.twice.zone} had twice: their order in the file decided which`,
    );
  if (clock.never !== undefined)
    sight.note(
      `lines from ${clock.never.example} on are of an hour that ${clock.never.zone} left out: is the zone right?`,
    );
}
