/** The fields that lie outside the value: record key, headers, coordinates, each held by a slot where the settings refer to it. */
import { BYTES, drop, hold, PLAIN } from './paths';
import { reserve } from './memory';
import { writeDecimal } from './texts';

/** What is not in the value and has no name, as the host numbers it. */
const KEY: u32 = 0;
const TOPIC: u32 = 1;
const PARTITION: u32 = 2;
const OFFSET: u32 = 3;
const TIMESTAMP: u32 = 4;
/** The slot of each, plus one; 0: nothing refers to it. */
const slots = memory.data(5 * 4, 4);

let topicAt: u32 = 0;
let topicEnd: u32 = 0;

/** The digits of the coordinates, each behind the one before. */
const MOST_DIGITS: u32 = 20;
const digits = memory.data(3 * 20);

// A header is: the next one, its slot, place and length of its name.
const HEADER_BYTES = 16;
const SLOT: usize = 4;
const NAME: usize = 8;
const LENGTH: usize = 12;
let headers: u32 = 0;

/** Lets a slot hold the record's key or one of its coordinates. */
export function setOuterSlot(which: u32, slot: i32): void {
  store<i32>(slots + (which << 2), slot + 1);
}

export function setTopic(at: u32, length: u32): void {
  topicAt = at;
  topicEnd = at + length;
}

// @ts-ignore: decorator
@inline
function slotOf(which: u32): i32 {
  return load<i32>(slots + (which << 2)) - 1;
}

export function addHeader(slot: i32, name: u32, length: u32): void {
  const header = reserve(HEADER_BYTES);
  store<u32>(header, headers);
  store<i32>(header, slot, SLOT);
  store<u32>(header, name, NAME);
  store<u32>(header, length, LENGTH);
  headers = header;
}

export function needsHeaders(): bool {
  return headers != 0;
}

/** Holds the record's key; a negative length: it has none. */
// @ts-ignore: decorator
@inline
export function holdKey(at: u32, length: i32): void {
  if (slotOf(KEY) >= 0 && length >= 0) hold(slotOf(KEY), BYTES, at, at + length);
}

/** Holds a header of the record; the last of several of one name is the one that counts. */
export function holdHeader(name: u32, nameLength: u32, at: u32, length: i32): void {
  for (let header = headers; header != 0; header = load<u32>(header)) {
    if (load<u32>(header, LENGTH) != nameLength) continue;
    if (memory.compare(load<u32>(header, NAME), name, nameLength) != 0) continue;
    const slot = load<i32>(header, SLOT);
    if (length < 0) drop(slot);
    else hold(slot, BYTES, at, at + length);
  }
}

export function holdCoordinates(partition: i32, offset: i64, timestamp: i64): void {
  if (slotOf(TOPIC) >= 0) hold(slotOf(TOPIC), PLAIN, topicAt, topicEnd);
  holdDecimal(PARTITION, partition);
  holdDecimal(OFFSET, offset);
  if (timestamp >= 0) holdDecimal(TIMESTAMP, timestamp);
}

// @ts-ignore: decorator
@inline
function holdDecimal(which: u32, value: i64): void {
  if (slotOf(which) < 0) return;
  const end = <u32>digits + (which - PARTITION + 1) * MOST_DIGITS;
  hold(slotOf(which), PLAIN, writeDecimal(<u64>value, end), end);
}
