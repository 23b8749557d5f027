/** The records section of a batch, format v2, told record by record. (https://kafka.apache.org/documentation/#record) */
import { isFull } from './columns';
import { holdHeader, needsHeaders } from './fields';
import { ABORTED, add, begin, LEFT } from './messages';

/** What the host says of the section, and what it is told of each run: f64 each, all of them exact whole numbers. */
export const job = memory.data(32 * 8, 8);
// Where the next record begins, how many are left, and the offset delta of the one before; both ways.
const AT: usize = 0 * 8;
const LEFT_COUNT: usize = 1 * 8;
const DELTA: usize = 2 * 8;
// From the host.
const END: usize = 3 * 8;
const PARTITION: usize = 4 * 8;
const BASE_OFFSET: usize = 5 * 8;
const LAST_OFFSET: usize = 6 * 8;
const BASE_TIMESTAMP: usize = 7 * 8;
/** The timestamp of every record, or NaN. */
const APPENDED_AT: usize = 8 * 8;
const IS_ABORTED: usize = 9 * 8;
/** Offsets [from, to) are added; those in [first, last) are of the range, those outside only of its padding. */
const FROM: usize = 10 * 8;
const TO: usize = 11 * 8;
const RANGE_FIRST: usize = 12 * 8;
const RANGE_END: usize = 13 * 8;
/** Timestamps [from, to) are what was asked for. */
const ASKED_FROM: usize = 14 * 8;
const ASKED_TO: usize = 15 * 8;
// To the host: of the records that were added.
const FIRST_OFFSET: usize = 16 * 8;
const LAST_ADDED: usize = 17 * 8;
const FIRST_TIMESTAMP: usize = 18 * 8;
const LAST_TIMESTAMP: usize = 19 * 8;
/** 1: no offset is missing between the first and the last. */
const DENSE: usize = 20 * 8;
// Of those of the range.
const COUNTS: usize = 21 * 8;
const EARLIEST: usize = 24 * 8;
const LATEST: usize = 25 * 8;
const STRAGGLERS: usize = 26 * 8;
const ROWS: usize = 27 * 8;

/** How a run ended. */
const GOES_ON = -1;
const ALL_TOLD = 0;
const COLUMNS_FULL = 1;
const RECORD_LEFT = 2;

const MOST_EXACT: i64 = 9007199254740991;
/** The host's rule for times that can be none. */
const LATEST_TIMESTAMP: i64 = 253402300799999;

let end: u32 = 0;
let p: u32 = 0;
let faulty = false;

// The record at hand.
let delta: i64 = 0;
let timestampDelta: i64 = 0;
let keyAt: u32 = 0;
let keyLength = 0;
let valueAt: u32 = 0;
let valueLength = 0;

// The run.
let runRows: u32 = 0;
let firstOffset: i64 = 0;
let lastOffset: i64 = 0;
let firstTimestamp: i64 = 0;
let lastTimestamp: i64 = 0;
let dense = true;
let earliest: i64 = 0;
let latest: i64 = 0;
let stragglers: u32 = 0;

// @ts-ignore: decorator
@inline
function whole(field: usize): i64 {
  return <i64>load<f64>(job + field);
}

// @ts-ignore: decorator
@inline
function say(field: usize, value: i64): void {
  store<f64>(job + field, <f64>value);
}

/** The section: what every record of it shares. */
let partition = 0;
let base: i64 = 0;
let last: i64 = 0;
let baseTimestamp: i64 = 0;
let isAppended = false;
let appendedAt: i64 = 0;
let aborted = false;
let from: i64 = 0;
let to: i64 = 0;
let rangeFirst: i64 = 0;
let rangeEnd: i64 = 0;

function readJob(): void {
  end = <u32>whole(END);
  partition = <i32>whole(PARTITION);
  base = whole(BASE_OFFSET);
  last = whole(LAST_OFFSET);
  baseTimestamp = whole(BASE_TIMESTAMP);
  const appended = load<f64>(job, APPENDED_AT);
  isAppended = appended == appended;
  appendedAt = isAppended ? <i64>appended : 0;
  aborted = whole(IS_ABORTED) != 0;
  from = whole(FROM);
  to = whole(TO);
  rangeFirst = whole(RANGE_FIRST);
  rangeEnd = whole(RANGE_END);
}

/** Tells records until the section ends, the columns are full, or one must be told by the host. @returns how it ended */
export function tell(): i32 {
  readJob();
  beginRun();
  let left = <i32>whole(LEFT_COUNT);
  let before = whole(DELTA);
  let at = <u32>whole(AT);
  let ended = GOES_ON;
  do {
    p = at;
    // Behind the last record nothing may be left, or a record was not seen: the host says so.
    if (left == 0) ended = at == end ? ALL_TOLD : RECORD_LEFT;
    else if (isFull()) ended = COLUMNS_FULL;
    else {
      const next = frame();
      ended = faulty || delta <= before || base + delta > last ? RECORD_LEFT : record();
      if (ended != GOES_ON) break;
      left--;
      before = delta;
      at = next;
    }
  } while (ended == GOES_ON);
  say(AT, at);
  say(LEFT_COUNT, left);
  say(DELTA, before);
  endRun();
  return ended;
}

/** Tells the record that was framed. */
// @ts-ignore: decorator
@inline
function record(): i32 {
  const offset = base + delta;
  if (offset >= to) return ALL_TOLD;
  if (offset < from) return GOES_ON;
  const timestamp = isAppended ? appendedAt : baseTimestamp + timestampDelta;
  if (timestamp > LATEST_TIMESTAMP || timestamp < -1) return RECORD_LEFT;
  const inRange = offset >= rangeFirst && offset < rangeEnd;
  const messageClass = add(partition, offset, timestamp, keyAt, keyLength, valueAt, valueLength, inRange, aborted);
  if (messageClass == LEFT) return RECORD_LEFT;
  account(messageClass, offset, timestamp, inRange);
  return GOES_ON;
}

function beginRun(): void {
  runRows = 0;
  dense = true;
  earliest = i64.MAX_VALUE;
  latest = i64.MIN_VALUE;
  stragglers = 0;
  for (let messageClass = 0; messageClass < 3; messageClass++) store<f64>(job + (messageClass << 3), 0, COUNTS);
}

function endRun(): void {
  say(ROWS, runRows);
  say(FIRST_OFFSET, firstOffset);
  say(LAST_ADDED, lastOffset);
  say(FIRST_TIMESTAMP, firstTimestamp);
  say(LAST_TIMESTAMP, lastTimestamp);
  say(DENSE, dense ? 1 : 0);
  store<f64>(job, earliest == i64.MAX_VALUE ? Infinity : <f64>earliest, EARLIEST);
  store<f64>(job, latest == i64.MIN_VALUE ? -Infinity : <f64>latest, LATEST);
  say(STRAGGLERS, stragglers);
}

// @ts-ignore: decorator
@inline
function account(messageClass: i32, offset: i64, timestamp: i64, inRange: bool): void {
  if (runRows++ == 0) {
    firstOffset = offset;
    firstTimestamp = timestamp;
  } else if (offset != lastOffset + 1) dense = false;
  lastOffset = offset;
  lastTimestamp = timestamp;
  if (!inRange) return;
  const count = job + (messageClass << 3);
  store<f64>(count, load<f64>(count, COUNTS) + 1, COUNTS);
  if (messageClass == ABORTED || timestamp < 0) return;
  if (timestamp < earliest) earliest = timestamp;
  if (timestamp > latest) latest = timestamp;
  if (<f64>timestamp < load<f64>(job, ASKED_FROM) || <f64>timestamp >= load<f64>(job, ASKED_TO)) stragglers++;
}

/** Reads the framing of the record at `p`, and holds its headers. @returns where it ends; faulty: the host must read it */
function frame(): u32 {
  faulty = false;
  begin();
  const length = varint();
  const next = p + length;
  if (length <= 0 || <u32>length > end - p || p > end) return fault();
  p++; // attributes of the record: unused
  timestampDelta = varlong();
  delta = varint();
  keyLength = varint();
  keyAt = p;
  if (keyLength > 0 && !pass(keyLength, next)) return fault();
  valueLength = varint();
  valueAt = p;
  if (valueLength > 0 && !pass(valueLength, next)) return fault();
  if (needsHeaders()) {
    readHeaders(next);
    // Bytes behind them are not what they seem either.
    if (p != next) faulty = true;
  } else if (p > next) faulty = true;
  return next;
}

// @ts-ignore: decorator
@inline
function pass(length: u32, next: u32): bool {
  if (p > next || length > next - p) return false;
  p += length;
  return true;
}

function readHeaders(next: u32): void {
  const count = varint();
  if (count < 0 || <u32>count > next - p) fault();
  for (let i = 0; i < count && !faulty; i++) readHeader(next);
}

function readHeader(next: u32): void {
  const nameLength = varint();
  const name = p;
  if (nameLength < 0 || !pass(nameLength, next)) {
    fault();
    return;
  }
  const length = varint();
  const at = p;
  if (p > next || (length > 0 && !pass(length, next))) fault();
  else holdHeader(name, nameLength, at, length);
}

function fault(): u32 {
  faulty = true;
  return 0;
}

/** A zigzag varint of up to 32 bits in up to five bytes. */
// @ts-ignore: decorator
@inline
function varint(): i32 {
  const byte: u32 = load<u8>(p++);
  return byte < 0x80 ? (byte >>> 1) ^ -(byte & 1) : longVarint(byte);
}

function longVarint(first: u32): i32 {
  let value = first & 0x7f;
  let byte = first;
  for (let shift = 7; byte > 0x7f; shift += 7) {
    if (shift == 35) return <i32>fault();
    byte = load<u8>(p++);
    value |= (byte & 0x7f) << shift;
  }
  return (value >>> 1) ^ -(value & 1);
}

/** A zigzag varint of up to 64 bits; one whose written form is more than a double holds is left to the host. */
function varlong(): i64 {
  let byte: u64 = load<u8>(p++);
  let value = byte & 0x7f;
  for (let shift: u64 = 7; byte > 0x7f; shift += 7) {
    if (shift == 56) {
      fault();
      return 0;
    }
    byte = load<u8>(p++);
    value |= (byte & 0x7f) << shift;
  }
  if (<i64>value > MOST_EXACT) fault();
  return <i64>(value >>> 1) ^ -<i64>(value & 1);
}
