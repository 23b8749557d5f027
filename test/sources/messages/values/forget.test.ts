import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_KIND, type JsonPath } from '../../../../src/sources/messages/json-path.ts';
import { AvroValue, compileAvro } from '../../../../src/sources/messages/values/avro.ts';
import { CloudEventValue } from '../../../../src/sources/messages/values/cloudevents.ts';
import { DebeziumValue } from '../../../../src/sources/messages/values/debezium.ts';
import { FramedJsonValue, JsonValue } from '../../../../src/sources/messages/values/json.ts';
import { ProtobufValue } from '../../../../src/sources/messages/values/protobuf.ts';
import { compileProtobuf } from '../../../../src/sources/messages/values/protobuf-schema.ts';
import type { Surroundings, ValueReader } from '../../../../src/sources/messages/values/reader.ts';
import { StringValue } from '../../../../src/sources/messages/values/text.ts';
import { schemas } from './read.ts';

type Headers = Surroundings['headers'];

const ID: readonly JsonPath[] = [['id']];
const openJson = (paths: readonly JsonPath[]) => new JsonValue(paths);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const mediaType = (type: string): Headers => [['content-type', Buffer.from(type)]];

const ORDER = {
  type: 'record' as const,
  name: 'Order',
  fields: [
    { name: 'id', type: 'string' as const },
    { name: 'note', type: 'string' as const },
  ],
};
const avro = await schemas(compileAvro([{ name: '', text: JSON.stringify(ORDER) }]));
const Order = compileProtobuf([
  { name: '', text: 'syntax = "proto3"; message Order { string id = 1; string note = 2; }' },
])([0])!;
const protobuf = await schemas(() => Order);

const order = { id: 'ORD-7', note: 'by hand' };
const event = { specversion: '1.0', id: 'E-7', type: 'OrderPlaced', data: order };
const structured = mediaType('application/cloudevents+json');
const binary: Headers = [['ce_specversion', Buffer.from('1.0')]];

interface Format {
  readonly name: string;
  readonly paths?: readonly JsonPath[];
  readonly open: (paths: readonly JsonPath[]) => ValueReader;
  readonly good: Uint8Array;
  readonly headers?: Headers;
}

const FORMATS: readonly Format[] = [
  { name: 'JSON', open: openJson, good: json(order) },
  {
    name: 'JSON behind an id',
    open: (paths) => new FramedJsonValue(paths),
    good: Buffer.concat([Buffer.from('0000000007', 'hex'), json(order)]),
  },
  { name: 'a text', paths: [[]], open: () => new StringValue(), good: Buffer.from('ORD-ä') },
  {
    name: 'Avro',
    open: (paths) => new AvroValue(paths, avro),
    good: avsc.Type.forSchema(ORDER).toBuffer(order),
  },
  {
    name: 'Protobuf',
    open: (paths) => new ProtobufValue(paths, protobuf),
    good: Order.encode(Order.fromObject(order)).finish(),
  },
  {
    name: "Debezium's event",
    open: (paths) => new DebeziumValue(paths, openJson),
    good: json({ before: null, after: order, op: 'c' }),
  },
  {
    name: 'a structured CloudEvent',
    open: (paths) => new CloudEventValue(paths, ['id'], openJson),
    good: json(event),
    headers: structured,
  },
  {
    name: 'a binary CloudEvent',
    open: (paths) => new CloudEventValue(paths, ['id'], openJson),
    good: json(order),
    headers: binary,
  },
];

/** A value with some of its bytes cut off or overwritten. */
function damaged(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  const cut = fc.nat({ max: good.length }).map((length) => good.slice(0, length));
  const overwritten = fc
    .tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }))
    .map(([at, byte]) => Uint8Array.from(good, (old, i) => (i === at ? byte : old)));
  return fc.oneof(cut, overwritten, fc.uint8Array({ maxLength: 12 }));
}

function expectNothing(reader: ValueReader): void {
  expect(reader.kind(0)).toBe(JSON_KIND.absent);
  expect(reader.text(0)).toBeUndefined();
}

describe('of a value that cannot be read', () => {
  it.each(FORMATS)('nothing is there, nor of the one before: $name', (format) => {
    const { paths = ID, open, good, headers = [] } = format;
    const reader = open(paths);
    let refused = 0;
    fc.assert(
      fc.property(damaged(good), (value) => {
        expect(reader.read(good, { headers })).toBe(true);
        expect(reader.text(0)).toMatch(/^ORD-/);
        if (reader.read(value, { headers })) return;
        refused++;
        expectNothing(reader);
      }),
    );
    expect(refused).toBeGreaterThan(0);
  });

  it.each<[string, Buffer, Headers]>([
    ['broken', json(event).subarray(0, -1), structured],
    ['without a version', json({ ...event, specversion: undefined }), structured],
    ['in another format', json(event), mediaType('application/cloudevents+avro')],
    ['in a batch', json([event]), mediaType('application/cloudevents-batch+json')],
  ])('no attribute is there, nor of the one before: a structured CloudEvent %s', (_, value, headers) => {
    const reader = new CloudEventValue(ID, ['id'], openJson);
    expect(reader.read(json(event), { headers: structured })).toBe(true);
    expect(reader.attributes?.text(0)).toBe('E-7');
    expect(reader.read(value, { headers })).toBe(false);
    expect(reader.attributes?.readable).toBe(false);
    expect(reader.attributes?.text(0)).toBeUndefined();
    expectNothing(reader);
  });

  it('data that is not base64 leaves the attributes, but not the data beside it', () => {
    const reader = new CloudEventValue(ID, ['id'], openJson);
    expect(reader.read(json({ ...event, data_base64: '?' }), { headers: structured })).toBe(false);
    expect(reader.attributes?.text(0)).toBe('E-7');
    expectNothing(reader);
  });
});
