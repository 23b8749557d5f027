/** Ranges of time, and the whole log as the range without bounds, become offsets. */
import type { Isolation, RangeSettings } from '../../model.ts';
import { SHORT } from '../../words.ts';
import { ISOLATION, type IsolationLevel } from './fetch.ts';
import { type Looked, lookBehind } from './late.ts';
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
  signal: AbortSignal,
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

  const pieces: Piece[] = [];
  const late: string[] = [];
  for (const log of logs) {
    const first = at(firsts, log, log.start);
    const look = (offset: number, since = 0, until?: number): Promise<Looked> | Looked => {
      const { partition, end: logEnd } = log;
      if (until === undefined || offset >= logEnd) return { end: offset, late: 0, behindLate: offset };
      return lookBehind(transport, { partition, offset, from: since, to: until, logEnd }, signal);
    };
    const looked = await look(Math.max(first, at(ends, log, log.end)), from, to);
    const { end } = looked;
    if (looked.late > 0) late.push(lateNote(log.partition, looked));
    const padded = await look(Math.max(looked.behindLate, at(readEnds, log, log.end)), paddedFrom, paddedTo);
    const cut = {
      partition: log.partition,
      first,
      end,
      readFirst: Math.min(first, at(readFirsts, log, log.start)),
      readEnd: padded.behindLate,
      short: end < log.end ? 0 : missing(unstableEnds, log),
    };
    pieces.push({ log, cut, from: paddedFrom, to: paddedTo });
  }
  return {
    pieces,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    notes: [...notes, ...shortNotes(pieces), ...late],
  };
}

function lateNote(partition: number, { end, late, behindLate }: Looked): string {
  const messages = late === 1 ? 'a message' : `${late} messages`;
  return `${SHORT}partition ${partition}: ${messages} of the time asked for came late, behind offset ${end} where most are dated after it; they are not judged, which a range of offsets up to ${behindLate} would.`;
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
