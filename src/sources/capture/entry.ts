/**
 * One line of a capture, as `kcat -J` writes it, read back into the bytes that the message had. Lines of `onceover capture`
 * are such lines, with more members where kcat's cannot say it (written.ts).
 */
import type { OffsetClasses } from '../../model.ts';

import { JsonReader } from '../messages/json.ts';
import { JSON_KIND, type JsonKind } from '../messages/json-path.ts';
import { emptyRecord, messageTime, type RecordView } from '../messages/record.ts';
import { type StringBytes, unescapeInto } from './strings.ts';

/** What is read of a line, and at which of the reader's paths. */
const AT = {
  topic: 0,
  partition: 1,
  offset: 2,
  ts: 3,
  key: 4,
  payload: 5,
  headers: 6,
  key64: 7,
  payload64: 8,
  headers64: 9,
  aborted: 10,
  open: 11,
  class: 12,
  end: 13,
} as const;
type FieldName = keyof typeof AT;

/** Offsets from the record's up to `end` that have no message, and why. */
export interface WithoutMessage {
  readonly class: (typeof CLASSES)[number];
  readonly end: number;
}

const CLASSES = ['control', 'absent', 'deleted'] as const satisfies readonly (keyof OffsetClasses)[];

/** What reads one line after the other, whatever form they have; what it answers is good until the next line. */
export interface EntryReader {
  readonly topic: string;
  readonly record: RecordView;
  /** Undefined: the line is a message. */
  readonly without: WithoutMessage | undefined;
  /** The headers as the line writes them; empty: none. */
  readonly writtenHeaders: Buffer;
  /** Reads where the message was: topic, partition, offset and timestamp. @throws BadLine */
  readPlace(line: Buffer): void;
  /** Reads the rest of the same line: key, payload and headers. @throws BadLine */
  readContent(): void;
}

const LETTER_T = 0x74;

/** Why a line is no message of a capture. */
export class BadLine extends Error {}

/**
 * Reads line after line into the same record. kcat passes bytes that are not UTF-8 through as they are, so a line is
 * JSON in its grammar but not always in its encoding (https://github.com/edenhill/kcat, json.c): texts are taken as the
 * bytes they are written with.
 */
export class CaptureEntry implements EntryReader {
  readonly #json = new JsonReader(
    Object.keys(AT).map((name) => [name]),
    { anyBytes: true },
  );
  readonly #needsHeaders: boolean;
  /** Of lists of headers, by their length. */
  readonly #headerReaders = new Map<number, JsonReader>();
  /** Where unescaped key and payload lie, one behind the other. */
  readonly #unescaped: StringBytes = { bytes: Buffer.alloc(1 << 12), used: 0 };

  topic = '';
  without: WithoutMessage | undefined;
  /** Its bytes are good until the next line is read. */
  readonly record = emptyRecord();

  constructor(needsHeaders: boolean) {
    this.#needsHeaders = needsHeaders;
  }

  readPlace(line: Buffer): void {
    if (!this.#json.read(line)) throw new BadLine(`the line is ${this.#json.fault}`);
    if (this.#kind('topic') !== JSON_KIND.string) throw new BadLine(this.#wants('topic', 'a text'));
    this.topic = this.#json.text(AT.topic)!;
    this.record.partition = this.#wholeNumber('partition');
    this.record.offset = this.#wholeNumber('offset');
    this.record.timestamp = this.#timestamp();
    this.without = this.#kind('class') === JSON_KIND.absent ? undefined : this.#withoutMessage();
  }

  readContent(): void {
    if (this.without !== undefined) return;
    this.#unescaped.used = 0;
    this.record.key = this.#bytes('key', 'key64', null);
    this.record.value = this.#bytes('payload', 'payload64');
    this.record.aborted = this.#isTrue('aborted');
    this.record.ofOpenTransaction = this.#isTrue('open');
    if (this.#needsHeaders) this.record.headers = this.#headers();
  }

  get writtenHeaders(): Buffer {
    const name = this.#kind('headers64') === JSON_KIND.array ? 'headers64' : 'headers';
    return this.#kind(name) === JSON_KIND.array ? this.#written(name) : Buffer.alloc(0);
  }

  #withoutMessage(): WithoutMessage {
    const name = this.#json.text(AT.class);
    const known = CLASSES.find((one) => one === name);
    if (known === undefined) throw new BadLine(this.#wants('class', CLASSES.join(' or ')));
    return { class: known, end: this.#wholeNumber('end') };
  }

  /** From the member that holds it in base64, where there is one. */
  #bytes(name: 'key' | 'payload', name64: 'key64' | 'payload64', absent?: null): Buffer | null {
    if (this.#kind(name64) === JSON_KIND.string) return fromBase64(this.#written(name64));
    if (absent === null && this.#kind(name) === JSON_KIND.absent) return null;
    return this.#text(this.#json, AT[name], name);
  }

  /** kcat leaves `ts` away, or writes -1, where the message has none. */
  #timestamp(): number {
    if (this.#kind('ts') <= JSON_KIND.null) return -1;
    const text = this.#kind('ts') === JSON_KIND.number ? this.#written('ts').toString('latin1') : '';
    if (!/^-?\d{1,19}$/.test(text)) throw new BadLine(this.#wants('ts', 'whole milliseconds'));
    return messageTime(Number(text));
  }

  #wholeNumber(name: FieldName): number {
    const text = this.#kind(name) === JSON_KIND.number ? this.#written(name).toString('latin1') : '';
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw new BadLine(this.#wants(name, 'a whole number up to 2^53 - 1'));
    return number;
  }

  /** The headers are one flat list: name, value, name, value; in base64 all of them, or none. */
  #headers(): RecordView['headers'] {
    const packed = this.#kind('headers64') > JSON_KIND.null;
    const name = packed ? 'headers64' : 'headers';
    if (this.#kind(name) <= JSON_KIND.null) return [];
    if (this.#kind(name) !== JSON_KIND.array) throw new BadLine(this.#wants(name, 'a list'));
    const length = this.#json.length(AT[name]);
    if (length % 2 !== 0) throw new BadLine(this.#wants(name, 'a list of names and values in turn'));
    if (length === 0) return [];
    const items = this.#headerReader(length);
    items.read(this.#written(name));
    const text = (at: number) => {
      const bytes = this.#text(items, at, name);
      return packed && bytes !== null ? fromBase64(bytes) : bytes;
    };
    return Array.from({ length: length / 2 }, (_, i) => {
      const title = text(2 * i);
      if (title === null) throw new BadLine(this.#wants(name, 'names that are texts'));
      return [title.toString('utf8'), text(2 * i + 1)] as const;
    });
  }

  #headerReader(length: number): JsonReader {
    let reader = this.#headerReaders.get(length);
    if (reader === undefined) {
      const paths = Array.from({ length }, (_, i) => [i]);
      reader = new JsonReader(paths, { anyBytes: true });
      this.#headerReaders.set(length, reader);
    }
    return reader;
  }

  /** The bytes of a text; null: null. */
  #text(reader: JsonReader, path: number, name: FieldName): Buffer | null {
    const kind = reader.kind(path);
    if (kind === JSON_KIND.null) return null;
    if (kind !== JSON_KIND.string) throw new BadLine(this.#wants(name, 'texts or null, as kcat -J writes'));
    const written = reader.written(path);
    if (!reader.escaped(path)) return written;
    const bytes = unescapeInto(this.#unescaped, written);
    if (bytes === undefined)
      throw new BadLine(`\`${name}\` has half of a surrogate pair, which stands for no bytes`);
    return bytes;
  }

  #isTrue(name: FieldName): boolean {
    return this.#kind(name) === JSON_KIND.boolean && this.#written(name)[0] === LETTER_T;
  }

  #kind(name: FieldName): JsonKind {
    return this.#json.kind(AT[name]);
  }

  #written(name: FieldName): Buffer {
    return this.#json.written(AT[name]);
  }

  #wants(name: FieldName, what: string): string {
    const there = this.#kind(name) === JSON_KIND.absent ? 'is not there' : 'is something else';
    return `\`${name}\` should be ${what}, and ${there}`;
  }
}

function fromBase64(text: Buffer): Buffer {
  return Buffer.from(text.toString('latin1'), 'base64');
}
