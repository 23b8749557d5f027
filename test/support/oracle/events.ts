/** The oracle's events and effects: what is one, when it was, and what it expects (rules 4 and 5). */
import {
  type Expected,
  type History,
  type HistoryEffect,
  type HistoryKind,
  type HistoryMessage,
  isAudited,
} from '../history.ts';

/** What a message tells, with all its copies, the earliest first. */
export interface Event {
  readonly key: string;
  readonly copies: readonly HistoryMessage[];
}

/**
 * Rule 4: audited messages of equal key and equal id (or value), of the range and of the padding; or each by itself.
 */
export function eventsOf({ messages, copies: rule }: History): Event[] {
  const groups = new Map<string, HistoryMessage[]>();
  for (const message of messages) {
    if (!isAudited(message) || message.key === '') continue;
    const { key, eventId, digest, partition, offset } = message;
    const name = JSON.stringify(rule === 'each-message' ? [partition, offset] : [key, eventId, digest]);
    groups.set(name, [...(groups.get(name) ?? []), message]);
  }
  return [...groups.values()].map((copies) => ({ key: copies[0]!.key, copies: copies.sort(byTime) }));
}

/** The order of copies, and of events by their earliest copy. */
export function byTime(a: HistoryMessage, b: HistoryMessage): number {
  return a.timestamp - b.timestamp || a.partition - b.partition || a.offset - b.offset;
}

/** Rule 5: one effect for each (source, key, id), at the earliest time that is known. */
export function distinct(effects: readonly HistoryEffect[]): HistoryEffect[] {
  const found = new Map<string, HistoryEffect>();
  for (const effect of effects) {
    const name = JSON.stringify([effect.entry, effect.key, effect.id]);
    const before = found.get(name);
    if (before === undefined || timeOf(effect) < timeOf(before)) found.set(name, effect);
  }
  return [...found.values()];
}

/** Microseconds; an effect without a time sorts last. */
export function timeOf(effect: HistoryEffect): number {
  return effect.time ?? Number.POSITIVE_INFINITY;
}

/** A copy without a timestamp leaves the event without a time. */
export function hasBadTime(event: Event): boolean {
  return event.copies.some((copy) => copy.timestamp < 0);
}

/** Microseconds, both ends included. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** Unbounded where a copy has no timestamp. */
export function windowOf(event: Event, kind: HistoryKind): Window {
  if (hasBadTime(event)) return { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY };
  const times = event.copies.map((copy) => copy.timestamp);
  return {
    start: (Math.min(...times) - kind.lead) * 1000,
    end: (Math.max(...times) + kind.settle) * 1000,
  };
}

/** Rule 4: where copies differ in what they expect, the earliest decides. */
export function expectationOf(event: Event, kind: number): Expected {
  return event.copies[0]!.expect[kind]!;
}

/** Whether the event expects the kind, or may do so. */
export function mayExpect(event: Event, kind: number): boolean {
  const expected = expectationOf(event, kind);
  return typeof expected === 'string' || expected.max > 0;
}
