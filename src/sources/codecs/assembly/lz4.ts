/** LZ4 blocks. (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md) */
import { copy, repeat } from './copy';

/** Behind the literals of every sequence but the last: an offset, a token, and the 5 literals that a block ends with. */
const LEAST_BEHIND: usize = 8;

/** Where a length that began with 15 in the token ends up: it adds bytes up to the first that is not 255. */
let at: usize = 0;

/** @returns the length, or one greater than `most`, where it need not be known exactly */
function longer(end: usize, most: usize): usize {
  let length: usize = 15;
  let byte: usize = 255;
  while (byte == 255) {
    if (at >= end || length > most) return most + 1;
    byte = load<u8>(at++);
    length += byte;
  }
  return length;
}

/**
 * Decompresses the block [from, end) to `to`, at most up to `limit`. Matches may reach back to `low`.
 * @returns the end of what was written; 0: the block is damaged, or does not fit
 */
export function lz4(from: usize, end: usize, low: usize, to: usize, limit: usize): usize {
  while (from < end) {
    const token = <usize>load<u8>(from++);
    let length = token >> 4;
    if (length == 15) {
      at = from;
      length = longer(end, limit - to);
      from = at;
    }
    if (length > end - from || length > limit - to) return 0;
    copy(from, to, length);
    from += length;
    to += length;
    if (from == end) return to;

    if (end - from < LEAST_BEHIND) return 0;
    const offset = <usize>load<u16>(from);
    from += 2;
    if (offset == 0 || offset > to - low) return 0;
    length = token & 15;
    if (length == 15) {
      at = from;
      length = longer(end, limit - to);
      from = at;
    }
    length += 4;
    if (length > limit - to) return 0;
    repeat(offset, to, length);
    to += length;
  }
  return 0;
}
