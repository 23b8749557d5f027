/** What stands under the names that a log's settings use: groups of a pattern, paths into JSON lines; and forms of times. */
import { nearNames } from '../nearest.ts';
import { TIME_DIRECTIVES } from '../words.ts';
import { valuePath } from './fields.ts';
import type { Reader } from './values.ts';

/** The named groups of a pattern, which must be a regular expression. */
export function groupsOf(pattern: string): readonly string[] {
  // The empty alternative matches, with every group there under its name.
  return Object.keys(new RegExp(`${pattern}|`, 'u').exec('')?.groups ?? {});
}

/** `order.id`, `items[0].id`, `["odd name"].id`: undefined: it is no path. */
export function fieldPath(name: string): readonly (string | number)[] | undefined {
  const path = valuePath(name.startsWith('[') ? name : `.${name}`);
  return path !== undefined && path.length > 0 ? path : undefined;
}

/** A name that does not stand there, and what may have been meant. */
export function notAmong(name: string, names: readonly string[], what: string): string {
  const [near] = nearNames(name, names);
  const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
  return `${what} ${name} is not there; there are ${names.join(', ') || 'none'}${hint}`;
}

const SHORTHANDS = ['T', 'R', 'F', 'D', '%'];
const YEAR = ['Y', 'y', 's', 'F', 'D'];
const DAY = ['d', 'e', 's', 'F', 'D'];
const HOUR = ['H', 'k', 'I', 'l', 's', 'T', 'R'];

/** Of a time in the words of strptime: what it must hold to be one. */
export const timeForm: Reader<string> = {
  expected: "a form of times in the words of strptime, such as '%d/%b/%Y:%H:%M:%S %z'",
  read: (written) => (complaint(written) === undefined ? written : undefined),
  hint: (written) => complaint(written),
};

function complaint(written: string): string | undefined {
  const letters = [...written.matchAll(/%(.?)/gsu)].map(([, letter = '']) => letter);
  const known: readonly string[] = [...TIME_DIRECTIVES, ...SHORTHANDS];
  const unknown = letters.find((letter) => !known.includes(letter));
  if (unknown !== undefined) return `%${unknown} is not known`;
  const has = (some: readonly string[]) => letters.some((letter) => some.includes(letter));
  if (!has(DAY)) return 'it says no day: %d';
  if (!has(HOUR)) return 'it says no hour: %H';
  if (has(['I', 'l']) && !has(['p'])) return 'hours to 12 (%I) need %p';
  return has(['z', 'Z']) && !has(YEAR) ? 'with a zone it needs a year, too: %Y' : undefined;
}
