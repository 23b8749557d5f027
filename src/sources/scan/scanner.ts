/** The WebAssembly module that reads bytes where they lie: its memory, and what is done in it. */
import { AuditError } from '../../error.ts';
import { MODULE } from './module.ts';

/** The functions of assembly/index.ts, explained there. Addresses are bytes of the memory, ends exclusive. */
export interface Exports {
  reserve(bytes: number): number;
  crc32c(at: number, end: number): number;
  setDigestKey(at: number): void;
  digest(at: number, length: number): void;
  writeDigest(to: number): void;
  setDigests(on: boolean): void;
  setColumns(count: number): void;
  placeColumn(column: number, at: number): void;
  addNode(parent: number): number;
  addMember(node: number, name: number, length: number): number;
  addItem(node: number, index: number): number;
  setSlot(node: number, slot: number): void;
  addHeader(slot: number, name: number, length: number): void;
  setOuterSlot(which: number, slot: number): void;
  setTopic(at: number, length: number): void;
  addList(): number;
  addCondition(list: number, ofValue: boolean, slot: number, negated: boolean): number;
  addValue(
    condition: number,
    at: number,
    length: number,
    isNumber: boolean,
    wholeAt: number,
    wholeLength: number,
  ): void;
  setExists(condition: number): void;
  setBound(
    condition: number,
    orders: number,
    negative: boolean,
    wholeAt: number,
    wholeLength: number,
    fractionAt: number,
    fractionLength: number,
  ): void;
  setRoot(node: number): void;
  setIdentity(inValue: boolean, slot: number): void;
  setWhere(list: number): void;
  setSampling(on: boolean): void;
  setParts(count: number): void;
  setPart(part: number, slot: number): void;
  setKinds(count: number): void;
  setKind(kind: number, list: number, slot: number, ofValue: boolean, min: number, max: number): void;
  tell(): number;
}

/** Places that the module's functions share with the host. */
type Place = 'state' | 'job' | 'seen';

const compiled = new WebAssembly.Module(Buffer.from(MODULE, 'base64'));

/** One instance with a memory of its own. */
export class Scanner {
  readonly calls: Exports;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #places: Readonly<Record<Place, { readonly value: number }>>;
  #bytes: Buffer | undefined;
  /** The region that bytes are loaded to, and another one for single values while those are in use. */
  readonly #input = { at: 0, room: 0 };
  readonly #value = { at: 0, room: 0 };

  constructor() {
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory, abort } });
    this.calls = exports as unknown as Exports;
    this.#places = exports as unknown as Readonly<Record<Place, { readonly value: number }>>;
    this.look();
  }

  /** The whole memory; a new one after something was reserved. */
  get bytes(): Buffer {
    return this.#bytes!;
  }

  place(name: Place): number {
    return this.#places[name].value;
  }

  /** Room for so many bytes, at an address that is a multiple of 16. @throws AuditError(4) where there is no more memory */
  reserve(bytes: number): number {
    const at = this.calls.reserve(bytes) >>> 0;
    if (at === 0) {
      throw new AuditError(4, `No memory for ${bytes} bytes of messages in one piece.`, {
        hint: 'Give the process more memory, or leave the offsets of that batch out of the range.',
      });
    }
    this.look();
    return at;
  }

  /** To be called after calls that reserve by themselves: looks whether the memory has grown. */
  look(): void {
    if (this.#bytes?.buffer !== this.#memory.buffer) this.#bytes = Buffer.from(this.#memory.buffer);
  }

  /** Copies bytes to a place of their own. @returns their address */
  keep(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.#bytes!.set(bytes, at);
    return at;
  }

  /** Copies bytes in, in the place of those loaded before. @returns their address */
  load(bytes: Uint8Array): number {
    return this.#copy(bytes, this.#input);
  }

  /** CRC-32C of the loaded bytes [from, to), unsigned. */
  crc32c(from: number, to: number): number {
    return this.calls.crc32c(this.#input.at + from, this.#input.at + to) >>> 0;
  }

  /** Writes the digest of a value to an address, as 32 hex digits. */
  digest(value: Uint8Array | null, to: number): void {
    this.calls.digest(value === null ? 0 : this.#copy(value, this.#value), value?.length ?? -1);
    this.calls.writeDigest(to);
  }

  #copy(bytes: Uint8Array, region: { at: number; room: number }): number {
    if (bytes.length > region.room || region.at === 0) {
      region.room = Math.max(bytes.length, 2 * region.room, 1 << 12);
      region.at = this.reserve(region.room);
    }
    this.#bytes!.set(bytes, region.at);
    return region.at;
  }
}

function abort(): never {
  throw new Error('the scanner stopped: a defect');
}
