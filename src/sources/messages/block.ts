/** Many records at once: a source hands over the records section of a batch, and the scanner adds what it can settle. */
import { MESSAGE_CLASS, type MessageClass } from '../../columns.ts';
import type { Scanner } from '../scan/scanner.ts';
import type { MessageColumns } from './columns.ts';

/** The records section of one batch of format v2 (https://kafka.apache.org/documentation/#record), decompressed. */
export interface RecordBlock {
  readonly bytes: Uint8Array;
  readonly partition: number;
  readonly baseOffset: number;
  /** No record has an offset beyond it. */
  readonly lastOffset: number;
  readonly baseTimestamp: number;
  /** The timestamp of every record, where the broker dated the batch. */
  readonly appendedAt: number | undefined;
  /** Not to be judged: batches of messages that are judged although aborted, or open, are added record by record. */
  readonly aborted: boolean;
}

/** What of a partition is told. */
export interface BlockBounds {
  /** Offsets [from, to) are added; those in [first, end) are of the range, the others of its padding. */
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly end: number;
  /** Times [askedFrom, askedTo) are what was asked for; infinite where nothing was. */
  readonly askedFrom: number;
  readonly askedTo: number;
}

/** Where in a section reading goes on: at a byte, with so many records left, behind a record of this offset delta. */
export interface RecordPlace {
  readonly at: number;
  readonly left: number;
  readonly delta: number;
}

/** Neighbouring records that were added, and how it goes on behind them. */
export interface BlockRun {
  readonly rows: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly firstTimestamp: number;
  readonly lastTimestamp: number;
  /** No offset is missing between the first and the last. */
  readonly dense: boolean;
  /** Those of the range, by class. */
  readonly audited: number;
  readonly skipped: number;
  readonly aborted: number;
  /** Smallest and largest timestamp of the messages of the range; infinite: there is none. */
  readonly earliest: number;
  readonly latest: number;
  /** Messages of the range whose timestamp lies outside the time that was asked for. */
  readonly stragglers: number;
  /** `record`: the one at `place` must be added by itself, or is damaged. */
  readonly ended: 'told' | 'full' | 'record';
  readonly place: RecordPlace;
}

/** The words of assembly/records.ts: first those that go both ways, then to the scanner, then from it. */
const WORD = {
  at: 0,
  left: 1,
  delta: 2,
  end: 3,
  partition: 4,
  baseOffset: 5,
  lastOffset: 6,
  baseTimestamp: 7,
  appendedAt: 8,
  aborted: 9,
  from: 10,
  to: 11,
  first: 12,
  rangeEnd: 13,
  askedFrom: 14,
  askedTo: 15,
  firstOffset: 16,
  lastAdded: 17,
  firstTimestamp: 18,
  lastTimestamp: 19,
  dense: 20,
  audited: 21,
  skipped: 22,
  abortedRows: 23,
  earliest: 24,
  latest: 25,
  stragglers: 26,
  rows: 27,
} as const;
const ENDS = ['told', 'full', 'record'] as const;
const NOTHING = new Uint8Array();
const CLASSES = Object.keys(MESSAGE_CLASS) as readonly MessageClass[];

/** Reads one block at a time. */
export class BlockReader {
  readonly #scanner: Scanner;
  readonly #columns: MessageColumns;
  /** What lies in the scanner's memory, and where the block of it begins. */
  #loaded: Uint8Array = NOTHING;
  #loadedAt = 0;
  #input = 0;
  /** The memory that the view below is of. */
  #bytes: Buffer | undefined;
  #words: Float64Array = new Float64Array();

  constructor(scanner: Scanner, columns: MessageColumns) {
    this.#scanner = scanner;
    this.#columns = columns;
  }

  /** CRC-32C of bytes, unsigned. A block that lies in them can be opened next without being copied once more. */
  readonly checksum = (bytes: Uint8Array): number => {
    this.#load(bytes);
    return this.#scanner.crc32c(0, bytes.length);
  };

  open(block: RecordBlock, bounds: BlockBounds): void {
    if (!this.#holds(block.bytes)) this.#load(block.bytes);
    this.#input = this.#loadedAt + block.bytes.byteOffset - this.#loaded.byteOffset;
    // A buffer may be filled anew: it is known only as long as nothing else was done.
    this.#loaded = NOTHING;
    const job = this.#job();
    job[WORD.end] = this.#input + block.bytes.length;
    job[WORD.partition] = block.partition;
    job[WORD.baseOffset] = block.baseOffset;
    job[WORD.lastOffset] = block.lastOffset;
    job[WORD.baseTimestamp] = block.baseTimestamp;
    job[WORD.appendedAt] = block.appendedAt ?? Number.NaN;
    job[WORD.aborted] = block.aborted ? 1 : 0;
    job[WORD.from] = bounds.from;
    job[WORD.to] = bounds.to;
    job[WORD.first] = bounds.first;
    job[WORD.rangeEnd] = bounds.end;
    job[WORD.askedFrom] = bounds.askedFrom;
    job[WORD.askedTo] = bounds.askedTo;
  }

  #load(bytes: Uint8Array): void {
    this.#loadedAt = this.#scanner.load(bytes);
    this.#loaded = bytes;
  }

  /** Whether bytes are among those that were loaded last. */
  #holds(bytes: Uint8Array): boolean {
    const { buffer, byteOffset, byteLength } = this.#loaded;
    return (
      bytes.buffer === buffer &&
      bytes.byteOffset >= byteOffset &&
      bytes.byteOffset + bytes.byteLength <= byteOffset + byteLength
    );
  }

  /** Adds records from a place on, as far as it goes. */
  run({ at, left, delta }: RecordPlace): BlockRun {
    const job = this.#job();
    job[WORD.at] = this.#input + at;
    job[WORD.left] = left;
    job[WORD.delta] = delta;
    const ended = ENDS[this.#scanner.calls.tell()]!;
    return {
      rows: job[WORD.rows]!,
      firstOffset: job[WORD.firstOffset]!,
      lastOffset: job[WORD.lastAdded]!,
      firstTimestamp: job[WORD.firstTimestamp]!,
      lastTimestamp: job[WORD.lastTimestamp]!,
      dense: job[WORD.dense] === 1,
      audited: job[WORD.audited]!,
      skipped: job[WORD.skipped]!,
      aborted: job[WORD.abortedRows]!,
      earliest: job[WORD.earliest]!,
      latest: job[WORD.latest]!,
      stragglers: job[WORD.stragglers]!,
      ended,
      place: { at: job[WORD.at]! - this.#input, left: job[WORD.left]!, delta: job[WORD.delta]! },
    };
  }

  /** Each row of the run told last, until more are added: only needed where offsets are missing. */
  each(tell: (messageClass: MessageClass, offset: number, timestamp: number) => void): void {
    const { rows: to, class: classes, offset, timestamp } = this.#columns.view();
    for (let row = to - this.#job()[WORD.rows]!; row < to; row++) {
      tell(CLASSES[classes[row]!]!, Number(offset[row]), Number(timestamp[row]));
    }
  }

  #job(): Float64Array {
    const { bytes } = this.#scanner;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = new Float64Array(bytes.buffer, this.#scanner.place('job'), Object.keys(WORD).length);
    }
    return this.#words;
  }
}
