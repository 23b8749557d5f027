/** Snappy's raw blocks, behind their first number. (https://github.com/google/snappy/blob/main/format_description.txt) */
import { copy, repeat } from './copy';

const LITERAL: u32 = 0;
const NEAR: u32 = 1;
const FAR: u32 = 2;

/** Decompresses [from, end) to exactly [to, limit). @returns 1, or 0: the block is damaged */
export function snappy(from: usize, end: usize, to: usize, limit: usize): u32 {
  const low = to;
  while (from < end) {
    const tag = <u32>load<u8>(from++);
    const kind = tag & 3;
    let length = <usize>(tag >>> 2);
    if (kind == LITERAL) {
      if (length >= 60) {
        const bytes = length - 59;
        if (bytes > end - from) return 0;
        length = load<u32>(from) & (0xffffffff >>> (32 - (<u32>bytes << 3)));
        from += bytes;
      }
      if (length >= end - from || length >= limit - to) return 0;
      length++;
      copy(from, to, length);
      from += length;
      to += length;
      continue;
    }
    let offset: usize;
    if (kind == NEAR) {
      if (from >= end) return 0;
      offset = ((length >> 3) << 8) | load<u8>(from++);
      length = 4 + (length & 7);
    } else {
      const bytes: usize = kind == FAR ? 2 : 4;
      if (bytes > end - from) return 0;
      offset = kind == FAR ? <usize>load<u16>(from) : <usize>load<u32>(from);
      from += bytes;
      length++;
    }
    if (offset == 0 || offset > to - low || length > limit - to) return 0;
    repeat(offset, to, length);
    to += length;
  }
  return u32(to == limit);
}
