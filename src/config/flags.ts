/** The flags that stand for settings: each goes where the file would have it, and beats what stands there. */
import type { Mistake } from './mistakes.ts';
import { withValue } from './set.ts';
import { type Path, type Place, type Written, WrittenScalar, writtenAt } from './written.ts';

/** As typed on the command line; undefined: not given. */
export interface SettingFlags {
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
  /** `0:100..2000,1:-1000..`: partition, first offset, end; either bound may be left out. */
  readonly offsets?: string;
  /** `0,1` */
  readonly partitions?: string;
  readonly isolation?: string;
  readonly onGap?: string;
  readonly maxRate?: readonly string[];
  /** Absolute paths or patterns of files, to read in place of Kafka. */
  readonly capture?: readonly string[];
}

const RANGE: Path = ['messages', 'range'];
const CAPTURE: Path = ['messages', 'capture'];

/** Where the file may say which part of the topic is meant, by way; `partitions` say nothing beside offsets. */
const WAYS: Readonly<Record<'time' | 'last' | 'offsets', readonly Path[]>> = {
  time: [
    ['messages', 'range', 'from'],
    ['messages', 'range', 'to'],
  ],
  last: [
    ['messages', 'range', 'last'],
    ['messages', 'last'],
  ],
  offsets: [
    ['messages', 'range', 'offsets'],
    ['messages', 'offsets'],
  ],
};

/** A copy of the tree with the flags in their places. What is wrong is added to `mistakes`. */
export function withFlags(root: Written, flags: SettingFlags, mistakes: Mistake[]): Written {
  const set = (before: Written, flag: string, path: Path, value: Written | undefined) =>
    value === undefined ? before : withValue(before, path.map(String), value, { flag }, mistakes);
  const { from, to, last, offsets, partitions, isolation, onGap, maxRate, capture } = flags;
  let tree = withoutOtherWays(root, flags, mistakes);
  if (capture !== undefined) {
    // The file says how Kafka is reached, for the day on which the capture was taken.
    tree = without(without(tree, ['messages', 'kafka']), CAPTURE);
    tree = set(tree, 'capture', CAPTURE, listOf(capture, 'capture'));
  }
  tree = set(tree, 'from', [...RANGE, 'from'], text(from, 'from'));
  tree = set(tree, 'to', [...RANGE, 'to'], text(to, 'to'));
  tree = set(tree, 'last', [...RANGE, 'last'], text(last, 'last'));
  tree = set(tree, 'offsets', [...RANGE, 'offsets'], offsetsOf(offsets, mistakes));
  tree = set(tree, 'partitions', ['messages', 'partitions'], listOf(partitions?.split(','), 'partitions'));
  tree = set(tree, 'isolation', ['messages', 'isolation'], text(isolation, 'isolation'));
  tree = set(tree, 'on-gap', ['messages', 'on-gap'], text(onGap, 'on-gap'));
  if (maxRate === undefined) return tree;
  if (writtenAt(tree, ['messages', 'kafka'])?.type === 'map') {
    return set(tree, 'max-rate', ['messages', 'kafka', 'max-rate'], listOf(maxRate, 'max-rate'));
  }
  mistakes.push({ place: { flag: 'max-rate' }, path: [], text: 'only messages from Kafka have a rate' });
  return tree;
}

/** One way to say the range takes the place of all others. A `from` alone leaves the file its `to`. */
function withoutOtherWays(root: Written, flags: SettingFlags, mistakes: Mistake[]): Written {
  const { from, to, last, offsets, partitions } = flags;
  const given: (keyof typeof WAYS)[] = [];
  if (from !== undefined || to !== undefined) given.push('time');
  if (last !== undefined) given.push('last');
  if (offsets !== undefined) given.push('offsets');
  if (given.length > 1) {
    const expected = 'expected only one of --from and --to, --last, --offsets';
    mistakes.push({ place: { flag: given.at(-1)! }, path: [], text: expected });
  }
  if (given.length === 0) return root;
  const others = Object.entries(WAYS).flatMap(([way, paths]) =>
    way === 'time' && given[0] === way ? [] : paths,
  );
  const lists: Path[] = offsets !== undefined && partitions === undefined ? [['messages', 'partitions']] : [];
  return [...others, ...lists].reduce(without, root);
}

function without(written: Written, [name, ...below]: Path): Written {
  if (written.type !== 'map' || name === undefined) return written;
  const entries = new Map(written.entries);
  const entry = entries.get(String(name));
  if (entry === undefined) return written;
  if (below.length === 0) entries.delete(String(name));
  else entries.set(String(name), { ...entry, value: without(entry.value, below) });
  return { ...written, entries };
}

const OFFSETS =
  'expected partition:first..end, such as 0:100..2000, 0:-1000.. or several with commas between';

function offsetsOf(flag: string | undefined, mistakes: Mistake[]): Written | undefined {
  if (flag === undefined) return undefined;
  const place: Place = { flag: 'offsets' };
  const entries = new Map<string, { place: Place; value: Written }>();
  for (const part of flag.split(',')) {
    const [, partition, first, end] = /^ *(\d+):([^.]*)\.\.([^.]*?) *$/.exec(part) ?? [];
    if (partition === undefined) {
      mistakes.push({ place, path: [], text: `${OFFSETS}${correction(part)}` });
      return undefined;
    }
    if (entries.has(partition)) mistakes.push({ place, path: [], text: 'expected each partition once' });
    entries.set(partition, { place, value: listOf([first || 'start', end || 'end'], 'offsets')! });
  }
  return { type: 'map', place, entries };
}

/** One offset is the first of what is asked for, as it is in the file. */
function correction(part: string): string {
  return /^ *\d+:-?\d+ *$/.test(part) ? `; write ${part.trim()}..` : '';
}

function text(value: string | undefined, flag: string): Written | undefined {
  return value === undefined ? undefined : new WrittenScalar({ flag }, 'text', value);
}

function listOf(values: readonly string[] | undefined, flag: string): Written | undefined {
  if (values === undefined) return undefined;
  return { type: 'list', place: { flag }, items: values.map((value) => text(value.trim(), flag)!) };
}
