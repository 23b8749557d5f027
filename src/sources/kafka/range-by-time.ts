/** Ranges of time, and the whole log as the range without bounds, become offsets. */
import type { Isolation, RangeSettings } from '../../model.ts';
import { ISOLATION, type IsolationLevel } from './fetch.ts';
import { type Cutting, type Log, levelOf, type Piece, sameFor, shortNotes } from './log.ts';
import type { Transport } from './transport.ts';

export type TimeSettings = Exclude<RangeSettings, { by: 'offsets' }>;

/** [from, to); undefined: as far as the log goes. */
interface Interval {
  readonly from?: number;
  readonly to?: number;
  readonly notes: readonly string[];
}

/** What the broker answered for one time; without a time there is nothing to ask. */
type Answers = ReadonlyMap<number, number | undefined> | undefined;

/** @param fixedAt now, in epoch milliseconds: what is later is still to come */
export async function cutByTime(
  transport: Transport,
  logs: readonly Log[],
  settings: TimeSettings,
  fixedAt: number,
  isolation: Isolation,
): Promise<Cutting> {
  const { from, to, notes } = intervalOf(settings, fixedAt);
  const paddedFrom = from === undefined ? undefined : Math.max(0, from - settings.padding);
  const paddedTo = to === undefined ? undefined : to + settings.padding;
  const partitions = logs.map((log) => log.partition);
  const ask = async (time: number | undefined, level: IsolationLevel = levelOf(isolation)) =>
    time === undefined ? undefined : transport.offsets(sameFor(partitions, time), level);

  const readFirsts = await ask(paddedFrom);
  const firsts = await ask(from);
  const ends = await ask(to);
  const readEnds = await ask(paddedTo);
  const unstable = logs.some((log) => log.high > log.end);
  const unstableEnds = unstable ? await ask(to, ISOLATION.uncommitted) : undefined;

  const pieces = logs.map((log): Piece => {
    const first = at(firsts, log, log.start);
    const end = Math.max(first, at(ends, log, log.end));
    const cut = {
      partition: log.partition,
      first,
      end,
      readFirst: Math.min(first, at(readFirsts, log, log.start)),
      readEnd: Math.max(end, at(readEnds, log, log.end)),
      short: end < log.end ? 0 : missing(unstableEnds, log),
    };
    return { log, cut, from: paddedFrom, to: paddedTo };
  });
  return {
    pieces,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    notes: [...notes, ...shortNotes(pieces)],
  };
}

function intervalOf(settings: TimeSettings, fixedAt: number): Interval {
  if (settings.by === 'all') return { notes: [] };
  if (settings.by === 'last') {
    const to = fixedAt - settings.settle;
    return { from: to - settings.length, to, notes: [] };
  }
  const { from, to } = settings;
  if (to === undefined || to <= fixedAt) {
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), notes: [] };
  }
  const note = `short: the range asked for ends at ${iso(to)}, which is still to come; it was cut at ${iso(fixedAt)}.`;
  return { ...(from === undefined ? {} : { from: Math.min(from, fixedAt) }), to: fixedAt, notes: [note] };
}

/** An answered offset inside the log; nothing at or after the time is its end, no question is `otherwise`. */
function at(answers: Answers, log: Log, otherwise: number): number {
  if (answers === undefined) return otherwise;
  return Math.min(answers.get(log.partition) ?? log.end, log.end);
}

/** How many offsets of the time asked for lie behind the end of what may be read. */
function missing(unstableEnds: Answers, log: Log): number {
  const end = unstableEnds?.get(log.partition) ?? log.high;
  return Math.max(0, Math.min(end, log.high) - log.end);
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
