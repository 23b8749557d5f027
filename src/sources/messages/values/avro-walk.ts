/**
 * A walk over a value in Avro's binary form, along its schema, which keeps what lies at the declared paths and proves the
 * rest. It builds nothing: no length and no count in broken bytes can make it hang, or fill the memory.
 */
import { type KeyValue, valueOfBytes } from '../../keys.ts';
import { JSON_KIND } from '../json-path.ts';
import type { AvroEnum, AvroFixed, AvroScalar, AvroType } from './avro-schema.ts';
import { decimalText, doubleText, floatText, signedNumber, uuidText } from './digits.ts';
import type { Spot } from './spots.ts';

/** Why bytes are no value of their schema. */
export class BrokenAvro extends Error {}

type Leaf = AvroScalar | AvroFixed | AvroEnum;
type Branching = Exclude<AvroType, Leaf>;

const MOST_DEPTH = 500;
/** As many as a list has in Java. */
const MOST_ITEMS = 2 ** 31 - 2;

export class AvroWalk {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #depth = 0;

  /** @throws BrokenAvro where the bytes are no value of the type, or too many */
  document(bytes: Uint8Array, type: AvroType, spot: Spot): void {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#depth = 0;
    this.#value(type, spot);
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new BrokenAvro(`${left} of its ${this.#bytes.length} bytes are left over`);
  }

  /** @param spot where to keep what is found; undefined: it is on no path */
  #value(type: AvroType, spot: Spot | undefined): void {
    if (isBranching(type)) {
      if (++this.#depth > MOST_DEPTH) throw new BrokenAvro(`it is nested deeper than ${MOST_DEPTH} levels`);
      this.#branching(type, spot);
      this.#depth--;
      return;
    }
    const start = this.#pass(type);
    if (spot !== undefined) keep(spot, type, this.#bytes.subarray(start, this.#at));
  }

  #branching(type: Branching, spot: Spot | undefined): void {
    switch (type.is) {
      case 'record':
        spot?.found(JSON_KIND.object);
        for (const { name, type: inside } of type.fields) this.#value(inside, spot?.members.get(name));
        return;
      case 'union':
        this.#value(type.branches[this.#index(type.branches.length)]!, spot);
        return;
      case 'array':
        this.#array(type.items, spot);
        return;
      case 'map':
        this.#map(type.values, spot);
    }
  }

  /** Blocks of items, each with its count before it, up to a count of 0. */
  #array(type: AvroType, spot: Spot | undefined): void {
    let length = 0;
    for (let count = this.#count(); count > 0; count = this.#count()) {
      for (let i = 0; i < count; i++) {
        const before = this.#at;
        this.#value(type, spot?.items.get(length + i));
        if (this.#at === before) {
          this.#emptyItems(type, spot, length + i + 1, length + count);
          break;
        }
      }
      length += count;
      if (length > MOST_ITEMS) throw new BrokenAvro(`it has a list of ${length} items`);
    }
    spot?.foundList(length);
  }

  /** Items that take no bytes are all alike, and a count of them may be anything: only those on a path are visited. */
  #emptyItems(type: AvroType, spot: Spot | undefined, first: number, end: number): void {
    for (const [index, below] of spot?.items ?? []) {
      if (index >= first && index < end) this.#value(type, below);
    }
  }

  /** Of entries with one key the last counts. */
  #map(type: AvroType, spot: Spot | undefined): void {
    spot?.found(JSON_KIND.object);
    for (let count = this.#count(); count > 0; count = this.#count()) {
      for (let i = 0; i < count; i++) {
        const start = this.#take(this.#size());
        const named = spot?.members.get(this.#bytes.toString('utf8', start, this.#at));
        named?.clear();
        this.#value(type, named);
      }
    }
  }

  /** Passes over a leaf. @returns where its content begins, which ends where the walk then is */
  #pass(type: Leaf): number {
    switch (type.is) {
      case 'null':
        return this.#at;
      case 'boolean':
        if (this.#bytes[this.#at]! > 1)
          throw new BrokenAvro(`byte ${this.#at + 1} is neither true nor false`);
        return this.#take(1);
      case 'int':
        return this.#varint(5, 0x0f);
      case 'long':
        return this.#varint(10, 0x01);
      case 'float':
        return this.#take(4);
      case 'double':
        return this.#take(8);
      case 'bytes':
      case 'string':
        return this.#take(this.#size());
      case 'fixed':
        return this.#take(type.size);
      case 'enum': {
        const start = this.#at;
        this.#index(type.symbols.length);
        return start;
      }
    }
  }

  #index(length: number): number {
    const index = this.#number();
    if (index >= 0 && index < length) return index;
    throw new BrokenAvro(`it has choice ${index} of ${length}, before byte ${this.#at + 1}`);
  }

  /** A block's count; a negative one has the block's length in bytes behind it. */
  #count(): number {
    const count = this.#number();
    if (count >= 0) return count;
    this.#number();
    return -count;
  }

  #size(): number {
    const size = this.#number();
    if (size >= 0) return size;
    throw new BrokenAvro(`it has a length below 0, before byte ${this.#at + 1}`);
  }

  #number(): number {
    return Number(zigzag(this.#bytes, this.#varint(10, 0x01), this.#at));
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) {
      throw new BrokenAvro(
        `it ends after ${this.#bytes.length} bytes, too early for ${length} from byte ${start + 1}`,
      );
    }
    this.#at += length;
    return start;
  }

  /** @param most how many bytes it has at most, and `last` what the last of these may be at most */
  #varint(most: number, last: number): number {
    const start = this.#at;
    for (let length = 1; length <= most; length++) {
      const byte = this.#bytes[this.#take(1)]!;
      if (byte < 0x80 && (length < most || byte <= last)) return start;
    }
    throw new BrokenAvro(`the number at byte ${start + 1} is too large`);
  }
}

function isBranching(type: AvroType): type is Branching {
  return type.is === 'record' || type.is === 'union' || type.is === 'array' || type.is === 'map';
}

function keep(spot: Spot, type: Leaf, content: Buffer): void {
  if (type.is === 'null') spot.found(JSON_KIND.null);
  else spot.foundText(textOf(type, content));
}

function textOf(type: Leaf, content: Buffer): KeyValue {
  switch (type.is) {
    case 'boolean':
      return String(content[0] === 1);
    case 'int':
    case 'long':
      return String(zigzag(content, 0, content.length));
    case 'float':
      return floatText(content.readFloatLE());
    case 'double':
      return doubleText(content.readDoubleLE());
    case 'enum':
      return type.symbols[Number(zigzag(content, 0, content.length))]!;
    default:
      return textOfContent(type, content);
  }
}

function textOfContent(type: AvroScalar | AvroFixed, content: Buffer): KeyValue {
  if (type.is === 'fixed' && type.uuid) return uuidText(content);
  return type.scale === undefined ? valueOfBytes(content) : decimalText(signedNumber(content), type.scale);
}

/** Of so many bytes, at seven bits each, a number of JavaScript is exact. */
const EXACT_BYTES = 7;

/** The whole number of the varint in [start, end), whose lowest bit is its sign. */
function zigzag(bytes: Buffer, start: number, end: number): number | bigint {
  if (end - start > EXACT_BYTES) return wideZigzag(bytes, start, end);
  let value = 0;
  for (let i = end - 1; i >= start; i--) value = value * 128 + (bytes[i]! & 0x7f);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function wideZigzag(bytes: Buffer, start: number, end: number): bigint {
  let value = 0n;
  for (let i = end - 1; i >= start; i--) value = (value << 7n) | BigInt(bytes[i]! & 0x7f);
  return (value >> 1n) ^ -(value & 1n);
}
