/** Values with schemas of a real registry, on a real broker: the ledger of an audit is what was planned. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import avsc from 'avsc';
import { Kafka as Client, logLevel, type Message } from 'kafkajs';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { apicurioUnavailable, type SchemaRegistry, startApicurio } from '../support/servers/apicurio.ts';
import { temporaryDirectory } from '../support/servers/child.ts';
import { Endings } from '../support/servers/endings.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { freePort } from '../support/servers/ports.ts';
import { skipUnless } from '../support/servers/skip.ts';
import { onceover, readCsv } from '../support/shop/audit.ts';

/** How many items each order has, and how many rows came of it: some as many, some fewer, some more. */
const ORDERS = [
  { id: 'ORD-0', items: 1, rows: 1 },
  { id: 'ORD-1', items: 2, rows: 2 },
  { id: 'ORD-2', items: 3, rows: 1 },
  { id: 'ORD-3', items: 1, rows: 0 },
  { id: 'ORD-4', items: 1, rows: 3 },
  { id: 'ORD-5', items: 0, rows: 0 },
] as const;
type Order = (typeof ORDERS)[number];

const VERDICTS = ['ok', 'ok', 'missing', 'missing', 'duplicate', 'exempt'];

const ITEM_AVRO = {
  type: 'record',
  name: 'Item',
  namespace: 'shop',
  fields: [{ name: 'sku', type: 'string' }],
};
const ORDER_AVRO = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: ['null', 'string'] },
    { name: 'items', type: { type: 'array', items: 'shop.Item' } },
  ],
};
const ITEM_PROTO = 'syntax = "proto3";\npackage shop;\nmessage Item { string sku = 1; }\n';
const ORDER_PROTO =
  'syntax = "proto3";\npackage shop;\nimport "shop/item.proto";\n' +
  'message Refund { string id = 1; }\nmessage Order { string id = 1; repeated Item items = 2; }\n';

function itemsOf({ items }: Order) {
  return Array.from({ length: items }, (_, i) => ({ sku: `SKU-${i}` }));
}

function framed(id: number, ...payload: Uint8Array[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, ...payload]);
}

skipUnless([kafkaUnavailable(), apicurioUnavailable()], 'values with schemas of a real registry', () => {
  const endings = new Endings();
  const now = Date.now();
  const placedAt = now - 30 * 60_000;
  let kafka: Kafka;
  let registry: SchemaRegistry;
  let client: Client;
  let directory: string;

  beforeAll(async () => {
    const temporary = await temporaryDirectory('registry');
    endings.add(temporary.remove);
    directory = temporary.path;
    registry = await startApicurio();
    endings.add(() => registry.stop());
    kafka = await startKafka();
    endings.add(() => kafka.stop());
    client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
  });

  afterAll(() => endings.run());

  async function publish(messages: readonly Omit<Message, 'timestamp'>[]): Promise<string> {
    const topic = `orders-${randomBytes(4).toString('hex')}`;
    const admin = client.admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] });
    await admin.disconnect();
    const producer = client.producer();
    await producer.connect();
    const dated = messages.map((message, i) => ({ ...message, timestamp: String(placedAt + 1000 * i) }));
    await producer.send({ topic, messages: dated });
    await producer.disconnect();
    return topic;
  }

  /** Runs the executable over a topic, against a dump with the rows of all orders. */
  async function audit(topic: string, messages: Readonly<Record<string, unknown>>, where: object = {}) {
    const folder = join(directory, topic);
    await mkdir(folder, { recursive: true });
    const iso = (time: number) => new Date(time).toISOString();
    const rows = ORDERS.flatMap(({ id, rows: count }, i) =>
      Array.from({ length: count }, (_, n) => `${i}-${n},${id},${iso(placedAt + 1000 * i + 100 * n)}`),
    );
    await writeFile(join(folder, 'orders.csv'), ['id,order_id,created_at', ...rows, ''].join('\n'));
    const log = {
      files: ['orders.csv'],
      format: 'csv',
      key: 'order_id',
      id: 'id',
      at: 'created_at',
      gap: '24h',
    };
    const covers = { from: iso(placedAt - 3_600_000), to: iso(now) };
    const configuration = {
      version: 1,
      name: 'orders',
      messages: { topic, kafka: { bootstrap: kafka.bootstrap }, key: 'value.id', where, ...messages },
      effects: { 'order-row': { log: { ...log, covers }, expect: 'value.items' } },
    };
    await writeFile(join(folder, 'onceover.yaml'), stringify(configuration));
    const outcome = await onceover(['audit', join(folder, 'onceover.yaml'), '--ledger'], process.env);
    return { ...outcome, ledger: await ledgerIn(join(folder, 'reports')) };
  }

  /** The verdict on each offset, with its reason, if any. */
  async function ledgerIn(reports: string): Promise<string[]> {
    const [report] = await readdir(reports).catch(() => []);
    if (report === undefined) return [];
    const lines = await readCsv(join(reports, report, 'ledger.csv'));
    return lines.map(({ verdict, reason }) => reason || verdict!);
  }

  async function avro(): Promise<{ id: number; encode(order: Order): Buffer }> {
    await registry.register('item', { schema: JSON.stringify(ITEM_AVRO) });
    const references = [{ name: 'shop.Item', subject: 'item', version: 1 }];
    const id = await registry.register('order', { schema: JSON.stringify(ORDER_AVRO), references });
    const items = { type: 'array', items: ITEM_AVRO };
    const whole = { ...ORDER_AVRO, fields: [ORDER_AVRO.fields[0], { name: 'items', type: items }] };
    const type = avsc.Type.forSchema(whole as avsc.Schema, { wrapUnions: true });
    return { id, encode: (order) => type.toBuffer({ id: { string: order.id }, items: itemsOf(order) }) };
  }

  it('in Avro, with a reference, an id in a header, and what cannot be read', async () => {
    const { id, encode } = await avro();
    const messages = ORDERS.map((order, i) =>
      i === 0
        ? { value: encode(order), headers: { __value_schema_id: framed(id) } }
        : { value: framed(id, encode(order)) },
    );
    const broken = [
      framed(id, encode(ORDERS[1]).subarray(1)),
      Buffer.from('{"id":"ORD-1"}'),
      framed(99, encode(ORDERS[1])),
    ];
    const topic = await publish([
      ...messages,
      ...broken.map((value) => ({ value })),
      { key: 'ORD-1', value: null },
    ]);
    const { status, stdout, stderr, ledger } = await audit(topic, {
      value: 'avro',
      'schema-registry': { url: registry.url },
    });
    expect(ledger, stderr).toEqual([...VERDICTS, 'undecodable', 'undecodable', 'undecodable', 'no-key']);
    expect(status).toBe(1);
    expect(stdout).toContain('not the Avro its schema says: ');
    expect(stdout).toContain('it names no schema: it begins with 0x7b, as JSON does');
    expect(stdout).toContain('the registry does not know its schema 99');
  });

  it('in Protobuf, with an import, of the second message in its file', async () => {
    await registry.register('item.proto', { schema: ITEM_PROTO, schemaType: 'PROTOBUF' });
    const references = [{ name: 'shop/item.proto', subject: 'item.proto', version: 1 }];
    const id = await registry.register('order.proto', {
      schema: ORDER_PROTO,
      schemaType: 'PROTOBUF',
      references,
    });
    const { root } = protobuf.parse(ITEM_PROTO + ORDER_PROTO.replace(/^.*\n.*\n.*\n/, ''));
    const Order = root.lookupType('shop.Order');
    const encode = (order: Order) => Order.encode({ id: order.id, items: itemsOf(order) }).finish();
    const SECOND = Buffer.from([2, 2]);
    const NOWHERE = Buffer.from([2, 8]);
    const topic = await publish([
      ...ORDERS.map((order) => ({ value: framed(id, SECOND, encode(order)) })),
      { value: framed(id, NOWHERE, encode(ORDERS[1])) },
      { value: framed(id, SECOND, encode(ORDERS[1]).subarray(0, 9)) },
    ]);
    const { status, stdout, stderr, ledger } = await audit(topic, {
      value: 'protobuf',
      'schema-registry': { url: registry.url },
    });
    expect(ledger, stderr).toEqual([...VERDICTS, 'undecodable', 'undecodable']);
    expect(status).toBe(1);
    expect(stdout).toContain('its schema has no message at the path 4');
    expect(stdout).toContain('not the Protobuf its schema says: ');
  });

  it('in JSON with a schema, which the registry is not asked for', async () => {
    const schema = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}';
    const id = await registry.register('order.json', { schema, schemaType: 'JSON' });
    const encode = (order: Order) => Buffer.from(JSON.stringify({ id: order.id, items: itemsOf(order) }));
    const topic = await publish(ORDERS.map((order) => ({ value: framed(id, encode(order)) })));
    const { ledger, stderr } = await audit(topic, { value: 'json-schema' });
    expect(ledger, stderr).toEqual(VERDICTS);
  });

  it('in the envelope of Debezium, in Avro and in JSON', async () => {
    const { encode } = await avro();
    const row = {
      ...ORDER_AVRO,
      name: 'Value',
      fields: [ORDER_AVRO.fields[0], { name: 'items', type: { type: 'array', items: ITEM_AVRO } }],
    };
    const envelope = {
      type: 'record',
      name: 'Envelope',
      fields: [
        { name: 'before', type: ['null', row] },
        { name: 'after', type: ['null', 'shop.Value'] },
        { name: 'op', type: 'string' },
      ],
    };
    const id = await registry.register('envelope', { schema: JSON.stringify(envelope) });
    const NULL = Buffer.from([0]);
    const THERE = Buffer.from([2]);
    const op = (letter: string) => Buffer.from([2, letter.charCodeAt(0)]);
    const topic = await publish([
      ...ORDERS.map((order) => ({ value: framed(id, NULL, THERE, encode(order), op('c')) })),
      { key: 'ORD-1', value: framed(id, THERE, encode(ORDERS[1]), NULL, op('d')) },
      { key: 'ORD-1', value: null },
    ]);
    const inAvro = { value: 'avro', envelope: 'debezium', 'schema-registry': { url: registry.url } };
    const created = await audit(topic, inAvro, { 'value.op': 'c' });
    expect(created.ledger, created.stderr).toEqual(VERDICTS);

    const change = (order: Order) => ({
      before: null,
      after: { id: order.id, items: itemsOf(order) },
      op: 'c',
    });
    const json = await publish(
      ORDERS.map((order) => ({ value: JSON.stringify({ schema: {}, payload: change(order) }) })),
    );
    const inJson = await audit(json, { envelope: 'debezium' }, { 'value.op': 'c' });
    expect(inJson.ledger, inJson.stderr).toEqual(VERDICTS);
  });

  it('is not audited where the registry is down, or not at that path', async () => {
    const { id, encode } = await avro();
    const topic = await publish([{ value: framed(id, encode(ORDERS[0])) }]);
    const down = `http://127.0.0.1:${await freePort()}`;
    const unreachable = await audit(topic, { value: 'avro', 'schema-registry': { url: down } });
    expect([unreachable.status, unreachable.ledger]).toEqual([4, []]);
    expect(unreachable.stderr).toContain(
      `messages.schema-registry: ${down} cannot be reached (ECONNREFUSED)`,
    );

    const url = new URL(registry.url).origin;
    const elsewhere = await audit(topic, { value: 'avro', 'schema-registry': { url, token: 'hunter2' } });
    expect([elsewhere.status, elsewhere.ledger]).toEqual([4, []]);
    expect(elsewhere.stderr).toContain(
      `messages.schema-registry: ${url} answers status 404 to /schemas/ids/${id}`,
    );
    expect(elsewhere.stderr).toContain('of Apicurio: …/apis/ccompat/v7');
    expect(elsewhere.stderr).not.toContain('hunter2');
  });
});
