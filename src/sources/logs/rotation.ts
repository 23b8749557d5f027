/** What the names of rotated files tell: which belong together, in which order, and which number is missing. */
import { basename } from 'node:path';

/** The place of a file in its set, from its name. */
export interface Rotation {
  /** Path without what rotation and packing appended: equal for all files of a set. */
  readonly base: string;
  /** 0: the file being written; 1, 2, …: older and older. Undefined: the name has a date instead. */
  readonly number: number | undefined;
  /** Digits of the date (and hour or time) in the name, such as `20261122`. */
  readonly date: string | undefined;
}

/** Files of one set, oldest first. */
export interface RotatedSet<File> {
  readonly files: readonly File[];
  /** Numbers that are missing before the file of that index, where both neighbours exist. */
  readonly missingBefore: ReadonlyMap<number, readonly number[]>;
}

const DAY = 86_400e6;
const PACKED = /\.(?:gz|zst)$/i;
const NUMBERED = /\.(\d{1,4})$/;
/** logrotate's dateext (`-20261122`, `-2026112206`), postfix logrotate (`.20261123-210115`), `-2026-11-22`. */
const DATED = /[-._](\d{4}-\d\d-\d\d|\d{8})(?:[-T_]?(\d{6}|\d{4}|\d{2}))?$/;

export function rotationOf(path: string): Rotation {
  const plain = path.replace(PACKED, '');
  const number = NUMBERED.exec(plain);
  if (number !== null)
    return { base: plain.slice(0, number.index), number: Number(number[1]), date: undefined };
  const date = DATED.exec(plain);
  if (date === null || date.index <= plain.length - basename(plain).length)
    return { base: plain, number: 0, date: undefined };
  const digits = date[1]!.replaceAll('-', '') + (date[2] ?? '');
  return { base: plain.slice(0, date.index), number: undefined, date: digits };
}

/** Epoch microseconds by which a file with this date in its name was closed, with two days for zones and late jobs. */
export function closedBy(rotation: Rotation): number | undefined {
  if (rotation.date === undefined) return undefined;
  const part = (from: number, to: number) => Number(rotation.date!.slice(from, to));
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8)) * 1000 + 2 * DAY;
}

/**
 * Groups files into sets. Files that claim the same place in a set (a copy of it, longer or shorter) go into sets of
 * their own.
 *
 * @param present every file there is, also those that are not read because another has the same content
 */
export function rotatedSets<File extends { readonly path: string }>(
  files: readonly File[],
  present: readonly { readonly path: string }[],
): RotatedSet<File>[] {
  const sets = new Map<string, Map<string, File>>();
  for (const file of files) {
    const { base, number, date } = rotationOf(file.path);
    const place = date ?? String(number);
    let name = base;
    while (sets.get(name)?.has(place) === true) name += '\0';
    if (!sets.has(name)) sets.set(name, new Map());
    sets.get(name)!.set(place, file);
  }
  return [...sets.values()].map((set) => ordered([...set.values()], present));
}

function ordered<File extends { readonly path: string }>(
  set: readonly File[],
  present: readonly { readonly path: string }[],
): RotatedSet<File> {
  const files = [...set].sort((a, b) => compare(rotationOf(a.path), rotationOf(b.path)));
  const { base } = rotationOf(files[0]!.path);
  const there = new Set(
    present.map(({ path }) => rotationOf(path)).flatMap((r) => (r.base === base ? [r.number] : [])),
  );
  const missingBefore = new Map<number, number[]>();
  for (let i = 1; i < files.length; i++) {
    const older = rotationOf(files[i - 1]!.path).number;
    const newer = rotationOf(files[i]!.path).number;
    if (older === undefined || newer === undefined) continue;
    const missing = numbersBetween(newer, older).filter((number) => !there.has(number));
    if (missing.length > 0) missingBefore.set(i, missing);
  }
  return { files, missingBefore };
}

/** Dated files before numbered ones: the file being written counts as number 0. */
function compare(a: Rotation, b: Rotation): number {
  if (a.date !== undefined && b.date !== undefined) return a.date < b.date ? -1 : 1;
  if (a.date !== undefined) return -1;
  if (b.date !== undefined) return 1;
  return b.number! - a.number!;
}

function numbersBetween(low: number, high: number): number[] {
  return Array.from({ length: Math.max(0, high - low - 1) }, (_, i) => low + 1 + i);
}
