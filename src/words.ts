/** Numbers in sentences: how counts and spans of time are said, everywhere the same. */
import { UNBOUNDED } from './columns.ts';

const GROUPED = new Intl.NumberFormat('en-US');

/** 1234567 as `1,234,567`. */
export function grouped(value: number): string {
  return GROUPED.format(value);
}

/** `1 offset`, `2 offsets`; `plural` where an s does not do. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(value)} ${value === 1 ? noun : plural}`;
}

const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['KB', 1e3],
];

/** Bytes as `12 B`, `64 MB`, `1.2 GB`. */
export function byteSize(bytes: number): string {
  const unit = SIZES.find(([, size]) => bytes >= size);
  if (unit === undefined) return `${Math.round(bytes)} B`;
  const count = bytes / unit[1];
  return `${count < 10 ? Number(count.toFixed(1)) : Math.round(count)} ${unit[0]}`;
}

/** How a source begins a note that says the range is short of what was asked. */
export const SHORT = 'short: ';

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** Milliseconds as `340ms`, `2.4s`, `40m`, `3.5h`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  const unit = UNITS.find(([, length]) => size >= length);
  if (unit === undefined) return `${Math.round(ms)}ms`;
  return `${Number((ms / unit[1]).toFixed(1))}${unit[0]}`;
}

/** `1`, `0..1`, or `1..` where there is no maximum. */
export function expectedText({ min, max }: { readonly min: number; readonly max: number }): string {
  if (min === max) return String(min);
  return max === UNBOUNDED ? `${min}..` : `${min}..${max}`;
}

/** What a form of times may hold behind a `%`, besides `%T`, `%R`, `%F`, `%D` and `%%`: the words of strptime. */
export const TIME_DIRECTIVES = [
  ...(['Y', 'y', 'm', 'b', 'B', 'h', 'd', 'e', 'H', 'k', 'I', 'l', 'M', 'S', 'f', 'L', 'N', 'p'] as const),
  ...(['z', 'Z', 's', 'a', 'A'] as const),
] as const;
