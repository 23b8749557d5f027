import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { Scanner } from '../../../src/sources/scan/scanner.ts';
import { slowCrc32c } from '../kafka/encoder.ts';

const scanner = new Scanner();

function checksum(bytes: Uint8Array): number {
  scanner.load(bytes);
  return scanner.crc32c(0, bytes.length);
}

it('is the Castagnoli polynomial', () => {
  expect(checksum(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(checksum(Buffer.alloc(0))).toBe(0);
});

it('agrees with the table of bytes at every length and place', () => {
  const bytes = Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 167 + (i >> 3)) & 0xff));
  scanner.load(bytes);
  for (let from = 0; from < 20; from++) {
    for (let to = from; to <= bytes.length; to++) {
      expect(scanner.crc32c(from, to)).toBe(slowCrc32c(bytes.subarray(from, to)));
    }
  }
});

it('agrees with it where bytes are folded: at the shortest length, around whole pieces, at any other', () => {
  const bytes = randomBytes(20_000);
  scanner.load(bytes);
  const around = (length: number) => Array.from({ length: 40 }, (_, i) => length - 20 + i);
  const others = Array.from({ length: 50 }, (_, i) => 1200 + i * 373);
  for (const from of [0, 1, 13]) {
    for (const length of [...around(1024), ...around(304 + 4096), ...around(304 + 2 * 4096), ...others]) {
      expect(scanner.crc32c(from, from + length)).toBe(slowCrc32c(bytes.subarray(from, from + length)));
    }
  }
});

it('takes bytes larger than its memory was', () => {
  const bytes = Buffer.alloc(9 << 20, 'order');
  expect(checksum(bytes)).toBe(slowCrc32c(bytes));
});
