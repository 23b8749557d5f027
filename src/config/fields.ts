/** References to fields of a message: `value.order.id`, `headers.event-id`, `key`. */
import type { FieldReference } from '../model.ts';
import { nearest } from '../nearest.ts';
import type { Reader } from './values.ts';

const WHOLE = ['key', 'topic', 'partition', 'offset', 'timestamp'] as const;
const ROOTS = ['value', 'headers', ...WHOLE];

/** One step below `value`: `.name`, `[0]` or `["odd name"]`. */
const STEP = /\.([^.[\]"\s]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

export const fieldReference: Reader<FieldReference> = {
  expected: 'a field of the message such as value.order.id, headers.event-id or key',
  read: readReference,
  hint: (text) => {
    const meant = probably(text);
    return meant === undefined ? misuse(text) : `did you mean \`${meant}\`?`;
  },
};

function readReference(text: string): FieldReference | undefined {
  const root = WHOLE.find((name) => name === text);
  if (root !== undefined) return { text, root };
  if (text.startsWith('headers')) {
    const name = headerName(text.slice('headers'.length));
    return name === undefined ? undefined : { text, root: 'headers', name };
  }
  if (!text.startsWith('value')) return undefined;
  const path = valuePath(text.slice('value'.length));
  return path === undefined ? undefined : { text, root: 'value', path };
}

/** Header names may hold dots and dashes: all that follows the first dot is the name. */
function headerName(rest: string): string | undefined {
  if (rest.startsWith('[') && rest.endsWith(']')) return quotedName(rest.slice(1, -1));
  return /^\.[^\s"[\]]+$/.test(rest) ? rest.slice(1) : undefined;
}

/** Steps below a value: `.order.id`, `[0]`, `["odd name"]`; undefined: the text is no such steps. */
export function valuePath(rest: string): (string | number)[] | undefined {
  const path: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < rest.length) {
    const [, name, index, quoted] = STEP.exec(rest) ?? [];
    const step = name ?? (index === undefined ? quotedName(quoted) : Number(index));
    if (step === undefined) return undefined;
    path.push(step);
  }
  return path;
}

/** The text of a JSON string; undefined: it is none. */
function quotedName(quoted: string | undefined): string | undefined {
  try {
    const name: unknown = JSON.parse(quoted ?? '');
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

/** `order.id` was meant as `value.order.id`, `header.id` as `headers.id`. */
function probably(text: string): string | undefined {
  const [, first = '', rest = ''] = /^([^.[]*)(.*)$/s.exec(text) ?? [];
  if (ROOTS.includes(first) || !/^[\p{L}_$@]/u.test(text)) return undefined;
  const root = nearest(first, ROOTS);
  const guesses = root === undefined ? [`value.${text}`] : [root + rest, `value.${text}`];
  return guesses.find((guess) => readReference(guess) !== undefined);
}

function misuse(text: string): string | undefined {
  if (text === 'headers') return 'a header needs its name, such as headers.event-id';
  const below = WHOLE.find((name) => text.startsWith(`${name}.`) || text.startsWith(`${name}[`));
  return below === undefined ? undefined : `only value and headers have fields below them, ${below} has none`;
}
