/** Whether bytes are one JSON value, and what lies at given paths in it: a scanner that builds no tree. */
import { isUtf8 } from 'node:buffer';
import { JSON_KIND, type JsonKind, type JsonPath, PathNode, unescaped } from './json-path.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
/** In ASCII both closing brackets lie two behind their opening ones. */
const TO_CLOSING = 2;

/** Stands for the count of an object, whose members are not counted. */
const MEMBERS = -1;

const WORDS = [
  { bytes: Buffer.from('true'), kind: JSON_KIND.boolean },
  { bytes: Buffer.from('false'), kind: JSON_KIND.boolean },
  { bytes: Buffer.from('null'), kind: JSON_KIND.null },
] as const;

/** 1 for what may follow a backslash, `u` aside. */
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => ('"\\/bfnrt'.includes(latin(byte)) ? 1 : 0));

/**
 * Reads what lies at several paths, and proves on the way that the whole value is JSON as JSON.parse accepts it
 * (RFC 8259: grammar, escapes, UTF-8, no BOM; any depth). Numbers keep the digits they are written with. Of members of
 * one name the last counts, whole. The answers hold until the next read; where it answered false, nothing is there.
 */
export class JsonReader {
  readonly #root = new PathNode();
  readonly #found: readonly PathNode[];
  readonly #anyBytes: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  /** Where the last value stopped being JSON; undefined: nowhere, but it was not UTF-8. */
  #faultAt: number | undefined;
  /** Of the string read last. */
  #escaped = false;
  /** The node that the value at hand is for; undefined: on no path. */
  #node: PathNode | undefined;
  /** The open containers: their nodes, and how many items they have so far (MEMBERS: an object). */
  readonly #open: (PathNode | undefined)[] = [];
  readonly #counts: number[] = [];
  #depth = 0;

  /** @param options `anyBytes`: strings may hold bytes that are not UTF-8, for those who take them by `written` */
  constructor(paths: readonly JsonPath[], options: { readonly anyBytes?: boolean } = {}) {
    this.#found = paths.map((path) => this.#root.at(path));
    this.#anyBytes = options.anyBytes ?? false;
  }

  /** @returns whether the bytes are one JSON value; `fault` tells why not. */
  read(bytes: Uint8Array): boolean {
    this.#bytes = asBuffer(bytes);
    this.#root.clear();
    this.#node = this.#root;
    this.#depth = 0;
    const end = this.#document();
    this.#faultAt = end < 0 ? ~end : undefined;
    const isJson = end >= 0 && (this.#anyBytes || isUtf8(this.#bytes));
    if (!isJson) this.#root.clear();
    return isJson;
  }

  /** Why the last read answered false. */
  get fault(): string {
    const length = this.#bytes.length;
    if (length === 0) return 'not JSON: it is empty';
    if (this.#faultAt === undefined) return 'not JSON: its bytes are not UTF-8';
    if (this.#faultAt >= length) return `not JSON: it ends too early, after ${length} bytes`;
    const byte = this.#bytes[this.#faultAt]!;
    const shown = byte > 0x20 && byte < 0x7f ? latin(byte) : `0x${byte.toString(16).padStart(2, '0')}`;
    return `not JSON: unexpected ${shown} at byte ${this.#faultAt + 1} of ${length}`;
  }

  kind(path: number): JsonKind {
    return this.#found[path]!.kind;
  }

  /** The decoded text of a string, the digits of a number as written, true or false; undefined for anything else. */
  text(path: number): string | undefined {
    const { kind, start, end, escaped } = this.#found[path]!;
    if (kind === JSON_KIND.string) {
      return escaped ? unescaped(this.#bytes, start, end) : this.#bytes.toString('utf8', start, end);
    }
    if (kind === JSON_KIND.number || kind === JSON_KIND.boolean)
      return this.#bytes.toString('latin1', start, end);
    return undefined;
  }

  /** How many items an array has. */
  length(path: number): number {
    return this.#found[path]!.length;
  }

  /** The bytes that are written there, a view: a string's between its quotes, escapes and all. */
  written(path: number): Buffer {
    const { start, end } = this.#found[path]!;
    return this.#bytes.subarray(start, end);
  }

  /** Whether the string there has escapes, so that its bytes are not what `written` shows. */
  escaped(path: number): boolean {
    return this.#found[path]!.escaped;
  }

  // Every method below takes the place to read at and answers the place behind what it read, or ~place of the fault.
  // A read at or behind the end gives undefined, which is no byte of the grammar, so that each ends there by itself.

  #document(): number {
    let p = this.#space(0);
    do {
      p = this.#value(p);
      if (p >= 0) p = this.#behindValue(p);
    } while (p >= 0 && this.#depth > 0);
    if (p < 0) return p;
    p = this.#space(p);
    return p === this.#bytes.length ? p : ~p;
  }

  /** From where a value begins to behind its first scalar, or to the closing bracket of an empty container. */
  #value(p: number): number {
    const bytes = this.#bytes;
    for (;;) {
      const byte = bytes[p];
      if (byte === QUOTE) return this.#stringValue(p + 1);
      if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return this.#numberOrWord(p);
      const isObject = byte === OPEN_BRACE;
      this.#node?.found(isObject ? JSON_KIND.object : JSON_KIND.array, p, p, false);
      this.#open[this.#depth] = this.#node;
      this.#counts[this.#depth] = isObject ? MEMBERS : 0;
      this.#depth++;
      p = this.#space(p + 1);
      if (bytes[p] === byte + TO_CLOSING) return p;
      p = isObject ? this.#name(p) : this.#item(p);
      if (p < 0) return p;
    }
  }

  /** From behind a value, over all that closes there, to where the next one begins. */
  #behindValue(p: number): number {
    const bytes = this.#bytes;
    while (this.#depth > 0) {
      p = this.#space(p);
      const count = this.#counts[this.#depth - 1]!;
      const isObject = count === MEMBERS;
      if (bytes[p] === COMMA) {
        p = this.#space(p + 1);
        return isObject ? this.#name(p) : this.#item(p);
      }
      if (bytes[p] !== (isObject ? OPEN_BRACE : OPEN_BRACKET) + TO_CLOSING) return ~p;
      p++;
      this.#depth--;
      const node = this.#open[this.#depth];
      if (node === undefined) continue;
      node.end = p;
      node.length = count;
    }
    return p;
  }

  /** A member's name and its colon; what an earlier member of the name held is forgotten. */
  #name(p: number): number {
    const bytes = this.#bytes;
    if (bytes[p] !== QUOTE) return ~p;
    const end = this.#string(p + 1);
    if (end < 0) return end;
    const parent = this.#open[this.#depth - 1];
    this.#node = parent?.member(bytes, p + 1, end, this.#escaped);
    this.#node?.clear();
    p = this.#space(end + 1);
    return bytes[p] === COLON ? this.#space(p + 1) : ~p;
  }

  #item(p: number): number {
    const index = this.#counts[this.#depth - 1]!++;
    this.#node = this.#open[this.#depth - 1]?.item(index);
    return p;
  }

  #stringValue(p: number): number {
    const end = this.#string(p);
    if (end < 0) return end;
    this.#node?.found(JSON_KIND.string, p, end, this.#escaped);
    return end + 1;
  }

  /** From behind the opening quote to the closing one. */
  #string(p: number): number {
    const bytes = this.#bytes;
    const end = bytes.length;
    this.#escaped = false;
    for (; p < end; p++) {
      const byte = bytes[p]!;
      if (byte !== QUOTE && byte !== BACKSLASH && byte >= 0x20) continue;
      if (byte === QUOTE) return p;
      if (byte !== BACKSLASH) return ~p;
      this.#escaped = true;
      p = this.#escape(p + 1);
      if (p < 0) return p;
    }
    return ~end;
  }

  /** From behind the backslash to the last byte of the escape. */
  #escape(p: number): number {
    const bytes = this.#bytes;
    const byte = bytes[p];
    if (byte === undefined) return ~p;
    if (ESCAPES[byte] === 1) return p;
    if (byte !== 0x75) return ~p;
    for (let i = 1; i <= 4; i++) if (!isHexDigit(bytes[p + i])) return ~(p + i);
    return p + 4;
  }

  #numberOrWord(p: number): number {
    const byte = this.#bytes[p];
    if (byte === MINUS || isDigit(byte)) return this.#number(p);
    for (const word of WORDS) {
      if (byte !== word.bytes[0]) continue;
      const end = p + word.bytes.length;
      for (let i = 1; i < word.bytes.length; i++) if (this.#bytes[p + i] !== word.bytes[i]) return ~(p + i);
      this.#node?.found(word.kind, p, end, false);
      return end;
    }
    return ~p;
  }

  #number(start: number): number {
    const bytes = this.#bytes;
    let p = bytes[start] === MINUS ? start + 1 : start;
    p = bytes[p] === ZERO ? p + 1 : this.#digits(p);
    if (p >= 0 && bytes[p] === DOT) p = this.#digits(p + 1);
    if (p >= 0 && (bytes[p] === 0x65 || bytes[p] === 0x45)) {
      p++;
      p = this.#digits(bytes[p] === 0x2b || bytes[p] === MINUS ? p + 1 : p);
    }
    if (p >= 0) this.#node?.found(JSON_KIND.number, start, p, false);
    return p;
  }

  /** One digit or more. */
  #digits(p: number): number {
    const bytes = this.#bytes;
    if (!isDigit(bytes[p])) return ~p;
    while (isDigit(bytes[p])) p++;
    return p;
  }

  #space(p: number): number {
    const bytes = this.#bytes;
    while (p < bytes.length) {
      const byte = bytes[p]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      p++;
    }
    return p;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

function latin(byte: number): string {
  return String.fromCharCode(byte);
}

/** A view of the same memory. */
function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
