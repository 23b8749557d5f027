/**
 * CRC-32C (Castagnoli), the checksum of record batches: what remains of the bytes, read as one long polynomial, when it is
 * divided by that of the checksum. Of long bytes all but the end is folded into the end first, sixteen a step and without
 * tables; a multiple of the polynomial with few terms says where to (the idea of Chorba, https://arxiv.org/abs/2412.16398).
 */

const INITIAL: u32 = 0xffffffff;
const SLICES: u32 = 16;
/** Table t, 256 words, advances a byte by t further bytes of zeros. */
const TABLES = memory.data(16 * 256 * 4, 16);

function fillTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    store<u32>(TABLES + (byte << 2), crc);
  }
  for (let at: u32 = 256; at < SLICES * 256; at++) {
    const before = load<u32>(TABLES + ((at - 256) << 2));
    store<u32>(TABLES + (at << 2), (before >>> 8) ^ load<u32>(TABLES + ((before & 0xff) << 2)));
  }
}

fillTables();

// @ts-ignore: decorator
@inline
function slice(table: u32, byte: u32): u32 {
  return load<u32>(TABLES + (table << 10) + ((byte & 0xff) << 2));
}

// @ts-ignore: decorator
@inline
function four(table: u32, word: u32): u32 {
  return slice(table + 3, word) ^ slice(table + 2, word >>> 8) ^ slice(table + 1, word >>> 16) ^ slice(table, word >>> 24);
}

/** Takes [at, end) into the checksum of what lies before it, through tables. */
function sliced(crc: u32, at: u32, end: u32): u32 {
  for (; at + SLICES <= end; at += SLICES) {
    crc =
      four(12, load<u32>(at) ^ crc) ^ four(8, load<u32>(at, 4)) ^ four(4, load<u32>(at, 8)) ^ four(0, load<u32>(at, 12));
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ slice(0, crc ^ load<u8>(at));
  return crc;
}

// A byte may be moved to all of these distances behind it at once: x^2320 + x^1088 + x^904 + x^856 + x^256 + 1 leaves
// nothing. It is the eighth power of a multiple of degree 290, the smallest of six terms that was found by search. With a
// nearer first distance, bytes would be looked at again before they have reached the cache, which is slower by a third.
const FIRST: usize = 154;
const SECOND: usize = 177;
const THIRD: usize = 183;
const FOURTH: usize = 258;
const FIFTH: usize = 290;

/** The furthest distance, in whole vectors. */
const REACH: u32 = 304;
/** Bytes that are folded before room is made again. */
const PIECE: u32 = 4096;
/** Fewer are not worth it. */
const LEAST: u32 = 1024;
/** What was moved on of the last bytes, and behind it what is moved on of the piece at hand. */
const moved = memory.data(304 + 4096, 16);
const piece: u32 = <u32>moved + REACH;
/** The bytes behind those that were moved on, with all that was moved to them. */
const rest = memory.data(304, 16);

/** CRC-32C of the bytes [at, end) of the memory. */
export function crc32c(at: u32, end: u32): u32 {
  if (end - at < LEAST) return ~sliced(INITIAL, at, end);
  const restAt = at + ((end - at - REACH) & ~15);
  fold(at, restAt);
  // Nothing of the rest is moved on.
  memory.fill(piece, 0, REACH);
  for (let i: u32 = 0; i < REACH; i += 16) v128.store(rest + i, gathered(restAt + i, piece + i));
  return ~sliced(sliced(0, <u32>rest, <u32>rest + REACH), restAt + REACH, end);
}

/** Moves the bytes [at, end), whole vectors, on into what follows them; the last of what was moved lies before `piece`. */
function fold(at: u32, end: u32): void {
  memory.fill(moved, 0, REACH);
  // From so far before the first byte, it reaches the first four and, of what is looked at, nothing else.
  store<u32>(piece - FIFTH, INITIAL);
  while (at < end) {
    const pieceEnd = min(end, at + PIECE);
    let to = piece;
    for (; at < pieceEnd; at += 16) {
      v128.store(to, gathered(at, to));
      to += 16;
    }
    memory.copy(moved, to - REACH, REACH);
  }
}

/** Sixteen bytes with all that was moved to them; `to` is their place among what is moved on. */
// @ts-ignore: decorator
@inline
function gathered(at: u32, to: u32): v128 {
  const near = v128.xor(v128.load(to - FIRST), v128.load(to - SECOND));
  const far = v128.xor(v128.load(to - THIRD), v128.load(to - FOURTH));
  return v128.xor(v128.xor(v128.load(at), v128.load(to - FIFTH)), v128.xor(near, far));
}
