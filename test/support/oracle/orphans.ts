/** The oracle's reading of rules 6 and 15: effects that are on no message. */
import type { MessageHole, OrphanReason } from '../../../src/model.ts';
import { type History, type HistoryEffect, type HistoryMessage, isAudited, OFFSETS } from '../history.ts';

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
  if (effect.of !== undefined) return namingOrphan(input, effect, effect.of);
  const ofKey = input.messages.filter((message) => message.key === effect.key);
  const on = (wanted: HistoryMessage['class']) => ofKey.some((message) => message.class === wanted);
  if (!inRangeTime(input, effect) || effect.key === '' || ofKey.some(isAudited)) return undefined;
  const { kind, id, key } = effect;
  if (on('skipped')) return { kind, id, key, reason: 'skipped' };
  if (on('aborted')) return { kind, id, key, reason: 'aborted' };
  const mayBeUnread =
    input.unreadPartitions.length > 0 ||
    effect.time! > input.range.readTo * 1000 ||
    input.holes.some((hole) => mayHoldCause(input, hole, effect));
  return { kind, id, key, reason: mayBeUnread ? 'unread' : 'no-message' };
}

/** The same of an effect that names its message: whether that one was read is known exactly. */
function namingOrphan(
  input: History,
  effect: HistoryEffect,
  { partition, offset }: NonNullable<HistoryEffect['of']>,
): OracleOrphan | undefined {
  const ofPartition = input.messages.filter((message) => message.partition === partition);
  const message = ofPartition.find((one) => one.offset === offset);
  if (!inRangeTime(input, effect) || (message !== undefined && isAudited(message))) return undefined;
  const orphan = { kind: effect.kind, id: effect.id, key: `${partition} ${offset}` };
  if (message?.class === 'skipped' || message?.class === 'aborted')
    return { ...orphan, reason: message.class };
  const inHole = input.holes.some(
    (hole) => hole.partition === partition && hole.first <= offset && offset < hole.end,
  );
  const wasRead = ofPartition.length > 0 && offset < OFFSETS && !inHole;
  return { ...orphan, reason: wasRead ? 'no-message' : 'unread' };
}

/** Whether a message of the hole may have had this effect: the hole's own window, both ends included. */
function mayHoldCause(input: History, hole: MessageHole, effect: HistoryEffect): boolean {
  const { lead, settle } = input.kinds[effect.kind]!;
  const from = ((hole.from ?? Number.NEGATIVE_INFINITY) - lead) * 1000;
  const to = ((hole.to ?? Number.POSITIVE_INFINITY) + settle) * 1000;
  return from <= effect.time! && effect.time! <= to;
}

/** How many distinct ids effects have. */
export function ids(effects: readonly HistoryEffect[]): number {
  return new Set(effects.map((effect) => effect.id)).size;
}

/** Effects that messages of the range may have had: from `lead` before it to `settle` after it, or at no known time. */
export function effectsOfRange(input: History, kind: number): HistoryEffect[] {
  const { lead, settle } = input.kinds[kind]!;
  const from = (input.range.from - lead) * 1000;
  const to = (input.range.to + settle) * 1000;
  return input.effects.filter(
    (effect) => effect.kind === kind && (effect.time === null || (from <= effect.time && effect.time < to)),
  );
}

/** Rule 6: whether so many of them lack a key that zeros of this kind prove nothing. */
export function tooManyKeyless(input: History, kind: number): boolean {
  const ofRange = effectsOfRange(input, kind);
  const keyless = ofRange.filter((effect) => effect.key === '');
  return ids(keyless) > input.kinds[kind]!.maxKeyless * ids(ofRange);
}
