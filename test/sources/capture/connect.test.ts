import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { isAuditError } from '../../../src/error.ts';
import type { CaptureSettings, FieldReference } from '../../../src/model.ts';
import { snappyBlock } from '../kafka/frames.ts';
import { rawZstd } from '../zstd-frames.ts';
import { filesOf, line, type Read, read } from './captures.ts';

const value = (...path: (string | number)[]): FieldReference => ({
  text: `value.${path.join('.')}`,
  root: 'value',
  path,
});
const ID = value('id');
const PLACED: Partial<CaptureSettings> = { timestamp: value('placed') };

/** Values as JsonFormat writes them, one a line. */
function orders(first: number, count: number): string {
  return Array.from(
    { length: count },
    (_, i) => `{"id":"ORD-${first + i}","placed":${1000 * (first + i)}}\n`,
  ).join('');
}

describe('what a sink connector wrote as JSON', () => {
  it('has topic, partition and offsets by the names, packed or not', async () => {
    const files = filesOf({
      'orders+1+0000000100.json': orders(100, 3),
      'orders+1+0000000103.json.gz': gzipSync(orders(103, 2)),
      'orders+0+0000000000.json': orders(0, 2),
    });
    const { places, keys, range, replay } = await read(files, { key: [ID] });
    expect([...places].sort()).toEqual(['0:0', '0:1', '1:100', '1:101', '1:102', '1:103', '1:104']);
    expect([...keys].sort()).toEqual([
      'ORD-0',
      'ORD-1',
      'ORD-100',
      'ORD-101',
      'ORD-102',
      'ORD-103',
      'ORD-104',
    ]);
    expect(range.source).toContain('(Kafka Connect JSON)');
    // The file behind begins where this one ends; of the last file of each partition nothing says so.
    expect(range.notes.join()).toContain('the next file confirms the count in 1 of 3 files');
    expect(replay.classes.get(1)).toMatchObject({ audited: 5, unseen: 0 });
    expect(replay.firstAt).toBeUndefined();
  });

  it('leaves offsets unseen where fewer lines than offsets lie between two names', async () => {
    const files = filesOf({ 'orders+0+0.json': orders(0, 3), 'orders+0+5.json': orders(5, 1) });
    const { replay, range } = await read(files, { key: [ID] });
    expect(replay.classes.get(0)).toMatchObject({ audited: 4, unseen: 2 });
    expect(range.notes.join()).toContain('in 0 of 2 files');
  });

  it.each<[string, Record<string, string>, { first: number; end: number; unseen: number }]>([
    ['first', { 'orders+0+0.json': '', 'orders+0+4.json': orders(4, 2) }, { first: 0, end: 6, unseen: 4 }],
    ['last', { 'orders+0+0.json': orders(0, 4), 'orders+0+4.json': '' }, { first: 0, end: 5, unseen: 1 }],
    ['only', { 'orders+0+4.json': '\n' }, { first: 4, end: 5, unseen: 1 }],
  ])('does not end before an empty file that is its %s', async (_, contents, { first, end, unseen }) => {
    const { replay, range } = await read(filesOf(contents), { key: [ID] });
    expect(range.partitions).toMatchObject([{ first, end }]);
    expect(replay.classes.get(0)).toMatchObject({ unseen });
    expect(range.notes.join()).toMatch(/orders\+0\+\d\.json holds nothing: partition 0, offset \d and/);
  });

  it('may have been empty at the time that was asked for', async () => {
    const files = filesOf({
      'orders+0+0.json': '',
      'orders+0+4.json': orders(4, 2),
      'orders+0+6.json': '',
      'payments+0+9.json': '',
    });
    const of = async (from: number, to: number) => {
      const range = { by: 'time', from, to, padding: 0 } as const;
      return (await read(files, { key: [ID], capture: PLACED, range })).replay.classes.get(0);
    };
    expect(await of(3500, 9000)).toMatchObject({ audited: 2, unseen: 5 });
    expect(await of(4500, 9000)).toMatchObject({ audited: 1, unseen: 1 });
    expect(await of(3500, 4500)).toMatchObject({ audited: 1, unseen: 4 });
  });

  it('is read in the order of offsets, however the names sort', async () => {
    const files = filesOf({ 'orders+0+10.json': orders(10, 2), 'orders+0+9.json': orders(9, 1) });
    expect((await read(files, { key: [ID] })).places).toEqual(['0:9', '0:10', '0:11']);
  });

  it('has times where the value is said to have them', async () => {
    const [file] = filesOf({
      'orders+0+0.json': [
        '{"id":"a","placed":10000}',
        '{"id":"b","placed":"1970-01-01T00:00:20.5Z"}',
        '{"id":"c","placed":"1970-01-01T00:00:30"}',
        '{"id":"d"}',
      ].join('\n'),
    });
    const { replay } = await read([file!], { key: [ID], capture: PLACED });
    expect(replay).toMatchObject({ firstAt: 10_000, lastAt: 20_500, messages: 4 });
    const cut = await read([file!], {
      key: [ID],
      capture: PLACED,
      range: { by: 'time', from: 20_000, padding: 0 },
    });
    expect(cut.places).toEqual(['0:1', '0:2', '0:3']);
  });

  it('cannot be cut by a time that it does not tell', async () => {
    const [file] = filesOf({ 'orders+0+0.json': orders(0, 3) });
    const range = { by: 'time', from: 1, padding: 0 } as const;
    const error = await failure(read([file!], { key: [ID], range }));
    expect(error.status).toBe(2);
    expect(error.hint).toContain('timestamp: value.');
  });

  it('has tombstones, texts, and JSON of any kind', async () => {
    const [file] = filesOf({ 'orders+0+0.json': 'null\n"{\\"id\\":\\"ORD-1\\"}"\n[1]\n' });
    const { keys, replay } = await read([file!], { key: [ID] });
    expect(keys).toEqual(['', 'ORD-1', '']);
    expect(replay.undecodable).toEqual([]);
  });

  it('may be in envelopes, which keep all but the order of headers', async () => {
    const envelope = (offset: number) =>
      JSON.stringify({
        key: `ORD-${offset}`,
        value: { id: offset },
        headers: { trace: 't', n: 1, none: null },
        metadata: { offset, partition: 3, timestamp: 1000 * offset, topic: 'orders' },
      });
    const [file] = filesOf({ '000000000042.json': `${envelope(41)}\n${envelope(42)}\n` });
    const key: FieldReference[] = [
      { text: 'key', root: 'key' },
      ID,
      { text: 'headers.trace', root: 'headers', name: 'trace' },
      { text: 'headers.n', root: 'headers', name: 'n' },
    ];
    const { keys, places, replay, range } = await read([file!], { key });
    expect(places).toEqual(['3:41', '3:42']);
    expect(keys).toEqual(['ORD-41 41 t 1', 'ORD-42 42 t 1']);
    expect(replay).toMatchObject({ firstAt: 41_000, lastAt: 42_000 });
    expect(range.notes).toEqual([]);
  });

  it('that is torn, or says nowhere what it is, is named with its line', async () => {
    const [torn, nameless] = filesOf({
      'orders+0+0.json': `${orders(0, 2)}{"id":"OR`,
      'orders.json': orders(0, 1),
    });
    expect((await failure(read([torn!], { key: [ID] }))).message).toMatch(
      /json:3: the line is not JSON: it ends/,
    );
    const capture = { format: 'connect-json' } as const;
    expect((await failure(read([nameless!], { capture }))).message).toMatch(
      /json:1: neither the line nor the name orders\.json says/,
    );
  });

  it('is not taken for what kcat wrote under such a name', async () => {
    const [file] = filesOf({ 'orders+0+0.json': line({ offset: 7, key: 'ORD-7' }) });
    expect((await read([file!])).places).toEqual(['0:7']);
  });
});

describe('what a sink connector wrote as Avro', () => {
  const ORDER: avro.Schema = {
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'placed', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'note', type: ['null', 'string'], default: null },
      {
        name: 'price',
        type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } as avro.Schema,
        default: '',
      },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['PLACED', 'PAID'] } },
      { name: 'items', type: { type: 'array', items: { type: 'map', values: ['int', 'string'] } } },
    ],
  };
  const order = (i: number) => ({
    id: i,
    placed: 1000 * i,
    note: i % 2 === 0 ? null : `note "${i}"`,
    price: Buffer.from([0xff, 0x38]),
    state: 'PAID',
    items: [{ a: i }, { b: 'two' }],
  });

  async function container(codec: string, first: number, count: number): Promise<Buffer> {
    const encoder = new avro.streams.BlockEncoder(ORDER, {
      codec,
      blockSize: 200,
      codecs: {
        null: (bytes: Buffer, done: (error: null, packed: Buffer) => void) => done(null, bytes),
        deflate: (bytes: Buffer, done: (error: null, packed: Buffer) => void) =>
          done(null, deflateRawSync(bytes)),
        zstandard: (bytes: Buffer, done: (error: null, packed: Buffer) => void) => done(null, rawZstd(bytes)),
        snappy: (bytes: Buffer, done: (error: null, packed: Buffer) => void) =>
          done(null, Buffer.concat([snappyBlock(bytes), checksum(bytes)])),
        lzma: (bytes: Buffer, done: (error: null, packed: Buffer) => void) => done(null, bytes),
      },
    } as object);
    const written = buffer(encoder);
    for (let i = first; i < first + count; i++) if (!encoder.write(order(i))) await once(encoder, 'drain');
    encoder.end();
    return await written;
  }

  /** As the specification has it behind each block of Snappy's. */
  function checksum(bytes: Buffer): Buffer {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return sum;
  }

  it.each(['null', 'deflate', 'snappy', 'zstandard'])('is read with codec %s', async (codec) => {
    const files = filesOf({
      'orders+0+0000000000.avro': await container(codec, 0, 50),
      'orders+0+0000000050.avro': await container(codec, 50, 2),
    });
    const key = [
      ID,
      value('note'),
      value('price'),
      value('state'),
      value('items', 0, 'a'),
      value('items', 1, 'b'),
    ];
    const { places, keys, range, replay } = await read(files, { key, capture: PLACED });
    expect(places).toEqual(Array.from({ length: 52 }, (_, i) => `0:${i}`));
    expect(keys[51]).toBe('51 note%20"51" -2.00 PAID 51 two');
    expect(range.source).toContain('(Avro)');
    expect(range.notes.join()).toContain('in 1 of 2 files');
    expect(replay).toMatchObject({ firstAt: 0, lastAt: 51_000 });
  });

  it('keeps every digit of a long', async () => {
    const type = avro.Type.forSchema('long', {
      registry: {
        long: avro.types.LongType.__with({
          fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
          toBuffer(number: bigint) {
            const bytes = Buffer.alloc(8);
            bytes.writeBigInt64LE(number);
            return bytes;
          },
          fromJSON: BigInt,
          toJSON: Number,
          isValid: (number: unknown) => typeof number === 'bigint',
          compare: (a: bigint, b: bigint) => Number(a - b),
        }),
      },
    });
    const encoder = new avro.streams.BlockEncoder(type);
    const written = buffer(encoder);
    encoder.write(-9_007_199_254_740_993n);
    encoder.end(9_223_372_036_854_775_807n);
    const [file] = filesOf({ 'orders+0+0.avro': await written });
    const { keys } = await read([file!], { key: [value()] });
    expect(keys).toEqual(['-9007199254740993', '9223372036854775807']);
  });

  it('ends the audit where it is torn at any byte, and says how far it was good', async () => {
    const whole = await container('null', 0, 20);
    for (const end of [4, 30, 300, whole.length - 1, whole.length - 17]) {
      const [file] = filesOf({ 'orders+0+0.avro': whole.subarray(0, end) });
      const capture = { format: 'avro' } as const;
      const error = await failure(read([file!], { capture, key: [ID] }));
      expect(error.message).toMatch(/avro: the file breaks off; it is good up to record \d+$/);
    }
  });

  // The mark behind a block has 16 bytes: one byte that is packed, and one of the checksum.
  it.each([
    ['deflate', 40],
    ['snappy', 40],
    ['snappy', 18],
  ])('ends the audit where it is damaged (%s)', async (codec, fromEnd) => {
    const damaged = await container(codec, 0, 20);
    damaged[damaged.length - fromEnd]! ^= 0xff;
    const [file, unknown] = filesOf({
      'orders+0+0.avro': damaged,
      'orders+0+20.avro': await container('lzma', 20, 1),
    });
    expect((await failure(read([file!], { key: [ID] }))).message).toMatch(/good up to record \d+$|trusted$/);
    expect((await failure(read([unknown!], { key: [ID] }))).message).toContain(
      'packed with lzma, which onceover cannot read',
    );
  });
});

async function failure(reading: Promise<Read>) {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isAuditError(error)) throw error ?? new Error('it did not fail');
  return error;
}
