/** What happened in and around a topic range, in plain arrays: what the oracle judges, and what is played to the engine. */
import type { MessageClass } from '../../src/columns.ts';
import type { Copies, Coverage, MessageHole } from '../../src/model.ts';

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
  readonly eventId: string;
  readonly digest: string;
  /** One for each kind. */
  readonly expect: readonly Expected[];
}

/** Whether the message is judged: uncommitted ones are where they are read. */
export function isAudited(message: HistoryMessage): boolean {
  return message.class !== 'skipped' && message.class !== 'aborted';
}

/** Of every partition that has messages, the offsets below this were read. */
export const OFFSETS = 1000;

export interface HistoryEffect {
  readonly kind: number;
  /** The empty text: no key. */
  readonly key: string;
  readonly id: string;
  /** Epoch microseconds; null: none. */
  readonly time: number | null;
  /** The message that it names, in place of a key. */
  readonly of?: { readonly partition: number; readonly offset: number };
}

/** Durations in milliseconds, as in KindSettings. */
export interface HistoryKind {
  readonly settle: number;
  readonly lead: number;
  readonly maxKeyless: number;
}

export interface History {
  readonly messages: readonly HistoryMessage[];
  readonly effects: readonly HistoryEffect[];
  readonly kinds: readonly HistoryKind[];
  /** One for each kind. */
  readonly coverage: readonly Pick<Coverage, 'span' | 'gaps' | 'readAt'>[];
  /** Epoch milliseconds: the range's time [from, to), and the time up to which messages were read. */
  readonly range: { readonly from: number; readonly to: number; readonly readTo: number };
  readonly holes: readonly MessageHole[];
  readonly unreadPartitions: readonly number[];
  /** Further sources of the first kind, which show no effect; undefined: none. */
  readonly further?: History['coverage'];
  /** Undefined: one-event. */
  readonly copies?: Copies;
}
