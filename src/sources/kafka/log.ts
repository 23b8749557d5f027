/** Where the logs of a topic's partitions stand, asked once, and what a range takes of each. */
import type { Isolation, PartitionRange } from '../../model.ts';
import { ISOLATION, type IsolationLevel } from './fetch.ts';
import { EARLIEST, LATEST, type Transport } from './transport.ts';

export interface Log {
  readonly partition: number;
  readonly start: number;
  /** Last stable offset: the first of the oldest open transaction, or the high watermark. */
  readonly stable: number;
  readonly high: number;
  /** Behind the last offset that may be read: the stable one, or the high watermark where uncommitted messages are asked for. */
  readonly end: number;
}

/** One partition of a range, beside the log it is cut from. */
export interface Piece {
  readonly log: Log;
  readonly cut: PartitionRange;
  /** Time that reading was asked to reach back and forward to, padding included. Undefined: as far as the log goes, or unknown. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** A range as its pieces, with what TopicRange says of the whole. */
export interface Cutting {
  readonly pieces: readonly Piece[];
  readonly from?: number;
  readonly to?: number;
  readonly notes: readonly string[];
}

/** The protocol's number for what the settings say. */
export function levelOf(isolation: Isolation): IsolationLevel {
  return isolation === 'read_committed' ? ISOLATION.committed : ISOLATION.uncommitted;
}

/** @throws AuditError(4) */
export async function askLogs(
  transport: Transport,
  partitions: readonly number[],
  isolation: Isolation,
): Promise<readonly Log[]> {
  const ask = (time: number, isolation: 0 | 1) => transport.offsets(sameFor(partitions, time), isolation);
  const starts = await ask(EARLIEST, ISOLATION.uncommitted);
  const stables = await ask(LATEST, ISOLATION.committed);
  const highs = await ask(LATEST, ISOLATION.uncommitted);
  return partitions.map((partition) => {
    const start = starts.get(partition) ?? 0;
    const stable = Math.max(start, stables.get(partition) ?? 0);
    const high = Math.max(stable, highs.get(partition) ?? 0);
    return { partition, start, stable, high, end: isolation === 'read_committed' ? stable : high };
  });
}

export function sameFor<T>(partitions: readonly number[], value: T): ReadonlyMap<number, T> {
  return new Map(partitions.map((partition) => [partition, value]));
}

/** A note for each reason why pieces end short of what was asked; none where none does. */
export function shortNotes(pieces: readonly Piece[]): string[] {
  const short = pieces.filter(({ cut }) => cut.short > 0);
  const open = short.filter(({ log }) => log.high > log.end);
  const ahead = short.filter(({ log }) => log.high === log.end);
  return [
    ...note('open transaction', open, 'What it wrote is neither committed nor aborted yet.'),
    ...note('beyond the end', ahead, 'Offsets were asked for that do not exist yet.'),
  ];
}

function note(title: string, pieces: readonly Piece[], why: string): string[] {
  if (pieces.length === 0) return [];
  const ends = pieces.map(({ cut }) => `partition ${cut.partition} ends at ${cut.end}, ${cut.short} short`);
  return [`${title}: ${ends.join('; ')}. ${why}`];
}
