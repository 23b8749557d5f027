/**
 * Change events of Debezium: fields are addressed by the row as it is after the change, whichever format the envelope is
 * in, and whether or not JSON carries its schema around it
 * (https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events).
 */
import type { KeyValue } from '../../keys.ts';
import { JSON_KIND, type JsonKind, type JsonPath } from '../json-path.ts';
import type { OpenReader, Surroundings, ValueReader } from './reader.ts';

/** Names that belong to the envelope; a column that is called so is found below `after`. */
const ENVELOPE = ['before', 'after', 'source', 'op', 'ts_ms', 'ts_us', 'ts_ns', 'transaction'];

/** What tells how an event is wrapped, and what kind of change it was. */
const MARKS = ['op', 'after', 'payload', 'wrappedOp', 'wrappedAfter'] as const;
const MARK_PATHS: readonly JsonPath[] = [
  ['op'],
  ['after'],
  ['payload'],
  ['payload', 'op'],
  ['payload', 'after'],
];

/** Where a declared path is in one form of the event: in the row after the change, and in the one before it. */
interface Places {
  readonly after: number;
  readonly before: number;
}

export class DebeziumValue implements ValueReader {
  readonly #inner: ValueReader;
  readonly #bare: readonly Places[];
  /** Below `payload`, where JSON has its schema beside it. */
  readonly #wrapped: readonly Places[];
  readonly #firstMark: number;
  /** Undefined: a wrapper around nothing, which says as little as no value, or no event at all. */
  #places: readonly Places[] | undefined;
  #row: keyof Places = 'after';
  #fault = '';

  constructor(paths: readonly JsonPath[], open: OpenReader) {
    const all: JsonPath[] = [];
    const declare = (path: JsonPath) => all.push(path) - 1;
    this.#bare = paths.map((path) => placesOf(path, [], declare));
    this.#wrapped = paths.map((path) => placesOf(path, ['payload'], declare));
    this.#firstMark = all.length;
    this.#inner = open([...all, ...MARK_PATHS]);
  }

  get fault(): string {
    return this.#fault;
  }

  learn(value: Uint8Array, around: Surroundings): Promise<void> | undefined {
    return this.#inner.learn(value, around);
  }

  read(value: Uint8Array, around: Surroundings): boolean {
    this.#places = undefined;
    this.#fault = 'no change event of Debezium: it has no op';
    if (!this.#inner.read(value, around)) {
      this.#fault = this.#inner.fault;
      return false;
    }
    if (this.#mark('op') === JSON_KIND.string) return this.#turnTo(this.#bare, 'after');
    if (this.#mark('wrappedOp') === JSON_KIND.string) return this.#turnTo(this.#wrapped, 'wrappedAfter');
    return this.#mark('payload') === JSON_KIND.null;
  }

  kind(path: number): JsonKind {
    const place = this.#place(path);
    return place === undefined ? JSON_KIND.absent : this.#inner.kind(place);
  }

  text(path: number): KeyValue | undefined {
    const place = this.#place(path);
    return place === undefined ? undefined : this.#inner.text(place);
  }

  length(path: number): number {
    const place = this.#place(path);
    return place === undefined ? 0 : this.#inner.length(place);
  }

  /** A deletion has no row after it, so that the row before it is what it speaks of. */
  #turnTo(places: readonly Places[], after: 'after' | 'wrappedAfter'): true {
    this.#places = places;
    this.#row = this.#mark(after) > JSON_KIND.null ? 'after' : 'before';
    return true;
  }

  #mark(mark: (typeof MARKS)[number]): JsonKind {
    return this.#inner.kind(this.#firstMark + MARKS.indexOf(mark));
  }

  #place(path: number): number | undefined {
    return this.#places?.[path]?.[this.#row];
  }
}

function placesOf(path: JsonPath, wrapper: JsonPath, declare: (path: JsonPath) => number): Places {
  const [first] = path;
  if (first === undefined || ENVELOPE.includes(String(first))) {
    const place = declare([...wrapper, ...path]);
    return { after: place, before: place };
  }
  return {
    after: declare([...wrapper, 'after', ...path]),
    before: declare([...wrapper, 'before', ...path]),
  };
}
