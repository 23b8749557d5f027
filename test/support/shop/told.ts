/** Small histories of the shop, said in minutes after noon: what customers did, and the mails and rows that came of it. */
import { UNBOUNDED } from '../../../src/columns.ts';
import type { Coverage, MessageHole } from '../../../src/model.ts';
import type { Expected, History, HistoryEffect, HistoryMessage } from '../history.ts';

const MINUTE = 60_000;
export const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR = 60 * MINUTE;

export const ONE: Expected = { min: 1, max: 1 };
export const SOME: Expected = { min: 1, max: UNBOUNDED };

/** Minutes after noon as epoch milliseconds. */
export function at(minutes: number): number {
  return NOON + minutes * MINUTE;
}

/** A message of a customer; its offset is its place in the topic's only partition. */
export function order(
  key: string,
  minutes: number,
  change: Partial<HistoryMessage> = {},
): Omit<HistoryMessage, 'offset'> {
  return {
    partition: 0,
    timestamp: at(minutes),
    class: 'audited',
    inRange: true,
    undecodable: false,
    key,
    eventId: `${key} at ${minutes}`,
    digest: '',
    expect: [ONE],
    ...change,
  };
}

export function mail(key: string, minutes: number, change: Partial<HistoryEffect> = {}): HistoryEffect {
  return { kind: 0, key, id: `mail at ${minutes}`, time: at(minutes) * 1000, ...change };
}

export interface Told {
  readonly orders: readonly Omit<HistoryMessage, 'offset'>[];
  readonly mails: readonly HistoryEffect[];
  readonly holes?: readonly MessageHole[];
  readonly coverage?: Partial<History['coverage'][number]>;
  readonly more?: Partial<History>;
}

/** One kind of effect with windows of two minutes before and ten after, a source seen whole, an hour of range. */
export function told({ orders, mails, holes = [], coverage = {}, more = {} }: Told): History {
  const seen: Pick<Coverage, 'span' | 'gaps' | 'readAt'> = {
    span: { from: NOON - 24 * HOUR, to: NOON + 24 * HOUR, edge: 'line' },
    gaps: [],
    readAt: NOON + 24 * HOUR,
  };
  return {
    messages: orders.map((message, offset) => ({ ...message, offset })),
    effects: mails,
    kinds: [{ settle: 10 * MINUTE, lead: 2 * MINUTE, maxKeyless: 1 }],
    coverage: [{ ...seen, ...coverage }],
    range: { from: NOON, to: NOON + HOUR, readTo: NOON + 2 * HOUR },
    holes,
    unreadPartitions: [],
    ...more,
  };
}
