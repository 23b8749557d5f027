import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonPath } from '../../../../src/sources/messages/json-path.ts';
import { AvroValue, compileAvro } from '../../../../src/sources/messages/values/avro.ts';
import { OBJECT, path, type Shown, schemas, shown, shownBy } from './read.ts';

/** avsc makes the bytes: an implementation that shares nothing with ours. Longs are BigInt to it. */
const LONG = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (long: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(long);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (long: unknown) => typeof long === 'bigint',
  compare: (a: bigint, b: bigint) => Number(a - b),
});

function longs(schema: unknown): typeof LONG | undefined {
  return schema === 'long' || (schema as { type?: unknown }).type === 'long' ? LONG : undefined;
}

function encoded(schema: unknown, value: unknown): Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema, { typeHook: longs, wrapUnions: true });
  return type.toBuffer(value);
}

async function at(texts: readonly string[], schema: unknown, value: unknown) {
  const type = compileAvro([{ name: '', text: JSON.stringify(schema) }]);
  const all = await schemas(type);
  return shownBy((paths) => new AvroValue(paths, all), texts.map(path), encoded(schema, value));
}

describe('what is found in an order', () => {
  const order = {
    type: 'record',
    name: 'Order',
    namespace: 'shop',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'placed', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'day', type: { type: 'int', logicalType: 'date' } },
      { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
      { name: 'weight', type: 'float' },
      { name: 'tax', type: 'double' },
      { name: 'paid', type: 'boolean' },
      { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['SHOP', 'WEB'] } },
      { name: 'token', type: { type: 'fixed', name: 'Token', size: 2 } },
      { name: 'ref', type: { type: 'string', logicalType: 'uuid' } },
      { name: 'note', type: ['null', 'string'] },
      {
        name: 'items',
        type: {
          type: 'array',
          items: { type: 'record', name: 'Item', fields: [{ name: 'sku', type: 'string' }] },
        },
      },
      { name: 'gift', type: ['null', 'Item'] },
      { name: 'stock', type: { type: 'map', values: 'int' } },
    ],
  };
  const placed = {
    id: 9_007_199_254_740_993n,
    placed: 1_795_000_000_123n,
    day: 20_781,
    total: Buffer.from([0x07, 0xc6]),
    weight: Math.fround(0.1),
    tax: 0.1 + 0.2,
    paid: true,
    channel: 'WEB',
    token: Buffer.from([0xff, 0x00]),
    ref: '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
    note: null,
    items: [{ sku: 'A-1' }, { sku: 'hex:1' }],
    gift: { 'shop.Item': { sku: 'G-1' } },
    stock: { 'A-1': 3 },
  };

  it('is one text for each scalar, whatever its type', async () => {
    const texts = 'id placed day total weight tax paid channel token ref note'.split(' ');
    expect(await at(texts, order, placed)).toEqual([
      '9007199254740993',
      '1795000000123',
      '20781',
      '19.90',
      '0.1',
      '0.30000000000000004',
      'true',
      'WEB',
      'hex:ff00',
      '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
      null,
    ]);
  });

  it('is the length of a list, what is below names and indexes, and a union without its branch', async () => {
    const texts = 'items|items[1].sku|items[2].sku|gift|gift.sku|stock.A-1|stock.B-2|id.x|nothing'.split('|');
    expect(await at(texts, order, placed)).toEqual([
      2,
      'hex:6865783a31',
      undefined,
      OBJECT,
      'G-1',
      '3',
      undefined,
      undefined,
      undefined,
    ]);
    expect(await at(['', '[1]'], { type: 'array', items: 'int' }, [7, 8])).toEqual([2, '8']);
  });

  it.each([
    [-12_345n, 2, '-123.45'],
    [5n, 3, '0.005'],
    [-5n, 3, '-0.005'],
    [0n, 2, '0.00'],
    [128n, 0, '128'],
    [-(2n ** 70n), 1, '-118059162071741130342.4'],
  ])('is the decimal %s of scale %i as %s', async (unscaled, scale, text) => {
    const bytes = Buffer.from(BigInt.asUintN(128, unscaled).toString(16).padStart(32, '0'), 'hex');
    const decimal = { logicalType: 'decimal', precision: 30, scale };
    expect(await at([''], { type: 'bytes', ...decimal }, bytes)).toEqual([text]);
    expect(await at([''], { type: 'fixed', name: 'Amount', size: 16, ...decimal }, bytes)).toEqual([text]);
  });

  it('is a UUID of sixteen bytes in its usual spelling', async () => {
    const schema = { type: 'fixed', name: 'Id', size: 16, logicalType: 'uuid' };
    const bytes = Buffer.from('6f9619ff8b86d011b42d00cf4fc964ff', 'hex');
    expect(await at([''], schema, bytes)).toEqual(['6f9619ff-8b86-d011-b42d-00cf4fc964ff']);
  });
});

describe('what other writers write', () => {
  const read = async (schema: unknown, bytes: readonly number[], texts: readonly string[]) => {
    const all = await schemas(compileAvro([{ name: '', text: JSON.stringify(schema) }]));
    return shownBy((paths) => new AvroValue(paths, all), texts.map(path), Buffer.from(bytes));
  };

  it('are lists in several blocks, with the length of each in bytes', async () => {
    const bytes = [3, 4, 2, 4, 1, 2, 6, 2, 8, 0];
    expect(await read({ type: 'array', items: 'int' }, bytes, ['', '[1]', '[3]', '[4]'])).toEqual([
      4,
      '2',
      '4',
      undefined,
    ]);
  });

  it('are maps with one key twice, of which the last counts, whole', async () => {
    const inner = { type: 'map', values: { type: 'map', values: 'int' } };
    const bytes = [4, 2, 65, 2, 2, 66, 2, 0, 2, 65, 2, 2, 67, 4, 0, 0];
    expect(await read(inner, bytes, ['A.B', 'A.C'])).toEqual([undefined, '2']);
  });

  it('are texts that are not UTF-8, which are kept apart', async () => {
    expect(await read('string', [2, 0xff], [''])).toEqual(['hex:ff']);
  });
});

describe('names', () => {
  it('are found where Avro looks for them', async () => {
    const schema = {
      type: 'record',
      name: 'shop.Order',
      fields: [
        {
          name: 'a',
          type: { type: 'record', name: 'Line', fields: [{ name: 'next', type: ['null', 'Line'] }] },
        },
        { name: 'b', type: 'Line' },
        { name: 'c', type: { type: 'enum', name: 'Kind', namespace: 'other', symbols: ['X'] } },
        { name: 'd', type: 'other.Kind' },
      ],
    };
    const value = { a: { next: { 'shop.Line': { next: null } } }, b: { next: null }, c: 'X', d: 'X' };
    expect(await at(['a.next.next', 'b.next', 'd'], schema, value)).toEqual([null, null, 'X']);
  });

  it('are found in schemas that were referred to', () => {
    const item = {
      type: 'record',
      name: 'Item',
      namespace: 'shop',
      fields: [{ name: 'sku', type: 'string' }],
    };
    const order = { type: 'array', items: 'shop.Item' };
    expect(compileAvro([item, order].map((schema) => ({ name: '', text: JSON.stringify(schema) })))).toEqual({
      is: 'array',
      items: { is: 'record', fields: [{ name: 'sku', type: { is: 'string' } }] },
    });
  });

  it.each([
    ['{', /JSON/],
    ['"shop.Item"', /nothing is named shop\.Item/],
    ['{"type":"record","name":"Order"}', /the record Order has no fields/],
    ['{"type":"record","fields":[]}', /a named type has no name/],
    ['{"type":"fixed","name":"Token","size":-1}', /no size/],
    ['{"type":"enum","name":"Channel","symbols":[1]}', /no symbols/],
    ['7', /7 is no Avro type/],
    ['{}', /no Avro type/],
  ])('and shapes that are wrong are refused: %s', (text, why) => {
    expect(() => compileAvro([{ name: '', text }])).toThrow(why);
  });
});

// ------------------------------------------------------------------------------------------ any value of any schema

interface Sample {
  readonly schema: unknown;
  readonly value: unknown;
  /** Everything in it, each under its path. */
  readonly holds: readonly (readonly [JsonPath, Shown])[];
}

function leaf<T>(schema: unknown, values: fc.Arbitrary<T>, text: (value: T) => Shown): fc.Arbitrary<Sample> {
  return values.map((value) => ({ schema, value, holds: [[[], text(value)]] }));
}

const MIN = -(2n ** 63n);
const plainText = fc
  .string({ unit: 'binary' })
  .filter((text) => text.isWellFormed() && !text.startsWith('hex:'));

const leaves: fc.Arbitrary<Sample> = fc.oneof(
  leaf('null', fc.constant(null), () => null),
  leaf('boolean', fc.boolean(), String),
  leaf('int', fc.integer(), String),
  leaf('long', fc.oneof(fc.bigInt(MIN, 2n ** 63n - 1n), fc.bigInt(-300n, 300n)), String),
  leaf('double', fc.double({ noNaN: true }), (value) =>
    JSON.stringify(value) === 'null' ? String(value) : JSON.stringify(value),
  ),
  leaf('string', plainText, (text) => text),
  leaf(
    'bytes',
    plainText.map((text) => Buffer.from(text)),
    (bytes) => bytes.toString(),
  ),
);

function below(step: string | number, { holds }: Sample): Sample['holds'] {
  return holds.map(([inside, there]) => [[step, ...inside], there] as const);
}

const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaves,
    // The items of one list, and the values of one map, are of one type: copies of one sample do.
    fc.tuple(tie('sample'), fc.nat(3)).map(
      ([item, length]): Sample => ({
        schema: { type: 'array', items: item.schema },
        value: Array(length).fill(item.value),
        holds: [[[], length], ...Array.from({ length }, (_, i) => below(i, item)).flat()],
      }),
    ),
    fc.tuple(tie('sample'), fc.uniqueArray(plainText, { maxLength: 3 })).map(
      ([value, names]): Sample => ({
        schema: { type: 'map', values: value.schema },
        value: Object.fromEntries(names.map((name) => [name, value.value])),
        holds: [[[], OBJECT], ...names.flatMap((name) => below(name, value))],
      }),
    ),
    fc.array(tie('sample'), { maxLength: 4 }).map(
      (fields): Sample => ({
        schema: {
          type: 'record',
          name: `Record${unique++}`,
          fields: fields.map(({ schema }, i) => ({ name: `f${i}`, type: schema })),
        },
        value: Object.fromEntries(fields.map(({ value }, i) => [`f${i}`, value])),
        holds: [[[], OBJECT], ...fields.flatMap((field, i) => below(`f${i}`, field))],
      }),
    ),
  ),
}));
let unique = 0;

describe('any value of any schema', () => {
  it('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(sample, async ({ schema, value, holds }) => {
        const text = JSON.stringify(schema);
        const all = await schemas(compileAvro([{ name: '', text }]));
        const reader = new AvroValue(
          holds.map(([where]) => where),
          all,
        );
        expect(reader.read(encoded(schema, value), { headers: [] })).toBe(true);
        expect(holds.map((_, i) => shown(reader, i))).toEqual(holds.map(([, there]) => there));
      }),
      { numRuns: 500 },
    );
  });

  it('that was mutated is read or refused, at once', async () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(sample, fc.array(change, { minLength: 1, maxLength: 4 }), async (one, changes) => {
        const bytes = changes.reduce(
          (before, { at: place, byte, cut }) => {
            const i = place % (before.length + 1);
            return cut
              ? before.subarray(0, i)
              : Buffer.concat([before.subarray(0, i), Buffer.of(byte), before.subarray(i)]);
          },
          encoded(one.schema, one.value),
        );
        const all = await schemas(compileAvro([{ name: '', text: JSON.stringify(one.schema) }]));
        const reader = new AvroValue(
          one.holds.map(([where]) => where),
          all,
        );
        if (!reader.read(bytes, { headers: [] }))
          expect(reader.fault).toMatch(/^not the Avro its schema says: /);
      }),
      { numRuns: 500 },
    );
  });
});

describe('bytes that are no value of their schema', () => {
  const fault = async (schema: unknown, bytes: readonly number[]) => {
    const all = await schemas(compileAvro([{ name: '', text: JSON.stringify(schema) }]));
    const reader = new AvroValue([[]], all);
    return reader.read(Buffer.from(bytes), { headers: [] }) ? 'none' : reader.fault.replace(/^.*says: /, '');
  };

  it.each<[string, unknown, readonly number[], string]>([
    ['too few', 'string', [6, 65, 66], 'it ends after 3 bytes, too early for 3 from byte 2'],
    ['none', 'int', [], 'it ends after 0 bytes, too early for 1 from byte 1'],
    ['too many', 'int', [2, 2], '1 of its 2 bytes are left over'],
    ['a length below 0', 'string', [1], 'it has a length below 0, before byte 2'],
    ['no such branch', ['null', 'int'], [4], 'it has choice 2 of 2, before byte 2'],
    ['a boolean of 2', 'boolean', [2], 'byte 1 is neither true nor false'],
    ['an int of 33 bits', 'int', [0xff, 0xff, 0xff, 0xff, 0x1f], 'the number at byte 1 is too large'],
    ['a long of 11 bytes', 'long', Array(11).fill(0xff), 'the number at byte 1 is too large'],
    [
      'a list without end',
      { type: 'array', items: 'null' },
      [0xfe, 0xff, 0xff, 0xff, 0x0f, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0],
      'it has a list of 2147483647 items',
    ],
    [
      'a record inside itself',
      { type: 'record', name: 'Loop', fields: [{ name: 'again', type: 'Loop' }] },
      [],
      'it is nested deeper than 500 levels',
    ],
  ])('are refused: %s', async (_, schema, bytes, why) => {
    expect(await fault(schema, bytes)).toBe(why);
  });

  it('are told from a list of very many items that take no bytes, which is read at once', async () => {
    expect(await fault({ type: 'array', items: 'null' }, [0xfe, 0xff, 0xff, 0xff, 0x07, 0])).toBe('none');
  });
});
