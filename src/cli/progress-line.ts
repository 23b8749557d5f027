/** One line of progress, as wide as the terminal: a bar, how much is done, how fast, and how long it will take. */
import type { Progress } from '../model.ts';
import { byteSize, duration, grouped } from '../words.ts';

/** What a terminal can show. */
export interface Terminal {
  readonly columns: number;
  /** Whether block characters can be shown, else plain ASCII. */
  readonly blocks: boolean;
  readonly color: boolean;
}

/** Undefined: not known yet. */
export interface Speed {
  /** Of the progress's unit. */
  readonly perSecond?: number;
  readonly bytesPerSecond?: number;
}

/** Under these widths a bar says nothing, and above them no more. */
const LEAST_BAR = 8;
const MOST_BAR = 40;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** For a log: everything, without a bar. */
export function plainLine(progress: Progress, speed: Speed): string {
  return [progress.stage, ...parts(progress, speed, AS_LONG_AS_IT_IS)].join('  ');
}

/** For a terminal: what does not fit is left out, the least important first; the bar takes what is left. */
export function barLine(progress: Progress, speed: Speed, terminal: Terminal): string {
  const share = shareOf(progress);
  const told = parts(progress, speed, STEADY);
  const room = terminal.columns - 1;
  const bar = share === undefined ? 0 : LEAST_BAR + 2;
  const width = () => [progress.stage, ...told].join('  ').length + bar;
  // From the end, but for what is left to wait, which stays as long as the share does.
  while (told.length > 2 && width() > room) told.splice(told.length > 3 ? -2 : 1, 1);
  const left = room - (width() - bar) - 2;
  if (share === undefined || left < LEAST_BAR)
    return [progress.stage, ...told].join('  ').slice(0, Math.max(0, room));
  const drawn = barOf(share, Math.min(MOST_BAR, left), terminal.blocks);
  return [progress.stage, terminal.color ? `\x1b[36m${drawn}\x1b[0m` : drawn, ...told].join('  ');
}

/** How wide each number is at least: a line that is rewritten must not jump with every digit. */
interface Widths {
  readonly done: (total: string) => number;
  readonly rate: number;
  readonly size: number;
  readonly time: number;
}

const AS_LONG_AS_IT_IS: Widths = { done: () => 0, rate: 0, size: 0, time: 0 };
const STEADY: Widths = {
  done: (total) => total.length,
  rate: '1,000,000'.length,
  size: '100 MB'.length,
  time: '59.9m'.length,
};

/** From the most important to the least, but for the last, the time that is left. */
function parts(progress: Progress, { perSecond, bytesPerSecond }: Speed, widths: Widths): string[] {
  const { done, total, unit, bytes } = progress;
  const share = shareOf(progress);
  const amount = (count: number) => (unit === 'bytes' ? byteSize(count) : grouped(Math.round(count)));
  const named = unit === 'bytes' ? '' : ` ${unit}`;
  const all = amount(total ?? 0);
  const of = share === undefined ? amount(done) : `${amount(done).padStart(widths.done(all))} of ${all}`;
  const size = (count: number) => byteSize(count).padStart(widths.size);
  const rate = (count: number) => (unit === 'bytes' ? size(count) : amount(count).padStart(widths.rate));
  const left = perSecond ? ((total! - done) / perSecond) * 1000 : undefined;
  return [
    ...(share === undefined ? [] : [`${Math.floor(share * 100)}%`.padStart(4)]),
    `${of}${named}`,
    ...(perSecond === undefined ? [] : [`${rate(perSecond)}/s`]),
    ...(bytesPerSecond === undefined ? [] : [`${size(bytesPerSecond)}/s`]),
    ...(bytes === undefined ? [] : [size(bytes)]),
    ...(share === undefined || left === undefined ? [] : [`${duration(left).padStart(widths.time)} left`]),
  ];
}

/** 0 to 1; undefined: the end is not known. */
function shareOf({ done, total }: Progress): number | undefined {
  return total === undefined || total === 0 ? undefined : Math.min(1, done / total);
}

function barOf(share: number, width: number, blocks: boolean): string {
  if (!blocks) return `[${'#'.repeat(Math.floor(share * (width - 2))).padEnd(width - 2, '.')}]`;
  const eighths = Math.floor(share * width * 8);
  return `${'█'.repeat(eighths >> 3)}${EIGHTHS[eighths & 7]}`.padEnd(width, '░');
}
