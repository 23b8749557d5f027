/** One line of a capture, as `kcat -J` writes it, read back into the bytes that the message had. */

import { JsonReader } from '../messages/json.ts';
import { JSON_KIND, type JsonKind } from '../messages/json-path.ts';
import type { RecordView } from '../messages/record.ts';
import { type StringBytes, unescapeInto } from './strings.ts';

/** What is read of a line, and at which of the reader's paths. */
const AT = { topic: 0, partition: 1, offset: 2, ts: 3, key: 4, payload: 5, headers: 6 } as const;
type FieldName = keyof typeof AT;

/** Why a line is no message of a capture. */
export class BadLine extends Error {}

/**
 * Reads line after line into the same record. kcat passes bytes that are not UTF-8 through as they are, so a line is
 * JSON in its grammar but not always in its encoding (https://github.com/edenhill/kcat, json.c): texts are taken as the
 * bytes they are written with.
 */
export class CaptureEntry {
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
  /** Its bytes are good until the next line is read. */
  readonly record: RecordView = {
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: null,
    value: null,
    headers: [],
    inRange: false,
    aborted: false,
    ofOpenTransaction: false,
  };

  constructor(needsHeaders: boolean) {
    this.#needsHeaders = needsHeaders;
  }

  /** Reads where the message was: topic, partition, offset and timestamp. @throws BadLine */
  readPlace(line: Buffer): void {
    if (!this.#json.read(line)) throw new BadLine(`the line is ${this.#json.fault}`);
    if (this.#kind('topic') !== JSON_KIND.string) throw new BadLine(this.#wants('topic', 'a text'));
    this.topic = this.#json.text(AT.topic)!;
    this.record.partition = this.#wholeNumber('partition');
    this.record.offset = this.#wholeNumber('offset');
    this.record.timestamp = this.#timestamp();
  }

  /** Reads the rest of the same line: key, payload and headers. @throws BadLine */
  readContent(): void {
    this.#unescaped.used = 0;
    this.record.key = this.#kind('key') === JSON_KIND.absent ? null : this.#text(this.#json, AT.key, 'key');
    this.record.value = this.#text(this.#json, AT.payload, 'payload');
    if (this.#needsHeaders) this.record.headers = this.#headers();
  }

  /** The headers as the line writes them; empty: none. */
  get writtenHeaders(): Buffer {
    return this.#kind('headers') === JSON_KIND.array ? this.#written('headers') : Buffer.alloc(0);
  }

  /** kcat leaves `ts` away, or writes -1, where the message has none. */
  #timestamp(): number {
    if (this.#kind('ts') <= JSON_KIND.null) return -1;
    const text = this.#kind('ts') === JSON_KIND.number ? this.#written('ts').toString('latin1') : '';
    if (!/^-?\d{1,15}$/.test(text)) throw new BadLine(this.#wants('ts', 'whole milliseconds'));
    return Number(text);
  }

  #wholeNumber(name: FieldName): number {
    const text = this.#kind(name) === JSON_KIND.number ? this.#written(name).toString('latin1') : '';
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw new BadLine(this.#wants(name, 'a whole number up to 2^53 - 1'));
    return number;
  }

  /** The headers are one flat list: name, value, name, value. */
  #headers(): RecordView['headers'] {
    if (this.#kind('headers') <= JSON_KIND.null) return [];
    if (this.#kind('headers') !== JSON_KIND.array) throw new BadLine(this.#wants('headers', 'a list'));
    const length = this.#json.length(AT.headers);
    if (length % 2 !== 0) throw new BadLine(this.#wants('headers', 'a list of names and values in turn'));
    if (length === 0) return [];
    const items = this.#headerReader(length);
    items.read(this.#written('headers'));
    return Array.from({ length: length / 2 }, (_, i) => {
      const name = this.#text(items, 2 * i, 'headers');
      if (name === null) throw new BadLine(this.#wants('headers', 'names that are texts'));
      return [name.toString('utf8'), this.#text(items, 2 * i + 1, 'headers')] as const;
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
