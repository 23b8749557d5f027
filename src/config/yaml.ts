/** Reads YAML into the written tree: every name and value with its place, every digit as it was typed. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Mistake } from './mistakes.ts';
import { masked } from './secrets.ts';
import { type Path, type Place, type ScalarKind, type Written, WrittenScalar } from './written.ts';

/** No configuration is nested deeper, nor has more values once its aliases are followed (a "billion laughs" file has). */
const DEEPEST = 50;
const MOST_VALUES = 20_000;

const TOO_DEEP = 'nested too deeply';

/** What YAML's own errors cascade into is of no use: the first few are. */
const MOST_ERRORS = 5;

interface Reading {
  readonly document: Document.Parsed;
  readonly placeAt: (offset: number) => Place;
  readonly mistakes: Mistake[];
  /** Nodes that the current one stands in: an alias of one of them would never end. */
  readonly open: Set<unknown>;
  values: number;
}

/**
 * @param place where all of it stands, if not in a file: for the value of a `--set`
 * @returns the tree, or no tree where the text is not YAML; and what is wrong with it
 */
export function readYaml(text: string, place?: Place): { root?: Written; mistakes: Mistake[] } {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    if (place !== undefined) return place;
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parsed(text, lines);
  if (document === undefined) return { mistakes: [{ place: placeAt(0), path: [], text: TOO_DEEP }] };
  const { errors } = document;
  if (errors.length > 0) return { mistakes: told(errors.slice(0, MOST_ERRORS), placeAt) };
  const reading: Reading = {
    document,
    placeAt,
    mistakes: told(document.warnings, placeAt),
    open: new Set(),
    values: 0,
  };
  try {
    return { root: written(reading, document.contents, []), mistakes: reading.mistakes };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { mistakes: [{ place: error.place, path: [], text: error.message, column: true }] };
  }
}

/** It is YAML, but no tree, or none of a sensible size. */
class Unreadable extends Error {
  readonly place: Place;

  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

/** Undefined: so deeply nested that the parser's recursion runs out of stack. */
function parsed(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, {
      lineCounter,
      // Pretty errors quote the lines around them, and those may hold a password.
      prettyErrors: false,
      stringKeys: true,
      // Told below, with the name and both lines.
      uniqueKeys: false,
      // Whatever a %YAML directive says: `no` is a text, and 0010 is no octal number.
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function told(
  errors: readonly { message: string; pos: [number, number] }[],
  placeAt: Reading['placeAt'],
): Mistake[] {
  return errors.map(({ message, pos }) => ({
    place: placeAt(pos[0]),
    path: [],
    text: `not valid YAML: ${masked(message)}`,
    column: true,
  }));
}

function written(reading: Reading, node: ParsedNode | null, path: Path): Written {
  const place = reading.placeAt(node?.range[0] ?? 0);
  if (node === null) return new WrittenScalar(place, 'null', '');
  refuseEndless(reading, node, place, path);
  if (isScalar(node)) return scalar(node, place);
  reading.open.add(node);
  const whole = isAlias(node)
    ? written(reading, anchored(reading, node, place), path)
    : collection(reading, node, place, path);
  reading.open.delete(node);
  return whole;
}

function anchored(reading: Reading, alias: Alias.Parsed, place: Place): ParsedNode {
  const node = alias.resolve(reading.document);
  if (node === undefined) throw new Unreadable(place, 'an alias without an anchor before it');
  return node as ParsedNode;
}

function refuseEndless(reading: Reading, node: ParsedNode, place: Place, path: Path): void {
  reading.values += 1;
  if (reading.open.has(node)) throw new Unreadable(place, 'an alias of what it stands in');
  if (path.length > DEEPEST) throw new Unreadable(place, TOO_DEEP);
  if (reading.values <= MOST_VALUES) return;
  throw new Unreadable(place, `more than ${MOST_VALUES} values, aliases followed`);
}

function collection(reading: Reading, node: ParsedNode, place: Place, path: Path): Written {
  if (isMap(node)) return { type: 'map', place, entries: entries(reading, node, path) };
  if (!isSeq(node)) return new WrittenScalar(place, 'null', '');
  const items = node.items.map((item, i) => written(reading, item as ParsedNode | null, [...path, i]));
  return { type: 'list', place, items };
}

function entries(reading: Reading, map: YAMLMap, path: Path): Map<string, { place: Place; value: Written }> {
  const found = new Map<string, { place: Place; value: Written }>();
  for (const pair of map.items) {
    const key = pair.key as Scalar.Parsed;
    const name = String(key.value);
    const place = reading.placeAt(key.range[0]);
    const below = [...path, name];
    const wrong = wrongName(name, found.get(name)?.place);
    if (wrong === undefined) {
      found.set(name, { place, value: written(reading, pair.value as ParsedNode | null, below) });
    } else {
      reading.mistakes.push({ place, path: below, text: wrong, column: true });
    }
  }
  return found;
}

function wrongName(name: string, earlier: Place | undefined): string | undefined {
  if (earlier !== undefined) {
    return `this name stands twice${'line' in earlier ? `; the first is in line ${earlier.line}` : ''}`;
  }
  if (name.includes('${')) return 'a name cannot come from the environment, only a value can';
  return name === '__proto__' ? 'not possible as a name' : undefined;
}

function scalar(node: Scalar.Parsed, place: Place): WrittenScalar {
  const { value, source } = node;
  if (value === null || value === undefined) return new WrittenScalar(place, 'null', '');
  const kind: ScalarKind =
    typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text';
  return new WrittenScalar(place, kind, kind === 'number' ? source : String(value));
}
