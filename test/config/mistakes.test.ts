import { describe, expect, it } from 'vitest';
import { mistakes, refused, SMALLEST, smallest } from './configurations.ts';

/** The smallest configuration with a line of its own for one setting more of the messages (the 4th line). */
const messages = (line: string) => smallest({ line: 4, to: `  ${line}\n  kafka: { bootstrap: "b:9092" }` });
/** … and of the kind order-row (the 9th line). */
const kind = (line: string) => smallest({ add: `    ${line}` });
/** … with another source for order-row (the 8th line). */
const source = (line: string) => smallest({ line: 8, to: `    ${line}` });
const email = (more: string) =>
  source(`email: { files: [m], format: postfix, key: { header: X-Id }, ${more} }`);
const rows = (more: string) => source(`postgres: { table: orders, key: id, ${more} }`);

describe('every mistake is told with its line, its path and what was expected', () => {
  it.each<[string, string, string]>([
    ['another version', smallest({ line: 1, to: 'version: 2' }), '1 version: expected 1; got 2'],
    ['no version', smallest({ line: 1, to: '' }), '2 version: missing; expected 1'],
    ['an unsafe name', `${SMALLEST}name: ../orders`, '9 name: expected a name of at most 100 letters'],
    [
      'a section without content',
      `${SMALLEST}report:`,
      '9 report: expected a mapping with directory, ledger; got nothing',
    ],
    ['a size without unit', `${SMALLEST}memory: 2`, '9 memory: expected a size with its unit, such as 2GB'],
    [
      'no boolean',
      `${SMALLEST}report: { ledger: yes }`,
      '9 report.ledger: expected true or false; got "yes"',
    ],

    ['no topic', smallest({ line: 3, to: '' }), '2 messages.topic: missing; expected the name of one topic'],
    [
      'a list of topics',
      smallest({ line: 3, to: '  topic: [a, b]' }),
      '3 messages.topic: expected the name of one topic: at most 249 letters, digits, dots, dashes and underscores; got a list',
    ],
    [
      'a broker without port',
      smallest({ line: 4, to: '  kafka: { bootstrap: broker-1 }' }),
      '4 messages.kafka.bootstrap: expected brokers such as broker-1:9092,broker-2:9092, or a list of them; got "broker-1"',
    ],
    [
      'two client ids',
      smallest({ line: 4, to: '  kafka: { bootstrap: "b:1", clientId: a, client-id: b }' }),
      '4 messages.kafka: expected only one of clientId and client-id',
    ],
    [
      'no source of messages',
      smallest({ line: 4, to: '' }),
      '2 messages: expected exactly one of kafka, capture; got none',
    ],
    [
      'two sources of messages',
      messages('capture: [a.jsonl]'),
      '2 messages: expected exactly one of kafka, capture; got kafka and capture',
    ],
    [
      'no key',
      smallest({ line: 5, to: '' }),
      '2 messages.key: missing; expected a field such as value.order.id',
    ],
    [
      'a key that is no field',
      smallest({ line: 5, to: '  key: order.id' }),
      '5 messages.key: expected a field such as value.order.id, { from, match, case, as }, or a list of these; got "order.id"; did you mean `value.order.id`?',
    ],
    [
      'an empty composite key',
      smallest({ line: 5, to: '  key: []' }),
      '5 messages.key: expected a field such as value.order.id, { from, match, case, as }, or a list of these; got an empty list',
    ],
    [
      'a broken pattern of a key',
      smallest({ line: 5, to: "  key: { from: key, match: 'ORD-(\\d+' }" }),
      '5 messages.key.match: expected a regular expression of JavaScript (flag u); got "ORD-(\\d+"; Unterminated group',
    ],
    [
      'another case',
      smallest({ line: 5, to: '  key: { from: key, case: lower }' }),
      '5 messages.key.case: expected fold; got "lower"',
    ],
    [
      'an id that is no field',
      messages('id: header.event-id'),
      '4 messages.id: expected a field of the message such as value.order.id, headers.event-id or key; got "header.event-id"; did you mean `headers.event-id`?',
    ],
    [
      'another isolation',
      messages('isolation: read_commited'),
      '4 messages.isolation: expected read_committed or read_uncommitted; got "read_commited"; did you mean `read_committed`?',
    ],

    [
      'a time without zone',
      messages('range: { from: 2025-11-22T00:00:00 }'),
      '4 messages.range.from: expected a time with its zone, such as 2026-11-22T00:00:00Z; got "2025-11-22T00:00:00"; without a zone',
    ],
    [
      'a day that is none',
      messages('range: { from: 2025-02-30T00:00:00Z }'),
      '4 messages.range.from: expected a time with its zone, such as 2026-11-22T00:00:00Z; got "2025-02-30T00:00:00Z"',
    ],
    [
      'a range that ends first',
      messages('range: { from: 2025-11-22T00:00:00Z, to: 2025-11-22T00:00:00Z }'),
      '4 messages.range.from: expected a time before messages.range.to',
    ],
    [
      'a range in the future',
      messages('range: { from: 2999-01-01T00:00:00Z, to: 2999-01-02T00:00:00Z }'),
      '4 messages.range.from: expected a range that has begun; all of this one is in the future',
    ],
    [
      'a bare number for a duration',
      messages('range: { last: 24 }'),
      '4 messages.range.last: expected a duration above zero, such as 24h; got 24; a number needs its unit, such as 24m',
    ],
    [
      'no time at all',
      messages('last: 0h'),
      '4 messages.last: expected a duration above zero, such as 24h; got "0h"',
    ],
    [
      'two ranges',
      messages('range: { to: 2025-11-22T00:00:00Z, last: 24h }'),
      '4 messages.range.last: expected only one of this and messages.range.to',
    ],
    [
      'a range in two places',
      messages('range: { last: 24h }\n  last: 12h'),
      '5 messages.last: expected only one of this and messages.range.last',
    ],
    [
      'two paddings',
      messages('range: { padding: 1m }\n  padding: 2m'),
      '5 messages.padding: expected only one of this and messages.range.padding',
    ],
    [
      'offsets that end first',
      messages('range: { offsets: { 0: [9, 8] } }'),
      '4 messages.range.offsets.0: expected the first offset to be at most the end',
    ],
    [
      'offsets from the end that end first',
      messages('offsets: { 0: [-8, -9] }'),
      '4 messages.offsets.0: expected the first offset to be at most the end',
    ],
    [
      'a word for the wrong end',
      messages('offsets: { 0: [end, 8] }'),
      '4 messages.offsets.0: expected the first offset and the end, such as [100, 2000]',
    ],
    [
      'a single offset, which could mean two things',
      messages('offsets: { 0: 100 }'),
      '4 messages.offsets.0: expected the first offset and the end, such as [100, 2000]',
    ],
    [
      'another word for an offset',
      messages('offsets: { 0: [-0, 8] }'),
      "4 messages.offsets.0[0]: expected an offset, a negative number that counts from the log's end, start or end; got -0",
    ],
    [
      'a rate without its unit',
      SMALLEST.replace('" }', '", max-rate: 20 }'),
      '4 messages.kafka.max-rate: expected a rate such as 20MB/s or 5000 messages/s; got 20; a number needs its unit, such as 20MB/s or 20 messages/s',
    ],
    [
      'a rate that is none',
      SMALLEST.replace('" }', '", max-rate: 20MB }'),
      '4 messages.kafka.max-rate: expected a rate such as 20MB/s or 5000 messages/s; got "20MB"; did you mean 20MB/s?',
    ],
    [
      'two rates in one unit',
      SMALLEST.replace('" }', '", max-rate: [1MB/s, 2MB/s] }'),
      '4 messages.kafka.max-rate: expected at most one rate in bytes and one in messages',
    ],
    [
      'an offset beyond what is safe',
      messages('offsets: { 0: [0, 9007199254740992] }'),
      '4 messages.offsets.0[1]: expected an offset',
    ],
    [
      'one offset only',
      messages('offsets: { 0: [7] }'),
      '4 messages.offsets.0: expected the first offset and the end, such as [100, 2000]',
    ],
    ['offsets of nothing', messages('offsets: {}'), '4 messages.offsets: expected at least one partition'],
    [
      'a partition that is none',
      messages('offsets: { first: [0, 8] }'),
      '4 messages.offsets.first: expected the number of a partition; got "first"',
    ],
    [
      'a partition named in two ways',
      messages('offsets: { 0: [0, 8], 00: [0, 9] }'),
      '4 messages.offsets: expected each partition once',
    ],
    [
      'a partition listed twice',
      messages('partitions: [1, 1]'),
      '4 messages.partitions: expected each partition once',
    ],
    [
      'offsets of another partition',
      messages('partitions: [0]\n  offsets: { 0: [0, 8], 1: [0, 8] }'),
      '5 messages.offsets.1: this partition is not in messages.partitions',
    ],
    [
      'a partition without offsets',
      messages('partitions: [0, 1]\n  range: { offsets: { 0: [0, 8] } }'),
      '4 messages.partitions: partition 1 is not in messages.range.offsets',
    ],

    [
      'a condition on no field',
      messages('where: { type: OrderPlaced }'),
      '4 messages.where.type: expected a field of the message such as value.order.id, headers.event-id or key; got "type"; did you mean `value.type`?',
    ],
    [
      'a condition of null',
      messages('where: { value.type: ~ }'),
      '4 messages.where.value.type: expected a value, a list of values, or a mapping with in, matches, gt, gte, lt, lte, exists or not; got nothing',
    ],
    [
      'null in a list',
      messages('where: { value.type: { in: [null] } }'),
      '4 messages.where.value.type.in[0]: expected a text, a number, true or false; got nothing',
    ],
    [
      'a condition without test',
      messages('where: { value.type: {} }'),
      '4 messages.where.value.type: expected at least one of in, matches, gt, gte, lt, lte, exists, not',
    ],
    [
      'a condition that is never true',
      messages('where: { value.type: { in: [] } }'),
      '4 messages.where.value.type.in: expected a list of values; got an empty list',
    ],
    [
      'a broken pattern',
      messages("where: { value.type: { matches: '[' } }"),
      '4 messages.where.value.type.matches: expected a regular expression of JavaScript (flag u); got "["; Unterminated character class',
    ],
    [
      'an unknown test',
      messages('where: { value.type: { match: x } }'),
      '4 messages.where.value.type.match: unknown name; did you mean `matches`?',
    ],
    [
      'two tests in one not',
      messages('where: { value.type: { not: { in: [a], matches: b } } }'),
      '4 messages.where.value.type.not: expected one test: one of in, matches, gt, gte, lt, lte',
    ],
    [
      'nothing inside a not',
      messages('where: { value.type: { not: {} } }'),
      '4 messages.where.value.type.not: expected one test: one of in, matches, gt, gte, lt, lte',
    ],
    [
      'a comparison with a text',
      messages('where: { value.total: { gt: much } }'),
      '4 messages.where.value.total.gt: expected a number such as 100 or -12.50; got "much"; only numbers can be compared',
    ],
    [
      'a comparison with a comma',
      messages('where: { value.total: { lte: "12,50" } }'),
      '4 messages.where.value.total.lte: expected a number such as 100 or -12.50; got "12,50"; did you mean 12.50?',
    ],
    [
      'a comparison with what JSON does not take for a number',
      messages('where: { value.total: { gte: 0x10 } }'),
      '4 messages.where.value.total.gte: expected a number such as 100 or -12.50; got 0x10',
    ],
    [
      'a comparison with a number that cannot be written out',
      messages('where: { value.total: { lt: 1e1000 } }'),
      '4 messages.where.value.total.lt: expected a number such as 100 or -12.50; got 1e1000',
    ],
    [
      'bounds the wrong way round',
      messages('where: { value.total: { gte: 5000, lt: 100.5 } }'),
      '4 messages.where.value.total: expected bounds that some number lies within',
    ],
    [
      'a comparison with a list',
      messages('where: { value.total: { gt: [1, 2] } }'),
      '4 messages.where.value.total.gt: expected a number such as 100 or -12.50; got a list',
    ],
    ...[
      ['">"', '>', '`gt`'],
      ['"<="', '<=', '`lte`'],
      ['min', 'min', '`gte`'],
      ['Max', 'Max', '`lte`'],
      ['between', 'between', '`gte` and `lte`'],
      ['gtt', 'gtt', '`gt`'],
      ['missing', 'missing', '`exists: false`'],
    ].map(([written, name, meant]): [string, string, string] => [
      `another word for a test, ${name}`,
      messages(`where: { value.total: { ${written}: 10 } }`),
      `4 messages.where.value.total.${name}: unknown name; did you mean ${meant}?`,
    ]),
    [
      'neither there nor not',
      messages('where: { value.type: { exists: maybe } }'),
      '4 messages.where.value.type.exists: expected true or false; got "maybe"',
    ],
    [
      'what shall be absent and pass another test',
      messages('where: { value.type: { exists: false, not: test } }'),
      '4 messages.where.value.type: expected `exists: false` alone: what is absent passes no other test',
    ],
    [
      'existence turned round',
      messages('where: { value.type: { not: { exists: true } } }'),
      '4 messages.where.value.type.not.exists: unknown name; did you mean `exists: true` or `exists: false`, without `not`?',
    ],
    [
      'an email without a recipient',
      email('only: { recipient: { exists: false } }'),
      '8 effects.order-row.email.only: every email has a sender and a recipient: only of the subject it can be asked whether it exists',
    ],
    [
      'a key as another thing than a number',
      smallest({ line: 5, to: '  key: { from: key, as: text }' }),
      '5 messages.key.as: expected number; got "text"',
    ],
    [
      'copies that are neither',
      messages('copies: each'),
      '4 messages.copies: expected one-event or each-message; got "each"',
    ],
    [
      'conditions in a list',
      messages('where: [value.type]'),
      '4 messages.where: expected conditions on the message, such as { value.type: OrderPlaced }; got a list',
    ],

    [
      'no effects',
      SMALLEST.split('\n').slice(0, 5).join('\n'),
      '1 effects: missing; expected at least one effect kind',
    ],
    [
      'no effect kind',
      SMALLEST.split('\n').slice(0, 5).concat('effects: {}').join('\n'),
      '6 effects: expected at least one effect kind',
    ],
    [
      'a kind with an odd name',
      smallest({ line: 7, to: '  order row:' }),
      '7 effects.order row: expected the name of an effect kind: letters, digits, dots, dashes and underscores, beginning with a letter or digit; got "order row"',
    ],
    [
      'no source of effects',
      source('settle: 1m'),
      '7 effects.order-row: expected at least one of postgres, mysql, log, email, kafka; got none',
    ],
    [
      'a key of two parts in the second shard',
      source('postgres: [{ table: a, key: id }, { table: b, key: [id, shard] }]'),
      '8 effects.order-row.postgres[1].key: expected 1 part, as messages.key has; got 2 parts, so that no message and effect could ever meet',
    ],
    [
      'one table twice',
      source('postgres: [{ table: a, key: id }, { table: b, key: id }, { table: a, key: order_id }]'),
      '8 effects.order-row.postgres[2]: the same rows as postgres[0]; expected each table once',
    ],
    [
      'no table',
      source('postgres: { key: order_id }'),
      '8 effects.order-row.postgres: expected exactly one of table and query',
    ],
    [
      'a table and a query',
      rows('query: SELECT 1, id: id'),
      '8 effects.order-row.postgres: expected exactly one of table and query',
    ],
    [
      'a query without an id',
      source('postgres: { query: SELECT 1, key: order_id }'),
      '8 effects.order-row.postgres: expected id, too: the column that tells the rows of the query apart',
    ],
    [
      'a query that ends in a semicolon',
      source('postgres: { query: "SELECT 1; ", key: order_id, id: id }'),
      '8 effects.order-row.postgres.query: expected one SELECT; got "SELECT 1; "; leave out the semicolon at its end',
    ],
    [
      'a key and coordinates',
      rows('coordinates: { partition: p, offset: o }'),
      '8 effects.order-row.postgres: expected exactly one of key and coordinates',
    ],
    [
      'neither a key nor coordinates',
      source('postgres: { table: orders }'),
      '8 effects.order-row.postgres: expected exactly one of key and coordinates',
    ],
    [
      'coordinates without an offset',
      source('postgres: { table: orders, coordinates: { partition: p } }'),
      '8 effects.order-row.postgres.coordinates.offset: missing; expected the column of the offset',
    ],
    [
      'a path that is none',
      source('postgres: { table: orders, key: { from: payload, path: "order..id" } }'),
      '8 effects.order-row.postgres.key.path: expected where in the column\'s JSON the key is, such as order.id or items[0].id; got "order..id"',
    ],
    [
      'numbers without a unit',
      rows('at: { from: created }'),
      '8 effects.order-row.postgres.at.unit: missing; expected s, ms or us',
    ],
    [
      'no time at all for a statement',
      rows('timeout: 0s'),
      '8 effects.order-row.postgres.timeout: expected a duration above zero, such as 24h; got "0s"',
    ],
    [
      'a URL of another database',
      rows('url: mysql://db/orders'),
      '8 effects.order-row.postgres.url: expected a connection URL such as postgres://auditor@db:5432/orders; got "mysql://db/orders"',
    ],
    [
      'a URL of another database than MySQL',
      source('mysql: { url: "postgres://db/orders", table: orders, key: id }'),
      '8 effects.order-row.mysql.url: expected a connection URL such as mysql://auditor@db:3306/orders; got "postgres://db/orders"',
    ],
    [
      'a key of two parts in MySQL',
      source('mysql: { table: orders, key: [a, b] }'),
      '8 effects.order-row.mysql.key: expected 1 part, as messages.key has; got 2 parts',
    ],
    [
      'a misspelt zone',
      rows('zone: Europe/Berln'),
      '8 effects.order-row.postgres.zone: expected an IANA time zone such as Europe/Berlin; got "Europe/Berln"; did you mean `Europe/Berlin`?',
    ],
    [
      'an offset for a zone',
      rows('zone: "+01:00"'),
      '8 effects.order-row.postgres.zone: expected an IANA time zone such as Europe/Berlin; got "+01:00"',
    ],
    [
      'coverage of nothing',
      rows('covers: {}'),
      '8 effects.order-row.postgres.covers: expected from, to or both',
    ],
    [
      'a key with more parts',
      source('postgres: { table: orders, key: [a, b] }'),
      '8 effects.order-row.postgres.key: expected 1 part, as messages.key has; got 2 parts',
    ],
    [
      'an email key that is no header',
      source('email: { files: [m], format: postfix, key: X-Id }'),
      '8 effects.order-row.email.key: expected a header such as { header: X-Order-Id }, or a list of these; got "X-Id"',
    ],
    [
      'a condition emails cannot have',
      email('only: { subjct: x }'),
      '8 effects.order-row.email.only.subjct: expected from, recipient or subject; got "subjct"; did you mean `subject`?',
    ],
    [
      'another way to count',
      email('counts: sent'),
      '8 effects.order-row.email.counts: expected accepted or delivered; got "sent"',
    ],
    [
      'no files',
      source('log: { files: [], format: csv, key: id }'),
      '8 effects.order-row.log.files: expected a list of files or patterns, such as [/var/log/mail.log*]; got an empty list',
    ],

    ['a misspelt name', kind('setle: 3m'), '9 effects.order-row.setle: unknown name; did you mean `settle`?'],
    [
      'a name like no other',
      kind('colour: red'),
      '9 effects.order-row.colour: unknown name; known here: postgres, mysql, log, email, kafka, expect',
    ],
    [
      'an expectation that is none',
      kind('expect: many'),
      '9 effects.order-row.expect: expected a number, { min, max } or a field such as value.items; got "many"',
    ],
    [
      'a negative expectation',
      kind('expect: -1'),
      '9 effects.order-row.expect: expected a number, { min, max } or a field such as value.items; got -1',
    ],
    [
      'half an effect',
      kind('expect: 1.5'),
      '9 effects.order-row.expect: expected a number, { min, max } or a field such as value.items; got 1.5',
    ],
    [
      'a field outside of the value',
      kind('expect: order.items'),
      '9 effects.order-row.expect: expected a number, { min, max } or a field such as value.items; got "order.items"; did you mean `value.order.items`?',
    ],
    [
      'an expectation without bounds',
      kind('expect: {}'),
      '9 effects.order-row.expect: expected min, max or both',
    ],
    [
      'an expectation upside down',
      kind('expect: { min: 2, max: 1 }'),
      '9 effects.order-row.expect: expected min to be at most max',
    ],
    [
      'a settle without unit',
      kind('settle: 10'),
      '9 effects.order-row.settle: expected a duration such as 90s, 15m, 24h, 7d or 500ms; got 10; a number needs its unit, such as 10m',
    ],
    [
      'more than all',
      kind('max-keyless: 5'),
      '9 effects.order-row.max-keyless: expected a share such as 5% or 0.05; got 5; did you mean 5%?',
    ],
    [
      'another use of orphans',
      kind('orphans: ignore'),
      '9 effects.order-row.orphans: expected finding or note; got "ignore"',
    ],
  ])('%s', (_, text, mistake) => {
    const told = mistakes(text);
    expect(told).toHaveLength(1);
    expect(told[0]!.slice(0, mistake.length)).toBe(mistake);
  });
});

describe('what is not supported yet is said so, with its line', () => {
  it.each<[string, string]>([
    ['4 messages.group: not supported yet', messages('group: order-service')],
    [
      '8 effects.order-row.email.format: expected postfix; got "exim"; not supported yet',
      source('email: { files: [m], format: exim, key: { header: X-Id } }'),
    ],
    [
      '8 effects.order-row.log.format: expected csv, tsv, json or text; got "parquet"; not supported yet',
      source('log: { files: [m], format: parquet, key: id }'),
    ],
    [
      '8 effects.order-row.email.only.tag: expected from, recipient or subject; got "tag"; not supported yet',
      email('only: { tag: receipt }'),
    ],
    ['9 report.redact: not supported yet', `${SMALLEST}report: { redact: recipients }`],
    ['9 report.include: not supported yet', `${SMALLEST}report: { include: [value.total] }`],
  ])('%s', (mistake, text) => {
    expect(mistakes(text)).toEqual([mistake]);
  });
});

describe('the settings of a log must fit one another', () => {
  const log = (more: string) => source(`log: { files: [access.log], ${more} }`);
  const text = (more: string) =>
    log(`format: text, pattern: '"POST /orders/(?<order>\\d+)" (?<when>.*)', ${more}`);
  it.each<[string, string]>([
    [
      "8 effects.order-row.log: format: text needs a pattern, such as 'POST /invoices/(?<key>\\S+)'",
      log('format: text, key: order'),
    ],
    [
      '8 effects.order-row.log.pattern: format: csv has no pattern; expected format: text',
      log("format: csv, key: id, pattern: 'x'"),
    ],
    ['8 effects.order-row.log: expected exactly one of key and coordinates; got none', text('at: when')],
    ['8 effects.order-row.log: expected exactly one of key and coordinates; got none', log('format: json')],
    [
      '8 effects.order-row.log.coordinates: expected only one of key and coordinates',
      text('key: order, coordinates: { partition: order, offset: order }'),
    ],
    [
      '8 effects.order-row.log.key: group ordr is not there; there are order, when; did you mean `order`?',
      text('key: ordr, at: when'),
    ],
    [
      '8 effects.order-row.log.at.from: group time is not there; there are order, when',
      text('key: order, at: { from: time, unit: ms }'),
    ],
    [
      '8 effects.order-row.log.only.status: group status is not there; there are order, when',
      text('key: order, only: { status: 201 }'),
    ],
    [
      '8 effects.order-row.log.at: expected only one of unit and format',
      text("key: order, at: { from: when, unit: ms, format: '%d%m%Y%H' }"),
    ],
    [
      '8 effects.order-row.log.at.format: expected a form of times in the words of strptime, such as \'%d/%b/%Y:%H:%M:%S %z\'; got "%d/%b/%Y:%Q"; %Q is not known',
      text("key: order, at: { from: when, format: '%d/%b/%Y:%Q' }"),
    ],
    [
      '8 effects.order-row.log.key: expected a field of the line such as order.id or ["odd name"]; got order..id',
      log('format: json, key: order..id'),
    ],
  ])('%s', (mistake, written) => {
    expect(mistakes(written)).toEqual([mistake]);
  });

  it('reads another topic over the connection of the messages', () => {
    const effect = 'effects: { copy: { kafka: { topic: invoices, key: key } } }';
    expect(
      mistakes(`version: 1\nname: a\nmessages: { topic: orders, capture: [m], key: key }\n${effect}`),
    ).toEqual(['4 effects.copy.kafka: needs messages.kafka, whose cluster the topic is on']);
  });

  it('reads the standard input once', () => {
    const dash = 'format: csv, key: id';
    expect(mistakes(source(`log: [{ files: ["-"], ${dash} }, { files: [a, "-"], ${dash} }]`))).toEqual([
      '8 effects.order-row.log[1].files[1]: the standard input can be read once only; effects.order-row.log[0].files[0] does',
    ]);
  });
});

describe('several mistakes', () => {
  const text = `version: 1
messages:
  topic: orders
  kafka: { bootstrap: "broker-1:9092" }
  key: [value.order.id, value.tenant]
  range: { from: 2025-11-23T00:00:00Z, to: 2025-11-22T00:00:00Z }
  partitions: [0]
  offsets: { 1: [0, 8] }
effects:
  order-row:
    postgres: { table: orders, key: order_id, zone: Berlin }
    setle: 3m
    expect: many
  dump:
    log: { files: [o.csv], format: cvs, key: id }
reprot: { directory: x }
`;

  it('are all told at once, in the order of the file, those between parts among them', () => {
    expect(mistakes(text).map((mistake) => mistake.replace(/(: [a-z]+).*/, '$1'))).toEqual([
      '6 messages.range.from: expected',
      '7 messages.partitions: partition',
      '8 messages.offsets: expected',
      '8 messages.offsets.1: this',
      '11 effects.order-row.postgres.zone: expected',
      '11 effects.order-row.postgres.key: expected',
      '12 effects.order-row.setle: unknown',
      '13 effects.order-row.expect: expected',
      '15 effects.dump.log.format: expected',
      '15 effects.dump.log.key: expected',
      '16 reprot: unknown',
    ]);
  });

  it('are one error for the user, counted', () => {
    const error = refused(text);
    expect(error.status).toBe(2);
    expect(error.message).toMatch(
      /^onceover\.yaml has 11 mistakes:\n {2}onceover\.yaml:6 {2}messages\.range\.from: /,
    );
    expect(refused(kind('setle: 3m')).message).toBe(
      'onceover.yaml has 1 mistake:\n  onceover.yaml:9  effects.order-row.setle: unknown name; did you mean `settle`?',
    );
  });

  it('are not all told where they are very many', () => {
    const many = Array.from({ length: 150 }, (_, i) => `setting-${i}: 1`).join('\n');
    const told = mistakes(`${SMALLEST}${many}`);
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toBe('and 50 more');
  });
});

describe('value formats', () => {
  const REGISTRY = 'schema-registry: { url: "http://registry:8081" }';

  it.each<[string, string, readonly string[]]>([
    [
      'avro without schemas',
      'value: avro',
      ['4 messages.value: avro needs its schemas: expected schema-registry or schema'],
    ],
    [
      'schemas in two places',
      `value: protobuf\n  schema: order.proto\n  ${REGISTRY}`,
      ['5 messages.schema: expected only one of this and messages.schema-registry'],
    ],
    [
      'schemas that nothing needs',
      REGISTRY,
      [
        '4 messages.schema-registry: value: json has no schemas; expected value: avro, protobuf or json-schema',
      ],
    ],
    [
      'a file for JSON with a schema id',
      'value: json-schema\n  schema: order.json',
      ['5 messages.schema: values without a schema id are value: json'],
    ],
    [
      'no format',
      'value: avr0',
      [
        '4 messages.value: expected json, string, bytes, avro, protobuf or json-schema; got "avr0"; did you mean `avro`?',
      ],
    ],
    [
      'no envelope',
      'envelope: debezum',
      ['4 messages.envelope: expected debezium or cloudevents; got "debezum"; did you mean `debezium`?'],
    ],
    [
      'a registry without its scheme',
      'value: avro\n  schema-registry: { url: "registry:8081" }',
      [
        '5 messages.schema-registry.url: expected the URL of a schema registry, such as http://registry:8081; got "registry:8081"',
      ],
    ],
    [
      'half of the credentials',
      'value: avro\n  schema-registry: { url: "http://r", password: hunter2 }',
      ['5 messages.schema-registry: expected username and password together'],
    ],
    [
      'two sorts of credentials',
      'value: avro\n  schema-registry: { url: "http://r", username: a, password: hunter2, token: t }',
      ['5 messages.schema-registry: expected a username or a token, not both'],
    ],
    [
      'a row in a text',
      'value: string\n  envelope: debezium\n  id: value',
      [
        '5 messages.envelope: a change event has fields, which value: string has not',
        '8 messages.key: with value: string a value has no fields: expected value, not value.order.id',
      ],
    ],
  ])('%s', (_, lines, expected) => {
    expect(mistakes(messages(lines))).toEqual(expected);
  });

  it('with a value of no fields: every reference to one is named', () => {
    const text = smallest({
      line: 5,
      to: '  key: [value, { from: value.a }]\n  id: value.b\n  value: bytes\n  where: { value.c: 1, value: 2 }',
    });
    const kind = '    expect: value.items\n    where: { "value[0]": 1, headers.x: 1 }\n';
    const no = (path: string) => `with value: bytes a value has no fields: expected value, not ${path}`;
    expect(mistakes(text + kind)).toEqual([
      `5 messages.key: ${no('value.a')}`,
      `6 messages.id: ${no('value.b')}`,
      `8 messages.where.value.c: ${no('value.c')}`,
      expect.stringMatching(/^11 effects\.order-row\.postgres\.key: expected 2 parts/),
      `12 effects.order-row.expect: ${no('value.items')}`,
      `13 effects.order-row.where.value[0]: ${no('value[0]')}`,
    ]);
  });
});
