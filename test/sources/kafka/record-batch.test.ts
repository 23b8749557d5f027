import { describe, expect, it } from 'vitest';
import { BatchCursor, offsetBehind } from '../../../src/sources/kafka/record-batch.ts';
import { RecordCursor } from '../../../src/sources/kafka/records.ts';
import { type BatchSpec, batch, type RecordSpec, slowCrc32c } from './encoder.ts';

const ORDERS = { topic: 'orders', partition: 3 };

const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

/** Everything the cursors say of some bytes, as plain values. */
function read(bytes: Buffer, withHeaders = true): RecordSpec[] {
  const batches = new BatchCursor(ORDERS, bytes);
  const record = new RecordCursor(withHeaders);
  const records: RecordSpec[] = [];
  while (batches.next()) {
    batches.verify();
    record.open(batches);
    while (record.next()) {
      const { offset, timestamp, key, value } = record;
      const headers = record.headers.map(([name, header]) => [name, text(header)] as const);
      records.push({ offset, timestamp, key: text(key), value: text(value), headers });
    }
  }
  return records;
}

const first: RecordSpec = {
  offset: 10,
  timestamp: 1_700_000_000_000,
  key: 'ORD-1',
  value: '{}',
  headers: [],
};
const second: RecordSpec = {
  offset: 12,
  timestamp: 1_700_000_000_777,
  key: null,
  value: 'grün',
  headers: [
    ['trace', 'a'],
    ['trace', null],
    ['größe', ''],
  ],
};

const BOTH: BatchSpec = { base: 10, records: [first, second] };

/** Both records as they stand in a batch, with `change` done to its bytes. */
function damaged(change: (bytes: Buffer) => void, spec: BatchSpec = BOTH): Buffer {
  const bytes = Buffer.from(batch(spec));
  change(bytes);
  return bytes;
}

describe('record batches', () => {
  it.each([0, 1, 2, 3, 4])('are read with codec %i', (codec) => {
    expect(read(batch({ ...BOTH, codec }))).toEqual([first, second]);
  });

  it('follow each other, and an incomplete last one is left out', () => {
    const next = { ...first, offset: 13 };
    const bytes = Buffer.concat([batch(BOTH), batch({ base: 13, records: [next] })]);
    expect(read(bytes)).toEqual([first, second, next]);
    for (const cut of [1, 30, 62]) {
      expect(read(bytes.subarray(0, bytes.length - cut))).toEqual([first, second]);
    }
    expect(offsetBehind(ORDERS, bytes)).toBe(14);
    expect(offsetBehind(ORDERS, bytes.subarray(0, bytes.length - 1))).toBe(13);
    expect(offsetBehind(ORDERS, bytes.subarray(0, 50))).toBeUndefined();
    expect(offsetBehind(ORDERS, Buffer.alloc(0))).toBeUndefined();
  });

  it('without records still cover their offsets', () => {
    const empty = batch({ base: 20, last: 29, records: [] });
    expect(read(empty)).toEqual([]);
    expect(offsetBehind(ORDERS, empty)).toBe(30);
  });

  it('that the broker dated give every record its time', () => {
    const times = read(batch({ ...BOTH, appendedAt: 1_800_000_000_000 })).map((record) => record.timestamp);
    expect(times).toEqual([1_800_000_000_000, 1_800_000_000_000]);
  });

  it('may have times before the base, and none at all', () => {
    const old = { ...first, timestamp: 1_600_000_000_000 };
    expect(read(batch({ base: 10, records: [old], baseTimestamp: 1_700_000_000_000 }))).toEqual([old]);
    expect(read(batch({ base: 10, records: [{ ...first, timestamp: -1 }] }))[0]?.timestamp).toBe(-1);
  });

  it('keep large offsets, sizes and empty values', () => {
    const large = { ...first, offset: 2 ** 53 - 1, key: '', value: 'x'.repeat(300_000) };
    expect(read(batch({ base: 2 ** 53 - 5, records: [large] }))).toEqual([large]);
  });

  it.each([0, 3])('may hold 125 000 records, with codec %i', (codec) => {
    const records = Array.from({ length: 125_000 }, (_, i) => ({ offset: i, key: null, value: `${i}` }));
    const batches = new BatchCursor(ORDERS, batch({ base: 0, records, codec }));
    const record = new RecordCursor(true);
    batches.next();
    batches.verify();
    record.open(batches);
    for (const { offset, value } of records) {
      expect(record.next() && record.offset === offset && text(record.value) === value).toBe(true);
    }
    expect(record.next()).toBe(false);
  });

  it.each([0, 1, 2, 3, 4])('may hold a message of 12 MB, with codec %i', (codec) => {
    const large = { ...first, value: '{"id":"ORD-1"}'.repeat(900_000) };
    const [found] = read(batch({ base: 10, records: [large], codec }));
    expect(found?.value === large.value).toBe(true);
  });

  it('keep bytes that are no text in keys, values and headers', () => {
    const bytes = Buffer.from([0xff, 0, 0xc3, 0x28]);
    const headers = [['trace', bytes] as const, ['trace', null] as const, ['', Buffer.alloc(0)] as const];
    const batches = new BatchCursor(
      ORDERS,
      batch({ base: 0, records: [{ offset: 0, key: bytes, value: bytes, headers }] }),
    );
    const record = new RecordCursor(true);
    batches.next();
    record.open(batches);
    record.next();
    expect([record.key, record.value]).toEqual([bytes, bytes]);
    expect(record.headers).toEqual(headers);
  });

  it('that compaction emptied keep their codec, and are read', () => {
    for (const codec of [1, 2, 3, 4]) {
      const empty = damaged((bytes) => bytes.writeUInt8(codec, 22), { base: 20, last: 29, records: [] });
      empty.writeUInt32BE(slowCrc32c(empty.subarray(21)), 17);
      expect(read(empty)).toEqual([]);
    }
  });

  it('leave headers out where nobody asks for them', () => {
    expect(read(batch(BOTH), false)).toEqual([first, { ...second, headers: [] }]);
  });
});

describe('what cannot be read', () => {
  it('codecs and formats that Kafka does not have are named', () => {
    expect(() => read(batch({ ...BOTH, codec: 6 }))).toThrow('damaged (codec 6: unknown to onceover)');
    expect(() => read(batch({ ...BOTH, magic: 3 }))).toThrow(
      'Topic orders, partition 3, offset 10: stored in message format 3, which onceover does not know.',
    );
  });

  it('a single flipped bit is found by the checksum', () => {
    for (const at of [22, 40, 61, 75]) {
      const bytes = damaged((bytes) => bytes.writeUInt8(bytes[at]! ^ 0x04, at));
      expect(() => read(bytes), `byte ${at}`).toThrow(
        'partition 3, offset 10: the batch is damaged (its checksum',
      );
    }
  });

  it('broken gzip is said to be so', () => {
    const batches = new BatchCursor(
      ORDERS,
      damaged((bytes) => bytes.fill(0, 61, 71), { ...BOTH, codec: 1 }),
    );
    batches.next();
    expect(() => batches.records()).toThrow('the batch is damaged (gzip:');
  });

  it.each([
    ['a record longer than the batch', { at: 61, byte: 0x7e }, 'a record ends outside'],
    ['a negative record length', { at: 61, byte: 0x01 }, 'a record ends outside'],
    ['a key longer than its record', { at: 65, byte: 0x7e }, 'ends outside of its record'],
    ['more records than there are', { at: 60, byte: 3 }, 'a record ends outside'],
    ['fewer records than there are', { at: 60, byte: 1 }, 'bytes behind its last record'],
    ['an offset beyond the last', { at: 26, byte: 1 }, 'an offset beyond its last'],
    ['records in a batch that tells of none', { at: 60, byte: 0 }, 'bytes behind its last record'],
    ['fewer headers than there are', { at: 74, byte: 0xff }, 'headers'],
  ])('%s is refused although no checksum is asked', (_, { at, byte }, message) => {
    const batches = new BatchCursor(
      ORDERS,
      damaged((bytes) => bytes.writeUInt8(byte, at)),
    );
    const record = new RecordCursor(true);
    batches.next();
    expect(() => {
      record.open(batches);
      while (record.next());
    }).toThrow(message);
  });

  it('offsets that do not ascend are refused', () => {
    const bytes = batch({ base: 10, last: 12, records: [second, first] });
    expect(() => read(bytes)).toThrow('its offsets do not ascend');
  });

  it('a batch beyond the exact numbers is refused', () => {
    const bytes = damaged((bytes) => bytes.writeBigInt64BE(2n ** 53n, 0));
    expect(() => read(bytes)).toThrow('beyond 2^53 - 1');
  });
});

describe('a timestamp', () => {
  it.each([
    [1_795_563_117_683, 1_795_563_117_683],
    [253_402_300_799_999, 253_402_300_799_999],
    [253_402_300_800_000, -1],
    [1_795_569_143_597_000, -1],
    [-1, -1],
    [-7, -1],
  ])('of %d is %d: one that was not meant in milliseconds is none', (written, read) => {
    const bytes = batch({ base: 0, records: [{ offset: 0, timestamp: written, value: '{}' }] });
    const batches = new BatchCursor({ topic: 'orders', partition: 0 }, bytes);
    batches.next();
    const record = new RecordCursor(false);
    record.open(batches);
    record.next();
    expect(record.timestamp).toBe(read);
  });
});
