import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/sources/kafka/crc32c.ts';
import { slowCrc32c } from './encoder.ts';

describe('crc32c', () => {
  it('gives the check value of the standard', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('agrees with the definition for every length and beginning', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 73 + 200) & 0xff);
    for (let from = 0; from < 9; from++) {
      for (let to = from; to <= bytes.length; to++) {
        expect(crc32c(bytes.subarray(from, to))).toBe(slowCrc32c(bytes.subarray(from, to)));
      }
    }
  });
});
