/** Hands out the memory, and never takes it back: what is reserved lasts as long as the instance. */

let top: u64 = __heap_base;
const ALIGNMENT: u64 = 16;
/** Readable behind everything that is reserved: vectors are loaded past the end of what they look at. */
const SLACK: u64 = 64;
const PAGE: u64 = 1 << 16;
/** Growing costs the host a look at the whole memory: rather seldom. */
const FEWEST_PAGES = 16;
const MOST: u64 = 1 << 32;

/** The address of `bytes` bytes; 0: there are no more. The memory may have grown: its views must be made anew. */
export function reserve(bytes: f64): u32 {
  const at = (top + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  const needed = at + <u64>bytes + SLACK;
  if (needed > MOST) return 0;
  const missing = <i32>((needed + PAGE - 1) / PAGE) - memory.size();
  if (missing > 0 && memory.grow(max(missing, FEWEST_PAGES)) < 0 && memory.grow(missing) < 0) return 0;
  top = needed;
  return <u32>at;
}
