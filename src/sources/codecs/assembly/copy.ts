/** Copying in steps of 16 bytes: up to SLACK bytes behind the end of what is copied may be read and overwritten. */

/** Row n, 16 bytes: the numbers 0 to 15 modulo n. */
const PATTERNS = memory.data(16 * 16, 16);
/** How much of a row is whole periods: the largest multiple of n up to 16. */
const STEPS = memory.data(16);

function fillTables(): void {
  for (let period: u32 = 1; period < 16; period++) {
    for (let at: u32 = 0; at < 16; at++) store<u8>(PATTERNS + (period << 4) + at, at % period);
    store<u8>(STEPS + period, 16 - (16 % period));
  }
}

fillTables();

/** Copies bytes that do not overlap. */
// @ts-ignore: decorator
@inline
export function copy(from: usize, to: usize, length: usize): void {
  const end = to + length;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < end);
}

/** Copies from `offset` bytes (at least 1) before `to`; what is written on the way is copied again, as LZ77 means it. */
// @ts-ignore: decorator
@inline
export function repeat(offset: usize, to: usize, length: usize): void {
  if (offset >= 16) return copy(to - offset, to, length);
  const end = to + length;
  const period = i8x16.swizzle(v128.load(to - offset), v128.load(PATTERNS + (offset << 4)));
  const step = <usize>load<u8>(STEPS + offset);
  do {
    v128.store(to, period);
    to += step;
  } while (to < end);
}
