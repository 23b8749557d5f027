/** The oracle's answer to whose an effect is: surely one event's, contested, or perhaps another's (rules 8, 12 and 13). */
import { type History, type HistoryEffect, type HistoryKind, ofKind } from '../history.ts';
import { byTime, type Event, expectationOf, mayExpect, timeOf, windowOf } from './events.ts';
import { hasCoordinates, messagesOf } from './meeting.ts';

/** What one event has of one kind. */
export interface Share {
  readonly sure: HistoryEffect[];
  /** Those of them that its messages are not named by, and that may so be another event's after all. */
  readonly unnamed: HistoryEffect[];
  ambiguous: number;
  late: number;
  /** Found only because something was missing (rule 11). */
  beyond: number;
}

/** Rules 8 and 13: gives each effect of the kind to the event it surely belongs to, or contests it. */
export function shareOut(
  input: History,
  events: readonly Event[],
  effects: readonly HistoryEffect[],
  kind: number,
): Map<Event, Share> {
  const none = () => ({ sure: [], unnamed: [], ambiguous: 0, late: 0, beyond: 0 });
  const shares = new Map(events.map((event): [Event, Share] => [event, none()]));
  for (const effect of ofKind(input, effects, kind)) {
    const owners = ownersOf(input, events, effect);
    for (const event of owners.events) {
      const share = shares.get(event)!;
      if (owners.how === 'sure') give(input, share, effect);
      else share[owners.how] += 1;
    }
  }
  return shares;
}

function give(input: History, { sure, unnamed }: Share, effect: HistoryEffect): void {
  if (!hasCoordinates(input, effect)) unnamed.push(effect);
  // An effect that names two copies of the event is still one.
  const before = hasCoordinates(input, effect)
    ? sure.findIndex(({ entry, id }) => entry === effect.entry && id === effect.id)
    : -1;
  if (before < 0) sure.push(effect);
  else if (timeOf(effect) < timeOf(sure[before]!)) sure[before] = effect;
}

interface Owners {
  readonly how: 'sure' | 'ambiguous' | 'late' | 'beyond';
  readonly events: readonly Event[];
}

export function ownersOf(input: History, events: readonly Event[], effect: HistoryEffect): Owners {
  const its = messagesOf(input, effect);
  const ofKey = events.filter((event) => event.copies.some((copy) => its.includes(copy)));
  if (hasCoordinates(input, effect)) return { how: 'sure', events: ofKey };
  const index = input.entries[effect.entry]!.kind;
  const expecting = ofKey.filter((event) => mayExpect(event, index));
  const { time } = effect;
  if (time === null) return surelyOnly(expecting.length > 0 ? expecting : ofKey);
  const rivals = expecting.length > 0 ? expecting : ofKey;
  const kind = input.kinds[index]!;
  const begun = rivals.filter((event) => windowOf(event, kind).start <= time);
  const inside = begun.filter((event) => time <= windowOf(event, kind).end);
  const besides = ofKey.filter((event) => expecting.length > 0 && !expecting.includes(event));
  const beside = besides.filter((event) => contains(windowOf(event, kind), time));
  if (inside.length === 0 && begun.length > 0 && beside.length > 0)
    return { how: 'ambiguous', events: [...begun, ...beside] };
  if (inside.length === 0 && begun.length > 0 && isBeyond(kind, time))
    return { how: 'beyond', events: begun };
  if (inside.length === 0 && time > (input.range.readTo - kind.lead) * 1000)
    return { how: 'late', events: begun };
  if (expecting.length > 0) return surelyOnly(inside.length > 0 ? inside : begun);
  const inOrder = begun.sort((a, b) => byTime(a.copies[0]!, b.copies[0]!));
  return { how: 'sure', events: inOrder.slice(-1) };
}

/** Whether effects of this time were read only where something was missing; a source reads whole milliseconds. */
function isBeyond({ sought }: HistoryKind, time: number): boolean {
  return sought !== undefined && (time < sought.from * 1000 || time >= (sought.to + 1) * 1000);
}

function contains(window: { start: number; end: number }, time: number): boolean {
  return window.start <= time && time <= window.end;
}

/** One candidate: surely its own; several: contested. */
function surelyOnly(events: readonly Event[]): Owners {
  return { how: events.length === 1 ? 'sure' : 'ambiguous', events };
}

/**
 * What an event has too many may be what another one of its key has room for, served late: `lent` of its own may be others',
 * `borrowed` of others' may be its own.
 */
export function servedLate(
  input: History,
  events: readonly Event[],
  shares: ReadonlyMap<Event, Share>,
  event: Event,
  kind: number,
): { lent: number; borrowed: number } {
  const others = rivalsOf(events, event, kind).filter((other) => other !== event);
  const room = (one: Event) => roomOf(one, shares.get(one)!, kind);
  const excess = (one: Event) => excessOf(one, shares.get(one)!, kind);
  const hadBegun = (one: Event, other: Event) =>
    windowOf(one, input.kinds[kind]!).start <= Math.max(...timesOf(shares.get(other)!));
  const rooms = others.filter((other) => hadBegun(other, event)).map(room);
  const spare = others.filter((other) => hadBegun(event, other)).map(excess);
  return {
    lent: Math.min(excess(event), sum(rooms)),
    borrowed: mayExpect(event, kind) && room(event) > 0 ? sum(spare) : 0,
  };
}

/** The events of the same key that expect the kind, or may do so. */
function rivalsOf(events: readonly Event[], event: Event, kind: number): Event[] {
  return events.filter((other) => other.key === event.key && mayExpect(other, kind));
}

function timesOf(share: Share): number[] {
  return share.unnamed.flatMap((effect) => effect.time ?? []);
}

function roomOf(event: Event, share: Share, kind: number): number {
  const expected = expectationOf(event, kind);
  if (typeof expected === 'string') return Number.POSITIVE_INFINITY;
  return Math.max(0, expected.max - share.sure.length);
}

function excessOf(event: Event, share: Share, kind: number): number {
  const expected = expectationOf(event, kind);
  if (typeof expected === 'string') return 0;
  return Math.min(share.unnamed.length, Math.max(0, share.sure.length - expected.max));
}

/** Rule 12: how many of the event's effects may be those of messages that were not read, beyond those that were lent. */
export function hiddenRivals(
  input: History,
  event: Event,
  share: Share,
  index: number,
  lent: number,
): number {
  const kind = input.kinds[index]!;
  const times = timesOf(share);
  const hides = input.holes.some((hole) => {
    const from = ((hole.from ?? Number.NEGATIVE_INFINITY) - kind.lead) * 1000;
    const to = ((hole.to ?? Number.POSITIVE_INFINITY) + kind.settle) * 1000;
    return times.length < share.unnamed.length || (from <= Math.max(...times) && Math.min(...times) <= to);
  });
  const hidden = hides || input.unreadPartitions.length > 0;
  return hidden ? excessOf(event, share, index) - lent : 0;
}

/**
 * Rule 8: effects that lie before the window of every event of the key that expects the kind. They count for those
 * that would otherwise be missing, and for those that expect none but had begun.
 */
export function earlyEffects(
  input: History,
  events: readonly Event[],
  effects: readonly HistoryEffect[],
  event: Event,
  index: number,
  most: number,
): number {
  const expected = expectationOf(event, index);
  const expecting = rivalsOf(events, event, index);
  if (typeof expected === 'string' || expecting.length === 0) return 0;
  const start = (one: Event) => windowOf(one, input.kinds[index]!).start;
  const early = ofKind(input, effects, index).filter(
    (effect) =>
      !hasCoordinates(input, effect) &&
      effect.key === event.key &&
      effect.time !== null &&
      expecting.every((other) => effect.time! < start(other)),
  );
  if (expected.max === 0) return early.filter(({ time }) => start(event) <= time!).length;
  return most < expected.min ? early.length : 0;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
