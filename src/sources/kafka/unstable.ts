/**
 * What became of the transactions behind a log's last stable offset. The broker names those that were aborted only up to
 * there; further on their own markers tell, and a transaction without one is open.
 */
import type { Isolation } from '../../model.ts';
import { counted } from '../../words.ts';
import { type AbortedTransaction, markerOf } from './aborted.ts';
import { fetchPatiently } from './edges.ts';
import type { Log, Piece } from './log.ts';
import { BatchCursor, offsetBehind } from './record-batch.ts';
import type { Transport } from './transport.ts';

const FETCH_BYTES = 1 << 20;

/** What is known of one partition, as JSON; producer ids are decimal numbers. */
export interface TailState {
  readonly partition: number;
  /** From here on the broker does not say what was aborted. */
  readonly stable: number;
  readonly high: number;
  /** `lastOffset` is that of the marker. */
  readonly aborted: readonly TransactionState[];
  /** Open when the range was fixed. */
  readonly open: readonly Omit<TransactionState, 'lastOffset'>[];
}

interface TransactionState {
  readonly producerId: string;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export class UnstableTail {
  readonly stable: number;
  readonly #aborted: readonly (AbortedTransaction & { readonly lastOffset: number })[];
  /** First offset of the open transaction of each producer that has one. */
  readonly #open: ReadonlyMap<bigint, number>;

  constructor({ stable, aborted, open }: TailState) {
    this.stable = stable;
    this.#aborted = aborted.map((one) => ({ ...one, producerId: BigInt(one.producerId) }));
    this.#open = new Map(open.map(({ producerId, firstOffset }) => [BigInt(producerId), firstOffset]));
  }

  /** The aborted transactions that end at an offset or behind it, as a broker names them for a fetch from there. */
  abortedSince(offset: number): readonly AbortedTransaction[] {
    return this.#aborted.filter(({ lastOffset }) => lastOffset >= offset);
  }

  /** Whether the batch is of a transaction that was open. */
  leavesOpen({ isTransactional, producerId, baseOffset }: BatchCursor): boolean {
    return isTransactional && (this.#open.get(producerId) ?? Number.POSITIVE_INFINITY) <= baseOffset;
  }
}

/** Of the partitions that are read behind their stable offset. @throws AuditError(4) */
export async function surveyTails(
  transport: Transport,
  pieces: readonly Piece[],
  isolation: Isolation,
  signal: AbortSignal,
): Promise<readonly TailState[]> {
  const tails: TailState[] = [];
  if (isolation === 'read_committed') return tails;
  for (const { log, cut } of pieces) {
    if (cut.readEnd > log.stable) tails.push(await surveyTail(transport, log, cut, signal));
  }
  return tails;
}

/** How far the stable offset lies behind, and how much of what is read may still be aborted. */
export function unstableNotes(tails: readonly TailState[]): string[] {
  if (tails.length === 0) return [];
  const unstable = tails.map(({ partition, stable, high, open }) => {
    const lag = `is stable up to ${stable}, ${counted(high - stable, 'offset')} before its end`;
    return `partition ${partition} ${lag}, with ${counted(open.length, 'open transaction')} in what is read`;
  });
  return [`uncommitted: ${unstable.join('; ')}. What open transactions wrote may still be aborted.`];
}

/**
 * Reads the batches behind the stable offset once, up to the high watermark, or until all transactions before `readEnd`
 * have ended. @throws AuditError(4)
 */
async function surveyTail(
  transport: Transport,
  log: Log,
  { readFirst, readEnd }: { readonly readFirst: number; readonly readEnd: number },
  signal: AbortSignal,
): Promise<TailState> {
  const open = new Map<bigint, number>();
  const aborted: TransactionState[] = [];
  const place = { topic: transport.topic, partition: log.partition };
  for (let at = Math.max(log.stable, readFirst); at < log.high && (at < readEnd || open.size > 0); ) {
    const bytes = await fetchPatiently(transport, log.partition, at, FETCH_BYTES, signal);
    const batches = new BatchCursor(place, bytes);
    while (batches.next() && batches.baseOffset < log.high) {
      if (batches.lastOffset >= at) follow(batches, readEnd, open, aborted);
    }
    const behind = offsetBehind(place, bytes);
    if (behind === undefined) break;
    at = behind;
  }
  const { partition, stable, high } = log;
  const stillOpen = [...open].map(([producerId, firstOffset]) => ({
    producerId: String(producerId),
    firstOffset,
  }));
  return { partition, stable, high, aborted, open: stillOpen };
}

function follow(
  batch: BatchCursor,
  readEnd: number,
  open: Map<bigint, number>,
  aborted: TransactionState[],
): void {
  if (!batch.isTransactional) return;
  const { producerId, baseOffset } = batch;
  const firstOffset = open.get(producerId);
  if (!batch.isControl) {
    if (firstOffset === undefined && baseOffset < readEnd) open.set(producerId, baseOffset);
    return;
  }
  if (firstOffset === undefined) return;
  batch.verify();
  const marker = markerOf(batch);
  if (marker === 'abort') {
    aborted.push({ producerId: String(producerId), firstOffset, lastOffset: batch.lastOffset });
  }
  if (marker !== undefined) open.delete(producerId);
}
