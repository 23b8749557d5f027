/** The WebAssembly module that reads bytes where they lie: its memory, and what is done in it. */
import { MODULE } from './module.ts';

/** The functions of assembly/index.ts. Addresses are bytes of the memory, ends exclusive. */
interface Exports {
  crc32c(at: number, end: number): number;
}

const PAGE = 1 << 16;

const compiled = new WebAssembly.Module(Buffer.from(MODULE, 'base64'));

/** One instance with a memory of its own. */
export class Scanner {
  readonly #memory = new WebAssembly.Memory({ initial: 64 });
  readonly #exports: Exports;
  readonly #input: number;
  #bytes: Uint8Array;

  constructor() {
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory, abort } });
    this.#exports = exports as unknown as Exports;
    this.#input = 1 << 20;
    this.#bytes = new Uint8Array(this.#memory.buffer);
  }

  /** Copies bytes in, in the place of those before them. */
  load(bytes: Uint8Array): void {
    const missing = this.#input + bytes.length - this.#bytes.length;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / PAGE));
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    this.#bytes.set(bytes, this.#input);
  }

  /** CRC-32C of the loaded bytes [from, to), unsigned. */
  crc32c(from: number, to: number): number {
    return this.#exports.crc32c(this.#input + from, this.#input + to) >>> 0;
  }
}

function abort(): never {
  throw new Error('the scanner stopped: a defect');
}
