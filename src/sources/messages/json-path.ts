/** The paths that are looked for in a JSON value, as one tree, and what was found at their ends. */

/** Member names and array indexes, from the outside in; empty: the whole value. */
export type JsonPath = readonly (string | number)[];

/** What lies at a path. */
export const JSON_KIND = {
  absent: 0,
  null: 1,
  boolean: 2,
  number: 3,
  string: 4,
  object: 5,
  array: 6,
} as const;
export type JsonKind = (typeof JSON_KIND)[keyof typeof JSON_KIND];

/** A lone surrogate has no bytes, only an escape: no name that is written plainly is a quote. */
const NO_NAME = Buffer.from('"');

/** One step of the paths that share it, and what a scan found there. */
export class PathNode {
  readonly #members: { readonly name: string; readonly bytes: Buffer; readonly node: PathNode }[] = [];
  readonly #items: { readonly index: number; readonly node: PathNode }[] = [];
  kind: JsonKind = JSON_KIND.absent;
  /** Of a string: between its quotes. */
  start = 0;
  end = 0;
  escaped = false;
  length = 0;

  /** The node of a path below this one, made where it is not there yet. */
  at(path: JsonPath): PathNode {
    const [step, ...rest] = path;
    if (step === undefined) return this;
    const known =
      typeof step === 'number' ? this.item(step) : this.#members.find((member) => member.name === step)?.node;
    return (known ?? this.#add(step)).at(rest);
  }

  #add(step: string | number): PathNode {
    const node = new PathNode();
    if (typeof step === 'number') this.#items.push({ index: step, node });
    else this.#members.push({ name: step, bytes: step.isWellFormed() ? Buffer.from(step) : NO_NAME, node });
    return node;
  }

  item(index: number): PathNode | undefined {
    for (const item of this.#items) if (item.index === index) return item.node;
    return undefined;
  }

  /** The member whose name is written in bytes[start, end). */
  member(bytes: Buffer, start: number, end: number, escaped: boolean): PathNode | undefined {
    if (this.#members.length === 0) return undefined;
    if (escaped) return this.#memberNamed(unescaped(bytes, start, end));
    for (const { bytes: name, node } of this.#members) {
      if (name.length === end - start && sameBytes(name, bytes, start)) return node;
    }
    return undefined;
  }

  #memberNamed(name: string): PathNode | undefined {
    for (const member of this.#members) if (member.name === name) return member.node;
    return undefined;
  }

  found(kind: JsonKind, start: number, end: number, escaped: boolean): void {
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.escaped = escaped;
  }

  /** Forgets what was found here and below. */
  clear(): void {
    this.kind = JSON_KIND.absent;
    for (const { node } of this.#members) node.clear();
    for (const { node } of this.#items) node.clear();
  }
}

/** The text of a string that is known to be JSON, from between its quotes. */
export function unescaped(bytes: Buffer, start: number, end: number): string {
  return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string;
}

function sameBytes(name: Buffer, bytes: Buffer, at: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}
