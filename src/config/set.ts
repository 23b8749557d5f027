/** Applies `--set path=value`: a value of the command line in the place of the file's. */
import type { Mistake } from './mistakes.ts';
import type { Place, Written } from './written.ts';
import { readYaml } from './yaml.ts';

/** A name, in double quotes where it holds a dot, and the dot behind it. */
const SEGMENT = /(?:"([^"]+)"|([^."]+))(?:\.(?!$)|$)/y;

/**
 * A copy of the tree with one setting replaced; parents that are missing are created. What is wrong is added to
 * `mistakes`, and the tree comes back as it was.
 */
export function withSetting(root: Written, setting: string, mistakes: Mistake[]): Written {
  const equals = setting.indexOf('=');
  const place: Place = { set: equals < 0 ? setting : setting.slice(0, equals + 1) };
  const segments = segmentsOf(setting.slice(0, Math.max(0, equals)));
  if (segments === undefined) {
    mistakes.push({ place, path: [], text: 'expected path=value, such as messages.topic=orders' });
    return root;
  }
  const value = readYaml(setting.slice(equals + 1), place);
  mistakes.push(...value.mistakes.map((mistake) => ({ ...mistake, path: [...segments, ...mistake.path] })));
  return value.root === undefined ? root : withValue(root, segments, value.root, place, mistakes);
}

/** The same, of a value that has been read. */
export function withValue(
  root: Written,
  segments: readonly string[],
  value: Written,
  place: Place,
  mistakes: Mistake[],
): Written {
  try {
    return placed(root, segments, value, place);
  } catch (error) {
    if (!(error instanceof NoParent)) throw error;
    mistakes.push({ place, path: segments, text: error.message });
    return root;
  }
}

class NoParent extends Error {}

function segmentsOf(path: string): string[] | undefined {
  const segments: string[] = [];
  SEGMENT.lastIndex = 0;
  while (SEGMENT.lastIndex < path.length) {
    const found = SEGMENT.exec(path);
    if (found === null) return undefined;
    segments.push(found[1] ?? found[2]!);
  }
  return segments.length > 0 ? segments : undefined;
}

/** @param name the name that `parent` has in its own parent */
function placed(
  parent: Written | undefined,
  segments: readonly string[],
  value: Written,
  place: Place,
  name?: string,
): Written {
  if (segments.length === 0) return value;
  if (parent?.type === 'list') return { ...parent, items: placedItem(parent.items, segments, value, place) };
  if (parent?.type === 'scalar' && parent.kind !== 'null') {
    throw new NoParent(`${name ?? 'the file'} is a single value, and has nothing below it`);
  }
  const entries =
    parent?.type === 'map' ? parent.entries : new Map<string, { place: Place; value: Written }>();
  const length = nameLength(segments, entries, name);
  const own = segments.slice(0, length).join('.');
  const rest = segments.slice(length);
  const old = entries.get(own);
  const within = {
    place: rest.length > 0 ? (old?.place ?? place) : place,
    value: placed(old?.value, rest, value, place, own),
  };
  return {
    type: 'map',
    place: parent?.place ?? place,
    entries: new Map([...entries, [own, within] as const]),
  };
}

/** How many segments are the next name: names may hold dots; those of fields (below `where`) and of Kafka's properties do. */
function nameLength(
  segments: readonly string[],
  entries: ReadonlyMap<string, unknown>,
  parent: string | undefined,
): number {
  for (let length = segments.length; length > 1; length--) {
    if (entries.has(segments.slice(0, length).join('.'))) return length;
  }
  return parent === 'where' || parent === 'properties' ? segments.length : 1;
}

function placedItem(
  items: readonly Written[],
  [position, ...rest]: readonly string[],
  value: Written,
  place: Place,
): readonly Written[] {
  const index = /^\d+$/.test(position ?? '') ? Number(position) : Number.NaN;
  if (!(index <= items.length)) {
    throw new NoParent('this is a list: expected the number of an item, or the whole list');
  }
  return Object.assign([...items], { [index]: placed(items[index], rest, value, place) });
}
