/** The shape of `onceover.yaml` (DESIGN section 3): every name, what may stand there, and its default. */
import type { z } from 'zod';
import { UNBOUNDED } from '../columns.ts';
import type {
  AskedOffsets,
  CaptureFormat,
  DatabaseSettings,
  EffectKeyPart,
  EpochUnit,
  Expectation,
  FieldReference,
  KeyRule,
  MaxRate,
  MessageKeyPart,
} from '../model.ts';
import { effectConditions, messageConditions } from './conditions.ts';
import { fieldReference } from './fields.ts';
import { meaningOf } from './kafka/names.ts';
import { timeForm } from './logs.ts';
import { list, mapping, mappingOr, oneOrMore, scalar, section } from './pieces.ts';
import {
  anyText,
  byteCount,
  configurationName,
  duration,
  effectCount,
  headerName,
  kindName,
  moment,
  mysqlUrl,
  offsetBound,
  oneOf,
  partition,
  postgresUrl,
  type Reader,
  rate,
  registryUrl,
  regularExpression,
  share,
  size,
  texts,
  topicName,
  trueOrFalse,
  zone,
} from './values.ts';

const FILES = 'a list of files or patterns, such as [/var/log/mail.log*]';
const files = oneOrMore(FILES, scalar({ ...anyText, expected: FILES }));

const text = (expected: string) => scalar({ ...anyText, expected });

// ------------------------------------------------------------------------------------------------ keys

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

// ------------------------------------------------------------------------------------------------ messages

const BROKERS = 'brokers such as broker-1:9092,broker-2:9092, or a list of them';

const PROPERTIES = "Kafka's client properties, such as { security.protocol: SASL_SSL }";

const RATE = 'a rate such as 20MB/s or 5000 messages/s, or a list of both';

const maxRate = oneOrMore(RATE, scalar(rate))
  .refine(
    (rates) => rates.length === new Set(rates.flatMap(Object.keys)).size,
    'expected at most one rate in bytes and one in messages',
  )
  .transform((rates): MaxRate => Object.assign({}, ...rates));

/** What the texts must be, and what they are together with those of other places: `kafka/connection.ts`. */
const kafka = section({
  bootstrap: oneOrMore(BROKERS, text(BROKERS)).exactOptional(),
  clientId: text('a client id').exactOptional(),
  'client-id': text('a client id').exactOptional(),
  'command-config': text('a file of client properties, such as client.properties').exactOptional(),
  'max-rate': maxRate.exactOptional(),
  'fetch-memory': scalar(byteCount).exactOptional(),
  patience: scalar(duration).exactOptional(),
  properties: mapping(PROPERTIES, anyText, scalar(texts('a text', /^/))).exactOptional(),
})
  .refine(
    (names) => names.clientId === undefined || names['client-id'] === undefined,
    'expected only one of clientId and client-id',
  )
  .refine(
    ({ bootstrap, properties = [] }) =>
      bootstrap === undefined || properties.every(([name]) => meaningOf(name) !== 'bootstrap.servers'),
    'expected only one of bootstrap and the property bootstrap.servers',
  );

/** A field of the value, for the time of messages that carry none. */
const fieldOfValue: Reader<FieldReference> = {
  ...fieldReference,
  expected: 'a field of the value such as value.placedAt',
  read(written, kind) {
    const field = fieldReference.read(written, kind);
    return field?.root === 'value' ? field : undefined;
  },
};

/** Files, or what they are as well. */
const capture = mappingOr<{ files: string[]; format?: CaptureFormat; timestamp?: FieldReference }>(
  section({
    files,
    format: scalar(oneOf(['kcat', 'connect-json', 'avro', 'onceover'])).exactOptional(),
    timestamp: scalar(fieldOfValue).exactOptional(),
  }),
  files.transform((all) => ({ files: all })),
);

const EACH_ONCE = 'expected each partition once';

const OFFSETS =
  'the first offset and the end, such as [100, 2000] or [-1000, end], or -1000 for the last 1000';

/** A single number is the last so many: one that is not negative might as well be meant as that one offset. */
const askedOffsets = oneOrMore(OFFSETS, scalar(offsetBound))
  .refine(
    ([first, end = 'end', ...more]) => first !== 'end' && end !== 'start' && more.length === 0,
    `expected ${OFFSETS}`,
  )
  .refine((bounds) => bounds.length === 2 || Number(bounds[0]) < 0, `expected ${OFFSETS}`)
  .transform((bounds): AskedOffsets => {
    const [first, end] = bounds.map((bound) => (typeof bound === 'number' ? bound : undefined));
    return [first, end];
  })
  .refine(
    ([first = 0, end = first]) => first < 0 !== end < 0 || first <= end,
    'expected the first offset to be at most the end',
  );

/** Per partition the first offset and the end, exclusive. */
export const offsets = mapping('offsets per partition, such as { 0: [100, 2000] }', partition, askedOffsets)
  .refine((all) => all.length > 0, 'expected at least one partition, such as { 0: [100, 2000] }')
  // 0 and 00 are two names, but one partition.
  .refine((all) => new Set(all.map(([one]) => one)).size === all.length, EACH_ONCE);

const span = { from: scalar(moment).exactOptional(), to: scalar(moment).exactOptional() };

const someTime: Reader<number> = {
  ...duration,
  expected: 'a duration above zero, such as 24h',
  read: (written, kind) => duration.read(written, kind) || undefined,
};

const extent = {
  last: scalar(someTime).exactOptional(),
  offsets: offsets.exactOptional(),
  padding: scalar(duration).exactOptional(),
};

export const partitions = list('a list of partitions, such as [0, 1, 2]', scalar(partition)).refine(
  (all) => new Set(all).size === all.length,
  EACH_ONCE,
);

const registry = section({
  url: scalar(registryUrl),
  username: text('a user name').exactOptional(),
  password: text('a password').exactOptional(),
  token: text('a token').exactOptional(),
})
  .refine(
    ({ username, password }) => (username === undefined) === (password === undefined),
    'expected username and password together',
  )
  .refine(
    ({ username, token }) => username === undefined || token === undefined,
    'expected a username or a token, not both',
  );

const SCHEMA_FILE = 'a schema file such as order.avsc, or { file, message }';

const schemaFile = mappingOr<{ file: string; message?: string }>(
  section({ file: text('a schema file'), message: text('the full name of a message').exactOptional() }),
  text(SCHEMA_FILE).transform((file) => ({ file })),
);

export const valueFormat = scalar(
  oneOf(['json', 'string', 'bytes', 'avro', 'protobuf', 'json-schema']),
).default('json');

const messages = section(
  {
    topic: scalar(topicName),
    kafka: kafka.exactOptional(),
    capture: capture.exactOptional(),
    range: section({ ...span, ...extent }).exactOptional(),
    // DESIGN shows `last` and the others in the place of `range` or inside it: both are understood.
    ...extent,
    partitions: partitions.exactOptional(),
    isolation: scalar(oneOf(['read_committed', 'read_uncommitted'])).default('read_committed'),
    'on-gap': scalar(oneOf(['report', 'fail'])).default('report'),
    value: valueFormat,
    envelope: scalar(oneOf(['debezium', 'cloudevents'])).exactOptional(),
    'schema-registry': registry.exactOptional(),
    schema: schemaFile.exactOptional(),
    key: messageKey,
    id: scalar(fieldReference).exactOptional(),
    where: messageConditions.default([]),
    copies: scalar(oneOf(['one-event', 'each-message'])).default('one-event'),
  },
  ['group'],
);

// ------------------------------------------------------------------------------------------------ effects

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
    isolation: scalar(oneOf(['read_committed', 'read_uncommitted'])).default('read_committed'),
    value: valueFormat,
    envelope: scalar(oneOf(['debezium', 'cloudevents'])).exactOptional(),
    'schema-registry': registry.exactOptional(),
    schema: schemaFile.exactOptional(),
    key: messageKey,
    id: scalar(fieldReference).exactOptional(),
    only: messageConditions.default([]),
    covers: source.covers,
  },
  ['bootstrap', 'command-config', 'properties', 'at'],
);

/** What a kind takes its effects from: at least one of these (rules.ts), each once or as a list. */
export const SOURCES = ['postgres', 'mysql', 'log', 'email', 'kafka'] as const;
export const SOURCES_LATER: readonly string[] = [];

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

const kind = section(
  {
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
  },
  SOURCES_LATER,
);

const KINDS = 'at least one effect kind, such as order-row: { postgres: … }';

// ------------------------------------------------------------------------------------------------ all of it

const effects = mapping(KINDS, kindName, kind).refine((kinds) => kinds.length > 0, `expected ${KINDS}`);

function configurationWith<Effects extends z.ZodType>(kinds: Effects) {
  return section({
    version: scalar(texts('1', /^1$/)),
    name: scalar(configurationName).exactOptional(),
    messages,
    effects: kinds,
    report: section(
      { directory: text('a directory').default('reports'), ledger: scalar(trueOrFalse).default(false) },
      ['redact', 'include'],
    ).exactOptional(),
    memory: scalar(size).default('2GB'),
  });
}

export const configuration = configurationWith(effects);

/** Where only messages are read: the same, but for effects that need not be there. */
export const readingConfiguration = configurationWith(effects.default([]));

export type Configuration = z.output<typeof configuration>;
