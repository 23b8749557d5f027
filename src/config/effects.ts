/** The shape of `effects` (DESIGN section 3): kinds, their sources, and what is expected of them. */
import type { z } from 'zod';
import { UNBOUNDED } from '../columns.ts';
import type { DatabaseSettings, EffectKeyPart, EpochUnit, Expectation } from '../model.ts';
import { effectConditions, messageConditions } from './conditions.ts';
import { fieldReference } from './fields.ts';
import { columnKey, databaseKey, emailKey, messageKey } from './keys.ts';
import { timeForm } from './logs.ts';
import { isolation, span, valueSettings } from './messages.ts';
import { files, mapping, mappingOr, oneOrMore, scalar, section, text } from './pieces.ts';
import {
  anyText,
  duration,
  effectCount,
  kindName,
  mysqlUrl,
  oneOf,
  postgresUrl,
  type Reader,
  regularExpression,
  share,
  someTime,
  topicName,
  zone,
} from './values.ts';

const source = {
  zone: scalar(zone).exactOptional(),
  covers: section(span)
    .refine(({ from, to }) => from !== undefined || to !== undefined, 'expected from, to or both')
    .refine(({ from = 0, to = from }) => from <= to, 'expected from to be at most to')
    .exactOptional(),
};

const gap = scalar(duration).default(3_600_000);

const rows = {
  id: text('the column that identifies an effect').exactOptional(),
  at: text('the column of the time').exactOptional(),
  only: effectConditions({ ...anyText, expected: 'the name of a column' }).default([]),
  ...source,
};

const epoch = mappingOr<{ at: string; unit?: EpochUnit }>(
  section({ from: text('a column'), unit: scalar(oneOf(['s', 'ms', 'us'])) }).transform(({ from, unit }) => ({
    at: from,
    unit,
  })),
  text('the column of the time, or { from, unit } where it holds numbers').transform((at) => ({ at })),
);

/** A semicolon would end the SELECT that this one becomes a part of. */
const query: Reader<string> = {
  expected: 'one SELECT',
  read: (written) => (/\S/.test(written) && !/;\s*$/.test(written) ? written.trim() : undefined),
  hint: (written) => (/;\s*$/.test(written) ? 'leave out the semicolon at its end' : undefined),
};

const coordinates = section({
  topic: text('the column of the topic').exactOptional(),
  partition: text('the column of the partition'),
  offset: text('the column of the offset'),
});

/** Rows of one database: of a table, or of what a query answers. */
function databaseRows(url: Reader<string>): z.ZodType<DatabaseSettings & { readonly url?: string }> {
  return section({
    url: scalar(url).exactOptional(),
    table: text('a table such as public.orders').exactOptional(),
    query: scalar(query).exactOptional(),
    key: databaseKey.exactOptional(),
    coordinates: coordinates.exactOptional(),
    ...rows,
    at: epoch.exactOptional(),
    timeout: scalar(someTime).default(1_800_000),
  })
    .refine(
      ({ table, query: own }) => (table === undefined) !== (own === undefined),
      'expected exactly one of table and query',
    )
    .refine(
      ({ key, coordinates: own }) => (key === undefined) !== (own === undefined),
      'expected exactly one of key and coordinates',
    )
    .refine(
      ({ query: own, id }) => own === undefined || id !== undefined,
      'expected id, too: the column that tells the rows of the query apart',
    )
    .transform(({ at = {}, key, ...all }) => ({ ...all, ...at, key: key ?? coordinateKey(all.coordinates) }));
}

function coordinateKey({ partition = '', offset = '' } = {}): EffectKeyPart[] {
  return [partition, offset].map((name) => ({ name, fold: false }));
}

const postgres = databaseRows(postgresUrl);
const mysql = databaseRows(mysqlUrl);

const LOG_TIME = 'where the time is, or { from, unit } or { from, format }';

/** A name, and how the time is written under it. */
const logTime = mappingOr<{ at: string; unit?: EpochUnit; timeFormat?: string }>(
  section({
    from: text('where the time is'),
    unit: scalar(oneOf(['s', 'ms', 'us'])).exactOptional(),
    format: scalar(timeForm).exactOptional(),
  })
    .refine(
      ({ unit, format }) => unit === undefined || format === undefined,
      'expected only one of unit and format',
    )
    .transform(({ from, format, ...how }) => ({
      at: from,
      ...how,
      ...(format === undefined ? {} : { timeFormat: format }),
    })),
  text(LOG_TIME).transform((at) => ({ at })),
);

export const logFormat = oneOf(['csv', 'tsv', 'json', 'text'], ['syslog', 'parquet']);

const log = section({
  files,
  format: scalar(logFormat),
  pattern: scalar(regularExpression).exactOptional(),
  ...rows,
  key: columnKey.exactOptional(),
  coordinates: coordinates.exactOptional(),
  at: logTime.exactOptional(),
  gap,
});

const MAILERS =
  'exim sendmail opensmtpd ses sendgrid mailgun postmark mandrill sparkpost resend brevo microsoft365';

const email = section({
  files,
  format: scalar(oneOf(['postfix'], MAILERS.split(' '))),
  key: emailKey,
  only: effectConditions(oneOf(['from', 'recipient', 'subject'], ['tag']))
    .refine(
      (all) => all.every(({ name, test }) => name === 'subject' || test.is !== 'exists'),
      'every email has a sender and a recipient: only of the subject it can be asked whether it exists',
    )
    .default([]),
  ...source,
  gap,
  counts: scalar(oneOf(['accepted', 'delivered'])).default('accepted'),
});

/** What was produced to another topic of the cluster that the messages are on. */
const topicEffects = section(
  {
    topic: scalar(topicName),
    isolation,
    ...valueSettings,
    key: messageKey,
    id: scalar(fieldReference).exactOptional(),
    only: messageConditions.default([]),
    covers: source.covers,
  },
  ['bootstrap', 'command-config', 'properties', 'at'],
);

/** What a kind takes its effects from: at least one of these (rules.ts), each once or as a list. */
export const SOURCES = ['postgres', 'mysql', 'log', 'email', 'kafka'] as const;

const ENTRIES = 'a source, or a list of several';

const EXPECTATION = 'a number, { min, max } or a field such as value.items';

const expectation: Reader<Expectation> = {
  expected: EXPECTATION,
  read(written, kind) {
    const count = effectCount.read(written, kind);
    if (count !== undefined) return { by: 'number', min: count, max: count };
    const field = fieldReference.read(written, kind);
    return field === undefined ? undefined : { by: 'field', field };
  },
  hint: (written) => (/^\p{L}.*\./u.test(written) ? fieldReference.hint?.(written) : undefined),
};

const bounds = section({ min: scalar(effectCount).exactOptional(), max: scalar(effectCount).exactOptional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected min, max or both')
  .refine(({ min = 0, max = UNBOUNDED }) => min <= max, 'expected min to be at most max')
  .transform(({ min = 0, max = UNBOUNDED }): Expectation => ({ by: 'number', min, max }));

/** Milliseconds. */
export const DEFAULT_WINDOW = { settle: 600_000, lead: 120_000 } as const;

const kind = section({
  postgres: oneOrMore(ENTRIES, postgres).exactOptional(),
  mysql: oneOrMore(ENTRIES, mysql).exactOptional(),
  log: oneOrMore(ENTRIES, log).exactOptional(),
  email: oneOrMore(ENTRIES, email).exactOptional(),
  kafka: oneOrMore(ENTRIES, topicEffects).exactOptional(),
  expect: mappingOr(bounds, scalar(expectation)).default({ by: 'number', min: 1, max: 1 }),
  where: messageConditions.default([]),
  settle: scalar(duration).default(DEFAULT_WINDOW.settle),
  lead: scalar(duration).default(DEFAULT_WINDOW.lead),
  after: scalar(duration).default(86_400_000),
  'max-keyless': scalar(share).default(0.05),
  orphans: scalar(oneOf(['finding', 'note'])).default('finding'),
});

const KINDS = 'at least one effect kind, such as order-row: { postgres: … }';

export const effects = mapping(KINDS, kindName, kind).refine(
  (kinds) => kinds.length > 0,
  `expected ${KINDS}`,
);
