import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UNBOUNDED } from '../../src/columns.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { KindSettings, PostgresSettings } from '../../src/model.ts';
import { load, mistakes, refused, SMALLEST, smallest } from './configurations.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const FULL = `
version: 1
name: orders
messages:
  topic: orders
  kafka: { bootstrap: "broker-1:9092,broker-2:9092", client-id: night-watch }
  range: { from: 2025-11-22T00:00:00Z, to: 2025-11-23T01:00:00+01:00, padding: 20m }
  partitions: [0, 1, 2]
  isolation: read_committed
  value: json
  key: [{ from: value.order.id, as: number }, { from: 'headers.tenant.id', match: 'T-(\\d+)', case: fold }]
  id: headers.event-id
  where: { value.type: OrderPlaced, 'value.lines[0]["odd name"]': { in: [a, 0010], not: b } }
  copies: each-message
effects:
  order-row:
    postgres:
      url: "\${ORDERS_DB}"
      table: public.orders
      key: [{ from: order_id, as: number }, { from: tenant, case: fold }]
      id: id
      at: created_at
      only: { channel: { not: test } }
      zone: Europe/Berlin
      covers: { from: 2025-01-01T00:00:00Z }
  confirmation-email:
    email:
      files: ["/var/log/mail.log*", logs/mail.log]
      format: postfix
      key: [{ header: X-Order-Id }, { header: X-Tenant, match: 'T-(\\d+)' }]
      only: { subject: { matches: '^Your order' }, from: shop@example.com }
      zone: Europe/Berlin
      gap: 2h
      counts: delivered
    expect: value.items
    where: { value.channel: { not: { in: [counter, 12345678901234567890] } } }
    settle: 15m
    lead: 1m
    after: 7d
    max-keyless: 2.5%
    orphans: note
  order-dump:
    log: { files: orders.csv, format: csv, key: [order_id, tenant], id: id, at: created_at, covers: { to: 2025-11-23T08:00:00Z } }
    expect: { min: 1 }
report: { directory: nights, ledger: true }
memory: 500MB
`;

describe('a full configuration', () => {
  const settings = load(FULL, { env: { ORDERS_DB: 'postgres://auditor:pass@db/orders' } });
  const [row, email, dump] = settings.kinds as [KindSettings, KindSettings, KindSettings];

  it('tells which messages are audited', () => {
    const { key, where, ...rest } = settings.messages;
    expect(rest).toEqual({
      topic: 'orders',
      from: { source: 'kafka', bootstrap: ['broker-1:9092', 'broker-2:9092'], clientId: 'night-watch' },
      range: {
        by: 'time',
        from: Date.UTC(2025, 10, 22),
        to: Date.UTC(2025, 10, 23),
        padding: 20 * MINUTE,
      },
      partitions: [0, 1, 2],
      isolation: 'read_committed',
      onGap: 'report',
      value: 'json',
      id: { text: 'headers.event-id', root: 'headers', name: 'event-id' },
      copies: 'each-message',
    });
    expect(key).toEqual([
      {
        field: { text: 'value.order.id', root: 'value', path: ['order', 'id'] },
        fold: false,
        as: 'number',
      },
      {
        field: { text: 'headers.tenant.id', root: 'headers', name: 'tenant.id' },
        match: 'T-(\\d+)',
        fold: true,
      },
    ]);
    const odd = { text: 'value.lines[0]["odd name"]', root: 'value', path: ['lines', 0, 'odd name'] };
    expect(where).toEqual([
      {
        field: { text: 'value.type', root: 'value', path: ['type'] },
        test: { is: 'in', values: [{ text: 'OrderPlaced' }] },
      },
      { field: odd, test: { is: 'in', values: [{ text: 'a' }, { text: '0010', number: 10 }] } },
      { field: odd, test: { is: 'not', test: { is: 'in', values: [{ text: 'b' }] } } },
    ]);
  });

  it('tells where rows are found', () => {
    expect(settings.entries[0]).toEqual({
      kind: 0,
      name: 'order-row',
      source: {
        source: 'postgres',
        url: 'postgres://auditor:pass@db/orders',
        table: 'public.orders',
        key: [
          { name: 'order_id', fold: false, as: 'number' },
          { name: 'tenant', fold: true },
        ],
        id: 'id',
        at: 'created_at',
        only: [{ name: 'channel', test: { is: 'not', test: { is: 'in', values: [{ text: 'test' }] } } }],
        zone: 'Europe/Berlin',
        covers: { from: Date.UTC(2025, 0, 1) },
        timeout: 30 * MINUTE,
      },
    });
    expect(row).toEqual({
      name: 'order-row',
      expect: { by: 'number', min: 1, max: 1 },
      where: [],
      settle: 10 * MINUTE,
      lead: 2 * MINUTE,
      after: 24 * HOUR,
      maxKeyless: 0.05,
      orphans: 'finding',
    });
  });

  it('tells where emails are found, and what is expected of them', () => {
    const { where, ...rest } = email;
    expect(settings.entries[1]!.source).toMatchObject({
      source: 'email',
      format: 'postfix',
      key: [
        { name: 'X-Order-Id', fold: false },
        { name: 'X-Tenant', match: 'T-(\\d+)', fold: false },
      ],
      only: [
        { name: 'subject', test: { is: 'matches', pattern: '^Your order' } },
        { name: 'from', test: { is: 'in', values: [{ text: 'shop@example.com' }] } },
      ],
      zone: 'Europe/Berlin',
      gap: 2 * HOUR,
      counts: 'delivered',
    });
    expect(rest).toEqual({
      name: 'confirmation-email',
      expect: { by: 'field', field: { text: 'value.items', root: 'value', path: ['items'] } },
      settle: 15 * MINUTE,
      lead: MINUTE,
      after: 7 * 24 * HOUR,
      maxKeyless: 0.025,
      orphans: 'note',
    });
    const values = [{ text: 'counter' }, { text: '12345678901234567890' }];
    expect(where.map(({ test }) => test)).toEqual([{ is: 'not', test: { is: 'in', values } }]);
  });

  it('tells where a dump is found', () => {
    expect(settings.entries[2]!.source).toMatchObject({
      source: 'log',
      format: 'csv',
      key: [
        { name: 'order_id', fold: false },
        { name: 'tenant', fold: false },
      ],
      id: 'id',
      at: 'created_at',
      only: [],
      gap: HOUR,
      covers: { to: Date.UTC(2025, 10, 23, 8) },
    });
    expect(dump.expect).toEqual({ by: 'number', min: 1, max: UNBOUNDED });
  });

  it('tells what to report and how much memory to take', () => {
    expect(settings).toMatchObject({ name: 'orders', memory: '500MB', report: { ledger: true } });
  });
});

describe('defaults', () => {
  const settings = load(SMALLEST, {}, 'orders.yaml');

  it('names the audit after the file', () => {
    expect(settings.name).toBe('orders');
  });

  it('reads the whole topic, with as much padding as windows can touch: settle and lead', () => {
    expect(settings.messages.range).toEqual({ by: 'all', padding: 12 * MINUTE });
    const longer = `${SMALLEST}    settle: 1m\n  dump: { log: { files: [o.csv], format: csv, key: id }, settle: 1h }`;
    expect(load(longer).messages.range).toEqual({ by: 'all', padding: HOUR + 2 * MINUTE });
  });

  const rowsOf = (text: string) => load(smallest({ line: 8, to: `    ${text}` })).entries[0]!.source;

  it('tells where the key is inside of JSON, and what numbers of time count', () => {
    const text =
      'postgres: { table: orders, key: { from: payload, path: "items[0].id" }, at: { from: made, unit: ms } }';
    expect(rowsOf(text)).toEqual({
      source: 'postgres',
      table: 'orders',
      key: [{ name: 'payload', path: ['items', 0, 'id'], fold: false }],
      at: 'made',
      unit: 'ms',
      only: [],
      timeout: 30 * MINUTE,
    });
  });

  it('takes coordinates for a key of two parts, and a query for a table', () => {
    const text =
      'postgres: { query: " SELECT 1 ", id: n, coordinates: { topic: t, partition: p, offset: o } }';
    expect(rowsOf(text)).toEqual({
      source: 'postgres',
      query: 'SELECT 1',
      id: 'n',
      key: [
        { name: 'p', fold: false },
        { name: 'o', fold: false },
      ],
      coordinates: { topic: 't', partition: 'p', offset: 'o' },
      only: [],
      timeout: 30 * MINUTE,
    });
  });

  it('leaves undefined what has no default', () => {
    expect(settings.messages).not.toHaveProperty('id');
    expect(settings.messages).not.toHaveProperty('partitions');
    const source = settings.entries[0]!.source as PostgresSettings;
    expect(Object.keys(source).sort()).toEqual(['key', 'only', 'source', 'table', 'timeout']);
  });

  it('takes little memory, writes no ledger, and calls itself by this very process', () => {
    expect(settings).toMatchObject({ memory: '2GB', report: { ledger: false } });
    expect(settings.messages.from).toMatchObject({ clientId: `onceover-${process.pid}` });
  });
});

describe('ranges', () => {
  const ranged = (range: string, set: string[] = []) =>
    load(smallest({ line: 3, to: `  topic: orders\n  ${range}` }), { set }).messages.range;

  it.each([
    ['range: { last: 24h }', { by: 'last', length: 24 * HOUR, settle: 10 * MINUTE, padding: 12 * MINUTE }],
    ['last: 24h', { by: 'last', length: 24 * HOUR, settle: 10 * MINUTE, padding: 12 * MINUTE }],
    ['range: { offsets: { 0: [100, 2000], 3: [7, 7] }, padding: 0s }', { by: 'offsets', padding: 0 }],
    ['offsets: { 0: [100, 2000], 3: [7, 7] }\n  padding: 5m', { by: 'offsets', padding: 5 * MINUTE }],
    ['range: { from: 2025-11-22T10:30Z }', { by: 'time', from: Date.UTC(2025, 10, 22, 10, 30) }],
    [
      'range: { to: 2025-11-22 10:30:15.250+05:30 }',
      { by: 'time', to: Date.UTC(2025, 10, 22, 5, 0, 15, 250) },
    ],
  ])('%s', (text, range) => {
    expect(ranged(text)).toMatchObject(range);
  });

  it('may count offsets from the end, or go as far as the log', () => {
    expect(
      ranged('offsets: { 0: [-1000, -1], 1: [-1000, end], 2: -1000, 3: [start, 500], 4: [100, -5] }'),
    ).toMatchObject({
      offsets: new Map([
        [0, [-1000, -1]],
        [1, [-1000, undefined]],
        [2, [-1000, undefined]],
        [3, [undefined, 500]],
        [4, [100, -5]],
      ]),
    });
  });

  it('keeps the offsets of each partition', () => {
    expect(ranged('range: { offsets: { 0: [100, 2000], 3: [7, 9007199254740991] } }')).toMatchObject({
      offsets: new Map([
        [0, [100, 2000]],
        [3, [7, 9007199254740991]],
      ]),
    });
  });
});

describe('how a topic is read', () => {
  const messages = (lines: string) => load(smallest({ line: 3, to: `  topic: orders\n  ${lines}` })).messages;
  const kafka = (names: string) =>
    load(smallest({ line: 4, to: `  kafka: { bootstrap: "broker-1:9092", ${names} }` })).messages.from;

  it('reports gaps unless it shall fail', () => {
    expect(messages('isolation: read_uncommitted')).toMatchObject({
      isolation: 'read_uncommitted',
      onGap: 'report',
    });
    expect(messages('on-gap: fail').onGap).toBe('fail');
  });

  it.each([
    ['max-rate: 20MB/s', { maxRate: { bytes: 20_000_000 } }],
    ['max-rate: 5000 messages/s', { maxRate: { messages: 5000 } }],
    ['max-rate: [1.5 MiB/s, 5000 messages/s]', { maxRate: { bytes: 1_572_864, messages: 5000 } }],
    ['fetch-memory: 16MB', { fetchMemory: 16_000_000 }],
    ['patience: 5m', { patience: 300_000 }],
  ])('%s', (names, settings) => {
    expect(kafka(names)).toMatchObject(settings);
  });
});

describe('paths', () => {
  it('lie beside the configuration, unless absolute', () => {
    const directory = mkdtempSync(join(tmpdir(), 'onceover-config-'));
    const file = join(directory, 'onceover.yaml');
    const text = smallest({ line: 4, to: '  capture: [captures/orders-*.jsonl.gz, /srv/more.jsonl]' });
    writeFileSync(file, `${text}report: { directory: nights }\n`);
    try {
      const settings = loadSettings(file, { set: [], env: {} });
      expect(settings.messages.from).toEqual({
        source: 'capture',
        files: [join(directory, 'captures/orders-*.jsonl.gz'), '/srv/more.jsonl'],
      });
      expect(settings.report.directory).toBe(join(directory, 'nights'));
      const flagged = loadSettings(file, { set: [], env: {}, reportDirectory: 'here', ledger: true });
      expect(flagged.report).toEqual({ directory: resolve('here'), ledger: true });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the digest', () => {
  const digest = (text: string, set: string[] = [], env = {}) => load(text, { set, env }).configDigest;

  it('is the same for the same configuration written in another way', () => {
    const swapped = `# nightly\n${SMALLEST.replace(
      '{ table: public.orders, key: order_id }',
      '\n      key: "order_id"\n      table: \'public.orders\'',
    )}`;
    expect(digest(swapped)).toBe(digest(SMALLEST));
    expect(digest(SMALLEST)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('changes with every setting, given in the file or by --set', () => {
    const settled = smallest({ add: '    settle: 1m' });
    expect(digest(settled)).not.toBe(digest(SMALLEST));
    expect(digest(SMALLEST, ['effects.order-row.settle=1m'])).toBe(digest(settled));
  });

  it('tells numbers by their digits, and numbers from texts', () => {
    const versions = ['10', '10.0', '"10"'].map((value) =>
      digest(SMALLEST, [`messages.where.value.v=${value}`]),
    );
    expect(new Set(versions).size).toBe(3);
  });

  it('knows secrets by their names only, and passwords in URLs not at all', () => {
    const fromEnvironment = [`effects.order-row.postgres.url=\${DB}`];
    expect(digest(SMALLEST, fromEnvironment, { DB: 'postgres://a:1@db/x' })).toBe(
      digest(SMALLEST, fromEnvironment, { DB: 'postgres://a:2@db/x' }),
    );
    const literal = (password: string) =>
      digest(SMALLEST, [`effects.order-row.postgres.url=postgres://a:${password}@db/x`]);
    expect(literal('one')).toBe(literal('two'));
  });
});

describe('the digest for going on', () => {
  const digest = (...set: string[]) => load(SMALLEST, { set }).resumeDigest;

  it('does not know what cannot change an answer', () => {
    const rates = ['messages.kafka.max-rate=1000 messages/s', 'messages.kafka.fetch-memory=32MB'];
    const others = [
      'report.directory=elsewhere',
      'report.ledger=true',
      'memory=1GB',
      'messages.kafka.patience=1h',
    ];
    expect(digest(...rates, ...others)).toBe(digest());
  });

  it('knows all else', () => {
    expect(digest('effects.order-row.settle=1m')).not.toBe(digest());
    expect(digest('messages.kafka.bootstrap=other:9092')).not.toBe(digest());
  });
});

describe('a file that cannot be used', () => {
  it('is named when it does not exist', () => {
    const missing = () => loadSettings('no-such/onceover.yaml', { set: [], env: {} });
    expect(missing).toThrow('no-such/onceover.yaml does not exist');
    expect(missing).toThrow(expect.objectContaining({ status: 2 }));
  });

  it('is named when it is a directory', () => {
    const directory = mkdtempSync(join(tmpdir(), 'onceover-config-'));
    mkdirSync(join(directory, 'onceover.yaml'));
    const loading = () => loadSettings(join(directory, 'onceover.yaml'), { set: [], env: {} });
    expect(loading).toThrow(/onceover\.yaml is a directory/);
    expect(loading).toThrow(expect.objectContaining({ status: 2 }));
    rmSync(directory, { recursive: true });
  });

  it('is named when it is no text, or far too large', () => {
    expect(refused(Uint8Array.of(0xff, 0xfe, 0x00))).toMatchObject({
      status: 2,
      message: expect.stringContaining('onceover.yaml is not UTF-8 text'),
    });
    expect(refused('#'.repeat(2 ** 20 + 1)).message).toContain('larger than a configuration can be');
  });

  it('needs a name of its own where the file has an unusable one', () => {
    expect(refused(SMALLEST, {}, 'my orders.yaml').message).toContain(
      "my orders.yaml:1  name: missing, and the file's own name cannot be used",
    );
    expect(load(`name: orders\n${SMALLEST}`, {}, 'my orders.yaml').name).toBe('orders');
  });

  it('is asked for everything when it is empty', () => {
    expect(mistakes('')).toEqual([
      '1 expected a mapping with version, name, messages, effects, report, memory; got nothing',
    ]);
  });
});

describe('where schemas come from', () => {
  const of = (lines: string, env = {}) => {
    const { value, envelope, schemas } = load(smallest({ line: 5, to: `  key: value.id\n${lines}` }), {
      env,
    }).messages;
    return { value, envelope, schemas };
  };

  it('is a registry, with its secrets from the environment', () => {
    const registry = `schema-registry: { url: "https://registry:8081/path", username: auditor, password: "\${PW}" }`;
    expect(of(`  value: avro\n  ${registry}`, { PW: 'hunter2' })).toEqual({
      value: 'avro',
      schemas: { url: 'https://registry:8081/path', username: 'auditor', password: 'hunter2' },
    });
  });

  it('or one file, beside the configuration', () => {
    expect(
      of('  value: protobuf\n  schema: { file: /schemas/order.proto, message: shop.Order }').schemas,
    ).toEqual({
      file: '/schemas/order.proto',
      message: 'shop.Order',
    });
    const { schemas } = of('  value: avro\n  schema: order.avsc');
    expect((schemas as { file: string }).file).toMatch(/^\/.*\/order\.avsc$/);
  });

  it('or nowhere, for formats that need none', () => {
    expect(of('  value: json-schema\n  envelope: debezium')).toEqual({
      value: 'json-schema',
      envelope: 'debezium',
    });
    expect(
      of('  value: json-schema\n  schema-registry: { url: "http://registry:8081" }').schemas,
    ).toBeDefined();
  });
});
