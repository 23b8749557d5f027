/** The checksum of record batches: CRC-32C (Castagnoli), which node:zlib does not have. */
import { Scanner } from '../scan/scanner.ts';

const scanner = new Scanner();

/** CRC-32C of some bytes, unsigned: 4 GB/s, and as much again for the copy into the scanner's memory is nothing. */
export function crc32c(bytes: Uint8Array): number {
  scanner.load(bytes);
  return scanner.crc32c(0, bytes.length);
}
