/** Which bytes are UTF-8 (RFC 3629, section 4): no overlong forms, no surrogates, nothing above U+10FFFF. */

// @ts-ignore: decorator
@inline
function continues(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

/** The place behind the character that begins at `p` with a byte of 0x80 or more; 0: it is none. */
export function character(p: u32): u32 {
  const first: u32 = load<u8>(p);
  const second: u32 = load<u8>(p, 1);
  if (!continues(second)) return 0;
  if (first < 0xe0) return first >= 0xc2 ? p + 2 : 0;
  if (!continues(load<u8>(p, 2))) return 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    return p + 3;
  }
  if (!continues(load<u8>(p, 3))) return 0;
  if (first == 0xf0) return second >= 0x90 ? p + 4 : 0;
  if (first < 0xf4) return p + 4;
  return first == 0xf4 && second < 0x90 ? p + 4 : 0;
}

/** Whether [p, end) is UTF-8. */
export function isUtf8(p: u32, end: u32): bool {
  while (p < end) {
    if (p + 16 <= end) {
      const wide = i8x16.bitmask(v128.load(p));
      if (wide == 0) {
        p += 16;
        continue;
      }
      p += ctz(wide);
    }
    if (load<u8>(p) < 0x80) {
      p++;
      continue;
    }
    p = character(p);
    if (p == 0 || p > end) return false;
  }
  return true;
}
