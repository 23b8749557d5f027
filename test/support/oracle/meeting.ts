/** Which messages an effect speaks of: those of its key, or the one whose coordinates were stored with it. */
import type { History, HistoryEffect, HistoryMessage } from '../history.ts';

/** Of every class, of the range and of the padding. */
export function messagesOf({ messages, entries }: History, effect: HistoryEffect): HistoryMessage[] {
  if (effect.key === '') return [];
  const named = hasCoordinates({ entries }, effect);
  return messages.filter((message) => (named ? placeOf(message) : message.key) === effect.key);
}

export function hasCoordinates({ entries }: Pick<History, 'entries'>, { entry }: HistoryEffect): boolean {
  return entries[entry]!.coordinates;
}

/** The key of effects that are stored with coordinates. */
export function placeOf({ partition, offset }: Pick<HistoryMessage, 'partition' | 'offset'>): string {
  return `${partition} ${offset}`;
}
