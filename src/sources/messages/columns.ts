/** Messages under construction: one row after the other in columns of fixed size, handed over as whole batches. */
import { MESSAGE_CLASS, TextColumn } from '../../columns.ts';
import type { MessageBatch } from '../../model.ts';
import type { RecordView } from './record.ts';

const MAX_ROWS = 16_384;
const MAX_TEXT_BYTES = 1 << 22;

export type MessageClass = keyof typeof MESSAGE_CLASS;

export class MessageColumns {
  #rows = 0;
  readonly #partition = new Int32Array(MAX_ROWS);
  readonly #offset = new BigInt64Array(MAX_ROWS);
  readonly #timestamp = new BigInt64Array(MAX_ROWS);
  readonly #class = new Int32Array(MAX_ROWS);
  readonly #inRange = new Int32Array(MAX_ROWS);
  readonly #undecodable = new Int32Array(MAX_ROWS);
  readonly #key = new TextColumn();
  readonly #eventId = new TextColumn();
  readonly #digest = new TextColumn();
  readonly #expectMin: readonly Int32Array[];
  readonly #expectMax: readonly Int32Array[];

  constructor(kinds: number) {
    this.#expectMin = Array.from({ length: kinds }, () => new Int32Array(MAX_ROWS));
    this.#expectMax = Array.from({ length: kinds }, () => new Int32Array(MAX_ROWS));
  }

  get rows(): number {
    return this.#rows;
  }

  get full(): boolean {
    const text = this.#key.byteLength + this.#eventId.byteLength + this.#digest.byteLength;
    return this.#rows === MAX_ROWS || text >= MAX_TEXT_BYTES;
  }

  /** Begins a row that expects nothing. The empty text stands for no key, no id and no digest. */
  add(record: RecordView, messageClass: MessageClass, key: string, eventId: string, digest: string): void {
    const at = this.#rows++;
    this.#partition[at] = record.partition;
    this.#offset[at] = BigInt(record.offset);
    this.#timestamp[at] = BigInt(record.timestamp);
    this.#class[at] = MESSAGE_CLASS[messageClass];
    this.#inRange[at] = record.inRange ? 1 : 0;
    this.#undecodable[at] = 0;
    this.#key.pushString(key);
    this.#eventId.pushString(eventId);
    this.#digest.pushString(digest);
    for (let kind = 0; kind < this.#expectMin.length; kind++) this.expect(kind, 0, 0);
  }

  /** Says of the row begun last that a value it needs is broken. */
  markUndecodable(): void {
    this.#undecodable[this.#rows - 1] = 1;
  }

  /** What the row begun last expects of a kind: a number of effects, or a code of EXPECT. */
  expect(kind: number, min: number, max: number): void {
    this.#expectMin[kind]![this.#rows - 1] = min;
    this.#expectMax[kind]![this.#rows - 1] = max;
  }

  /** The rows so far, copied out; empty afterwards. */
  take(): MessageBatch {
    const rows = this.#rows;
    this.#rows = 0;
    return {
      rows,
      partition: this.#partition.slice(0, rows),
      offset: this.#offset.slice(0, rows),
      timestamp: this.#timestamp.slice(0, rows),
      class: this.#class.slice(0, rows),
      inRange: this.#inRange.slice(0, rows),
      undecodable: this.#undecodable.slice(0, rows),
      key: this.#key.take(),
      eventId: this.#eventId.take(),
      digest: this.#digest.take(),
      expectMin: this.#expectMin.map((column) => column.slice(0, rows)),
      expectMax: this.#expectMax.map((column) => column.slice(0, rows)),
    };
  }
}
