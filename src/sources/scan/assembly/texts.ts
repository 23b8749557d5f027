/** The text of what a slot holds, as conditions see it and as keys are made of it (the rules of sources/keys.ts). */
import { BYTES, endOf, ESCAPED, holds, kindOf, OBJECT, ARRAY, startOf } from './paths';
import { isUtf8 } from './utf8';

/** Absent, null, an object or an array. */
export const NO_TEXT = 0;
export const TEXT = 1;
/** Another reader must say. */
export const UNSETTLED_TEXT = 2;

/** The text that `textOf` found. */
export let textAt: u32 = 0;
export let textEnd: u32 = 0;

/** "hex:" as a word in memory. */
const HEX: u32 = 0x3a786568;
const HEX_BYTES: u32 = 4;
const MOST_HEX: u32 = 1 << 12;
const hex = memory.data(4 + 2 * 4096);

/**
 * Looks up the text of a slot as conditions see it: only bytes that are not UTF-8 are spelt out.
 * @returns NO_TEXT, TEXT or UNSETTLED_TEXT; the text stays until the next call
 */
export function textOf(slot: u32): i32 {
  if (!holds(slot)) return NO_TEXT;
  const kind = kindOf(slot);
  if (kind == OBJECT || kind == ARRAY) return NO_TEXT;
  if (kind == ESCAPED) return UNSETTLED_TEXT;
  textAt = startOf(slot);
  textEnd = endOf(slot);
  return kind == BYTES && !isUtf8(textAt, textEnd) ? spellOut() : TEXT;
}

/** The same as keys and ids are kept: a text that begins as spelt bytes do is spelt out too. */
export function exactTextOf(slot: u32): i32 {
  const there = textOf(slot);
  if (there != TEXT || textAt == <u32>hex) return there;
  return textEnd - textAt >= HEX_BYTES && load<u32>(textAt) == HEX ? spellOut() : TEXT;
}

/** Turns the text into `hex:` and the digits of its bytes. */
function spellOut(): i32 {
  if (textEnd - textAt > MOST_HEX) return UNSETTLED_TEXT;
  let to = <u32>hex + HEX_BYTES;
  store<u32>(hex, HEX);
  for (let at = textAt; at < textEnd; at++) {
    const byte: u32 = load<u8>(at);
    store<u8>(to, hexDigit(byte >>> 4));
    store<u8>(to, hexDigit(byte & 15), 1);
    to += 2;
  }
  textAt = <u32>hex;
  textEnd = to;
  return TEXT;
}

function hexDigit(nibble: u32): u32 {
  return nibble + (nibble < 10 ? 0x30 : 0x57);
}

/** Writes a number's decimal digits so that they end at `end`. @returns where they begin */
export function writeDecimal(value: u64, end: u32): u32 {
  do {
    store<u8>(--end, 0x30 + <u32>(value % 10));
    value /= 10;
  } while (value != 0);
  return end;
}
