/** What a range asks for, against the log that it is cut from; and the words for it. */
import type { AskedOffsets, MessageSettings } from '../../model.ts';
import { duration } from '../../words.ts';

/** Offsets [start, end) that a log, or a capture of it, has now. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

/**
 * Offsets that count from the log's end, or go as far as the log, as plain ones. What lies before offset 0 never was; what
 * the log no longer has stays asked for.
 * @returns [first, end), with `note` where the range was to begin behind a log that it should reach the end of
 */
export function plainOffsets(
  partition: number,
  [askedFirst, askedEnd]: AskedOffsets,
  log: LogBounds,
): { readonly first: number; readonly end: number; readonly note?: string } {
  const plain = (at: number) => (at < 0 ? Math.max(0, log.end + at) : at);
  const first = askedFirst === undefined ? log.start : plain(askedFirst);
  const end = askedEnd === undefined ? log.end : plain(askedEnd);
  if (end >= first || (askedEnd ?? -1) >= 0) return { first, end };
  const note = `short: partition ${partition} ends at offset ${end}, before offset ${first} where the range was to begin.`;
  return { first, end: first, ...(first > log.end ? { note } : {}) };
}

/** A range as it was asked for, such as `the last 24h, in partitions 0, 2` or `offsets 0: [-1000, end)`. */
export function askedText({ range, partitions }: Pick<MessageSettings, 'range' | 'partitions'>): string {
  const where =
    partitions === undefined || range.by === 'offsets' ? '' : `, of partitions ${partitions.join(', ')}`;
  switch (range.by) {
    case 'all':
      return `the whole log${where}`;
    case 'last':
      return `the last ${duration(range.length)}${range.settle > 0 ? `, up to ${duration(range.settle)} ago` : ''}${where}`;
    case 'offsets':
      return `offsets ${[...range.offsets].map(offsetsText).join(', ')}`;
    case 'time':
      return `${[timeText('from', range.from), timeText('to', range.to)].filter(Boolean).join(' ')}${where}`;
  }
}

function offsetsText([partition, [first, end]]: readonly [number, AskedOffsets]): string {
  return `${partition}: [${first ?? 'start'}, ${end ?? 'end'})`;
}

function timeText(word: string, time: number | undefined): string {
  return time === undefined ? '' : `${word} ${new Date(time).toISOString()}`;
}
