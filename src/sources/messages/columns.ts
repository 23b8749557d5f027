/** Messages under construction: one row after the other in columns of fixed size, which lie in the scanner's memory. */
import { GROUP_ROWS, GROUP_TEXT_BYTES, MESSAGE_CLASS, type MessageClass } from '../../columns.ts';
import type { MessageBatch } from '../../model.ts';
import type { Scanner } from '../scan/scanner.ts';
import type { RecordView } from './record.ts';

// What assembly/columns.ts says of the columns: the order of those of numbers, and of the words of the state.
const NUMBERS = ['partition', 'offset', 'timestamp', 'class', 'inRange', 'undecodable'] as const;
const TEXTS = ['key', 'eventId', 'digest'] as const;
const WORD = { rows: 0, mostRows: 1, mostText: 2, pages: 3 } as const;
const PAGE_WORDS = 3;
const STATE_WORDS = WORD.pages + TEXTS.length * PAGE_WORDS;

const DIGEST_DIGITS = 32;
/** Where it is not enough, a page moves to a larger one. */
const TEXT_ROOM = 1 << 20;

export class MessageColumns {
  readonly #scanner: Scanner;
  readonly #kinds: number;
  readonly #digests: boolean;
  readonly #at: readonly number[];
  /** The memory that the views below are of. */
  #bytes!: Buffer;
  #state!: Uint32Array;
  #partition!: Int32Array;
  #offset!: BigInt64Array;
  #timestamp!: BigInt64Array;
  #class!: Int32Array;
  #inRange!: Int32Array;
  #undecodable!: Int32Array;
  /** Two for each kind: the smallest number and the largest. */
  #expected: readonly Int32Array[] = [];

  /** @param digestKey 16 bytes; undefined: no value is digested */
  constructor(scanner: Scanner, kinds: number, digestKey: Uint8Array | undefined) {
    this.#scanner = scanner;
    this.#kinds = kinds;
    this.#digests = digestKey !== undefined;
    if (digestKey === undefined) scanner.calls.setDigests(false);
    else scanner.calls.setDigestKey(scanner.keep(digestKey));
    const count = NUMBERS.length + 2 * kinds;
    scanner.calls.setColumns(count);
    this.#at = Array.from({ length: count }, (_, column) => {
      const at = scanner.reserve(GROUP_ROWS * (isWide(column) ? 8 : 4));
      scanner.calls.placeColumn(column, at);
      return at;
    });
    const rooms = [TEXT_ROOM, TEXT_ROOM, GROUP_ROWS * (DIGEST_DIGITS + 4)];
    const pages = rooms.map((room) => [scanner.reserve(room), room] as const);
    this.#look();
    this.#state[WORD.mostRows] = GROUP_ROWS;
    this.#state[WORD.mostText] = GROUP_TEXT_BYTES;
    for (const [i, [at, room]] of pages.entries()) this.#setPage(i, at, at, at + room);
  }

  get rows(): number {
    return this.#live()[WORD.rows]!;
  }

  get full(): boolean {
    const state = this.#live();
    let text = 0;
    for (let i = 0; i < TEXTS.length; i++) text += this.#used(i);
    return state[WORD.rows]! >= GROUP_ROWS || text >= GROUP_TEXT_BYTES;
  }

  /** Begins a row that expects nothing. The empty text stands for no key and no id; without an id the value is digested. */
  add(record: RecordView, messageClass: MessageClass, key: string, eventId: string): void {
    this.#pushText(0, key);
    this.#pushText(1, eventId);
    this.#pushDigest(this.#digests && eventId === '', record.value);
    const at = this.#live()[WORD.rows]!++;
    this.#partition[at] = record.partition;
    this.#offset[at] = BigInt(record.offset);
    this.#timestamp[at] = BigInt(record.timestamp);
    this.#class[at] = MESSAGE_CLASS[messageClass];
    this.#inRange[at] = record.inRange ? 1 : 0;
    this.#undecodable[at] = 0;
    for (let kind = 0; kind < this.#kinds; kind++) this.expect(kind, 0, 0);
  }

  /** Says of the row begun last that a value it needs is broken. */
  markUndecodable(): void {
    this.#undecodable[this.rows - 1] = 1;
  }

  /** What the row begun last expects of a kind: a number of effects, or a code of EXPECT. */
  expect(kind: number, min: number, max: number): void {
    const row = this.rows - 1;
    this.#expected[2 * kind]![row] = min;
    this.#expected[2 * kind + 1]![row] = max;
  }

  /** The rows so far, as they lie: they hold until one is added or all are cleared. */
  view(): MessageBatch {
    const { rows } = this;
    const [key, eventId, digest] = TEXTS.map((_, i) => this.#page(i));
    return {
      rows,
      partition: this.#partition.subarray(0, rows),
      offset: this.#offset.subarray(0, rows),
      timestamp: this.#timestamp.subarray(0, rows),
      class: this.#class.subarray(0, rows),
      inRange: this.#inRange.subarray(0, rows),
      undecodable: this.#undecodable.subarray(0, rows),
      key: key!,
      eventId: eventId!,
      digest: digest!,
      expectMin: this.#expected.filter((_, i) => i % 2 === 0).map((column) => column.subarray(0, rows)),
      expectMax: this.#expected.filter((_, i) => i % 2 === 1).map((column) => column.subarray(0, rows)),
    };
  }

  clear(): void {
    const state = this.#live();
    state[WORD.rows] = 0;
    for (let i = 0; i < TEXTS.length; i++) state[endWord(i)] = state[endWord(i) - 1]!;
  }

  /** The state words, with all views of the memory as it is now. */
  #live(): Uint32Array {
    if (this.#bytes !== this.#scanner.bytes) this.#look();
    return this.#state;
  }

  #look(): void {
    this.#bytes = this.#scanner.bytes;
    const { buffer } = this.#bytes;
    this.#state = new Uint32Array(buffer, this.#scanner.place('state'), STATE_WORDS);
    const narrow = (column: number) => new Int32Array(buffer, this.#at[column]!, GROUP_ROWS);
    const wide = (column: number) => new BigInt64Array(buffer, this.#at[column]!, GROUP_ROWS);
    this.#partition = narrow(0);
    this.#offset = wide(1);
    this.#timestamp = wide(2);
    this.#class = narrow(3);
    this.#inRange = narrow(4);
    this.#undecodable = narrow(5);
    this.#expected = this.#at.slice(NUMBERS.length).map((_, i) => narrow(NUMBERS.length + i));
  }

  #pushText(text: number, value: string): void {
    const state = this.#live();
    const room = state[endWord(text) + 1]! - state[endWord(text)]!;
    if (room < 3 * value.length + 4) this.#enlarge(text, 3 * value.length + 4);
    const end = this.#live()[endWord(text)]!;
    const length = value === '' ? 0 : this.#bytes.write(value, end + 4, 'utf8');
    this.#endText(text, length);
  }

  #pushDigest(wanted: boolean, value: Uint8Array | null): void {
    const to = this.#live()[endWord(2)]! + 4;
    if (wanted) this.#scanner.digest(value, to);
    this.#live();
    this.#endText(2, wanted ? DIGEST_DIGITS : 0);
  }

  #endText(text: number, length: number): void {
    const end = this.#state[endWord(text)]!;
    this.#bytes.writeUInt32LE(length, end);
    this.#state[endWord(text)] = end + 4 + length;
  }

  #enlarge(text: number, more: number): void {
    const page = this.#page(text);
    const used = page.length;
    const room = 2 * used + more + TEXT_ROOM;
    const at = this.#scanner.reserve(room);
    this.#live();
    this.#bytes.set(this.#page(text), at);
    this.#setPage(text, at, at + used, at + room);
  }

  #page(text: number): Uint8Array {
    const state = this.#live();
    return this.#bytes.subarray(state[endWord(text) - 1], state[endWord(text)]);
  }

  #used(text: number): number {
    return this.#state[endWord(text)]! - this.#state[endWord(text) - 1]!;
  }

  #setPage(text: number, at: number, end: number, roomEnd: number): void {
    this.#state.set([at, end, roomEnd], WORD.pages + text * PAGE_WORDS);
  }
}

/** The word that says where the last text of a column ends. */
function endWord(text: number): number {
  return WORD.pages + text * PAGE_WORDS + 1;
}

function isWide(column: number): boolean {
  return NUMBERS[column] === 'offset' || NUMBERS[column] === 'timestamp';
}
