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

it('takes bytes larger than its memory was', () => {
  const bytes = Buffer.alloc(9 << 20, 'order');
  expect(checksum(bytes)).toBe(slowCrc32c(bytes));
});
