/** What happened in and around a topic range, in plain arrays: what the oracle judges, and what is played to the engine. */
import type { MessageClass } from '../../src/columns.ts';
import type { Copies, Coverage, EffectBounds, MessageHole } from '../../src/model.ts';

/** Of every partition that has messages, the offsets below this were read. */
export const OFFSETS = 1000;

/** All times of a history lie around this moment; the notation counts milliseconds from it. */
export const NOON = Date.UTC(2026, 10, 22, 12);

/** Expected number of effects, or why none could be told. */
export type Expected = { readonly min: number; readonly max: number } | 'undecodable' | 'unreadable';

export interface HistoryMessage {
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds; negative: none. */
  readonly timestamp: number;
  readonly class: MessageClass;
  readonly inRange: boolean;
  readonly undecodable: boolean;
  /** The empty text: no key. */
  readonly key: string;
  /** The one that is not there is the empty text. */
  readonly eventId: string;
  readonly digest: string;
  /** One for each kind. */
  readonly expect: readonly Expected[];
}

/** Whether the message is judged: uncommitted ones are where they are read. */
export function isAudited(message: HistoryMessage): boolean {
  return message.class !== 'skipped' && message.class !== 'aborted';
}

export interface HistoryEffect {
  readonly entry: number;
  /** The empty text: no key. Of an entry with coordinates: `PARTITION OFFSET`. */
  readonly key: string;
  readonly id: string;
  /** Epoch microseconds; null: none. */
  readonly time: number | null;
}

/** Durations in milliseconds, as in KindSettings. */
export interface HistoryKind {
  readonly settle: number;
  readonly lead: number;
  readonly maxKeyless: number;
  /** The time that effects were read from; those outside were found by a second look. Absent: all time. */
  readonly sought?: EffectBounds;
}

/** One source of one kind. */
export interface HistoryEntry {
  readonly kind: number;
  /** Its effects carry the coordinates of their message in place of a business key. */
  readonly coordinates: boolean;
  readonly coverage: Pick<Coverage, 'span' | 'gaps' | 'readAt'>;
}

export interface History {
  readonly messages: readonly HistoryMessage[];
  readonly effects: readonly HistoryEffect[];
  readonly kinds: readonly HistoryKind[];
  /** In the order of their kinds; each kind has one at least. */
  readonly entries: readonly HistoryEntry[];
  /** Epoch milliseconds: the range's time [from, to), and the time up to which messages were read. */
  readonly range: { readonly from: number; readonly to: number; readonly readTo: number };
  readonly holes: readonly MessageHole[];
  readonly unreadPartitions: readonly number[];
  readonly copies: Copies;
}

/** The effects of one kind, whichever of its sources showed them. */
export function ofKind(
  { entries }: Pick<History, 'entries'>,
  effects: readonly HistoryEffect[],
  kind: number,
): HistoryEffect[] {
  return effects.filter(({ entry }) => entries[entry]!.kind === kind);
}
