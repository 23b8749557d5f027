/** The columns of messages, where the host reads them, and the row being added. Their layout is the evidence's own. */
import { digest, writeDigest } from './siphash';
import { NO_TEXT, TEXT, textAt, textEnd, textOf, UNSETTLED_TEXT } from './texts';
import { reserve } from './memory';

/** Numbers of the columns, as the host names them. */
export const PARTITION = 0;
export const OFFSET = 1;
export const TIMESTAMP = 2;
export const CLASS = 3;
export const IN_RANGE = 4;
export const UNDECODABLE = 5;
/** Of kind k: the smallest number at FIRST_EXPECTED + 2k, the largest behind it. */
export const FIRST_EXPECTED = 6;

// A page of text is: its place, where its last value ends, where its room ends.
const PAGE_WORDS = 3;
export const KEY = 0;
export const EVENT_ID = 1;
export const DIGEST = 2;
/** Room that is left behind every value, for those that are written a vector at a time. */
const MARGIN: u32 = 64;
const DIGEST_DIGITS: u32 = 32;

/** Rows; the most there may be; the most bytes of texts; the three pages. Words that the host reads and writes. */
export const state = memory.data(4 * (3 + 3 * 3), 16);
const MOST_ROWS: usize = 4;
const MOST_TEXT: usize = 8;
const PAGES: usize = 12;

let numbers: u32 = 0;

/** Makes room for the places of that many columns of numbers. */
export function setColumns(count: u32): void {
  numbers = reserve(count << 2);
}

export function placeColumn(column: u32, at: u32): void {
  store<u32>(numbers + (column << 2), at);
}

// @ts-ignore: decorator
@inline
export function put32(column: u32, row: u32, value: i32): void {
  store<i32>(load<u32>(numbers + (column << 2)) + (row << 2), value);
}

// @ts-ignore: decorator
@inline
export function put64(column: u32, row: u32, value: i64): void {
  store<i64>(load<u32>(numbers + (column << 2)) + (row << 3), value);
}

// @ts-ignore: decorator
@inline
export function rows(): u32 {
  return load<u32>(state);
}

// @ts-ignore: decorator
@inline
export function setRows(count: u32): void {
  store<u32>(state, count);
}

// @ts-ignore: decorator
@inline
function page(column: u32): u32 {
  return <u32>(state + PAGES) + column * (PAGE_WORDS << 2);
}

// @ts-ignore: decorator
@inline
function lastEnd(column: u32): u32 {
  return load<u32>(page(column), 4);
}

// @ts-ignore: decorator
@inline
function used(column: u32): u32 {
  return lastEnd(column) - load<u32>(page(column));
}

// @ts-ignore: decorator
@inline
export function isFull(): bool {
  const bytes = used(KEY) + used(EVENT_ID) + used(DIGEST);
  return rows() >= load<u32>(state, MOST_ROWS) || bytes >= load<u32>(state, MOST_TEXT);
}

// Texts are written behind the last value of their page and count only once they are kept.

/** The bytes written of a column's next value: a whole text, so far. */
let begun: u32 = 0;
let room: u32 = 0;

/** Begins the next value of a column. @returns false: not even its length has room here */
export function beginText(column: u32): bool {
  begun = lastEnd(column) + 4;
  room = load<u32>(page(column), 8) - MARGIN;
  return begun <= room;
}

/** Adds the text found last to the value begun. @returns false: it has no room here */
export function appendText(): bool {
  const length = textEnd - textAt;
  if (length > room - begun) return false;
  if (length > 32) memory.copy(begun, textAt, length);
  else {
    v128.store(begun, v128.load(textAt));
    v128.store(begun, v128.load(textAt, 16), 16);
  }
  begun += length;
  return true;
}

/** Adds the text found last as one part of several: a space and a percent sign in it are %-encoded. */
export function appendPart(first: bool): bool {
  const length = textEnd - textAt;
  if (3 * <u64>length + 1 > <u64>(room - begun)) return false;
  if (!first) store<u8>(begun++, 0x20);
  for (let at = textAt; at < textEnd; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == 0x20 || byte == 0x25) {
      store<u32>(begun, byte == 0x20 ? 0x303225 : 0x353225); // %20 and %25
      begun += 3;
    } else store<u8>(begun++, byte);
  }
  return true;
}

/** The value begun is empty after all. */
export function emptyText(column: u32): void {
  begun = lastEnd(column) + 4;
}

/** The length of the value begun. */
export function textLength(column: u32): u32 {
  return begun - lastEnd(column) - 4;
}

/** Makes the next `length` bytes of a column its next value. */
// @ts-ignore: decorator
@inline
export function keepText(column: u32, length: u32): void {
  const at = page(column);
  const end = load<u32>(at, 4);
  store<u32>(end, length);
  store<u32>(at, end + 4 + length, 4);
}

/** Whether values are digested at all. */
let digests = true;

export function setDigests(on: bool): void {
  digests = on;
}

/** Adds the digest of a value, or the empty text where there is an id or nobody asks for digests. */
// @ts-ignore: decorator
@inline
export function keepDigest(withoutId: bool, at: u32, length: i32): void {
  const wanted = withoutId && digests;
  if (wanted) {
    digest(at, length);
    writeDigest(lastEnd(DIGEST) + 4);
  }
  keepText(DIGEST, wanted ? DIGEST_DIGITS : 0);
}
