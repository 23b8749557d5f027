/** The shape of `messages` (DESIGN section 3): every name, what may stand there, and its default. */
import type { AskedOffsets, CaptureFormat, FieldReference, MaxRate } from '../model.ts';
import { messageConditions } from './conditions.ts';
import { fieldReference } from './fields.ts';
import { meaningOf } from './kafka/names.ts';
import { messageKey } from './keys.ts';
import { files, list, mapping, mappingOr, oneOrMore, scalar, section, text } from './pieces.ts';
import {
  anyText,
  byteCount,
  duration,
  moment,
  offsetBound,
  oneOf,
  partition,
  type Reader,
  rate,
  registryUrl,
  someTime,
  texts,
  topicName,
} from './values.ts';

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

/** Times, or one of them. */
export const span = { from: scalar(moment).exactOptional(), to: scalar(moment).exactOptional() };

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

/** What values are, of messages and of effects that are messages. */
export const valueSettings = {
  value: valueFormat,
  envelope: scalar(oneOf(['debezium', 'cloudevents'])).exactOptional(),
  'schema-registry': registry.exactOptional(),
  schema: schemaFile.exactOptional(),
};

export const isolation = scalar(oneOf(['read_committed', 'read_uncommitted'])).default('read_committed');

export const messages = section(
  {
    topic: scalar(topicName),
    kafka: kafka.exactOptional(),
    capture: capture.exactOptional(),
    range: section({ ...span, ...extent }).exactOptional(),
    // DESIGN shows `last` and the others in the place of `range` or inside it: both are understood.
    ...extent,
    partitions: partitions.exactOptional(),
    isolation,
    'on-gap': scalar(oneOf(['report', 'fail'])).default('report'),
    ...valueSettings,
    key: messageKey,
    id: scalar(fieldReference).exactOptional(),
    where: messageConditions.default([]),
    copies: scalar(oneOf(['one-event', 'each-message'])).default('one-event'),
  },
  ['group'],
);
