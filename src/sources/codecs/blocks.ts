/** The WebAssembly module that decompresses blocks: its memory, which holds what goes in and behind it what comes out. */
import { MODULE } from './module.ts';

/** The functions of assembly/index.ts. Addresses are bytes of the memory, ends exclusive. */
interface Exports {
  lz4(from: number, end: number, low: number, to: number, limit: number): number;
  snappy(from: number, end: number, to: number, limit: number): number;
  xxh32(at: number, end: number): number;
}

const PAGE = 1 << 16;
/** The module's own tables lie before. */
const INPUT = PAGE;
/** Copying goes in steps, and may go beyond an end. */
const SLACK = 64;
/** Memory does not shrink: one larger than this is given up with its batch. */
const KEPT = 64 << 20;

const compiled = new WebAssembly.Module(Buffer.from(MODULE, 'base64'));

/** Blocks of one batch after the other; the positions that it takes are bytes of the batch. */
export class Blocks {
  #memory!: WebAssembly.Memory;
  #exports!: Exports;
  #bytes!: Buffer;
  #output = 0;
  #end = 0;

  constructor() {
    this.#renew();
  }

  /** Begins with a batch; what came out of the one before is lost. */
  load(batch: Uint8Array): void {
    if (this.#bytes.length > KEPT) this.#renew();
    this.#output = INPUT + batch.length + SLACK;
    this.#end = this.#output;
    this.#reserve(0);
    this.#bytes.set(batch, INPUT);
  }

  /** How many bytes have come out. */
  get length(): number {
    return this.#end - this.#output;
  }

  /** What has come out, in memory that the next batch uses again. */
  get output(): Buffer {
    return this.#bytes.subarray(this.#output, this.#end);
  }

  /**
   * Decompresses [from, to) behind what has come out.
   * @param most bytes that may come out of it
   * @param since how many bytes had come out before those that it may repeat; default: it repeats only its own
   * @returns false: it is damaged
   */
  lz4(from: number, to: number, most: number, since = this.length): boolean {
    this.#reserve(most);
    const low = this.#output + since;
    const end = this.#exports.lz4(INPUT + from, INPUT + to, low, this.#end, this.#end + most) >>> 0;
    if (end === 0) return false;
    this.#end = end;
    return true;
  }

  /** The same for a block of Snappy's, behind the number that says how many bytes come out of it. */
  snappy(from: number, to: number, length: number): boolean {
    this.#reserve(length);
    if (this.#exports.snappy(INPUT + from, INPUT + to, this.#end, this.#end + length) === 0) return false;
    this.#end += length;
    return true;
  }

  /** Takes [from, to) as it is. */
  copy(from: number, to: number): void {
    this.#reserve(to - from);
    this.#bytes.copyWithin(this.#end, INPUT + from, INPUT + to);
    this.#end += to - from;
  }

  /** XXH32 of [from, to), unsigned. */
  checksum(from: number, to: number): number {
    return this.#exports.xxh32(INPUT + from, INPUT + to) >>> 0;
  }

  /** XXH32 of what has come out since there were `from` bytes of it, unsigned. */
  outputChecksum(from: number): number {
    return this.#exports.xxh32(this.#output + from, this.#end) >>> 0;
  }

  #renew(): void {
    this.#memory = new WebAssembly.Memory({ initial: 64 });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory, abort } });
    this.#exports = exports as unknown as Exports;
    this.#bytes = Buffer.from(this.#memory.buffer);
  }

  #reserve(more: number): void {
    const missing = this.#end + more + SLACK - this.#bytes.length;
    if (missing <= 0) return;
    this.#memory.grow(Math.ceil(missing / PAGE));
    this.#bytes = Buffer.from(this.#memory.buffer);
  }
}

function abort(): never {
  throw new Error('the decompressor stopped: a defect');
}
