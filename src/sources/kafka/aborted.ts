/** Which batches belong to aborted transactions, found as Kafka's own Java consumer finds them. */
import type { BatchCursor } from './record-batch.ts';
import { RecordCursor } from './records.ts';

/** What a fetch response says of one transaction that was aborted. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

const MARKERS = ['abort', 'commit'] as const;

/**
 * Follows the batches of one partition in one response, in order. The broker lists the transactions by where they ended,
 * and names every one that overlaps the response, so a new response begins anew.
 * (org.apache.kafka.clients.consumer.internals.CompletedFetch)
 */
export class AbortedTransactions {
  readonly #byFirstOffset: readonly AbortedTransaction[];
  readonly #aborting = new Set<bigint>();
  #next = 0;

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#byFirstOffset = transactions.toSorted((one, other) => one.firstOffset - other.firstOffset);
  }

  /** Whether the records of the batch were aborted. To be asked once for every batch, also for control batches. */
  include(batch: BatchCursor): boolean {
    this.#beginUpTo(batch.lastOffset);
    if (!batch.isControl) return batch.isTransactional && this.#aborting.has(batch.producerId);
    if (this.#aborting.size > 0 && markerOf(batch) === 'abort') this.#aborting.delete(batch.producerId);
    return false;
  }

  #beginUpTo(offset: number): void {
    for (;;) {
      const transaction = this.#byFirstOffset[this.#next];
      if (transaction === undefined || transaction.firstOffset > offset) return;
      this.#aborting.add(transaction.producerId);
      this.#next++;
    }
  }
}

/**
 * What a control batch says of its producer's transaction; undefined: nothing. The key of a control record is its version
 * and its type, an INT16 each; compaction may have left no record.
 */
export function markerOf(batch: BatchCursor): (typeof MARKERS)[number] | undefined {
  const marker = new RecordCursor(false);
  marker.open(batch);
  if (!marker.next()) return undefined;
  const { key } = marker;
  return key !== null && key.length >= 4 ? MARKERS[(key[2]! << 8) | key[3]!] : undefined;
}
