/** The oracle's reading of rules 6 and 15: effects that are on no message. */
import type { MessageHole, OrphanReason } from '../../../src/model.ts';
import { type History, type HistoryEffect, isAudited, OFFSETS, ofKind } from '../history.ts';
import { hasCoordinates, messagesOf } from './meeting.ts';

export interface OracleOrphan {
  readonly kind: number;
  readonly id: string;
  readonly key: string;
  readonly reason: OrphanReason;
}

/** Whether the effect happened in [from, to). */
function inRangeTime(input: History, effect: HistoryEffect): boolean {
  const { time } = effect;
  return time !== null && input.range.from * 1000 <= time && time < input.range.to * 1000;
}

/** Rule 15: undefined where an audited message explains the effect, or where it is not of the range. */
export function orphanOf(input: History, effect: HistoryEffect): OracleOrphan | undefined {
  const its = messagesOf(input, effect);
  if (!inRangeTime(input, effect) || effect.key === '' || its.some(isAudited)) return undefined;
  const { id, key } = effect;
  const { kind } = input.entries[effect.entry]!;
  if (its.some((message) => message.class === 'skipped')) return { kind, id, key, reason: 'skipped' };
  if (its.some((message) => message.class === 'aborted')) return { kind, id, key, reason: 'aborted' };
  return { kind, id, key, reason: mayBeUnread(input, effect) ? 'unread' : 'no-message' };
}

function mayBeUnread(input: History, effect: HistoryEffect): boolean {
  if (hasCoordinates(input, effect)) return isUnread(input, effect);
  return (
    input.unreadPartitions.length > 0 ||
    effect.time! > input.range.readTo * 1000 ||
    input.holes.some((hole) => mayHoldCause(input, hole, effect))
  );
}

/** Of an effect with coordinates it is known exactly whether its message was read. */
function isUnread({ messages, holes }: History, { key }: HistoryEffect): boolean {
  const [partition, offset] = key.split(' ').map(Number) as [number, number];
  const isRead = offset < OFFSETS && messages.some((message) => message.partition === partition);
  const isIn = (hole: MessageHole) =>
    hole.partition === partition && hole.first <= offset && offset < hole.end;
  return !isRead || holes.some(isIn);
}

/** Whether a message of the hole may have had this effect: the hole's own window, both ends included. */
function mayHoldCause(input: History, hole: MessageHole, effect: HistoryEffect): boolean {
  const { lead, settle } = input.kinds[input.entries[effect.entry]!.kind]!;
  const from = ((hole.from ?? Number.NEGATIVE_INFINITY) - lead) * 1000;
  const to = ((hole.to ?? Number.POSITIVE_INFINITY) + settle) * 1000;
  return from <= effect.time! && effect.time! <= to;
}

/** How many distinct ids effects have; each source has ids of its own. */
export function ids(effects: readonly HistoryEffect[]): number {
  return new Set(effects.map(({ entry, id }) => JSON.stringify([entry, id]))).size;
}

/** Effects that messages of the range may have had: from `lead` before it to `settle` after it, or at no known time. */
export function effectsOfRange(input: History, kind: number): HistoryEffect[] {
  const { lead, settle } = input.kinds[kind]!;
  const from = (input.range.from - lead) * 1000;
  const to = (input.range.to + settle) * 1000;
  return ofKind(input, input.effects, kind).filter(
    ({ time }) => time === null || (from <= time && time < to),
  );
}

/** Rule 6: whether so many of them lack a key that zeros of this kind prove nothing. */
export function tooManyKeyless(input: History, kind: number): boolean {
  const ofRange = effectsOfRange(input, kind);
  const keyless = ofRange.filter((effect) => effect.key === '');
  return ids(keyless) > input.kinds[kind]!.maxKeyless * ids(ofRange);
}
