/** The one door to zstd, for packed files and packed batches: frames of any kind decoded piece by piece, no error unseen. */
import { ZSTDDecoder } from 'zstddec/stream';
import { framesOf, ZstdError } from './zstd-frames.ts';

export { ZstdError } from './zstd-frames.ts';

/** What the C library makes available. A size, as a negative number, is an error: zstd's own code for it. */
interface Library {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  free(pointer: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): void;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
  ZSTD_decompress(target: number, room: number, source: number, length: number): number;
}

/**
 * The package's own `decodeStreaming` pays no attention to what the library answers, so that damage would pass as
 * content: only the compiled library is taken from it.
 */
class Loader extends ZSTDDecoder {
  static library: Library | undefined;

  override _init(result: Parameters<ZSTDDecoder['_init']>[0]): void {
    super._init(result);
    Loader.library = (result as { instance: { exports: unknown } }).instance.exports as Library;
  }
}

/** To be awaited once before the first decoding; cheap when repeated. */
export async function loadZstd(): Promise<void> {
  await new Loader().init();
}

const MAGIC = 0xfd2fb528;
/** Frames that hold no data may come first: 16 numbers, from this on. */
const SKIPPABLE = 0x184d2a50;

/** @param start the first four bytes of something, at least */
export function isZstd(start: Buffer): boolean {
  if (start.length < 4) return false;
  const magic = start.readUInt32LE(0);
  return magic === MAGIC || (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
}

/** The largest piece that is handed over, as the library advises (ZSTD_DStreamOutSize). */
const PIECE = 1 << 17;
/** Of its two structs: a pointer, a size and a position, 32 bits each. */
const STRUCT = 12;

const WRONG_CHECKSUM = 22;
const NO_MEMORY = 64;
/** https://github.com/facebook/zstd, zstd_errors.h */
const ERRORS: Readonly<Record<number, string>> = {
  10: 'something that is not zstd follows the packed data',
  14: 'the zstd data uses a feature that is not known',
  16: 'the zstd data needs a window of more than 128 MB',
  20: 'the zstd data is broken',
  [WRONG_CHECKSUM]: 'the zstd data is broken (wrong checksum)',
  32: 'the zstd data needs a dictionary',
  [NO_MEMORY]: 'the zstd data needs more memory than there is',
};

/** One stream of frames, one after the other: with or without content size, skippable ones too. To be freed. */
export class ZstdStream {
  readonly #library: Library;
  readonly #context: number;
  /** Two structs, and the output behind them. */
  readonly #output: number;
  readonly #input: number;
  readonly #piece: number;
  /** What the library waits for: 0 between two frames. */
  #wants = 0;

  /** @throws Error before loadZstd() has ended: a defect */
  constructor() {
    this.#library = loaded();
    this.#context = this.#library.ZSTD_createDCtx();
    this.#output = this.#library.malloc(2 * STRUCT + PIECE);
    this.#input = this.#output + STRUCT;
    this.#piece = this.#input + STRUCT;
  }

  /** Whether the frames so far are whole. */
  get complete(): boolean {
    return this.#wants === 0;
  }

  /** Decodes more of the stream; each piece is a copy. @throws ZstdError */
  *decode(packed: Uint8Array): Generator<Buffer, void> {
    if (packed.length === 0) return;
    const library = this.#library;
    const source = library.malloc(packed.length);
    if (source === 0) throw zstdError(NO_MEMORY);
    try {
      new Uint8Array(library.memory.buffer).set(packed, source);
      this.#set(this.#input, source, packed.length);
      let length: number;
      do {
        length = this.#step();
        if (length > 0) yield Buffer.from(Buffer.from(library.memory.buffer, this.#piece, length));
        // Behind a full piece there may be more of it, although all input is taken.
      } while (this.#position(this.#input) < packed.length || (length === PIECE && !this.complete));
    } finally {
      library.free(source);
    }
  }

  free(): void {
    this.#library.ZSTD_freeDCtx(this.#context);
    this.#library.free(this.#output);
  }

  /** @returns how many bytes were made */
  #step(): number {
    this.#set(this.#output, this.#piece, PIECE);
    this.#wants = this.#library.ZSTD_decompressStream(this.#context, this.#output, this.#input);
    if (this.#wants < 0) throw zstdError(-this.#wants);
    return this.#position(this.#output);
  }

  #set(struct: number, pointer: number, size: number): void {
    const view = new DataView(this.#library.memory.buffer);
    view.setUint32(struct, pointer, true);
    view.setUint32(struct + 4, size, true);
    view.setUint32(struct + 8, 0, true);
  }

  #position(struct: number): number {
    return new DataView(this.#library.memory.buffer).getUint32(struct + 8, true);
  }
}

/** @throws Error before loadZstd() has ended: a defect */
function loaded(): Library {
  if (Loader.library === undefined) throw new Error('zstd was not loaded');
  return Loader.library;
}

function zstdError(code: number): ZstdError {
  return new ZstdError(ERRORS[code] ?? `the zstd data is broken (code ${code})`, code === WRONG_CHECKSUM);
}

/**
 * All of some frames at once, each in one step, which is faster than in pieces.
 * @param most bytes to make at most: whoever packs little may mean very much
 * @throws ZstdError, also where the frames are not whole or may make more
 */
export function unpackZstd(packed: Uint8Array, most: number): Buffer {
  const frames = framesOf(Buffer.from(packed.buffer, packed.byteOffset, packed.length));
  const total = frames.reduce((sum, frame) => sum + frame.most, 0);
  if (total > most) throw new ZstdError(`the zstd data makes more than ${most} bytes`, false);
  const parts = frames.map(({ from, to, most: room }) => unpackFrame(packed.subarray(from, to), room));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** @param room as large as what it makes, at least: the library looks for no other end */
function unpackFrame(frame: Uint8Array, room: number): Buffer {
  const library = loaded();
  const source = library.malloc(frame.length);
  const target = library.malloc(room);
  try {
    if (source === 0 || target === 0) throw zstdError(NO_MEMORY);
    new Uint8Array(library.memory.buffer).set(frame, source);
    const length = library.ZSTD_decompress(target, room, source, frame.length);
    if (length < 0) throw zstdError(-length);
    return Buffer.from(Buffer.from(library.memory.buffer, target, length));
  } finally {
    library.free(source);
    library.free(target);
  }
}
