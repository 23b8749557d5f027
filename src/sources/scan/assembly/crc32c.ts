/** CRC-32C (Castagnoli), the checksum of record batches, sixteen bytes a step. */

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

/** CRC-32C of the bytes [at, end) of the memory. */
export function crc32c(at: u32, end: u32): u32 {
  let crc: u32 = 0xffffffff;
  for (; at + SLICES <= end; at += SLICES) {
    crc =
      four(12, load<u32>(at) ^ crc) ^ four(8, load<u32>(at, 4)) ^ four(4, load<u32>(at, 8)) ^ four(0, load<u32>(at, 12));
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ slice(0, crc ^ load<u8>(at));
  return ~crc;
}
