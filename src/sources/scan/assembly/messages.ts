/** One message judged by the settings and added to the columns (the rules of messages/writer.ts), or left to the host untouched. */
import {
  appendPart, appendText, beginText, CLASS, EVENT_ID, emptyText, FIRST_EXPECTED, IN_RANGE, keepDigest, keepText, KEY,
  OFFSET, PARTITION, put32, put64, rows, setRows, textLength, TIMESTAMP, UNDECODABLE,
} from './columns';
import { FAIL, test, UNDECODABLE as BROKEN_CONDITION, UNSETTLED, wholeNumber } from './conditions';
import { holdCoordinates, holdHeader, holdKey } from './fields';
import { JSON, NO_JSON, read, UNSETTLED as UNSETTLED_JSON } from './json';
import { reserve } from './memory';
import { ARRAY, dropAll, forget, found, holds, kindOf, SLOTS, startOf } from './paths';
import { exactTextOf, NO_TEXT, TEXT, textAt, textEnd } from './texts';

export const AUDITED = 0;
export const SKIPPED = 1;
export const ABORTED = 2;
/** The host must add the message. */
export const LEFT = 3;

/** Codes of EXPECT in columns.ts of the host. */
const EXPECT_UNDECODABLE = -1;
const EXPECT_UNREADABLE = -2;
const EXPECT_UNSETTLED = -3;

const NO_SLOT = -1;

/** The tree of paths; 0: nothing refers to the value, and it is not read. */
let root: u32 = 0;
/** Key or id lie in the value. */
let identityInValue = false;
let idSlot = NO_SLOT;
let where: u32 = 0;
/** Messages that should be shown as undecodable are left to the host, which knows why. */
let sampling = true;

// The parts of the key: their slots.
let parts: u32 = 0;
let partCount: u32 = 0;

// A kind is: its conditions; the slot of its expectation or -1, and whether it lies in the value; the fixed numbers.
const KIND_BYTES: u32 = 20;
const FIELD: usize = 4;
const FIELD_IN_VALUE: usize = 8;
const MIN: usize = 12;
const MAX: usize = 16;
let kinds: u32 = 0;
let kindCount: u32 = 0;
/** What the message at hand expects: two numbers for each kind. */
let expected: u32 = 0;

/** How many messages, that are skipped and that are not, had something in each slot: f64, two for each slot. */
export const seen = memory.data(2 * 32 * 8, 8);

export function setRoot(node: u32): void {
  root = node;
}

export function setIdentity(inValue: bool, id: i32): void {
  identityInValue = inValue;
  idSlot = id;
}

export function setWhere(list: u32): void {
  where = list;
}

export function setSampling(on: bool): void {
  sampling = on;
}

export function setParts(count: u32): void {
  parts = reserve(count << 2);
  partCount = count;
}

export function setPart(part: u32, slot: u32): void {
  store<u32>(parts + (part << 2), slot);
}

export function setKinds(count: u32): void {
  kinds = reserve(count * KIND_BYTES);
  expected = reserve(count << 3);
  kindCount = count;
}

export function setKind(kind: u32, list: u32, field: i32, fieldInValue: bool, min: i32, max: i32): void {
  const at = kinds + kind * KIND_BYTES;
  store<u32>(at, list);
  store<i32>(at, field, FIELD);
  store<u32>(at, fieldInValue ? 1 : 0, FIELD_IN_VALUE);
  store<i32>(at, min, MIN);
  store<i32>(at, max, MAX);
}

/** Before a record's headers, which are held as they are read. */
// @ts-ignore: decorator
@inline
export function begin(): void {
  dropAll();
}

/**
 * Adds the message whose headers are held. Lengths are negative where there is nothing.
 * @returns its class, or LEFT: nothing was added
 */
export function add(
  partition: i32, offset: i64, timestamp: i64, keyAt: u32, keyLength: i32, valueAt: u32, valueLength: i32,
  inRange: bool, aborted: bool,
): i32 {
  holdKey(keyAt, keyLength);
  holdCoordinates(partition, offset, timestamp);
  let broken = false;
  if (root != 0 && valueLength >= 0) {
    const answer = read(valueAt, valueAt + valueLength, root);
    if (answer == UNSETTLED_JSON) return LEFT;
    broken = answer == NO_JSON;
    if (broken) forget(root);
  }
  const lets = aborted ? 1 : test(where, broken);
  if (lets == UNSETTLED) return LEFT;
  const messageClass = aborted ? ABORTED : lets == FAIL ? SKIPPED : AUDITED;
  const nobody = lets == BROKEN_CONDITION || (broken && identityInValue);
  const expectations = messageClass == AUDITED ? expect(nobody, broken) : 0;
  if (expectations < 0 || (nobody && sampling && messageClass == AUDITED)) return LEFT;
  if (!makeKey()) return LEFT;
  const keyLength_ = textLength(KEY);
  if (!makeId()) return LEFT;
  const idLength = textLength(EVENT_ID);

  const row = rows();
  put32(PARTITION, row, partition);
  put64(OFFSET, row, offset);
  put64(TIMESTAMP, row, timestamp);
  put32(CLASS, row, messageClass);
  put32(IN_RANGE, row, inRange ? 1 : 0);
  put32(UNDECODABLE, row, nobody || expectations > 0 ? 1 : 0);
  keepText(KEY, keyLength_);
  keepText(EVENT_ID, idLength);
  keepDigest(idLength == 0, valueAt, valueLength);
  keepExpectations(row, messageClass == AUDITED);
  setRows(row + 1);
  if (messageClass != ABORTED) countSeen(messageClass == SKIPPED);
  return messageClass;
}

/** Makes the text of the key; empty: a part is missing. @returns false: the host must make it */
function makeKey(): bool {
  if (!beginText(KEY)) return false;
  for (let part: u32 = 0; part < partCount; part++) {
    const there = exactTextOf(load<u32>(parts + (part << 2)));
    if (there == NO_TEXT || (there == TEXT && textAt == textEnd)) {
      emptyText(KEY);
      return true;
    }
    if (there != TEXT) return false;
    if (!(partCount == 1 ? appendText() : appendPart(part == 0))) return false;
  }
  return true;
}

function makeId(): bool {
  if (!beginText(EVENT_ID)) return false;
  if (idSlot < 0) return true;
  const there = exactTextOf(idSlot);
  if (there == NO_TEXT) return true;
  return there == TEXT && appendText();
}

/** Finds out what is expected of each kind. @returns 1: a broken value hides it of some kind; 0: of none; -1: left to the host */
function expect(nobody: bool, broken: bool): i32 {
  let hidden = 0;
  for (let kind: u32 = 0; kind < kindCount; kind++) {
    const at = kinds + kind * KIND_BYTES;
    let min = nobody ? EXPECT_UNDECODABLE : tell(at, broken);
    let max = min;
    if (min == EXPECT_UNSETTLED) return -1;
    if (min == EXPECT_UNDECODABLE) hidden = 1;
    if (min == FIXED) {
      min = load<i32>(at, MIN);
      max = load<i32>(at, MAX);
    }
    store<i32>(expected + (kind << 3), min);
    store<i32>(expected + (kind << 3), max, 4);
  }
  return hidden != 0 && sampling ? -1 : hidden;
}

const FIXED = -4;

function tell(kind: u32, broken: bool): i32 {
  const lets = test(load<u32>(kind), broken);
  if (lets == FAIL) return 0;
  if (lets == BROKEN_CONDITION) return EXPECT_UNDECODABLE;
  if (lets == UNSETTLED) return EXPECT_UNSETTLED;
  const field = load<i32>(kind, FIELD);
  if (field < 0) return FIXED;
  if (broken && load<u32>(kind, FIELD_IN_VALUE) != 0) return EXPECT_UNDECODABLE;
  if (holds(field) && kindOf(field) == ARRAY) return <i32>startOf(field);
  return wholeNumber(field, EXPECT_UNREADABLE, EXPECT_UNSETTLED);
}

function keepExpectations(row: u32, audited: bool): void {
  for (let kind: u32 = 0; kind < kindCount; kind++) {
    const at = expected + (kind << 3);
    put32(FIRST_EXPECTED + (kind << 1), row, audited ? load<i32>(at) : 0);
    put32(FIRST_EXPECTED + (kind << 1) + 1, row, audited ? load<i32>(at, 4) : 0);
  }
}

function countSeen(skipped: bool): void {
  const counts = <u32>seen + (skipped ? SLOTS << 3 : 0);
  for (let rest = found; rest != 0; rest &= rest - 1) {
    const count = counts + (ctz(rest) << 3);
    store<f64>(count, load<f64>(count) + 1);
  }
}
