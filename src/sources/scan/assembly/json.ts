/** Proves that bytes are one JSON value as JSON.parse accepts it (RFC 8259), and finds what lies at the paths looked for. */
import { ARRAY, BOOLEAN, ESCAPED, forget, member, item, NUMBER, OBJECT, put, STRING } from './paths';
import { character } from './utf8';

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const BACKSLASH: u32 = 0x5c;
const OPEN_BRACKET: u32 = 0x5b;
const CLOSE_BRACKET: u32 = 0x5d;
const OPEN_BRACE: u32 = 0x7b;
const CLOSE_BRACE: u32 = 0x7d;

/** What may follow a backslash besides `u`, as bits of two words that begin at 0x20 and 0x60. */
const ESCAPES_LOW: u64 = ((<u64>1) << (0x22 - 0x20)) | ((<u64>1) << (0x2f - 0x20)) | ((<u64>1) << (0x5c - 0x20));
const ESCAPES_HIGH: u64 =
  ((<u64>1) << (0x62 - 0x60)) |
  ((<u64>1) << (0x66 - 0x60)) |
  ((<u64>1) << (0x6e - 0x60)) |
  ((<u64>1) << (0x72 - 0x60)) |
  ((<u64>1) << (0x74 - 0x60));

/** Tab, line feed, carriage return and space. */
const SPACES: u64 = ((<u64>1) << 0x09) | ((<u64>1) << 0x0a) | ((<u64>1) << 0x0d) | ((<u64>1) << 0x20);

/** "true", "null" and "alse" as words in memory. */
const TRUE: u32 = 0x65757274;
const NULL: u32 = 0x6c6c756e;
const ALSE: u32 = 0x65736c61;

/** Deeper values are left to a reader that needs no stack. */
const DEPTH = 200;

export const NO_JSON = 0;
export const JSON = 1;
/** It was not settled here: an escaped name beside a path, or too deep. */
export const UNSETTLED = 2;

/** Whether the string read last has escapes. */
let escaped = false;
let unsettled = false;

// Every function below takes the place to read at and answers the place behind what it read, or 0 where it is no JSON.
// A byte of 0 stands behind the value while it is read: it is no byte of the grammar, so that each ends there by itself.

/** Reads the bytes [at, end), with the paths below `root` (0: none). @returns NO_JSON, JSON or UNSETTLED */
export function read(at: u32, end: u32, root: u32): i32 {
  const behind = load<u8>(end);
  store<u8>(end, 0);
  unsettled = false;
  forget(root);
  let p = value(space(at), root, 0);
  if (p != 0) p = space(p);
  store<u8>(end, behind);
  if (unsettled) return UNSETTLED;
  return p == end ? JSON : NO_JSON;
}

// @ts-ignore: decorator
@inline
function space(p: u32): u32 {
  return load<u8>(p) > 0x20 ? p : spaces(p);
}

function spaces(p: u32): u32 {
  let byte: u64 = load<u8>(p);
  while (byte <= 0x20 && ((SPACES >>> byte) & 1) != 0) byte = load<u8>(++p);
  return p;
}

function value(p: u32, node: u32, depth: i32): u32 {
  const byte: u32 = load<u8>(p);
  if (byte == QUOTE) {
    const end = string(p + 1);
    if (end == 0) return 0;
    if (node != 0) put(node, escaped ? ESCAPED : STRING, p + 1, end);
    return end + 1;
  }
  if (byte == OPEN_BRACE || byte == OPEN_BRACKET) {
    if (depth == DEPTH) return leave();
    return byte == OPEN_BRACE ? object(p + 1, node, depth + 1) : array(p + 1, node, depth + 1);
  }
  return numberOrWord(p, node);
}

function object(p: u32, node: u32, depth: i32): u32 {
  p = space(p);
  if (load<u8>(p) != CLOSE_BRACE) {
    for (; ; p++) {
      p = space(p);
      if (load<u8>(p) != QUOTE) return 0;
      const name = p + 1;
      const end = string(name);
      if (end == 0) return 0;
      if (node != 0 && escaped) return leave();
      p = space(end + 1);
      if (load<u8>(p) != COLON) return 0;
      p = value(space(p + 1), node == 0 ? 0 : member(node, name, end), depth);
      if (p == 0) return 0;
      p = space(p);
      if (load<u8>(p) != COMMA) break;
    }
  }
  if (load<u8>(p) != CLOSE_BRACE) return 0;
  if (node != 0) put(node, OBJECT, 0, 0);
  return p + 1;
}

function array(p: u32, node: u32, depth: i32): u32 {
  let items = 0;
  p = space(p);
  if (load<u8>(p) != CLOSE_BRACKET) {
    for (; ; p++) {
      p = value(space(p), node == 0 ? 0 : item(node, items), depth);
      if (p == 0) return 0;
      items++;
      p = space(p);
      if (load<u8>(p) != COMMA) break;
    }
  }
  if (load<u8>(p) != CLOSE_BRACKET) return 0;
  if (node != 0) put(node, ARRAY, items, 0);
  return p + 1;
}

/** From behind the opening quote to the closing one. */
// @ts-ignore: decorator
@inline
function string(p: u32): u32 {
  escaped = false;
  p = plain(p);
  return load<u8>(p) == QUOTE ? p : oddString(p);
}

function oddString(p: u32): u32 {
  while (load<u8>(p) != QUOTE) {
    p = oddity(p);
    if (p == 0) return 0;
    p = plain(p);
  }
  return p;
}

/** Over what needs no second look, to a quote, a backslash, a control character, or a byte of 0x80 and more. */
// @ts-ignore: decorator
@inline
function plain(p: u32): u32 {
  let stops = stopsAt(p);
  while (stops == 0) {
    p += 16;
    stops = stopsAt(p);
  }
  return p + ctz(stops);
}

// @ts-ignore: decorator
@inline
function stopsAt(p: u32): i32 {
  const bytes = v128.load(p);
  // Signed: bytes of 0x80 and more are less than a space too.
  const odd = v128.or(i8x16.eq(bytes, i8x16.splat(0x5c)), i8x16.lt_s(bytes, i8x16.splat(0x20)));
  return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), odd));
}

/** Over an escape, or over characters beyond ASCII. */
function oddity(p: u32): u32 {
  if (load<u8>(p) == BACKSLASH) {
    escaped = true;
    return escape(p + 1);
  }
  if (load<u8>(p) < 0x20) return 0;
  do p = character(p);
  while (p != 0 && load<u8>(p) >= 0x80);
  return p;
}

/** From behind the backslash. */
function escape(p: u32): u32 {
  const byte: u32 = load<u8>(p);
  if (byte == 0x75) {
    for (let i = 0; i < 4; i++) if (!isHexDigit(load<u8>(++p))) return 0;
    return p + 1;
  }
  if (byte >= 0x60) return byte < 0x80 && ((ESCAPES_HIGH >>> (byte - 0x60)) & 1) != 0 ? p + 1 : 0;
  return byte >= 0x20 && ((ESCAPES_LOW >>> (byte - 0x20)) & 1) != 0 ? p + 1 : 0;
}

function numberOrWord(p: u32, node: u32): u32 {
  const word = load<u32>(p);
  if (word == NULL) return p + 4;
  let kind = BOOLEAN;
  let end = p + 4;
  if ((word & 0xff) == 0x66) {
    if (load<u32>(p, 1) != ALSE) return 0;
    end = p + 5;
  } else if (word != TRUE) {
    kind = NUMBER;
    end = number(p);
    if (end == 0) return 0;
  }
  if (node != 0) put(node, kind, p, end);
  return end;
}

function number(p: u32): u32 {
  if (load<u8>(p) == 0x2d) p++;
  p = load<u8>(p) == 0x30 ? p + 1 : digits(p);
  if (p != 0 && load<u8>(p) == 0x2e) p = digits(p + 1);
  if (p != 0 && (load<u8>(p) | 0x20) == 0x65) {
    const sign = load<u8>(p, 1);
    p = digits(sign == 0x2b || sign == 0x2d ? p + 2 : p + 1);
  }
  return p;
}

/** One digit or more. */
// @ts-ignore: decorator
@inline
function digits(p: u32): u32 {
  if (!isDigit(load<u8>(p))) return 0;
  do p++;
  while (isDigit(load<u8>(p)));
  return p;
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}

function isHexDigit(byte: u32): bool {
  return isDigit(byte) || (byte | 0x20) - 0x61 < 6;
}

function leave(): u32 {
  unsettled = true;
  return 0;
}
