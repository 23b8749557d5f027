/** Reaches further into the log than a range did whose replay is over: for more padding on one side. */
import type { Further, PartitionRange } from '../../model.ts';
import { lookBehind } from './late.ts';
import { askLogs, type Log, levelOf, type Piece, sameFor } from './log.ts';
import type { FixedRange } from './range.ts';
import { reachOf } from './reach.ts';
import type { Transport } from './transport.ts';
import { surveyTails } from './unstable.ts';

/**
 * The range with more padding; its own ends stay. What the log took in meanwhile is padding like any other.
 * @throws AuditError(4)
 */
export async function widen(
  transport: Transport,
  fixed: FixedRange,
  further: Further,
  signal: AbortSignal,
): Promise<FixedRange> {
  const { range } = fixed;
  const now = Date.now();
  const partitions = range.partitions.map(({ partition }) => partition);
  const logs = await askLogs(transport, partitions, range.isolation);
  const time = 'from' in further ? further.from : further.to;
  const offsets = await transport.offsets(sameFor(partitions, Math.max(0, time)), levelOf(range.isolation));
  const pieces: Piece[] = [];
  for (const [i, before] of range.partitions.entries()) {
    const log = logs[i]!;
    const offset = Math.min(offsets.get(log.partition) ?? log.end, log.end);
    const cut =
      'from' in further
        ? { ...before, readFirst: Math.min(before.readFirst, Math.max(log.start, offset)) }
        : { ...before, readEnd: await endOf(transport, log, before, { fixed, offset, to: time, signal }) };
    pieces.push({ log, cut, from: undefined, to: undefined, ...further });
  }
  const reach = await reachOf(transport, pieces, now, signal);
  const isBack = 'from' in further;
  return {
    range: { ...range, partitions: pieces.map(({ cut }) => cut) },
    identity: fixed.identity,
    tails: await surveyTails(transport, pieces, range.isolation, signal),
    readFrom: isBack ? Math.min(fixed.readFrom, reach.readFrom) : fixed.readFrom,
    readTo: isBack ? fixed.readTo : Math.max(fixed.readTo, reach.readTo),
    holes: isBack ? [...fixed.holes, ...reach.holes] : fixed.holes,
  };
}

/** As a range of time ends: behind the messages of the time that came late. */
async function endOf(
  transport: Transport,
  { partition, end: logEnd }: Log,
  { readEnd }: PartitionRange,
  {
    fixed,
    offset: found,
    to,
    signal,
  }: {
    readonly fixed: FixedRange;
    readonly offset: number;
    readonly to: number;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const offset = Math.max(readEnd, found);
  if (offset >= logEnd) return offset;
  const cut = { partition, offset, from: fixed.readTo, to, logEnd };
  return (await lookBehind(transport, cut, signal)).behindLate;
}
