/** Values that are one text, or bytes: they have no fields below `value`. */
import { isUtf8 } from 'node:buffer';
import { type KeyValue, valueOfBytes } from '../../keys.ts';
import { JSON_KIND, type JsonKind } from '../json-path.ts';
import type { ValueReader } from './reader.ts';

/** Bytes are what they are: nothing can be wrong with them. */
export class BytesValue implements ValueReader {
  /** Undefined: it could not be read. */
  #value: Uint8Array | undefined;

  get fault(): string {
    return '';
  }

  learn(): undefined {
    return undefined;
  }

  read(value: Uint8Array): boolean {
    this.#value = value;
    return true;
  }

  /** After a read that has to answer false. */
  protected forget(): false {
    this.#value = undefined;
    return false;
  }

  kind(_path: number): JsonKind {
    return this.#value === undefined ? JSON_KIND.absent : JSON_KIND.string;
  }

  text(_path: number): KeyValue | undefined {
    return this.#value && valueOfBytes(this.#value);
  }

  length(_path: number): number {
    return 0;
  }
}

/** A text is UTF-8, as Kafka's StringSerializer writes it unless told otherwise. */
export class StringValue extends BytesValue {
  override get fault(): string {
    return 'no text: its bytes are not UTF-8';
  }

  override read(value: Uint8Array): boolean {
    return isUtf8(value) ? super.read(value) : this.forget();
  }
}
