import { expect, it } from 'vitest';
import { Scanner } from '../../../src/sources/scan/scanner.ts';

const KEY = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
const WORD = 2n ** 64n - 1n;

function digest(value: Uint8Array | null, key: Buffer = KEY): string {
  const scanner = new Scanner();
  scanner.calls.setDigestKey(scanner.keep(key));
  const to = scanner.reserve(32);
  scanner.digest(value, to);
  return scanner.bytes.toString('latin1', to, to + 32);
}

/** SipHash-c-d with 128 bits, from the paper and its reference code (https://github.com/veorq/SipHash). */
function reference(message: Buffer, compressions: number, finalizations: number): string {
  const [k0, k1] = [KEY.readBigUInt64LE(0), KEY.readBigUInt64LE(8)];
  const v = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n];
  for (const [i, k] of [k0, k1, k0, k1].entries()) v[i]! ^= k;
  const rotated = (word: bigint, by: bigint) => ((word << by) | (word >> (64n - by))) & WORD;
  const half = (a: number, b: number, by: bigint, turn: boolean) => {
    v[a] = (v[a]! + v[b]!) & WORD;
    v[b] = rotated(v[b]!, by) ^ v[a]!;
    if (turn) v[a] = rotated(v[a]!, 32n);
  };
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      half(0, 1, 13n, true);
      half(2, 3, 16n, false);
      half(0, 3, 21n, false);
      half(2, 1, 17n, true);
    }
  };
  v[1]! ^= 0xeen;
  const padded = Buffer.alloc(8 * (Math.floor(message.length / 8) + 1));
  message.copy(padded);
  padded[padded.length - 1] = message.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v[3]! ^= word;
    rounds(compressions);
    v[0]! ^= word;
  }
  const out = Buffer.alloc(16);
  v[2]! ^= 0xeen;
  rounds(finalizations);
  out.writeBigUInt64LE(v[0]! ^ v[1]! ^ v[2]! ^ v[3]!, 0);
  v[1]! ^= 0xddn;
  rounds(finalizations);
  out.writeBigUInt64LE(v[0]! ^ v[1]! ^ v[2]! ^ v[3]!, 8);
  return out.toString('hex');
}

it('is held against a reference that knows the published vectors of SipHash-2-4', () => {
  expect(reference(Buffer.alloc(0), 2, 4)).toBe('a3817f04ba25a8e66df67214c7550293');
  expect(reference(Buffer.from([0]), 2, 4)).toBe('da87c1d86b99af44347659119b22fc45');
});

it('is SipHash-1-3 with 128 bits, at every length', () => {
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 167 + (i >> 3)) & 0xff));
  for (let length = 0; length <= bytes.length; length++) {
    const value = bytes.subarray(0, length);
    expect(digest(value)).toBe(reference(value, 1, 3));
  }
});

it('tells nothing from no bytes, and one key from another', () => {
  const digests = [
    digest(null),
    digest(Buffer.alloc(0)),
    digest(Buffer.alloc(255)),
    digest(null, Buffer.alloc(16)),
  ];
  expect(new Set(digests).size).toBe(4);
  expect(digest(null)).toBe(digests[0]);
});
