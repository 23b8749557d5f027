/** How a text stands to a number, digit by digit (the rules of sources/decimals.ts). */
import { reserve } from './memory';
import { textAt, textEnd } from './texts';

/** Conditions name the orders that pass by their sum. */
export const LESS: u32 = 1;
export const EQUAL: u32 = 2;
export const GREATER: u32 = 4;
export const NO_NUMBER: u32 = 0;
/** Another reader must say. */
export const UNSETTLED_ORDER: u32 = 8;

// A bound is: whether it is negative, place and length of its digits before the point, without zeros in front, and of those
// behind it, without zeros at the end.
const BOUND_BYTES = 20;
const WHOLE_AT: usize = 4;
const WHOLE_LENGTH: usize = 8;
const FRACTION_AT: usize = 12;
const FRACTION_LENGTH: usize = 16;

const MINUS: u32 = 0x2d;
const POINT: u32 = 0x2e;
const ZERO: u32 = 0x30;
/** What makes E an e. */
const LOWER: u32 = 0x20;
const EXPONENT: u32 = 0x65;

/** Zero is not negative, and has no digits. */
export function addBound(negative: bool, at: u32, length: u32, fractionAt: u32, fractionLength: u32): u32 {
  const bound = reserve(BOUND_BYTES);
  store<u32>(bound, negative ? 1 : 0);
  store<u32>(bound, at, WHOLE_AT);
  store<u32>(bound, length, WHOLE_LENGTH);
  store<u32>(bound, fractionAt, FRACTION_AT);
  store<u32>(bound, fractionLength, FRACTION_LENGTH);
  return bound;
}

/**
 * Reads the text that `textOf` found as a number of JSON's grammar.
 * @returns how it stands to the bound, or NO_NUMBER; UNSETTLED_ORDER where it has an exponent
 */
export function orderOfText(bound: u32): u32 {
  const minus = byteAt(textAt) == MINUS;
  const start = minus ? textAt + 1 : textAt;
  const wholeEnd = digitsEnd(start);
  const isZero = wholeEnd - start == 1 && byteAt(start) == ZERO;
  if (start == wholeEnd || (byteAt(start) == ZERO && !isZero)) return NO_NUMBER;
  const point = byteAt(wholeEnd) == POINT;
  const fraction = point ? wholeEnd + 1 : wholeEnd;
  const end = digitsEnd(fraction);
  if (point && fraction == end) return NO_NUMBER;
  if (end < textEnd) return (byteAt(end) | LOWER) == EXPONENT ? UNSETTLED_ORDER : NO_NUMBER;
  return orderOf(bound, minus, isZero ? wholeEnd : start, wholeEnd, fraction, withoutZeros(fraction, end));
}

/** The digits have no needless zeros. */
function orderOf(bound: u32, minus: bool, whole: u32, wholeEnd: u32, fraction: u32, fractionEnd: u32): u32 {
  // Minus zero is zero.
  const negative = minus && (whole < wholeEnd || fraction < fractionEnd);
  if (negative != (load<u32>(bound) != 0)) return negative ? LESS : GREATER;
  const size = orderOfSize(bound, whole, wholeEnd - whole, fraction, fractionEnd - fraction);
  if (size == 0) return EQUAL;
  return (size < 0) != negative ? LESS : GREATER;
}

/** Negative, zero or positive, as the digits make less than those of the bound, as much, or more. */
function orderOfSize(bound: u32, whole: u32, wholeLength: u32, fraction: u32, fractionLength: u32): i32 {
  const boundWhole = load<u32>(bound, WHOLE_LENGTH);
  if (wholeLength != boundWhole) return wholeLength < boundWhole ? -1 : 1;
  const before = memory.compare(whole, load<u32>(bound, WHOLE_AT), wholeLength);
  if (before != 0) return before;
  const boundFraction = load<u32>(bound, FRACTION_LENGTH);
  const behind = memory.compare(fraction, load<u32>(bound, FRACTION_AT), min(fractionLength, boundFraction));
  return behind != 0 ? behind : <i32>(fractionLength - boundFraction);
}

function withoutZeros(from: u32, end: u32): u32 {
  while (end > from && byteAt(end - 1) == ZERO) end--;
  return end;
}

function digitsEnd(at: u32): u32 {
  while (isDigit(byteAt(at))) at++;
  return at;
}

/** 0 behind the text. */
function byteAt(at: u32): u32 {
  return at < textEnd ? load<u8>(at) : 0;
}

export function isDigit(byte: u32): bool {
  return byte - ZERO < 10;
}
