/** The text format of COPY, in any bytes and however it is cut. */
import { array, check, constantFrom, integer, option, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyRows } from '../../../../src/sources/database/postgres/copy.ts';

/** The text format as the server writes it. */
function copyText(rows: readonly (readonly (string | null)[])[]): Buffer {
  const escapes: Record<string, string> = {
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  };
  const field = (text: string | null) =>
    text === null ? '\\N' : text.replace(/[\\\b\f\n\r\t\v]/g, (one) => escapes[one]!);
  return Buffer.from(rows.map((row) => `${row.map(field).join('\t')}\n`).join(''));
}

/** All rows, the bytes fed in pieces of `size`. */
function parse(bytes: Buffer, fields: number, size = bytes.length): (string | null)[][] {
  const reader = new CopyRows(fields);
  const rows: (string | null)[][] = [];
  for (let at = 0; at < bytes.length; at += size) {
    reader.feed(bytes.subarray(at, at + size));
    while (reader.next())
      rows.push(Array.from({ length: fields }, (_, i) => reader.bytes(i)?.toString() ?? null));
  }
  expect(reader.complete).toBe(true);
  expect(reader.count).toBe(rows.length);
  return rows;
}

describe('CopyRows', () => {
  it('keeps NULL, the empty text and the text \\N apart', () => {
    const rows = [
      ['A-1', null, ''],
      ['\\N', 'N', '\\\\n'],
      ['\\', 'tab\there', 'line\nend\r'],
    ];
    expect(parse(copyText(rows), 3)).toEqual(rows);
  });

  it('reads any rows, wherever the bytes are cut', () => {
    const text = string({
      unit: constantFrom('A', 'n', 'N', 'ü', '🎁', '\\', '\t', '\n', '\r', '\b', '\f', '\v'),
    });
    const rows = array(array(option(text), { minLength: 3, maxLength: 3 }));
    const same = property(rows, integer({ min: 1, max: 40 }), (wanted, size) => {
      expect(parse(copyText(wanted), 3, size)).toEqual(wanted);
    });
    const outcome = check(same, { numRuns: 300 });
    expect(outcome.failed, JSON.stringify(outcome.counterexample)).toBe(false);
  });

  it('gives the bytes as they are when nothing is escaped', () => {
    const reader = new CopyRows(2);
    const bytes = Buffer.from([0xff, 0xfe, 0x09, 0x41, 0x0a]);
    reader.feed(bytes);
    expect(reader.next()).toBe(true);
    expect(reader.bytes(0)).toEqual(Buffer.from([0xff, 0xfe]));
    expect(reader.bytes(0)!.buffer).toBe(bytes.buffer);
  });

  it('knows a row that was cut off, and refuses one of another width', () => {
    const reader = new CopyRows(2);
    reader.feed(Buffer.from('A\t1\nB\t'));
    expect([reader.next(), reader.next(), reader.count, reader.complete]).toEqual([true, false, 1, false]);
    for (const wrong of ['A\n', 'A\t1\tx\n']) {
      const narrow = new CopyRows(2);
      narrow.feed(Buffer.from(wrong));
      expect(() => narrow.next()).toThrow(/fields instead of 2/);
    }
  });
});
