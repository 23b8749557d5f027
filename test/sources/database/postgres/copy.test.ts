/** The binary format of COPY, with any bytes and however it is cut. */
import { array, check, integer, option, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyRows } from '../../../../src/sources/database/postgres/copy.ts';

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), int32(0), int32(0)]);
const TRAILER = int16(-1);

type Field = Buffer | string | null;

function copyRow(row: readonly Field[]): Buffer {
  const fields = row.map((field) => {
    if (field === null) return int32(-1);
    const bytes = Buffer.from(field);
    return Buffer.concat([int32(bytes.length), bytes]);
  });
  return Buffer.concat([int16(row.length), ...fields]);
}

/** The format as the server writes it. */
function copyBytes(rows: readonly (readonly Field[])[], header = HEADER): Buffer {
  return Buffer.concat([header, ...rows.map(copyRow), TRAILER]);
}

/** All rows as text, the bytes fed in pieces of `size`. */
function parse(bytes: Buffer, fields: number, size = bytes.length): (string | null)[][] {
  const reader = new CopyRows(fields);
  const rows: (string | null)[][] = [];
  for (let at = 0; at < bytes.length; at += size) {
    expect(reader.complete).toBe(false);
    reader.feed(bytes.subarray(at, at + size));
    while (reader.next())
      rows.push(Array.from({ length: fields }, (_, i) => reader.bytes(i)?.toString() ?? null));
  }
  expect(reader.complete).toBe(true);
  expect(reader.count).toBe(rows.length);
  return rows;
}

describe('CopyRows', () => {
  it('keeps NULL and the empty text apart', () => {
    const rows = [
      ['A-1', null, ''],
      ['tab\there', 'line\nend\r', '\\N'],
    ];
    expect(parse(copyBytes(rows), 3)).toEqual(rows);
    expect(parse(copyBytes([]), 3)).toEqual([]);
  });

  it('reads any rows, wherever the bytes are cut', () => {
    const text = string({ unit: 'binary' });
    const rows = array(array(option(text), { minLength: 3, maxLength: 3 }));
    const same = property(rows, integer({ min: 1, max: 40 }), (wanted, size) => {
      expect(parse(copyBytes(wanted), 3, size)).toEqual(wanted);
    });
    const outcome = check(same, { numRuns: 300 });
    expect(outcome.failed, JSON.stringify(outcome.counterexample)).toBe(false);
  });

  it('goes over what a header may have more', () => {
    const longer = Buffer.concat([HEADER.subarray(0, 15), int32(3), Buffer.from('new')]);
    expect(parse(copyBytes([['A']], longer), 1, 5)).toEqual([['A']]);
  });

  it('gives the bytes as they are, without a copy', () => {
    const reader = new CopyRows(1);
    const bytes = copyBytes([[Buffer.from([0xff, 0xfe])]]);
    reader.feed(bytes);
    expect(reader.next()).toBe(true);
    expect(reader.bytes(0)).toEqual(Buffer.from([0xff, 0xfe]));
    expect(reader.bytes(0)!.buffer).toBe(bytes.buffer);
  });

  it('knows times and whole numbers', () => {
    const reader = new CopyRows(2);
    const rows = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)].map((time) => [int64(time), int64(3_600_000_000n)]);
    reader.feed(copyBytes([...rows, [null, null]]));
    const seen: unknown[] = [];
    while (reader.next()) seen.push([reader.instant(0), reader.integer(1)]);
    expect(seen).toEqual([
      [946_684_800_000_000n, 3_600_000_000],
      [946_684_799_999_999n, 3_600_000_000],
      ['infinity', 3_600_000_000],
      ['-infinity', 3_600_000_000],
      [undefined, undefined],
    ]);
  });

  it('knows a row that was cut off, and one of another width, and what is no such format', () => {
    const whole = copyBytes([
      ['A', '1'],
      ['B', '2'],
    ]);
    const reader = new CopyRows(2);
    reader.feed(whole.subarray(0, whole.length - 4));
    expect([reader.next(), reader.next(), reader.count, reader.complete]).toEqual([true, false, 1, false]);
    for (const [wrong, error] of [
      [copyBytes([['A']]), /1 fields instead of 2/],
      [copyBytes([['A', '1', 'x']]), /3 fields instead of 2/],
      [Buffer.from('A-1\t2026-11-22 10:00:00+00\n'), /no binary rows/],
    ] as const) {
      const other = new CopyRows(2);
      other.feed(wrong);
      expect(() => other.next()).toThrow(error);
    }
  });
});
