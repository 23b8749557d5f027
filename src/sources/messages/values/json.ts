/** Values that are JSON, and those that are JSON behind the schema id of Confluent's JSON Schema serializer. */
import { JsonReader } from '../json.ts';
import type { JsonKind, JsonPath } from '../json-path.ts';
import { Frame } from './frame.ts';
import type { Surroundings, ValueReader } from './reader.ts';

export class JsonValue implements ValueReader {
  readonly #json: JsonReader;

  constructor(paths: readonly JsonPath[]) {
    this.#json = new JsonReader(paths);
  }

  get fault(): string {
    return this.#json.fault;
  }

  learn(): undefined {
    return undefined;
  }

  read(value: Uint8Array, _around?: Surroundings): boolean {
    return this.#json.read(value);
  }

  kind(path: number): JsonKind {
    return this.#json.kind(path);
  }

  text(path: number): string | undefined {
    return this.#json.text(path);
  }

  length(path: number): number {
    return this.#json.length(path);
  }
}

const NOTHING = new Uint8Array();

/** Nothing is validated against the schema, so that the registry is never asked for it. */
export class FramedJsonValue extends JsonValue {
  readonly #frame = new Frame();
  #framed = false;

  override get fault(): string {
    return this.#framed ? super.fault : this.#frame.fault;
  }

  override read(value: Uint8Array, around?: Surroundings): boolean {
    this.#framed = this.#frame.read(value, around?.headers ?? []);
    // Nothing is no JSON either, so that nothing of the value before is left.
    return super.read(this.#framed ? this.#frame.payload : NOTHING);
  }
}
