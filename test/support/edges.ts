/** Moves times of a history onto the edges of something else, and a microsecond beside: where `<` is not `<=`. */
import type { MessageHole } from '../../src/model.ts';
import { type History, type HistoryEffect, type HistoryEntry, NOON } from './history.ts';

/** Further away lie only bounds that are not meant to be met. */
const FAR = 900;

/** @param choices random numbers: which times are moved, and where to */
export function onEdges(history: History, choices: readonly number[]): History {
  const chosen = (i: number) => new Choice(choices[i % choices.length]! + i);
  return {
    ...history,
    effects: history.effects.map((effect, i) => moved(history, effect, chosen(i))),
    entries: history.entries.map((entry, i) => ({
      ...entry,
      coverage: coverageOf(history, entry, chosen(i)),
    })),
    holes: history.holes.map((hole, i) => holeOf(history, hole, chosen(i))),
  };
}

/** A random number, spent bit by bit. */
class Choice {
  #left: number;

  constructor(number: number) {
    this.#left = number;
  }

  /** @returns 0 to `count` - 1 */
  of(count: number): number {
    const choice = this.#left % count;
    this.#left = Math.floor(this.#left / count);
    return choice;
  }
}

function moved(history: History, effect: HistoryEffect, choice: Choice): HistoryEffect {
  if (effect.time === null || choice.of(2) === 0) return effect;
  const beside = [0, 0, -1, 1][choice.of(4)]!;
  const edges = edgesOf(history, effect);
  return { ...effect, time: edges[choice.of(edges.length)]! * 1000 + beside };
}

/** Milliseconds where something that concerns the effect begins or ends. */
function edgesOf({ messages, kinds, entries, range }: History, { entry, key }: HistoryEffect): number[] {
  const { lead, settle, sought } = kinds[entries[entry]!.kind]!;
  const its = messages.filter((message) => message.key === key && message.timestamp >= 0);
  return [
    ...its.flatMap(({ timestamp }) => [timestamp - lead, timestamp + settle, timestamp + settle]),
    ...[range.readTo - lead, range.from, range.to, range.from - lead, range.to + settle],
    ...(sought === undefined ? [] : [sought.from, sought.to, sought.to + 1]),
  ];
}

/** Where windows begin and end. */
function coverageOf(
  { messages, kinds }: History,
  { kind, coverage }: HistoryEntry,
  choice: Choice,
): HistoryEntry['coverage'] {
  const { lead, settle } = kinds[kind]!;
  const times = messages.map(({ timestamp }) => timestamp).filter((time) => time >= 0);
  if (times.length === 0 || choice.of(2) === 0) return coverage;
  const begin = () => times[choice.of(times.length)]! - lead;
  const end = () => times[choice.of(times.length)]! + settle;
  const beside = [0, 0, -1, 1][choice.of(4)]!;
  const { span, gaps, readAt } = coverage;
  return {
    ...(span && { span: spanOf(span, begin() + beside, end() + beside) }),
    gaps: gaps.map((gap) => {
      const length = gap.to - gap.from;
      const from = choice.of(2) === 0 ? end() + beside : begin() + beside - length;
      return { ...gap, from, to: from + length };
    }),
    readAt: isFar(readAt) ? readAt : end() + beside,
  };
}

type Span = NonNullable<HistoryEntry['coverage']['span']>;

function spanOf(span: Span, begin: number, end: number): Span {
  const from = span.from === undefined || isFar(span.from) ? span.from : begin;
  const to = isFar(span.to) ? span.to : end;
  return { ...span, ...(from !== undefined && { from }), to };
}

function isFar(time: number): boolean {
  return Math.abs(time - NOON) > FAR;
}

/** A hole that just reaches an effect, or just does not. */
function holeOf({ effects, kinds, entries }: History, hole: MessageHole, choice: Choice): MessageHole {
  const timed = effects.filter(({ time }) => time !== null);
  if (timed.length === 0 || choice.of(2) === 0) return hole;
  const { entry, time } = timed[choice.of(timed.length)]!;
  const { lead, settle } = kinds[entries[entry]!.kind]!;
  const ms = Math.floor(time! / 1000);
  return {
    ...hole,
    ...(hole.from !== undefined && { from: ms + lead }),
    ...(hole.to !== undefined && { to: ms - settle }),
  };
}
