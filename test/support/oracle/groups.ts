/** The oracle's reading of what contested events prove together. */
import { UNBOUNDED } from '../../../src/columns.ts';
import type { GroupState } from '../../../src/model.ts';
import { type History, type HistoryEffect, ofKind } from '../history.ts';
import { type Event, expectationOf } from './events.ts';
import { hasCoordinates } from './meeting.ts';
import { tooManyKeyless } from './orphans.ts';
import { ownersOf, sum } from './owners.ts';

export interface OracleGroup {
  readonly state: GroupState;
  readonly key: string;
  readonly events: number;
  readonly expected: { readonly min: number; readonly max: number };
  readonly count: number;
  readonly most: number;
}

/** An event, and how many of the effects that were seen are, and may be, its own. */
export interface Weighed {
  readonly event: Event;
  readonly ambiguous: boolean;
  readonly count: number;
  readonly mayBe: number;
  /** How many effects name its messages. */
  readonly named: number;
}

/** @param all the events of one key */
export function groupOf(
  input: History,
  all: readonly Weighed[],
  effects: readonly HistoryEffect[],
  kind: number,
): OracleGroup | undefined {
  const isOfGroup = ({ event, ambiguous }: Weighed) => ambiguous && event.copies.some((copy) => copy.inRange);
  const group = all.filter(isOfGroup);
  const others = all.filter((one) => !isOfGroup(one));
  if (group.length === 0) return undefined;

  const events = all.map(({ event }) => event);
  const { key } = events[0]!;
  const named = sum(all.map((one) => one.named));
  const ofKey = ofKind(input, effects, kind).filter(
    (effect) => effect.key === key && !hasCoordinates(input, effect),
  );
  const surelyOfKey = ofKey.filter((effect) => isSurelyOfKey(input, events, effect));
  const count = Math.max(0, surelyOfKey.length + named - sum(others.map(({ mayBe }) => mayBe)));
  const most = ofKey.length + named - sum(others.map((one) => one.count));

  const bounds = group.map(({ event }) => expectationOf(event, kind) as { min: number; max: number });
  const min = sum(bounds.map((bound) => bound.min));
  const max = Math.min(sum(bounds.map((bound) => bound.max)), UNBOUNDED);
  return { state: state(), key, events: group.length, expected: { min, max }, count, most };

  function state(): GroupState {
    if (most < min && !tooManyKeyless(input, kind)) return 'short';
    if (count > max && !mayBeOfHole(input, ofKey, kind)) return 'excess';
    return count >= min && most <= max ? 'balanced' : 'open';
  }
}

/** Neither before the window of every event that it could be of, nor so late that a later message may explain it. */
function isSurelyOfKey(input: History, events: readonly Event[], effect: HistoryEffect): boolean {
  const owners = ownersOf(input, events, effect);
  return owners.events.length > 0 && owners.how !== 'late' && owners.how !== 'beyond';
}

function mayBeOfHole(input: History, effects: readonly HistoryEffect[], kind: number): boolean {
  const { lead, settle } = input.kinds[kind]!;
  const first = Math.min(...effects.map(({ time }) => time ?? Number.NEGATIVE_INFINITY));
  const last = Math.max(...effects.map(({ time }) => time ?? Number.POSITIVE_INFINITY));
  return (
    input.unreadPartitions.length > 0 ||
    input.holes.some(({ from, to }) => {
      const begins = ((from ?? Number.NEGATIVE_INFINITY) - lead) * 1000;
      const ends = ((to ?? Number.POSITIVE_INFINITY) + settle) * 1000;
      return begins <= last && first <= ends;
    })
  );
}
