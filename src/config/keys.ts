/** How correlation keys are written: of messages, and of each sort of effect. */
import type { z } from 'zod';
import type { EffectKeyPart, KeyRule, MessageKeyPart } from '../model.ts';
import { fieldReference } from './fields.ts';
import { mappingOr, oneOrMore, scalar, section, text } from './pieces.ts';
import { headerName, oneOf, type Reader, regularExpression } from './values.ts';

/** What turns the text of a key part into the key, in messages and effects alike. */
const rule = {
  match: scalar(regularExpression).exactOptional(),
  case: scalar(oneOf(['fold'])).exactOptional(),
  as: scalar(oneOf(['number'])).exactOptional(),
};

type Rule = z.output<z.ZodObject<typeof rule>>;

function keyRule({ match, case: letters, as }: Rule): KeyRule {
  return {
    ...(match === undefined ? {} : { match }),
    fold: letters === 'fold',
    ...(as === undefined ? {} : { as }),
  };
}

const FIELD_KEY = 'a field such as value.order.id, { from, match, case, as }, or a list of these';
const keyField = { ...fieldReference, expected: FIELD_KEY };

/** The correlation key of a message. */
export const messageKey: z.ZodType<MessageKeyPart[]> = oneOrMore(
  FIELD_KEY,
  mappingOr<MessageKeyPart>(
    section({ from: scalar(fieldReference), ...rule }).transform(({ from, ...how }) => ({
      field: from,
      ...keyRule(how),
    })),
    scalar(keyField).transform((field) => ({ field, fold: false })),
  ),
);

const COLUMN_KEY = 'a column such as order_id, { from, match, case, as }, or a list of these';

/** The key of a row, of a database or of a dump. */
export const columnKey: z.ZodType<EffectKeyPart[]> = oneOrMore(
  COLUMN_KEY,
  mappingOr<EffectKeyPart>(
    section({ from: text('a column'), ...rule }).transform(({ from, ...how }) => ({
      name: from,
      ...keyRule(how),
    })),
    text(COLUMN_KEY).transform((name) => ({ name, fold: false })),
  ),
);

const DATABASE_KEY = 'a column such as order_id, { from, path, match, case, as }, or a list of these';

/** Names and indexes as in a reference, from the column on. */
const jsonPath: Reader<readonly (string | number)[]> = {
  expected: "where in the column's JSON the key is, such as order.id or items[0].id",
  read(written, kind) {
    const field = fieldReference.read(`value${written.startsWith('[') ? '' : '.'}${written}`, kind);
    return field?.root === 'value' && field.path.length > 0 ? field.path : undefined;
  },
};

/** The key of a row of a database: a column, or what lies at a path in the JSON of a column. */
export const databaseKey: z.ZodType<EffectKeyPart[]> = oneOrMore(
  DATABASE_KEY,
  mappingOr<EffectKeyPart>(
    section({ from: text('a column'), path: scalar(jsonPath).exactOptional(), ...rule }).transform(
      ({ from, path, ...how }) => ({
        name: from,
        ...(path === undefined ? {} : { path }),
        ...keyRule(how),
      }),
    ),
    text(DATABASE_KEY).transform((name) => ({ name, fold: false })),
  ),
);

const HEADER_KEY = 'a header such as { header: X-Order-Id }, or a list of these';

/** The key of an email: a header that a line of the log shows. */
export const emailKey: z.ZodType<EffectKeyPart[]> = oneOrMore(
  HEADER_KEY,
  section({ header: scalar(headerName), ...rule }, [], HEADER_KEY).transform(({ header, ...how }) => ({
    name: header,
    ...keyRule(how),
  })),
);
