/** The checksum of record batches: CRC-32C (Castagnoli), which node:zlib does not have. */
import { Scanner } from '../scan/scanner.ts';

const scanner = new Scanner();

/** CRC-32C of some bytes, unsigned: 15 GB/s, beside which the copy into the scanner's memory is little. */
export function crc32c(bytes: Uint8Array): number {
  scanner.load(bytes);
  return scanner.crc32c(0, bytes.length);
}
