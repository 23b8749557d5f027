/** Conditions as data: `{ value.type: OrderPlaced, value.channel: { not: [test, demo] } }`. */
import type { z } from 'zod';
import type { EffectCondition, MessageCondition, Test } from '../model.ts';
import { fieldReference } from './fields.ts';
import { list, mapping, mappingOr, oneOrMore, scalar, section } from './pieces.ts';
import { comparable, type Reader, regularExpression } from './values.ts';

const LATER = 'exists gt gte lt lte min max above below between < <= > >='.split(' ');

const EXPECTED = 'a value, a list of values, or a mapping with in, not or matches';

const value = scalar({ ...comparable, expected: EXPECTED });

const equality = oneOrMore(EXPECTED, value).transform((values): Test[] => [{ is: 'in', values }]);

const positive = {
  in: list('a list of values', scalar(comparable)).exactOptional(),
  matches: scalar(regularExpression).exactOptional(),
};

function positiveTests(tests: z.output<z.ZodObject<typeof positive>>): Test[] {
  const found: Test[] = [];
  if (tests.in !== undefined) found.push({ is: 'in', values: tests.in });
  if (tests.matches !== undefined) found.push({ is: 'matches', pattern: tests.matches });
  return found;
}

/** Of several tests inside one `not` it would be open whether one or all must fail. */
const negated = mappingOr(
  section(positive, ['not', ...LATER])
    .transform(positiveTests)
    .refine((tests) => tests.length === 1, 'expected one test, in or matches'),
  equality,
).transform((tests) => tests.map((test): Test => ({ is: 'not', test })));

const tests = mappingOr(
  section({ ...positive, not: negated.exactOptional() }, LATER)
    .transform(({ not = [], ...others }) => [...positiveTests(others), ...not])
    .refine((found) => found.length > 0, 'expected at least one of in, not, matches'),
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
