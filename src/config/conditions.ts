/** Conditions as data: `{ value.type: OrderPlaced, value.channel: { not: [test, demo] } }`. */
import type { z } from 'zod';
import type { Comparison, EffectCondition, MessageCondition, Test, TextTest } from '../model.ts';
import { fieldReference } from './fields.ts';
import { list, mapping, mappingOr, oneOrMore, scalar, section } from './pieces.ts';
import { comparable, number, type Reader, regularExpression, trueOrFalse } from './values.ts';

const NAMES = 'in, matches, gt, gte, lt, lte';

/** What others call the tests. */
const OTHERS = new Map(
  Object.entries({
    '>': '`gt`',
    '>=': '`gte`',
    '<': '`lt`',
    '<=': '`lte`',
    min: '`gte`',
    max: '`lte`',
    above: '`gt`',
    below: '`lt`',
    over: '`gt`',
    under: '`lt`',
    between: '`gte` and `lte`',
    '=': '`in`',
    '==': '`in`',
    eq: '`in`',
    equals: '`in`',
    '!=': '`not`',
    ne: '`not`',
    regex: '`matches`',
    pattern: '`matches`',
    present: '`exists: true`',
    absent: '`exists: false`',
    missing: '`exists: false`',
    null: '`exists: false`',
  }),
);

const EXPECTED = `a value, a list of values, or a mapping with ${NAMES}, exists or not`;

const value = scalar({ ...comparable, expected: EXPECTED });

const equality = oneOrMore(EXPECTED, value).transform((values): TextTest[] => [{ is: 'in', values }]);

const COMPARISONS = ['gt', 'gte', 'lt', 'lte'] as const;

const positive = {
  in: list('a list of values', scalar(comparable)).exactOptional(),
  matches: scalar(regularExpression).exactOptional(),
  gt: scalar(number).exactOptional(),
  gte: scalar(number).exactOptional(),
  lt: scalar(number).exactOptional(),
  lte: scalar(number).exactOptional(),
};

function positiveTests(tests: z.output<z.ZodObject<typeof positive>>): TextTest[] {
  const found: TextTest[] = [];
  if (tests.in !== undefined) found.push({ is: 'in', values: tests.in });
  if (tests.matches !== undefined) found.push({ is: 'matches', pattern: tests.matches });
  for (const is of COMPARISONS) {
    const bound = tests[is];
    if (bound !== undefined) found.push({ is, number: bound });
  }
  return found;
}

/** Whether some number may lie within the bounds. Doubles will do: rounding never turns an order round. */
function boundsMeet({ gt, gte, lt, lte }: Partial<Record<Comparison['is'], string>>): boolean {
  const lower = [gt, gte].map((bound) => Number(bound ?? -Infinity));
  const upper = [lt, lte].map((bound) => Number(bound ?? Infinity));
  return Math.max(...lower) <= Math.min(...upper);
}

/** `exists` has two values already, and one way to say a thing is enough. */
const OTHERS_IN_NOT = new Map([
  ...OTHERS,
  ['exists', '`exists: true` or `exists: false`, without `not`'],
  ['not', 'the test itself, without `not` twice'],
]);

/** Of several tests inside one `not` it would be open whether one or all must fail. */
const negated = mappingOr(
  section(positive, [], undefined, OTHERS_IN_NOT)
    .transform(positiveTests)
    .refine((tests) => tests.length === 1, `expected one test: one of ${NAMES}`),
  equality,
).transform((tests) => tests.map((test): TextTest => ({ is: 'not', test })));

const tests = mappingOr<Test[]>(
  section(
    { ...positive, exists: scalar(trueOrFalse).exactOptional(), not: negated.exactOptional() },
    [],
    undefined,
    OTHERS,
  )
    .refine(boundsMeet, 'expected bounds that some number lies within')
    .transform(({ not = [], exists, ...others }): Test[] => [
      ...positiveTests(others),
      ...(exists === undefined ? [] : [{ is: 'exists' as const, exists }]),
      ...not,
    ])
    .refine((found) => found.length > 0, `expected at least one of ${NAMES}, exists, not`)
    .refine(
      (found) => found.length === 1 || !found.some((test) => test.is === 'exists' && !test.exists),
      'expected `exists: false` alone: what is absent passes no other test',
    ),
  equality,
);

/** Each name with each of its tests: all are required. */
function conditions<Name>(expected: string, name: Reader<Name>) {
  return mapping(expected, name, tests).transform((found) =>
    found.flatMap(([of, all]) => all.map((test) => [of, test] as const)),
  );
}

export const messageConditions: z.ZodType<MessageCondition[]> = conditions(
  'conditions on the message, such as { value.type: OrderPlaced }',
  fieldReference,
).transform((found) => found.map(([field, test]) => ({ field, test })));

/** @param name which names effects of this source have */
export function effectConditions(name: Reader<string>): z.ZodType<EffectCondition[]> {
  return conditions('conditions on the effect, such as { channel: { not: test } }', name).transform((found) =>
    found.map(([of, test]) => ({ name: of, test })),
  );
}
