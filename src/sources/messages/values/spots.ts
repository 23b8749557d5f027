/** The paths that are looked for in a decoded value, as one tree, and what was found at their ends. */
import type { KeyValue } from '../../keys.ts';
import { JSON_KIND, type JsonKind, type JsonPath } from '../json-path.ts';

/** One step of the paths that share it. */
export class Spot {
  readonly #members = new Map<string, Spot>();
  readonly #items = new Map<number, Spot>();
  kind: JsonKind = JSON_KIND.absent;
  /** Of a scalar. */
  text: KeyValue | undefined;
  /** Of a list. */
  length = 0;

  /** The spot of a path below this one, made where it is not there yet. */
  at(path: JsonPath): Spot {
    const [step, ...rest] = path;
    if (step === undefined) return this;
    return (typeof step === 'number' ? made(this.#items, step) : made(this.#members, step)).at(rest);
  }

  get members(): ReadonlyMap<string, Spot> {
    return this.#members;
  }

  get items(): ReadonlyMap<number, Spot> {
    return this.#items;
  }

  /** @param kind not that of a scalar or a list */
  found(kind: JsonKind): void {
    this.kind = kind;
    this.text = undefined;
  }

  /** To keys and conditions, every scalar is a text. */
  foundText(text: KeyValue): void {
    this.kind = JSON_KIND.string;
    this.text = text;
  }

  foundList(length: number): void {
    this.found(JSON_KIND.array);
    this.length = length;
  }

  /** Forgets what was found here and below. */
  clear(): void {
    this.found(JSON_KIND.absent);
    for (const spot of this.#members.values()) spot.clear();
    for (const spot of this.#items.values()) spot.clear();
  }
}

function made<Step>(spots: Map<Step, Spot>, step: Step): Spot {
  const spot = spots.get(step) ?? new Spot();
  spots.set(step, spot);
  return spot;
}

/** The spots of all declared paths: the half of a ValueReader that answers. */
export class Spots {
  readonly root = new Spot();
  readonly #declared: readonly Spot[];

  constructor(paths: readonly JsonPath[]) {
    this.#declared = paths.map((path) => this.root.at(path));
  }

  kind(path: number): JsonKind {
    return this.#declared[path]!.kind;
  }

  text(path: number): KeyValue | undefined {
    return this.#declared[path]!.text;
  }

  length(path: number): number {
    return this.#declared[path]!.length;
  }
}
