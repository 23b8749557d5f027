/**
 * CloudEvents, of which a topic may hold both modes: binary, whose attributes are headers `ce_…` and whose value is the
 * data, and structured, whose value is JSON with the data inside
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
 */
import type { KeyValue } from '../../keys.ts';
import { JSON_KIND, type JsonKind, type JsonPath } from '../json-path.ts';
import { lastHeader, type RecordView } from '../record.ts';
import { JsonValue } from './json.ts';
import type { Attributes, OpenReader, Surroundings, ValueReader } from './reader.ts';

/** What begins the names of headers that are attributes. */
export const ATTRIBUTE_PREFIX = 'ce_';
const CONTENT_TYPE = 'content-type';
const VERSION = `${ATTRIBUTE_PREFIX}specversion`;
const STRUCTURED = 'application/cloudevents';
const JSON_FORMAT = 'application/cloudevents+json';

export class CloudEventValue implements ValueReader {
  /** Of data that is bytes, in the format of the configuration. */
  readonly #data: ValueReader;
  /** Of events in JSON: the data's paths come first, so that they have the same indexes. */
  readonly #event: JsonValue;
  readonly #paths: number;
  readonly #version: number;
  readonly #base64: number;
  readonly #inValue: Attributes & { readable: boolean };
  #isStructured = false;
  /** Which of the two the data was read by; undefined: it could not be. */
  #in: ValueReader | undefined;
  #fault = '';

  /** @param attributes names without the prefix */
  constructor(paths: readonly JsonPath[], attributes: readonly string[], open: OpenReader) {
    const inside = paths.map((path) => ['data', ...path]);
    const names = [...attributes, 'specversion', 'data_base64'].map((name) => [name]);
    this.#paths = paths.length;
    this.#version = paths.length + attributes.length;
    this.#base64 = this.#version + 1;
    this.#data = open(paths);
    this.#event = new JsonValue([...inside, ...names]);
    this.#inValue = {
      readable: false,
      text: (attribute) => (this.#inValue.readable ? this.#event.text(this.#paths + attribute) : undefined),
    };
  }

  get fault(): string {
    return this.#fault;
  }

  get attributes(): Attributes | undefined {
    return this.#isStructured ? this.#inValue : undefined;
  }

  learn(value: Uint8Array, around: Surroundings): Promise<void> | undefined {
    const data = this.#open(value, around);
    return data === undefined ? undefined : this.#data.learn(data, around);
  }

  read(value: Uint8Array, around: Surroundings): boolean {
    const data = this.#open(value, around);
    if (data === undefined || this.#paths === 0) return this.#fault === '';
    if (this.#data.read(data, around)) {
      this.#in = this.#data;
      return true;
    }
    this.#fault = this.#data.fault;
    return false;
  }

  kind(path: number): JsonKind {
    return this.#in?.kind(path) ?? JSON_KIND.absent;
  }

  text(path: number): KeyValue | undefined {
    return this.#in?.text(path);
  }

  length(path: number): number {
    return this.#in?.length(path) ?? 0;
  }

  /** @returns data that is bytes; undefined: it is part of the event in JSON, or `fault` tells what is wrong */
  #open(value: Uint8Array, { headers }: Surroundings): Uint8Array | undefined {
    const type = mediaType(headers);
    this.#isStructured = type.startsWith(STRUCTURED);
    this.#inValue.readable = false;
    this.#in = undefined;
    this.#fault = '';
    if (type === JSON_FORMAT) return this.#openEvent(value);
    if (this.#isStructured) {
      this.#fault = `a CloudEvent in the format ${type}, which is not read`;
    } else if (lastHeader(headers, VERSION) === null) {
      this.#fault = `no CloudEvent: it has neither a header ${VERSION} nor the content-type ${JSON_FORMAT}`;
    }
    return this.#fault === '' ? value : undefined;
  }

  #openEvent(value: Uint8Array): Uint8Array | undefined {
    const isJson = this.#event.read(value);
    this.#inValue.readable = isJson && this.#event.kind(this.#version) === JSON_KIND.string;
    if (!isJson) this.#fault = this.#event.fault;
    else if (!this.#inValue.readable) this.#fault = 'no CloudEvent: it has no specversion';
    else if (this.#event.kind(this.#base64) > JSON_KIND.null) return this.#unpacked();
    else this.#in = this.#event;
    return undefined;
  }

  #unpacked(): Uint8Array | undefined {
    const text = this.#event.text(this.#base64) ?? '?';
    if (BASE64.test(text)) return Buffer.from(text, 'base64');
    this.#fault = 'its data_base64 is not base64';
    return undefined;
  }
}

/** RFC 4648, section 4. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Of the header content-type, without its parameters. */
function mediaType(headers: RecordView['headers']): string {
  const written = lastHeader(headers, CONTENT_TYPE) ?? [];
  return Buffer.from(written).toString('latin1').split(';', 1)[0]!.trim().toLowerCase();
}
