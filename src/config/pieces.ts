/** What the schema is built from: zod types that take the plain tree and say their mistakes in onceover's words. */
import { z } from 'zod';
import { described, quoted, refusal, TOLD, unknownName } from './mistakes.ts';
import { anyText, type Reader } from './values.ts';
import { isMapping, WrittenScalar } from './written.ts';

/** A single value. */
export function scalar<Value>(reader: Reader<Value>): z.ZodType<Value> {
  return z.unknown().transform((input, context) => {
    const single = input instanceof WrittenScalar && input.kind !== 'null' ? input : undefined;
    const value = single?.unset ? undefined : single && reader.read(single.text, single.kind);
    if (value !== undefined) return value;
    // A hint may quote the text; one that came from the environment stays untold.
    const hint = single?.text === single?.written ? reader.hint?.(single?.text ?? '') : undefined;
    const message = single?.unset ? TOLD : refusal(reader.expected, input, hint);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/**
 * A mapping whose names are known. Unknown ones are mistakes with a suggestion.
 * @param later names that onceover will know one day
 * @param others names that others have for these, in lower case, with what they are called here
 */
export function section<Shape extends z.ZodRawShape>(
  shape: Shape,
  later: readonly string[] = [],
  expected = `a mapping with ${Object.keys(shape).join(', ')}`,
  others: ReadonlyMap<string, string> = new Map(),
): z.ZodType<z.output<z.ZodObject<Shape, z.core.$strict>>> {
  const known = Object.keys(shape);
  const object = z.strictObject(shape, {
    error: (issue) =>
      // One line for each unknown name: `inner` takes them apart.
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((name) => unknownName(name, known, later, others)).join('\n')
        : refusal(expected, issue.input),
  });
  return z.unknown().transform((input, context) => {
    // To zod a scalar of ours would be an object with fields of its own.
    const scalarOrNot = input instanceof WrittenScalar ? described(input) : input;
    return inner(object, scalarOrNot, context, []);
  });
}

/** A mapping whose names are the user's: answers pairs of a name, read, and its value. */
export function mapping<Name, Value>(
  expected: string,
  name: Reader<Name>,
  value: z.ZodType<Value>,
): z.ZodType<(readonly [Name, Value])[]> {
  return z.unknown().transform((input, context) => {
    if (!isMapping(input)) {
      context.addIssue({ code: 'custom', message: refusal(expected, input) });
      return z.NEVER;
    }
    return Object.entries(input).map(([text, entry]) => {
      const named = name.read(text, 'text');
      const message = refusal(name.expected, quoted(text), name.hint?.(text));
      if (named === undefined) context.addIssue({ code: 'custom', path: [text], message });
      return [named as Name, inner(value, entry, context, [text])] as const;
    });
  });
}

/** A list of at least one. */
export function list<Value>(expected: string, item: z.ZodType<Value>): z.ZodType<Value[]> {
  return z
    .array(item, { error: ({ input }) => refusal(expected, input) })
    .min(1, `expected ${expected}; got an empty list`);
}

/** A list of at least one, or a single one without the brackets. */
export function oneOrMore<Value>(expected: string, item: z.ZodType<Value>): z.ZodType<Value[]> {
  const single = item.transform((value) => [value]);
  const several = list(expected, item);
  return shaped((input) => (Array.isArray(input) ? several : single));
}

/** A mapping where it is one, else a single value. */
export function mappingOr<Value>(whole: z.ZodType<Value>, single: z.ZodType<Value>): z.ZodType<Value> {
  return shaped((input) => (isMapping(input) ? whole : single));
}

/** Chooses the schema by a look at the input, so that the mistakes told are those of what was meant. */
function shaped<Value>(choose: (input: unknown) => z.ZodType<Value>): z.ZodType<Value> {
  return z.unknown().transform((input, context) => inner(choose(input), input, context, []));
}

/** The value by another schema; its mistakes become those of this one, at `path` below it. */
function inner<Value>(
  schema: z.ZodType<Value>,
  input: unknown,
  context: z.core.$RefinementCtx,
  path: readonly string[],
): Value {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  for (const { below, text } of result.error.issues.flatMap(oneByOne)) {
    context.addIssue({ code: 'custom', path: [...path, ...below], message: text });
  }
  return z.NEVER;
}

/** One mistake for each unknown name, as for everything else; zod would make it one for all of them, and carry on. */
function oneByOne(issue: z.core.$ZodIssue): { below: PropertyKey[]; text: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ below: issue.path, text: issue.message }];
  const texts = issue.message.split('\n');
  return issue.keys.map((name, i) => ({ below: [...issue.path, name], text: texts[i] ?? '' }));
}

/** Any text that is not empty. */
export function text(expected: string): z.ZodType<string> {
  return scalar({ ...anyText, expected });
}

const FILES = 'a list of files or patterns, such as [/var/log/mail.log*]';

export const files = oneOrMore(FILES, text(FILES));
