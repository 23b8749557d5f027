/** SipHash-1-3 with 128 bits: a keyed digest that nobody who does not know the key can aim at. (https://eprint.iacr.org/2012/351) */

/** Stands in the place of a length where there is nothing, not even no bytes: no last word of a message looks so. */
const NOTHING: u64 = <u64>0xff << 56;
const HALF_ROUNDS = 3;

let key0: u64 = 0;
let key1: u64 = 0;
/** The two halves of the last digest. */
export let low: u64 = 0;
export let high: u64 = 0;

/** The key of all digests, 16 bytes at `at`. */
export function setDigestKey(at: u32): void {
  key0 = load<u64>(at);
  key1 = load<u64>(at, 8);
}

/** Digests the `length` bytes at `at` into `low` and `high`; a negative length: nothing, which differs from no bytes. */
export function digest(at: u32, length: i32): void {
  let v0 = key0 ^ 0x736f6d6570736575;
  let v1 = key1 ^ 0x646f72616e646f83; // 0x…6d of the 64-bit form, xor 0xee: 128 bits are wanted
  let v2 = key0 ^ 0x6c7967656e657261;
  let v3 = key1 ^ 0x7465646279746573;
  const last = lastWord(at, length);
  const end = length > 0 ? at + (length & ~7) : at;
  for (let more = true; more; at += 8) {
    more = at < end;
    const word = more ? load<u64>(at) : last;
    v3 ^= word;
    v0 += v1; v2 += v3; v1 = rotl(v1, 13) ^ v0; v3 = rotl(v3, 16) ^ v2; v0 = rotl(v0, 32);
    v2 += v1; v0 += v3; v1 = rotl(v1, 17) ^ v2; v3 = rotl(v3, 21) ^ v0; v2 = rotl(v2, 32);
    v0 ^= word;
  }
  v2 ^= 0xee;
  for (let round = 0; round < 2 * HALF_ROUNDS; round++) {
    if (round == HALF_ROUNDS) {
      low = v0 ^ v1 ^ v2 ^ v3;
      v1 ^= 0xdd;
    }
    v0 += v1; v2 += v3; v1 = rotl(v1, 13) ^ v0; v3 = rotl(v3, 16) ^ v2; v0 = rotl(v0, 32);
    v2 += v1; v0 += v3; v1 = rotl(v1, 17) ^ v2; v3 = rotl(v3, 21) ^ v0; v2 = rotl(v2, 32);
  }
  high = v0 ^ v1 ^ v2 ^ v3;
}

/** The bytes behind the last whole word, and the length in the highest byte. */
function lastWord(at: u32, length: i32): u64 {
  if (length < 0) return NOTHING;
  const rest = length & 7;
  const bytes = load<u64>(at + (length & ~7)) & (((<u64>1) << (rest << 3)) - 1);
  return (<u64>length << 56) | bytes;
}

/** Writes the 32 hex digits of the last digest: its bytes, little endian, high nibble first. */
export function writeDigest(to: u32): void {
  const bytes = i64x2.replace_lane(i64x2.splat(low), 1, high);
  const digits = i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102);
  const highs = i8x16.swizzle(digits, i8x16.shr_u(bytes, 4));
  const lows = i8x16.swizzle(digits, v128.and(bytes, i8x16.splat(15)));
  v128.store(to, i8x16.shuffle(highs, lows, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  v128.store(to, i8x16.shuffle(highs, lows, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
}
