import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BatchCursor, offsetBehind } from '../../../src/sources/kafka/record-batch.ts';
import { RecordCursor } from '../../../src/sources/kafka/records.ts';
import { batch, int, message, messageSet, type RecordSpec } from './encoder.ts';

const ORDERS = { topic: 'orders', partition: 3 };
const AT = 1_450_000_000_000;

const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

function read(bytes: Buffer): RecordSpec[] {
  const batches = new BatchCursor(ORDERS, bytes);
  const record = new RecordCursor(true);
  const records: RecordSpec[] = [];
  while (batches.next()) {
    batches.verify();
    record.open(batches);
    while (record.next()) {
      expect(record.headers).toEqual([]);
      expect(record.offset).toBeGreaterThanOrEqual(batches.baseOffset);
      expect(record.offset).toBeLessThanOrEqual(batches.lastOffset);
      const { offset, timestamp, key, value } = record;
      records.push({ offset, timestamp, key: text(key), value: text(value) });
    }
  }
  return records;
}

const order = (offset: number, timestamp = AT + offset): RecordSpec => ({
  offset,
  timestamp,
  key: `ORD-${offset}`,
  value: `{"order":${offset}}`,
});
const undated = (record: RecordSpec) => ({ ...record, timestamp: -1 });
const EDGES: readonly RecordSpec[] = [
  { offset: 7, timestamp: AT, key: null, value: '' },
  { offset: 8, timestamp: AT - 1, key: '', value: null },
  { offset: 9, timestamp: -1, key: null, value: null },
];

const SETS = ([0, 1] as const).flatMap((magic) =>
  [[1, 'gzip'] as const, [2, 'snappy'] as const, [3, 'lz4'] as const].map(([codec, name]) => ({
    magic,
    codec,
    name,
  })),
);

describe('messages of format 0 and 1', () => {
  it('follow each other, and an incomplete last one is left out', () => {
    const bytes = Buffer.concat([
      message({ magic: 0, ...order(5) }),
      message({ magic: 1, ...order(6) }),
      ...EDGES.map((edge) => message({ magic: 1, ...edge })),
    ]);
    expect(read(bytes)).toEqual([undated(order(5)), order(6), ...EDGES]);
    expect(offsetBehind(ORDERS, bytes)).toBe(10);
    for (const cut of [1, 10, 20]) {
      const part = bytes.subarray(0, bytes.length - cut);
      expect(read(part)).toHaveLength(4);
      expect(offsetBehind(ORDERS, part)).toBe(9);
    }
  });

  it.each(SETS)('are read out of a set of format $magic with $name', ({ magic, codec }) => {
    const records = [order(4), order(5), ...EDGES];
    const set = messageSet({ magic, codec, records });
    const before = message({ magic, ...order(3) });
    const bytes = Buffer.concat([before, set, messageSet({ magic, codec, records: [order(10)] })]);
    const expected = [order(3), ...records, order(10)];
    expect(read(bytes)).toEqual(magic === 0 ? expected.map(undated) : expected);
    expect(offsetBehind(ORDERS, bytes)).toBe(11);
    expect(offsetBehind(ORDERS, bytes.subarray(0, before.length + set.length + 30))).toBe(10);
    // The first of a response may be a set, of which nothing tells where it begins.
    expect(read(set)).toHaveLength(5);
  });

  it.each(SETS)(
    'may be missing in a set of format $magic with $name that was cleaned',
    ({ magic, codec }) => {
      // Offsets 20 to 29 were there; 22 and 26 are left.
      const records = [order(22), order(26)];
      const found = read(messageSet({ magic, codec, records, base: 20 }));
      expect(found.map((record) => record.offset)).toEqual([22, 26]);
      expect(found.map((record) => record.key)).toEqual(['ORD-22', 'ORD-26']);
    },
  );

  it.each(SETS)('many, in a set of format $magic with $name', ({ magic, codec }) => {
    const records = Array.from({ length: 20_000 }, (_, i) => order(1000 + i));
    const found = read(messageSet({ magic, codec, records }));
    expect(found).toEqual(magic === 0 ? records.map(undated) : records);
  });

  it('have the broker’s time where it dated them', () => {
    const appendedAt = AT + 99_000;
    const set = messageSet({ magic: 1, codec: 1, records: [order(4), order(5)], appendedAt });
    const alone = message({ magic: 1, ...order(6), timestamp: appendedAt + 1, appendTime: true });
    expect(read(Buffer.concat([set, alone])).map((record) => record.timestamp)).toEqual([
      appendedAt,
      appendedAt,
      appendedAt + 1,
    ]);
  });

  it('stand before record batches in one log', () => {
    const bytes = Buffer.concat([
      message({ magic: 0, ...order(0) }),
      messageSet({ magic: 1, codec: 3, records: [order(1), order(2)] }),
      batch({ base: 3, records: [order(3), order(4)] }),
      batch({ base: 5, records: [order(5)], codec: 2 }),
    ]);
    expect(read(bytes)).toEqual([undated(order(0)), order(1), order(2), order(3), order(4), order(5)]);
    expect(offsetBehind(ORDERS, bytes)).toBe(6);
    const batches = new BatchCursor(ORDERS, bytes);
    const covered: number[][] = [];
    while (batches.next()) covered.push([batches.magic, batches.baseOffset, batches.lastOffset]);
    expect(covered).toEqual([
      [0, 0, 0],
      [1, 1, 2],
      [2, 3, 4],
      [2, 5, 5],
    ]);
  });

  it('are no control batches, whatever their bits', () => {
    // The shortest that there is: the header of a record batch would end behind it.
    const bytes = message({ magic: 0, offset: 3, codec: 0x30, key: '', value: '' });
    const batches = new BatchCursor(ORDERS, bytes);
    batches.next();
    const { isControl, isTransactional, producerId, count } = batches;
    expect({ isControl, isTransactional, producerId, count }).toEqual({
      isControl: false,
      isTransactional: false,
      producerId: -1n,
      count: 1,
    });
  });
});

describe('old messages that cannot be read', () => {
  /** A set whose outer message is sound, whatever is in it. */
  const around = (value: Buffer | null, codec = 1) => message({ magic: 1, offset: 9, codec, value });
  const gzipped = (...messages: Buffer[]) => gzipSync(Buffer.concat(messages));
  const sound = message({ magic: 1, ...order(0) });

  it.each([
    ['a set of nothing', around(null), 'compressed, but nothing is in it'],
    ['a set without messages', around(gzipped()), 'no message is in it'],
    [
      'a set in a set',
      around(gzipped(message({ magic: 1, offset: 0, codec: 1, value: 'x' }))),
      'compressed twice',
    ],
    ['a set whose last message breaks off', around(gzipped(sound, sound.subarray(0, 30))), 'breaks off'],
    ['a set that ends in a few bytes', around(gzipped(sound, Buffer.alloc(9))), 'a message breaks off'],
    ['offsets that do not ascend', around(gzipped(sound, sound)), 'its offsets do not ascend'],
    [
      'a record batch in a set',
      around(gzipped(batch({ base: 0, records: [order(0)] }))),
      'a message of format 2',
    ],
    ['no gzip', around(Buffer.from('gzip')), 'gzip: '],
    ['zstd that is none', around(Buffer.from('zstd'), 4), 'zstd: '],
  ])('%s', (_, bytes, why) => {
    expect(() => read(bytes)).toThrow(why);
    expect(() => read(bytes)).toThrow(/^Topic orders, partition 3, offset 9: the batch is damaged/);
  });

  it('a flipped bit, outside or inside of a set', () => {
    const flip = (bytes: Buffer, at: number) => {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 4;
      return copy;
    };
    for (const at of [17, 20, 30, sound.length - 1]) {
      expect(() => read(flip(sound, at)), `byte ${at}`).toThrow('its checksum does not match');
    }
    const inside = around(gzipped(flip(sound, sound.length - 1)));
    expect(() => read(inside)).toThrow('the checksum of a message does not match');
  });

  it('lengths that do not fit', () => {
    const resize = (at: number, length: number) => {
      const bytes = Buffer.from(sound);
      bytes.writeInt32BE(length, at);
      bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
      return bytes;
    };
    expect(() => read(resize(26, 500))).toThrow('a key ends outside of its message');
    expect(() => read(resize(35, 500))).toThrow('a value does not end with its message');
    expect(() => read(resize(35, 3))).toThrow('a value does not end with its message');
    expect(() => read(resize(8, 10))).toThrow('a batch of 22 bytes');
    expect(() => read(resize(8, -1))).toThrow('a batch of 11 bytes');
  });

  it('offsets that go back, or beyond the exact numbers', () => {
    const back = Buffer.concat([message({ magic: 1, ...order(5) }), message({ magic: 1, ...order(5) })]);
    expect(() => read(back)).toThrow('its offset is not behind the one before');
    const far = Buffer.concat([int(8, 2 ** 53), sound.subarray(8)]);
    expect(() => read(far)).toThrow('beyond 2^53 - 1');
  });
});
