/** Which conditions of the settings a message fulfils (the rules of sources/conditions.ts and messages/expectations.ts). */
import { addBound, isDigit, orderOfText, UNSETTLED_ORDER } from './decimals';
import { reserve } from './memory';
import { holds } from './paths';
import { NO_TEXT, TEXT, textAt, textEnd, textOf, UNSETTLED_TEXT } from './texts';

export const FAIL = 0;
export const HOLD = 1;
/** A condition is about a value that is broken. */
export const UNDECODABLE = 2;
export const UNSETTLED = 3;

// A list is: its conditions outside the value, and those in it. A condition is: the next one, its slot, whether it is
// turned round, its first value or its bound, what it asks for. A value is: the next one, place and length of its text,
// place and length of the same number as a plain whole one (length 0: it is none), whether it is a number.
const LIST_BYTES = 8;
const CONDITION_BYTES = 20;
const SLOT: usize = 4;
const NEGATED: usize = 8;
const VALUES: usize = 12;
/** Which orders pass; 0: it asks for equality. */
const ORDERS: usize = 16;
/** In their place: it asks whether anything is there. */
const EXISTENCE: u32 = 8;
const VALUE_BYTES = 24;
const TEXT_AT: usize = 4;
const TEXT_LENGTH: usize = 8;
const WHOLE_AT: usize = 12;
const WHOLE_LENGTH: usize = 16;
const IS_NUMBER: usize = 20;

/** Doubles tell whole numbers of up to so many digits apart. */
const EXACT_DIGITS: u32 = 15;

export function addList(): u32 {
  return reserve(LIST_BYTES);
}

/** Adds a condition that any of its values fulfils, or none of them if it is negated. */
export function addCondition(list: u32, ofValue: bool, slot: u32, negated: bool): u32 {
  const condition = reserve(CONDITION_BYTES);
  const head = ofValue ? list + 4 : list;
  store<u32>(condition, load<u32>(head));
  store<u32>(head, condition);
  store<u32>(condition, slot, SLOT);
  store<u32>(condition, negated ? 1 : 0, NEGATED);
  return condition;
}

/** @param wholeLength of the digits of the same number, written plainly; 0: it is none of at most 15 digits */
export function addValue(
  condition: u32, at: u32, length: u32, isNumber: bool, wholeAt: u32, wholeLength: u32,
): void {
  const value = reserve(VALUE_BYTES);
  store<u32>(value, load<u32>(condition, VALUES));
  store<u32>(condition, value, VALUES);
  store<u32>(value, at, TEXT_AT);
  store<u32>(value, length, TEXT_LENGTH);
  store<u32>(value, wholeAt, WHOLE_AT);
  store<u32>(value, wholeLength, WHOLE_LENGTH);
  store<u32>(value, isNumber ? 1 : 0, IS_NUMBER);
}

/** Lets a condition ask whether anything is there, whatever it is. */
export function setExists(condition: u32): void {
  store<u32>(condition, EXISTENCE, ORDERS);
}

/** Lets a condition compare with a number. @param orders the sum of those that pass, as decimals.ts has them */
export function setBound(
  condition: u32, orders: u32, negative: bool, at: u32, length: u32, fractionAt: u32, fractionLength: u32,
): void {
  store<u32>(condition, orders, ORDERS);
  store<u32>(condition, addBound(negative, at, length, fractionAt, fractionLength), VALUES);
}

/** Whether all conditions of a list hold. @returns FAIL, HOLD, UNDECODABLE or UNSETTLED */
export function test(list: u32, broken: bool): i32 {
  for (let one = load<u32>(list); one != 0; one = load<u32>(one)) {
    const answer = passes(one);
    if (answer != HOLD) return answer;
  }
  let one = load<u32>(list, 4);
  if (one != 0 && broken) return UNDECODABLE;
  for (; one != 0; one = load<u32>(one)) {
    const answer = passes(one);
    if (answer != HOLD) return answer;
  }
  return HOLD;
}

function passes(condition: u32): i32 {
  const slot = load<u32>(condition, SLOT);
  const orders = load<u32>(condition, ORDERS);
  if (orders == EXISTENCE) return turned(condition, holds(slot) ? HOLD : FAIL);
  const there = textOf(slot);
  if (there == NO_TEXT) return FAIL;
  if (there == UNSETTLED_TEXT) return UNSETTLED;
  const first = load<u32>(condition, VALUES);
  return turned(condition, orders == 0 ? equalsAny(first) : compares(first, orders));
}

function turned(condition: u32, answer: i32): i32 {
  if (answer == UNSETTLED || load<u32>(condition, NEGATED) == 0) return answer;
  return answer == HOLD ? FAIL : HOLD;
}

function equalsAny(first: u32): i32 {
  let doubtful = false;
  for (let value = first; value != 0; value = load<u32>(value)) {
    const answer = equals(value);
    if (answer == HOLD) return HOLD;
    if (answer == UNSETTLED) doubtful = true;
  }
  return doubtful ? UNSETTLED : FAIL;
}

function compares(bound: u32, orders: u32): i32 {
  const order = orderOfText(bound);
  if (order == UNSETTLED_ORDER) return UNSETTLED;
  return (order & orders) != 0 ? HOLD : FAIL;
}

/** Equal as text; a number also as a number, where both are plainly whole. */
function equals(value: u32): i32 {
  const length = textEnd - textAt;
  if (same(load<u32>(value, TEXT_AT), load<u32>(value, TEXT_LENGTH), length)) return HOLD;
  if (load<u32>(value, IS_NUMBER) == 0 || !mayBeNumber()) return FAIL;
  if (!isWhole(length)) return UNSETTLED;
  return same(load<u32>(value, WHOLE_AT), load<u32>(value, WHOLE_LENGTH), length) ? HOLD : FAIL;
}

function same(at: u32, length: u32, wanted: u32): bool {
  return length == wanted && memory.compare(at, textAt, length) == 0;
}

function mayBeNumber(): bool {
  if (textAt == textEnd) return false;
  const byte: u32 = load<u8>(textAt);
  return isDigit(byte) || byte == 0x2b || byte == 0x2d;
}

/** Whether the text is 0, or up to 15 digits without leading zeros, perhaps behind a minus. */
function isWhole(length: u32): bool {
  let at = textAt;
  if (load<u8>(at) == 0x30) return length == 1;
  if (load<u8>(at) == 0x2d) at++;
  if (at == textEnd || textEnd - at > EXACT_DIGITS || load<u8>(at) == 0x30) return false;
  for (; at < textEnd; at++) if (!isDigit(load<u8>(at))) return false;
  return true;
}

const MOST_DIGITS: u32 = 10;
const UNBOUNDED: u64 = 0x7fffffff;

/** @returns the whole number that the text of a slot is; `none` where it is none; `unsettled` where it must be asked elsewhere */
export function wholeNumber(slot: u32, none: i32, unsettled: i32): i32 {
  const there = textOf(slot);
  if (there == UNSETTLED_TEXT) return unsettled;
  if (there == NO_TEXT || textAt == textEnd || !isDigit(load<u8>(textAt))) return none;
  if (textEnd - textAt > MOST_DIGITS) return unsettled;
  let number: u64 = 0;
  for (let at = textAt; at < textEnd; at++) {
    if (!isDigit(load<u8>(at))) return unsettled;
    number = number * 10 + (load<u8>(at) - 0x30);
  }
  return number < UNBOUNDED ? <i32>number : none;
}
