/** What a reference of the configuration finds in a record, as the one text that keys and conditions compare. */
import type { FieldReference } from '../../model.ts';
import { exactText, textOfBytes } from '../keys.ts';
import { JsonReader } from './json.ts';
import { JSON_KIND, type JsonPath } from './json-path.ts';
import type { RecordView } from './record.ts';

/** How a value that something refers to was found: no record may be judged by what could not be read. */
export type ValueState = 'readable' | 'broken';

/** One thing in a record. `read` must have been called on the Fields it belongs to. */
export interface Field {
  /** Whether it lies in the value, and so cannot be told when the value is broken. */
  readonly ofValue: boolean;
  /** Whether anything but null is there. */
  present(): boolean;
  /** The text of a scalar; undefined: absent, null, an object or an array. */
  text(): string | undefined;
  /** How many items the list there has; undefined: it is no list. */
  listLength(): number | undefined;
}

/** All fields that a configuration refers to, read from one record after the other. */
export class Fields {
  readonly #paths: JsonPath[] = [];
  readonly #topic: string;
  #json: JsonReader | undefined;
  #record: RecordView | undefined;
  /** Whether the record at hand has a value that was read, so that #json answers for it. */
  #hasJson = false;
  #needsHeaders = false;

  constructor(topic: string) {
    this.#topic = topic;
  }

  get needsHeaders(): boolean {
    return this.#needsHeaders;
  }

  /** Why the value of the record at hand is broken. */
  get fault(): string {
    return this.#json?.fault ?? '';
  }

  /** Declares a field; all of them before the first read. */
  add(reference: FieldReference): Field {
    switch (reference.root) {
      case 'value':
        return this.#valueField(reference.path);
      case 'headers':
        this.#needsHeaders = true;
        return ofBytes(() => this.#header(reference.name));
      case 'key':
        return ofBytes(() => this.#record!.key);
      case 'topic':
        return ofText(() => this.#topic);
      case 'partition':
        return ofText(() => String(this.#record!.partition));
      case 'offset':
        return ofText(() => String(this.#record!.offset));
      case 'timestamp':
        return ofText(() => (this.#record!.timestamp < 0 ? undefined : String(this.#record!.timestamp)));
    }
  }

  /** Turns to a record. Its value is decoded only if some field is in it; no value at all is readable, and empty. */
  read(record: RecordView): ValueState {
    this.#record = record;
    this.#hasJson = false;
    if (this.#paths.length === 0 || record.value === null) return 'readable';
    this.#json ??= new JsonReader(this.#paths);
    this.#hasJson = this.#json.read(record.value);
    return this.#hasJson ? 'readable' : 'broken';
  }

  #valueField(path: JsonPath): Field {
    const index = this.#paths.push(path) - 1;
    return {
      ofValue: true,
      present: () => this.#hasJson && this.#json!.kind(index) > JSON_KIND.null,
      text: () => {
        const text = this.#hasJson ? this.#json!.text(index) : undefined;
        return text === undefined ? undefined : exactText(text);
      },
      listLength: () =>
        this.#hasJson && this.#json!.kind(index) === JSON_KIND.array ? this.#json!.length(index) : undefined,
    };
  }

  /** The last of several headers of one name is the one that counts. */
  #header(name: string): Uint8Array | null {
    const { headers } = this.#record!;
    for (let i = headers.length - 1; i >= 0; i--) if (headers[i]![0] === name) return headers[i]![1];
    return null;
  }
}

function ofBytes(bytes: () => Uint8Array | null): Field {
  const text = () => {
    const there = bytes();
    return there === null ? undefined : textOfBytes(there);
  };
  return { ofValue: false, present: () => bytes() !== null, text, listLength: () => undefined };
}

function ofText(text: () => string | undefined): Field {
  return { ofValue: false, present: () => text() !== undefined, text, listLength: () => undefined };
}
