/** What a reference of the configuration finds in a record, as keys are made of it and conditions compare it. */
import type { FieldReference } from '../../model.ts';
import { type KeyValue, plainText, valueOfBytes } from '../keys.ts';
import { JSON_KIND, type JsonPath } from './json-path.ts';
import { lastHeader, type RecordView } from './record.ts';
import { ATTRIBUTE_PREFIX } from './values/cloudevents.ts';
import { openValues, type ValueSettings, valueNeedsHeaders } from './values/open.ts';
import type { ValueReader } from './values/reader.ts';

/** How a value that something refers to was found: no record may be judged by what could not be read. */
export type ValueState = 'readable' | 'broken';

/** One thing in a record. `read` must have been called on the Fields it belongs to. */
export interface Field {
  /** Whether it lies in the value of the record at hand, and so cannot be told when that is broken. */
  readonly ofValue: boolean;
  /** Whether anything but null is there. */
  present(): boolean;
  /** A scalar, until the next record is read; undefined: absent, null, an object or an array. */
  value(): KeyValue | undefined;
  /** Its text, as conditions see it. */
  text(): string | undefined;
  /** How many items the list there has; undefined: it is no list. */
  listLength(): number | undefined;
}

/** All fields that a configuration refers to, read from one record after the other. */
export class Fields {
  readonly #settings: ValueSettings & { readonly topic: string };
  readonly #signal: AbortSignal;
  readonly #paths: JsonPath[] = [];
  readonly #attributes: string[] = [];
  #reader: ValueReader | undefined;
  #record: RecordView | undefined;
  /** What was asked to read the value of the record at hand; undefined: nobody had to. */
  #asked: ValueReader | undefined;
  /** The same, where it could. */
  #value: ValueReader | undefined;
  #needsHeaders = false;

  /** @param signal ends the wait for schemas */
  constructor(settings: ValueSettings & { readonly topic: string }, signal: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
  }

  get needsHeaders(): boolean {
    return this.#needsHeaders || (this.#readsValues && valueNeedsHeaders(this.#settings));
  }

  /** Why the value of the record at hand is broken. */
  get fault(): string {
    return this.#asked?.fault ?? '';
  }

  /** Declares a field; all of them before the first read. */
  add(reference: FieldReference): Field {
    switch (reference.root) {
      case 'value':
        return this.#valueField(reference.path);
      case 'headers':
        return this.#headerField(reference.name);
      case 'key':
        return ofBytes(() => this.#record!.key);
      case 'topic':
        return ofText(() => this.#settings.topic);
      case 'partition':
        return ofText(() => String(this.#record!.partition));
      case 'offset':
        return ofText(() => String(this.#record!.offset));
      case 'timestamp':
        return ofText(() => (this.#record!.timestamp < 0 ? undefined : String(this.#record!.timestamp)));
    }
  }

  /** To be awaited before `read`, if a schema must be had first; see ValueReader. */
  learn(record: RecordView): Promise<void> | undefined {
    return record.value === null ? undefined : this.#opened()?.learn(record.value, record);
  }

  /** Turns to a record. Its value is decoded only if some field is in it; no value at all is readable, and empty. */
  read(record: RecordView): ValueState {
    this.#record = record;
    this.#asked = record.value === null ? undefined : this.#opened();
    const isReadable = this.#asked?.read(record.value!, record) ?? true;
    this.#value = isReadable ? this.#asked : undefined;
    return isReadable ? 'readable' : 'broken';
  }

  get #readsValues(): boolean {
    return this.#paths.length + this.#attributes.length > 0;
  }

  /** Undefined: nothing refers to values. */
  #opened(): ValueReader | undefined {
    if (!this.#readsValues) return undefined;
    this.#reader ??= openValues(this.#settings, this.#paths, this.#attributes, this.#signal);
    return this.#reader;
  }

  #valueField(path: JsonPath): Field {
    const index = this.#paths.push(path) - 1;
    const kind = () => this.#value?.kind(index) ?? JSON_KIND.absent;
    return {
      ofValue: true,
      present: () => kind() > JSON_KIND.null,
      ...told(() => this.#value?.text(index)),
      listLength: () => (kind() === JSON_KIND.array ? this.#value!.length(index) : undefined),
    };
  }

  #headerField(name: string): Field {
    this.#needsHeaders = true;
    const field = ofBytes(() => lastHeader(this.#record!.headers, name));
    const isAttribute = this.#settings.envelope === 'cloudevents' && name.startsWith(ATTRIBUTE_PREFIX);
    return isAttribute ? this.#attributeField(name.slice(ATTRIBUTE_PREFIX.length), field) : field;
  }

  /** An attribute of a CloudEvent: in its header, unless the event at hand has it in its value. */
  #attributeField(name: string, header: Field): Field {
    const index = this.#attributes.push(name) - 1;
    const value = () => {
      const inValue = this.#asked?.attributes;
      return inValue === undefined ? header.value() : inValue.text(index);
    };
    const inBrokenValue = () => this.#asked?.attributes?.readable === false;
    return {
      get ofValue() {
        return inBrokenValue();
      },
      present: () => value() !== undefined,
      ...told(value),
      listLength: () => undefined,
    };
  }
}

function ofBytes(bytes: () => Uint8Array | null): Field {
  const value = () => {
    const there = bytes();
    return there === null ? undefined : valueOfBytes(there);
  };
  return { ofValue: false, present: () => bytes() !== null, ...told(value), listLength: () => undefined };
}

function ofText(text: () => string | undefined): Field {
  return {
    ofValue: false,
    present: () => text() !== undefined,
    value: text,
    text,
    listLength: () => undefined,
  };
}

function told(value: Field['value']): Pick<Field, 'value' | 'text'> {
  const text = () => {
    const there = value();
    return there === undefined ? undefined : plainText(there);
  };
  return { value, text };
}
