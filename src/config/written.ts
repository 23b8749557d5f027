/** A configuration as it was written: names, texts with all their digits, and where each of them stands. */

/**
 * Where something was written: in the configuration or in another file, in a `--set` of that path, in a flag, or in
 * something else that is not a file, in words. Lines and columns count from 1.
 */
export type Place =
  | { readonly line: number; readonly column: number; readonly file?: string }
  | { readonly set: string }
  | { readonly flag: string }
  | { readonly argument: string };

/** Names and list positions that lead from the top of the configuration to something in it. */
export type Path = readonly (string | number)[];

export type Written = WrittenMap | WrittenList | WrittenScalar;

export interface WrittenMap {
  readonly type: 'map';
  readonly place: Place;
  /** In the order of the file. `place` is that of the name. */
  readonly entries: ReadonlyMap<string, { readonly place: Place; readonly value: Written }>;
}

export interface WrittenList {
  readonly type: 'list';
  readonly place: Place;
  readonly items: readonly Written[];
}

export type ScalarKind = 'text' | 'number' | 'boolean' | 'null';

/** A class, so that it can be told from a mapping once the tree has become plain objects. */
export class WrittenScalar {
  readonly type = 'scalar';
  readonly place: Place;
  readonly kind: ScalarKind;
  /** As in the file: a number keeps its digits, `${NAME}` is still a name. What messages and digests show. */
  readonly written: string;
  /** The same after `${NAME}` became its value. May hold a secret: never print it. */
  readonly text: string;
  /** A variable in it is not set: whoever reads it need not complain again. */
  readonly unset: boolean;

  constructor(place: Place, kind: ScalarKind, written: string, text = written, unset = false) {
    this.place = place;
    this.kind = kind;
    this.written = written;
    this.text = text;
    this.unset = unset;
  }
}

/** The tree as plain objects and arrays with WrittenScalar leaves: what the schema is given. */
export function plain(written: Written | undefined): unknown {
  if (written === undefined || written.type === 'scalar') return written;
  if (written.type === 'list') return written.items.map(plain);
  return Object.fromEntries([...written.entries].map(([name, entry]) => [name, plain(entry.value)]));
}

export function isMapping(input: unknown): input is Record<string, unknown> {
  return (
    typeof input === 'object' && input !== null && !Array.isArray(input) && !(input instanceof WrittenScalar)
  );
}

/** What stands at a path; undefined: nothing. */
export function writtenAt(root: Written, path: Path): Written | undefined {
  let here: Written | undefined = root;
  for (const step of path) {
    if (here?.type === 'map') here = here.entries.get(String(step))?.value;
    else if (here?.type === 'list') here = here.items[Number(step)];
    else return undefined;
  }
  return here;
}

/** The place of the name that a path ends in, or of the nearest name above it that is there. */
export function placeOf(root: Written, path: Path): Place {
  let place = root.place;
  let here: Written | undefined = root;
  for (const step of path) {
    if (here?.type === 'map') {
      const entry: { place: Place; value: Written } | undefined = here.entries.get(String(step));
      place = entry?.place ?? place;
      here = entry?.value;
    } else if (here?.type === 'list') {
      here = here.items[Number(step)];
      place = here?.place ?? place;
    } else break;
  }
  return place;
}
