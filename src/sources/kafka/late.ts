/** Where a time ends in a log that is not in order of time: not always at the first message that is dated after it. */
import { fetchPatiently } from './edges.ts';
import { BatchCursor, type Place } from './record-batch.ts';
import { RecordCursor } from './records.ts';
import type { Transport } from './transport.ts';

/** So much of the log must hold nothing from before the time before it is believed that nothing more comes. */
const LOOK_BYTES = 1 << 20;

/** A broker's answer for a time: the first message at or after it. */
export interface Cut {
  readonly partition: number;
  readonly offset: number;
  /** [from, to) that is asked for, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Where the log ends. */
  readonly logEnd: number;
}

export interface Looked {
  /** The end that leaves the fewest messages on the wrong side of it. */
  readonly end: number;
  /** How many messages of the time lie behind it all the same, and the offset behind the last of them. */
  readonly late: number;
  readonly behindLate: number;
}

/**
 * One message that is dated wrongly ends a broker's range for all that come behind it, and one that came late is not in it.
 * So the log is read on from the cut until a megabyte of it holds no message of the time. @throws AuditError(4)
 */
export async function lookBehind(transport: Transport, cut: Cut, signal: AbortSignal): Promise<Looked> {
  const look = new Look({ topic: transport.topic, partition: cut.partition }, cut);
  while (look.at < cut.logEnd && look.quietBytes < LOOK_BYTES) {
    const before = look.at;
    look.take(await fetchPatiently(transport, cut.partition, before, LOOK_BYTES, signal));
    if (look.at === before) break;
  }
  return look;
}

class Look implements Looked {
  end: number;
  late = 0;
  behindLate: number;
  /** The first offset that was not looked at. */
  at: number;
  /** Bytes since the last message of the time. */
  quietBytes = 0;
  readonly #place: Place;
  readonly #cut: Cut;
  readonly #record = new RecordCursor(false);
  /** Messages of the time less those after it, since the end. */
  #balance = 0;

  constructor(place: Place, cut: Cut) {
    this.#place = place;
    this.#cut = cut;
    this.end = this.behindLate = this.at = cut.offset;
  }

  take(bytes: Buffer): void {
    const batches = new BatchCursor(this.#place, bytes);
    while (batches.next()) {
      this.quietBytes += batches.size;
      if (!batches.isControl) this.#lookInto(batches);
      this.at = Math.max(this.at, batches.lastOffset + 1);
    }
  }

  #lookInto(batch: BatchCursor): void {
    batch.verify();
    this.#record.open(batch);
    while (this.#record.next()) {
      const { offset, timestamp } = this.#record;
      if (offset >= this.at && offset < this.#cut.logEnd) this.#weigh(offset, timestamp);
    }
  }

  #weigh(offset: number, timestamp: number): void {
    if (timestamp >= this.#cut.to) this.#balance--;
    // Without a time, or from before all that was asked for, it is on no side.
    if (timestamp < this.#cut.from || timestamp < 0 || timestamp >= this.#cut.to) return;
    this.quietBytes = 0;
    this.behindLate = offset + 1;
    this.late++;
    if (++this.#balance <= 0) return;
    this.end = this.behindLate;
    this.late = this.#balance = 0;
  }
}
