/** Turns rows of one table into effects in columns, and counts what they show. */
import { isUtf8 } from 'node:buffer';
import { NO_TIME, TextColumn } from '../../columns.ts';
import type { EffectBatch, Gap } from '../../model.ts';
import { compileTest, type Passes } from '../conditions.ts';
import { mayBeSpelt, plainText, textOfBytes, valueOfBytes } from '../keys.ts';
import { isPlainKey, rowKey } from './key.ts';
import { instantOf, type Layout, layoutOf, type Row, type RowTable } from './table.ts';

export const BATCH_ROWS = 16_384;
const MAX_SAMPLES = 5;
const DAY_MS = 86_400_000;

/** Rows dated by a wall clock that may mean two moments; epoch milliseconds, and how many they are. */
interface Doubt {
  from: number;
  to: number;
  rows: number;
}

/** Whether a row passes `only`; `first` is the field of its first column. */
export function compileOnly(table: RowTable, first: number): (row: Row) => boolean {
  const tests: Passes[] = table.settings.only.map((condition) => compileTest(condition.test));
  return (row) => tests.every((passes, i) => passes(tested(row.bytes(first + i))));
}

export class EffectRows {
  readonly #table: RowTable;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #layout: Layout;
  readonly #passes: (row: Row) => boolean;
  readonly #key: (row: Row) => string | undefined;
  /** The key is copied as bytes. */
  readonly #plainKey: boolean;
  readonly #topic: Buffer | undefined;
  readonly #keys = new TextColumn();
  readonly #ids = new TextColumn();
  readonly #doubts: Doubt[] = [];
  #times = new BigInt64Array(BATCH_ROWS);
  #rows = 0;

  /** Rows looked at, and those of them that `only` left out. */
  read = 0;
  failedOnly = 0;
  /** Rows that belong to messages of other topics. */
  otherTopic = 0;
  effects = 0;
  /** Effects without a readable key, without an id, without a time. */
  keyless = 0;
  idless = 0;
  timeless = 0;
  /** Rows whose time is none, such as infinity. */
  unreadable = 0;
  readonly samples: string[] = [];
  /** Epoch milliseconds of the oldest effect. */
  oldest: number | undefined;

  /** @param wanted only rows with one of these keys, which a second look is for; undefined: all */
  constructor(table: RowTable, wanted?: ReadonlySet<string>) {
    this.#table = table;
    this.#wanted = wanted;
    this.#layout = layoutOf(table);
    this.#passes = compileOnly(table, this.#layout.only);
    this.#key = rowKey(table);
    this.#plainKey = isPlainKey(table);
    this.#topic = table.topic === undefined ? undefined : Buffer.from(table.topic.name);
  }

  /** Whether the batch must be taken before another row is added. */
  get full(): boolean {
    return this.#rows === BATCH_ROWS;
  }

  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    this.read++;
    if (!this.#passes(row)) {
      this.failedOnly++;
      return;
    }
    if (this.#isOfOtherTopic(row)) {
      this.otherTopic++;
      return;
    }
    if (this.#wanted?.has(this.#keyText(row) ?? '') === false) return;
    this.effects++;
    this.#addKey(row);
    this.#addId(row);
    this.#times[this.#rows++] = this.#time(row);
  }

  /** The rows since the last batch. */
  take(): EffectBatch {
    const rows = this.#rows;
    const time = this.#times.subarray(0, rows);
    this.#times = new BigInt64Array(BATCH_ROWS);
    this.#rows = 0;
    return {
      rows,
      key: this.#keys.take(),
      id: this.#ids.take(),
      time,
      place: new Int32Array(rows),
      line: new BigInt64Array(rows),
    };
  }

  /** Where the rows cannot say when they happened; a message of such a time must not be called missing. */
  gaps(): Gap[] {
    return this.#doubts.map(({ from, to, rows }) => ({
      from,
      to,
      why: 'unreadable',
      detail: `${this.#table.shown}: rows dated in an hour that ${this.#table.at?.zone} had twice or not at all: ${rows}`,
    }));
  }

  #isOfOtherTopic(row: Row): boolean {
    if (this.#topic === undefined) return false;
    const topic = row.bytes(this.#layout.topic);
    return topic !== undefined && !this.#topic.equals(topic);
  }

  #addKey(row: Row): void {
    if (this.#plainKey) {
      const length = row.copyAscii(0, this.#keys);
      if (length >= 0) {
        if (length === 0) this.keyless++;
        return;
      }
      const bytes = row.bytes(0);
      if (bytes === undefined || bytes.length === 0) this.keyless++;
      pushExact(this.#keys, bytes);
      return;
    }
    const key = this.#keyText(row);
    if (key === undefined) this.keyless++;
    this.#keys.pushString(key ?? '');
  }

  #keyText(row: Row): string | undefined {
    return this.#hasTopic(row) ? this.#key(row) : undefined;
  }

  /** Without its topic, a partition and an offset say of no message that it is the one. */
  #hasTopic(row: Row): boolean {
    return this.#topic === undefined || row.bytes(this.#layout.topic) !== undefined;
  }

  #addId(row: Row): void {
    const single = this.#layout.time - this.#layout.id === 1;
    if (single && row.copyAscii(this.#layout.id, this.#ids) >= 0) return;
    const bytes = single ? row.bytes(this.#layout.id) : undefined;
    if (bytes !== undefined) {
      pushExact(this.#ids, bytes);
      return;
    }
    // A row without an id is still a row: one shared id would make all of them a single effect.
    if (single) this.idless++;
    this.#ids.pushString(this.#idText(row));
  }

  /** The id as one text; parts are kept apart as those of a key are, but may be empty. */
  #idText(row: Row): string {
    const { id, time } = this.#layout;
    const parts = Array.from({ length: time - id }, (_, i) => textOf(row.bytes(id + i)));
    if (parts.includes(undefined))
      return `(row ${this.read}${this.#wanted === undefined ? '' : ' of a second look'} without an id)`;
    if (parts.length === 1) return parts[0]!;
    return parts.map((part) => part!.replaceAll('%', '%25').replaceAll(' ', '%20')).join(' ');
  }

  #time(row: Row): bigint {
    const { time } = this.#layout;
    const { at } = this.#table;
    const micros = at === undefined ? undefined : instantOf(at, row, time);
    if (typeof micros !== 'bigint') {
      this.timeless++;
      if (micros !== undefined) this.#countUnreadable(row, micros);
      return NO_TIME;
    }
    const ms = Math.floor(Number(micros) / 1000);
    if (this.oldest === undefined || ms < this.oldest) this.oldest = ms;
    const doubt = row.integer(time + 1) ?? 0;
    if (doubt === 0) return micros;
    // Either hour would be a claim: without a time the row is its key's only event's, or contested among several.
    this.#doubt(ms - doubt / 1000, ms);
    this.timeless++;
    return NO_TIME;
  }

  #countUnreadable(row: Row, text: string): void {
    this.unreadable++;
    if (this.samples.length === MAX_SAMPLES) return;
    this.samples.push(`${this.#table.shown}, id ${this.#idText(row)}: ${this.#table.at!.shown} is ${text}`);
  }

  /** Changes of a zone are months apart: a few spans, however many rows. */
  #doubt(from: number, to: number): void {
    const near = this.#doubts.find((span) => from <= span.to + DAY_MS && to >= span.from - DAY_MS);
    if (near === undefined) {
      this.#doubts.push({ from, to, rows: 1 });
      return;
    }
    near.from = Math.min(near.from, from);
    near.to = Math.max(near.to, to);
    near.rows++;
  }
}

function tested(bytes: Buffer | undefined): string | undefined {
  return bytes === undefined ? undefined : plainText(valueOfBytes(bytes));
}

function textOf(bytes: Buffer | undefined): string | undefined {
  return bytes === undefined ? undefined : textOfBytes(bytes);
}

/** The same text that `textOfBytes` makes, without a string for all that stand for themselves. */
function pushExact(column: TextColumn, bytes: Buffer = Buffer.alloc(0)): void {
  if (!mayBeSpelt(bytes[0]) && isUtf8(bytes)) column.push(bytes);
  else column.pushString(textOfBytes(bytes));
}
