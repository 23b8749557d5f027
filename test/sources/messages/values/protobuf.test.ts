import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufValue } from '../../../../src/sources/messages/values/protobuf.ts';
import { compileProtobuf, protobufOfFile } from '../../../../src/sources/messages/values/protobuf-schema.ts';
import { OBJECT, path, schemas, shown, shownBy } from './read.ts';

const ITEM = `
  syntax = "proto3";
  package shop.parts;
  message Item { string sku = 1; int32 pieces = 2; }
`;

const ORDER = `
  syntax = "proto3";
  package shop;
  import "shop/item.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  enum Channel { SHOP = 0; WEB = 1; }
  message Order {
    message Note { string text = 1; }
    int64 id = 1;
    uint64 serial = 2;
    float weight = 3;
    double tax = 4;
    bool paid = 5;
    string name = 6;
    bytes token = 7;
    Channel channel = 8;
    optional int32 floor = 9;
    oneof payment { string card = 10; string voucher = 11; }
    repeated shop.parts.Item items = 12;
    map<string, int32> stock = 13;
    map<int64, string> by_serial = 14;
    Note note = 15;
    google.protobuf.Timestamp placed = 16;
    google.protobuf.StringValue remark = 17;
    google.protobuf.Int64Value points = 18;
    repeated sint64 shifts = 19;
    map<bool, string> flags = 20;
  }
  message Refund { string order_id = 1; }
`;

const TEXTS = [
  { name: 'shop/item.proto', text: ITEM },
  { name: '', text: ORDER },
];
const pick = compileProtobuf(TEXTS);
const Order = pick([0])!;

/** The bytes are made by the library from its own JSON form. */
function encoded(order: Record<string, unknown>): Uint8Array {
  return Order.encode(Order.fromObject(order)).finish();
}

async function at(texts: string, bytes: Uint8Array) {
  const all = await schemas(() => Order);
  return shownBy((paths) => new ProtobufValue(paths, all), texts.split(' ').map(path), bytes);
}

describe('what is found in an order', () => {
  it('is one text for each scalar, whatever its type', async () => {
    const order = {
      id: '-9007199254740993',
      serial: '18446744073709551615',
      weight: 0.1,
      tax: 0.1 + 0.2,
      paid: true,
      name: 'hex:1',
      token: Buffer.from([0xff]),
      channel: 'WEB',
      floor: 0,
    };
    expect(await at('id serial weight tax paid name token channel floor', encoded(order))).toEqual([
      '-9007199254740993',
      '18446744073709551615',
      '0.1',
      '0.30000000000000004',
      'true',
      'hex:6865783a31',
      'hex:ff',
      'WEB',
      '0',
    ]);
  });

  it('is the default of a scalar that is not on the wire, and nothing where that can be told', async () => {
    const empty = Buffer.alloc(0);
    expect(await at('id serial weight tax paid name token channel', empty)).toEqual([
      '0',
      '0',
      '0',
      '0',
      'false',
      '',
      '',
      'SHOP',
    ]);
    expect(await at('floor card voucher note note.text placed remark points', empty)).toEqual(
      Array(8).fill(undefined),
    );
    expect(await at('items shifts stock by_serial items[0] stock.A', empty)).toEqual([
      0,
      0,
      OBJECT,
      OBJECT,
      undefined,
      undefined,
    ]);
  });

  it('is what lies in messages, lists, maps and the one of several', async () => {
    const order = {
      voucher: '',
      items: [{ sku: 'A-1', pieces: 2 }, {}],
      stock: { 'A-1': 3 },
      note: {},
      shifts: [-1, 300],
      flags: { true: 'yes' },
    };
    const bytes = Buffer.concat([
      encoded(order),
      // by_serial, whose keys of 64 bits the library wants in a form of its own: { -7: "minus", 2^53 + 1: "wide" }
      entry(14, '08f9ffffffffffffffff011205', 'minus'),
      entry(14, '0881808080808080101204', 'wide'),
    ]);
    expect(
      await at('card voucher items items[0].sku items[1].pieces items[2] stock.A-1 note note.text', bytes),
    ).toEqual([undefined, '', 2, 'A-1', '0', undefined, '3', OBJECT, '']);
    expect(await at('shifts[0] shifts[1] flags.true flags.false by_serial.-7 by_serial.x', bytes)).toEqual([
      '-1',
      '300',
      'yes',
      undefined,
      'minus',
      undefined,
    ]);
    expect(await at('by_serial.9007199254740993 by_serial.9007199254740992', bytes)).toEqual([
      'wide',
      undefined,
    ]);
    expect(await at('orderId nothing.at.all id.x', bytes)).toEqual([undefined, undefined, undefined]);
  });

  it('is a time or a wrapped scalar as in the JSON of Protobuf, and what is inside', async () => {
    const order = {
      placed: { seconds: 1_795_000_000, nanos: 120_000_000 },
      remark: { value: '' },
      points: { value: '9007199254740993' },
    };
    expect(await at('placed placed.seconds placed.nanos remark remark.value points', encoded(order))).toEqual(
      ['2026-11-18T11:06:40.120Z', '1795000000', '120000000', '', '', '9007199254740993'],
    );
    const times = {
      '0 1': '1970-01-01T00:00:00.000000001Z',
      '-1 5000': '1969-12-31T23:59:59.000005Z',
      '1 0': '1970-01-01T00:00:01Z',
    };
    for (const [time, text] of Object.entries(times)) {
      const [seconds, nanos] = time.split(' ').map(Number);
      expect(await at('placed', encoded({ placed: { seconds, nanos } }))).toEqual([text]);
    }
    expect(await at('placed', encoded({ placed: { seconds: 1e12 } }))).toEqual([OBJECT]);
  });

  it('keeps the number of a symbol that is not in the schema, and the last of several', async () => {
    expect(await at('channel', Buffer.from([0x40, 7]))).toEqual(['7']);
    expect(await at('channel', Buffer.from([0x40, 7, 0x40, 1]))).toEqual(['WEB']);
  });

  it('is absent in proto2 where it is not on the wire, although it has a default', async () => {
    const { read } = await only('message Order { optional int32 floor = 1 [default = 5]; }', 'floor');
    expect(read([])).toEqual([undefined]);
    expect(read([8, 0])).toEqual(['0']);
  });
});

/** A reader of the first message of a schema. */
async function only(text: string, texts: string) {
  const type = compileProtobuf([{ name: '', text }])([0])!;
  const paths = texts.split(' ').map(path);
  const reader = new ProtobufValue(paths, await schemas(() => type));
  const read = (bytes: readonly number[]) =>
    reader.read(Buffer.from(bytes), { headers: [] }) ? paths.map((_, i) => shown(reader, i)) : reader.fault;
  return { read };
}

/** One entry of a map in field `field`: the bytes of its key and the length of its text, in hex, and the text. */
function entry(field: number, head: string, text: string): Buffer {
  const inside = Buffer.concat([Buffer.from(head, 'hex'), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([(field << 3) | 2, inside.length]), inside]);
}

describe('messages within a schema', () => {
  const names = (indexes: readonly number[]) => pick(indexes)?.fullName;

  it('are counted as they are written, those of imported files aside', () => {
    expect(names([0])).toBe('.shop.Order');
    expect(names([1])).toBe('.shop.Refund');
    expect(names([0, 0])).toBe('.shop.Order.Note');
    expect([names([2]), names([0, 1]), names([0, 0, 0]), names([])]).toEqual(Array(4).fill(undefined));
  });

  it('are counted in one package of several files', () => {
    const file = (name: string, text: string) => ({ name, text: `syntax = "proto3"; package shop; ${text}` });
    const both = compileProtobuf([
      file('item.proto', 'message Item { string sku = 1; }'),
      file('', 'import "item.proto"; message Order { Item item = 1; }'),
    ]);
    expect(both([0])?.fullName).toBe('.shop.Order');
    expect(both([1])).toBeUndefined();
  });

  it.each([
    ['message', /illegal/],
    ['syntax = "proto3"; message Order { Item item = 1; }', /no such (type|Type or Enum)/],
    ['syntax = "proto3"; import "shop/item.proto"; message Order { shop.parts.Item item = 1; }', /no such/],
  ])('are refused where the schema is no schema, or not all of it is there: %s', (text, why) => {
    expect(() => compileProtobuf([{ name: '', text }])).toThrow(why);
  });

  it('are to be named where a file defines several', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onceover-proto-'));
    const file = join(folder, 'order.proto');
    const define = (text: string) => writeFile(file, `syntax = "proto3"; package shop; ${text}`);
    try {
      await define('message Order { Note note = 1; message Note { string text = 1; } }');
      expect((await protobufOfFile({ file }))([])?.fullName).toBe('.shop.Order');
      await define('message Item { string sku = 1; } message Order { repeated Item items = 1; }');
      await expect(protobufOfFile({ file })).rejects.toMatchObject({
        status: 2,
        message: expect.stringContaining('several messages (shop.Item, shop.Order); say which one'),
      });
      expect((await protobufOfFile({ file, message: 'shop.Order' }))([])?.fullName).toBe('.shop.Order');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('may carry options whose files are not there', () => {
    const text =
      'syntax = "proto3"; import "confluent/meta.proto"; message Order { string id = 1 [(confluent.field_meta).doc = "x"]; }';
    expect(compileProtobuf([{ name: '', text }])([0])?.fullName).toBe('.Order');
  });
});

describe('bytes that are no value of their schema', () => {
  it.each<[string, readonly number[], RegExp]>([
    ['a length beyond the end', [0x0a, 9, 65], /index out of range/],
    ['half a number', [0x10], /index out of range/],
    ['a text that is not UTF-8', [0x0a, 1, 0xff], /utf-8/i],
    ['a field numbered 0', [0x00, 0x01], /tag|invalid|illegal/i],
  ])('are refused: %s', async (_, bytes, why) => {
    for (const syntax of ['proto2', 'proto3']) {
      const label = syntax === 'proto2' ? 'optional ' : '';
      const text = `syntax = "${syntax}"; message Refund { ${label}string order_id = 1; ${label}int32 amount = 2; }`;
      const { read } = await only(text, 'order_id');
      expect(read(bytes)).toMatch(/^not the Protobuf its schema says: /);
      expect(read(bytes)).toMatch(why);
    }
  });

  it('are read or refused, at once, whatever was done to them', async () => {
    const order = {
      id: 7,
      name: 'ORD-7',
      items: [{ sku: 'A-1', pieces: 2 }, {}],
      stock: { 'A-1': 3 },
      placed: { seconds: 1_795_000_000 },
    };
    const bytes = encoded(order);
    const reader = new ProtobufValue(
      ['id', 'items[1].sku', 'stock.A-1', 'placed'].map(path),
      await schemas(() => Order),
    );
    const change = fc.record({ at: fc.nat(bytes.length), byte: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const mutated = changes.reduce(
          (before, { at: i, byte, cut }) =>
            cut
              ? before.subarray(0, i)
              : Buffer.concat([before.subarray(0, i), Buffer.of(byte), before.subarray(i)]),
          Buffer.from(bytes),
        );
        if (!reader.read(mutated, { headers: [] })) expect(reader.fault).toMatch(/^not the Protobuf/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('any order', () => {
  const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String);
  const text = fc.string({ unit: 'grapheme' }).filter((one) => one.isWellFormed() && !one.startsWith('hex:'));

  it('is read as the library reads it', async () => {
    const orders = fc.record(
      {
        id: int64,
        tax: fc.double({ noDefaultInfinity: true, noNaN: true }),
        paid: fc.boolean(),
        name: text,
        channel: fc.constantFrom('SHOP', 'WEB'),
        floor: fc.integer(),
        items: fc.array(fc.record({ sku: text, pieces: fc.integer() }), { maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    const texts = [
      'id',
      'tax',
      'paid',
      'name',
      'channel',
      'floor',
      'items',
      'items[1].sku',
      'items[1].pieces',
    ];
    const reader = new ProtobufValue(texts.map(path), await schemas(() => Order));
    fc.assert(
      fc.property(orders, (order) => {
        const bytes = encoded(order);
        const plain = Order.toObject(Order.decode(bytes), { longs: String, enums: String, defaults: true });
        const { id, tax, paid, name, channel, items } = plain as Required<typeof order>;
        expect(reader.read(bytes, { headers: [] })).toBe(true);
        expect(texts.map((_, i) => shown(reader, i))).toEqual([
          id,
          String(tax),
          String(paid),
          name,
          channel,
          order.floor === undefined ? undefined : String(order.floor),
          items.length,
          items[1]?.sku,
          items[1] && String(items[1].pieces),
        ]);
      }),
    );
  });
});
