/** Which time the pieces of a range reach over, and what of that time was deleted before anyone read it. */
import type { MessageHole } from '../../model.ts';
import { timeAt } from './edges.ts';
import type { Piece } from './log.ts';
import type { Transport } from './transport.ts';

export interface Reach {
  /** Time from which (0: since ever) and up to which messages of every partition were read. */
  readonly readFrom: number;
  readonly readTo: number;
  /** Times that were asked for and lie before the first message that the log still has. */
  readonly holes: readonly MessageHole[];
}

/**
 * A log that begins at offset 0 was read since ever, another since the first message it still has; and up to now where it
 * was read to its end. @throws AuditError(4)
 */
export async function reachOf(
  transport: Transport,
  pieces: readonly Piece[],
  fixedAt: number,
  signal: AbortSignal,
): Promise<Reach> {
  let readFrom = 0;
  let readTo = fixedAt;
  const holes: MessageHole[] = [];
  for (const piece of pieces) {
    const { log, cut } = piece;
    const time = async (offset: number) =>
      offset < log.high ? timeAt(transport, log.partition, offset, signal) : undefined;
    if (cut.readFirst > log.start) {
      readFrom = Math.max(readFrom, piece.from ?? fixedAt);
    } else if (log.start > 0) {
      const startTime = await time(log.start);
      // Of a log that was emptied nothing tells when its messages were written, nor whether retention or a person removed
      // them: one of a moment ago may be among them.
      readFrom = Math.max(readFrom, startTime ?? fixedAt);
      // Deleted offsets that were asked for by their numbers are found by the replay.
      if (cut.readFirst === log.start) holes.push(...deletedBefore(piece, startTime));
    }
    if (cut.readEnd < log.end) readTo = Math.min(readTo, piece.to ?? 0);
    // What open transactions wrote is there but was not read.
    else if (log.high > log.end) readTo = Math.min(readTo, (await time(log.end)) ?? 0);
  }
  return { readFrom, readTo, holes };
}

/** How many messages were deleted in the time that was asked for cannot be known: the hole spans all that ever were. */
function deletedBefore({ log, from }: Piece, startTime: number | undefined): MessageHole[] {
  if (from === undefined || (startTime !== undefined && startTime <= from)) return [];
  const to = startTime === undefined ? {} : { to: startTime };
  return [{ partition: log.partition, class: 'deleted', first: 0, end: log.start, from, ...to }];
}

/** A note that the range itself, not only its padding, is short at its beginning: `from` is as asked, in milliseconds. */
export function deletedNotes(holes: readonly MessageHole[], from: number | undefined): string[] {
  if (from === undefined) return [];
  const starts = holes
    .filter((hole) => hole.to === undefined || hole.to > from)
    .map(({ partition, end, to }) => {
      const since =
        to === undefined ? 'and holds nothing' : `with a message of ${new Date(to).toISOString()}`;
      return `partition ${partition} begins at offset ${end} ${since}`;
    });
  if (starts.length === 0) return [];
  const asked = new Date(from).toISOString();
  return [`short: ${starts.join('; ')}. What was written before, since ${asked}, has been deleted.`];
}
