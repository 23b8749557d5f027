/** Ranges of offsets keep the offsets that were asked for; only their padding in time must become offsets. */
import { AuditError } from '../../error.ts';
import type { Isolation, RangeSettings } from '../../model.ts';
import { plainOffsets } from '../messages/asked.ts';
import { timeAt } from './edges.ts';
import type { IsolationLevel } from './fetch.ts';
import { type Cutting, type Log, levelOf, type Piece, shortNotes } from './log.ts';
import type { Transport } from './transport.ts';

export type OffsetSettings = Extract<RangeSettings, { by: 'offsets' }>;

/** The part of what was asked for that exists, or existed. */
interface Asked {
  readonly log: Log;
  readonly first: number;
  readonly end: number;
  readonly short: number;
  readonly asked: { readonly first: number; readonly end: number };
  /** Padded times of its first and last record, as far as there are any. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** @throws AuditError(2) for a range that ends before it begins */
export async function cutByOffsets(
  transport: Transport,
  logs: readonly Log[],
  settings: OffsetSettings,
  isolation: Isolation,
  signal: AbortSignal,
): Promise<Cutting> {
  const asked: Asked[] = [];
  const notes: string[] = [];
  for (const log of logs) {
    const wanted = settings.offsets.get(log.partition)!;
    const { note, ...plain } = plainOffsets(log.partition, wanted, log);
    // As far as the log goes, it goes behind what open transactions keep back.
    const keptBack = wanted[1] === undefined ? log.high - log.end : 0;
    const clamped = clamp(log, plain);
    const bounds = { ...clamped, short: clamped.short + keptBack, asked: plain };
    if (note !== undefined) notes.push(note);
    asked.push({ log, ...bounds, ...(await paddedTimes(transport, log, bounds, settings.padding, signal)) });
  }
  const padded = settings.padding > 0 ? asked : [];
  const readFirsts = await firstSince(transport, levelOf(isolation), padded, (piece) => piece.from);
  const readEnds = await firstSince(transport, levelOf(isolation), padded, (piece) => piece.to);
  const pieces = asked.map(({ log, first, end, short, asked, from, to }): Piece => {
    const { partition } = log;
    // Nothing since a time is as good as the end; a partition that was not asked for stays unpadded.
    const readFirst = Math.min(first, readFirsts.get(partition) ?? first);
    const since = readEnds.has(partition) ? (readEnds.get(partition) ?? log.end) : end;
    const readEnd = Math.max(end, Math.min(since, log.end));
    return { log, cut: { partition, first, end, readFirst, readEnd, short, asked }, from, to };
  });
  return { pieces, notes: [...notes, ...shortNotes(pieces)] };
}

/** Below the log's start the offsets stay as asked: they are `deleted`. Behind its end they are `short`. */
function clamp(log: Log, { first: askedFirst, end: askedEnd }: { first: number; end: number }) {
  if (askedEnd < askedFirst) {
    throw new AuditError(
      2,
      `Partition ${log.partition}: [${askedFirst}, ${askedEnd}) is no range of offsets.`,
      { hint: 'Write messages.range.offsets as [first, end], the end exclusive.' },
    );
  }
  const end = Math.min(askedEnd, log.end);
  const first = Math.min(askedFirst, end);
  return { first, end, short: askedEnd - askedFirst - (end - first) };
}

/** An empty range lies between two records and is padded around them. */
async function paddedTimes(
  transport: Transport,
  log: Log,
  { first, end }: { first: number; end: number },
  padding: number,
  signal: AbortSignal,
) {
  const time = async (offset: number) =>
    offset < log.start || offset >= log.high ? undefined : timeAt(transport, log.partition, offset, signal);
  const firstAt = await time(Math.max(first, log.start));
  const lastAt = await time(end - 1);
  const from = firstAt ?? lastAt;
  const to = lastAt ?? firstAt;
  return {
    from: from === undefined ? undefined : Math.max(0, from - padding),
    to: to === undefined ? undefined : to + padding,
  };
}

async function firstSince(
  transport: Transport,
  level: IsolationLevel,
  asked: readonly Asked[],
  time: (piece: Asked) => number | undefined,
): Promise<ReadonlyMap<number, number | undefined>> {
  const times = new Map<number, number>();
  for (const piece of asked) {
    const since = time(piece);
    if (since !== undefined) times.set(piece.log.partition, since);
  }
  return transport.offsets(times, level);
}
