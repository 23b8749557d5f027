/** One partition being read: how far it was fetched, and how far its records were told. */
import { AuditError, isAuditError } from '../../error.ts';
import type { PartitionRange, TopicRange } from '../../model.ts';
import { type OnPassed, PartitionTally, type TallyState } from '../messages/tally.ts';
import type { BlockReader, MessageWriter } from '../messages/writer.ts';
import { AbortedTransactions } from './aborted.ts';
import { CODE, PassingError, partitionError } from './failures.ts';
import { type FetchedPartition, type FetchPosition, ISOLATION, type IsolationLevel } from './fetch.ts';
import { Patience } from './patience.ts';
import { BatchCursor, offsetBehind, type Place } from './record-batch.ts';
import type { RecordCursor } from './records.ts';
import type { UnstableTail } from './unstable.ts';

/** What records are told to. */
export type RecordSink = Pick<MessageWriter, 'needsHeaders' | 'add' | 'full' | 'flush'> &
  Partial<Pick<MessageWriter, 'blocks' | 'learn'>> & {
    /** Told of offsets without a record, in order with the records of their partition. */
    readonly passed?: OnPassed;
  };

export interface Telling {
  readonly sink: RecordSink;
  /** The one record that all lanes fill in turn. */
  readonly record: RecordCursor;
  /** To be awaited before so many messages are told, while every offset before them is accounted for; undefined: at once. */
  readonly pace: (messages: number) => Promise<void> | undefined;
  /** Awaited when the sink is full. */
  readonly rest: () => Promise<void>;
}

/** What a partition may have of an answer at least. */
const PARTITION_BYTES = 1 << 20;
const MOST_BYTES = 1 << 30;
// One empty answer could be a slow tier of storage that ran out of time.
const PROOFS_OF_EMPTINESS = 3;

export class Lane {
  readonly partition: number;
  readonly tally: PartitionTally;
  /** Part of a request whose answer has not come. */
  inFlight = false;
  /** Being dealt with: not to be asked for until that is done. */
  held = false;
  /** When it was last given something, in turns. */
  served = 0;
  readonly #place: Place;
  readonly #end: number;
  readonly #tail: UnstableTail | undefined;
  readonly #judgesAborted: boolean;
  readonly #patience: Patience;
  /** Where the next fetch begins; ahead of tally.at while a response is being told. */
  #next: number;
  #maxBytes = PARTITION_BYTES;
  #emptyAnswers = 0;
  /** Where a damaged batch was met last. */
  #damagedAt: number | undefined;
  /** The answer that is on its way is to a request from before the reading went back. */
  #outdated = false;

  /**
   * @param tail what is known of transactions behind the stable offset; undefined: the range ends before
   * @param saved the state of its tally where it was left off
   * @param patience how long failures that may pass are borne, in milliseconds
   */
  constructor(
    range: PartitionRange,
    asked: TopicRange,
    tail?: UnstableTail,
    saved?: TallyState,
    patience?: number,
  ) {
    this.partition = range.partition;
    this.tally = new PartitionTally(range, asked, 'absent', saved);
    this.#place = { topic: asked.topic, partition: range.partition };
    this.#end = range.readEnd;
    this.#tail = tail;
    this.#judgesAborted = asked.isolation === 'read_uncommitted';
    this.#next = this.tally.at;
    this.#patience = new Patience(`Topic ${asked.topic}, partition ${range.partition}`, patience);
  }

  get done(): boolean {
    return this.#next >= this.#end;
  }

  /** Where its next fetch begins. */
  get next(): number {
    return this.#next;
  }

  /** @param share the bytes that it may have of an answer, if it does not need more */
  position(share: number): FetchPosition {
    return { partition: this.partition, offset: this.#next, maxBytes: Math.max(this.#maxBytes, share) };
  }

  /** How its next fetch must be asked for: only up to the stable offset does the broker name what was aborted. */
  get isolation(): IsolationLevel {
    return this.#tail !== undefined && this.#next >= this.#tail.stable
      ? ISOLATION.uncommitted
      : ISOLATION.committed;
  }

  /** It must be asked for alone: what may be its end is being proven. */
  get alone(): boolean {
    return this.#emptyAnswers > 0;
  }

  /** Takes notice that the answer to its request came. @returns false: it is to be passed over, and asked for anew */
  arrived(): boolean {
    const isCurrent = !this.#outdated;
    this.#outdated = false;
    this.inFlight = false;
    this.held = isCurrent;
    return isCurrent;
  }

  /**
   * Moves the next fetch behind what came, by headers alone.
   * @returns whether there was anything; `again`: what came is damaged and not to be told, but to be fetched once more
   * @throws AuditError(4) where it is damaged the second time
   */
  advance(records: Buffer): boolean | 'again' {
    let behind: number | undefined;
    try {
      behind = offsetBehind(this.#place, records);
    } catch (error) {
      this.#fetchAgain(error);
      return 'again';
    }
    if (behind === undefined || behind <= this.#next) return false;
    this.#next = Math.min(behind, this.#end);
    this.#emptyAnswers = 0;
    this.#maxBytes = PARTITION_BYTES;
    this.#patience.succeeded();
    return true;
  }

  /**
   * Tells the records of a response, and accounts for every offset up to where the next fetch begins. At a batch that is
   * damaged it stops, and the next fetch begins there. @throws AuditError(4) where it is damaged, the second time
   */
  async tell(fetched: FetchedPartition, next: number, telling: Telling): Promise<void> {
    const batches = new BatchCursor(this.#place, fetched.records);
    const unstable = this.#tail !== undefined && this.tally.at >= this.#tail.stable ? this.#tail : undefined;
    const aborted = unstable?.abortedSince(this.tally.at) ?? fetched.aborted;
    const transactions = new AbortedTransactions(aborted);
    for (;;) {
      try {
        if (!batches.next() || batches.baseOffset >= this.#end) break;
        batches.verify(telling.sink.blocks?.checksum);
      } catch (error) {
        return this.#fetchAgain(error);
      }
      telling.record.aborted = transactions.include(batches);
      telling.record.ofOpenTransaction = unstable?.leavesOpen(batches) ?? false;
      if (batches.lastOffset < this.tally.at) continue;
      this.tally.passTo(batches.baseOffset, 'absent');
      if (batches.isControl) this.tally.passTo(batches.lastOffset + 1, 'control');
      else {
        await telling.pace(batches.count);
        await this.#tellBatch(batches, telling);
      }
    }
    this.tally.passTo(next, 'absent');
  }

  /** A bit that fell over on the way is right the second time. @throws the error where this is the second time */
  #fetchAgain(error: unknown): void {
    if (!isAuditError(error)) throw error;
    if (this.#damagedAt === this.tally.at) {
      const message = `${error.message.replace(/\.$/, '')}; it was fetched twice.`;
      throw new AuditError(error.status, message, { ...(error.hint && { hint: error.hint }), cause: error });
    }
    this.#damagedAt = this.tally.at;
    this.#next = this.tally.at;
    this.#emptyAnswers = 0;
    this.#outdated = this.inFlight;
  }

  async #tellBatch(batch: BatchCursor, telling: Telling): Promise<void> {
    const { record, sink, rest } = telling;
    record.open(batch);
    // Old messages and times beyond the exact numbers are left to the records, and so is what is judged although uncommitted.
    const odd = (record.aborted && this.#judgesAborted) || record.ofOpenTransaction;
    const plain = batch.magic === 2 && Number.isSafeInteger(batch.baseTimestamp) && !odd;
    const blocks = plain ? sink.blocks : undefined;
    blocks?.open(record, this.tally.bounds);
    for (let more = true; more; ) {
      const told = blocks === undefined ? this.#tellRecord(telling) : this.#tellRun(blocks, telling);
      more = typeof told === 'boolean' ? told : await told;
      if (sink.full) await rest();
    }
    this.tally.passTo(batch.lastOffset + 1, 'absent');
  }

  /** Tells as many records at once as it goes, and the one it ends at by itself. @returns whether there may be more */
  #tellRun(blocks: BlockReader, telling: Telling): boolean | Promise<boolean> {
    const { record } = telling;
    const run = blocks.run(record.place);
    if (run.dense) this.tally.run(run);
    else blocks.each((as, offset, timestamp) => this.tally.record(as, offset, timestamp));
    record.seek(run.place);
    return run.ended === 'record' ? this.#tellRecord(telling) : run.ended === 'full';
  }

  /** @returns whether there may be more records to tell; a promise only where the schema of one must be had first */
  #tellRecord({ record, sink }: Telling): boolean | Promise<boolean> {
    if (!record.next() || record.offset >= this.#end) return false;
    // A batch may begin before the range or before the log's start, and end behind the range.
    if (record.offset < this.tally.at) return true;
    record.inRange = this.tally.inRange(record.offset);
    const add = () => {
      this.tally.record(sink.add(record), record.offset, record.timestamp);
      return true;
    };
    const learning = sink.learn?.(record);
    return learning === undefined ? add() : learning.then(add);
  }

  /** Deletion overtook the reading. @returns false: the log begins no later than the next fetch would */
  skipDeleted(logStart: number): boolean {
    if (logStart <= this.#next) return false;
    this.#next = Math.min(logStart, this.#end);
    this.tally.passTo(this.#next, 'deleted');
    return true;
  }

  /** Takes a failure that may pass. @returns milliseconds to wait. @throws when it was tried often enough */
  failed(error: unknown): number {
    return this.#patience.failed(error);
  }

  /**
   * Takes an answer without a whole batch, to a request that named this partition first. If it is empty, nothing is left
   * up to the end of what was asked for, as at least one batch would have been sent (KIP-74): compaction removed it.
   * @returns milliseconds to wait before the next try
   */
  empty(fetched: FetchedPartition): number {
    if (fetched.records.length > 0) return this.#askForMore();
    this.#emptyAnswers++;
    const committed = this.isolation === ISOLATION.committed;
    const end = committed ? fetched.lastStableOffset : fetched.highWatermark;
    const goal = committed ? Math.min(this.#tail?.stable ?? this.#end, this.#end) : this.#end;
    if (end < goal) {
      const where = `ends at offset ${end}, before ${goal} where it ended a moment ago`;
      return this.failed(new PassingError(`The log ${where}: it was truncated.`));
    }
    if (this.#emptyAnswers < PROOFS_OF_EMPTINESS) return 0;
    this.#next = goal;
    this.#emptyAnswers = 0;
    this.tally.passTo(goal, 'absent');
    return 0;
  }

  /** The error for a code in a response. */
  error(code: number): Error {
    return partitionError(this.#place.topic, this.partition, this.#next, code);
  }

  #askForMore(): number {
    this.#maxBytes *= 2;
    if (this.#maxBytes > MOST_BYTES) throw this.error(CODE.corruptMessage);
    return 0;
  }
}
