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
  readonly counts: Readonly<Record<'audited' | 'skipped' | 'aborted', number>>;
  /** Smallest and largest timestamp of the messages of the range; infinite: there is none. */
  readonly earliest: number;
  readonly latest: number;
  /** Messages of the range whose timestamp lies outside the time that was asked for. */
  readonly stragglers: number;
  /** `record`: the one at `place` must be added by itself, or is damaged. */
  readonly ended: 'told' | 'full' | 'record';
  readonly place: RecordPlace;
  /** Each of the rows, until the next are added: only needed where offsets are missing. */
  each(tell: (messageClass: MessageClass, offset: number, timestamp: number) => void): void;
}

// The words of assembly/records.ts, f64 each: first both ways, then to the scanner, then from it.
const JOB_WORDS = 32;
const TO_SCANNER = 3;
const FROM_SCANNER = 16;
const COUNTS = 21;
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

  constructor(scanner: Scanner, columns: MessageColumns) {
    this.#scanner = scanner;
    this.#columns = columns;
  }

  /** CRC-32C of bytes, unsigned. A block that lies in them can be opened next without being copied once more. */
  readonly checksum = (bytes: Uint8Array): number => {
    this.#load(bytes);
    return this.#scanner.crc32c(0, bytes.length);
  };

  open(block: RecordBlock): void {
    if (!this.#holds(block.bytes)) this.#load(block.bytes);
    this.#input = this.#loadedAt + block.bytes.byteOffset - this.#loaded.byteOffset;
    // A buffer may be filled anew: it is known only as long as nothing else was done.
    this.#loaded = NOTHING;
    this.#job().set(
      [
        this.#input + block.bytes.length,
        block.partition,
        block.baseOffset,
        block.lastOffset,
        block.baseTimestamp,
        block.appendedAt ?? Number.NaN,
        block.aborted ? 1 : 0,
        block.from,
        block.to,
        block.first,
        block.end,
        block.askedFrom,
        block.askedTo,
      ],
      TO_SCANNER,
    );
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
    job.set([this.#input + at, left, delta]);
    const before = this.#columns.rows;
    const ended = ENDS[this.#scanner.calls.tell()]!;
    const [firstOffset, lastOffset, firstTimestamp, lastTimestamp, dense] = job.subarray(FROM_SCANNER);
    const [audited, skipped, aborted, earliest, latest, stragglers, rows] = job.subarray(COUNTS);
    return {
      rows: rows!,
      firstOffset: firstOffset!,
      lastOffset: lastOffset!,
      firstTimestamp: firstTimestamp!,
      lastTimestamp: lastTimestamp!,
      dense: dense === 1,
      counts: { audited: audited!, skipped: skipped!, aborted: aborted! },
      earliest: earliest!,
      latest: latest!,
      stragglers: stragglers!,
      ended,
      place: { at: job[0]! - this.#input, left: job[1]!, delta: job[2]! },
      each: (tell) => this.#each(before, before + rows!, tell),
    };
  }

  #each(from: number, to: number, tell: Parameters<BlockRun['each']>[0]): void {
    const { class: classes, offset, timestamp } = this.#columns.view();
    for (let row = from; row < to; row++) {
      tell(CLASSES[classes[row]!]!, Number(offset[row]), Number(timestamp[row]));
    }
  }

  #job(): Float64Array {
    const { buffer } = this.#scanner.bytes;
    return new Float64Array(buffer, this.#scanner.place('job'), JOB_WORDS);
  }
}
