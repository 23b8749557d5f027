/** Zstandard frames from outside: where each ends, and how much may come out of it. (https://datatracker.ietf.org/doc/html/rfc8878) */

const FRAME = 0xfd2fb528;
/** Frames to be passed over have sixteen numbers, of which the last four bits are free. */
const SKIPPABLE = 0x184d2a50;

/** Bits of the first byte of a frame's header. */
const FLAG = { single: 0x20, checksum: 0x04 };
const DICTIONARY_BYTES = [0, 1, 2, 4];
const BLOCK = { stored: 0, repeated: 1, compressed: 2 };
const MOST_IN_A_BLOCK = 128 << 10;

/** The data is no zstd, or damaged; what was handed over before is good, unless `all` of its frame is doubtful. */
export class ZstdError extends Error {
  readonly all: boolean;

  constructor(why: string, all: boolean) {
    super(why);
    this.all = all;
  }
}

/** One frame of content: where it lies, and how many bytes come out of it at most. */
export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly most: number;
}

/**
 * The frames of some bytes, by their headers and those of their blocks: producers do not write down how large the content
 * is, and whoever does may lie. @throws ZstdError where they are not whole, or not zstd
 */
export function framesOf(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(bytes);
  do {
    const frame = reader.frame();
    if (frame !== undefined) frames.push(frame);
  } while (!reader.done);
  return frames;
}

/** Walks over the outside of frames and of the blocks in them. */
class FrameReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @returns undefined: one to be passed over */
  frame(): Frame | undefined {
    const from = this.#at;
    const magic = this.#number(4);
    if ((magic & ~0x0f) >>> 0 === SKIPPABLE) return void this.#take(this.#number(4));
    if (magic !== FRAME)
      throw new ZstdError(
        from === 0 ? 'no zstd data' : 'something that is not zstd follows the packed data',
        false,
      );
    const flags = this.#number(1);
    const { window, size } = this.#sizes(flags);
    const most = this.#blocks(Math.min(window, MOST_IN_A_BLOCK));
    if ((flags & FLAG.checksum) !== 0) this.#take(4);
    if (size !== undefined && size > most)
      throw new ZstdError('the zstd data is not of the size that it tells', false);
    return { from, to: this.#at, most: Math.max(most, 1) };
  }

  #sizes(flags: number): { readonly window: number; readonly size: number | undefined } {
    const single = (flags & FLAG.single) !== 0;
    const window = single ? 0 : this.#number(1);
    this.#take(DICTIONARY_BYTES[flags & 3]!);
    const width = flags >> 6;
    if (width === 0 && !single) return { window: windowOf(window), size: undefined };
    const size = this.#number(1 << width) + (width === 1 ? 256 : 0);
    return { window: single ? size : windowOf(window), size };
  }

  /** @returns how many bytes come out of the frame's blocks at most */
  #blocks(mostInOne: number): number {
    let most = 0;
    for (let last = false; !last; ) {
      const header = this.#number(3);
      last = (header & 1) === 1;
      const kind = (header >> 1) & 3;
      const size = header >> 3;
      this.#take(kind === BLOCK.repeated ? 1 : size);
      most += kind === BLOCK.compressed ? mostInOne : size;
    }
    return most;
  }

  /** Little endian; exact up to 2^53. */
  #number(width: number): number {
    let value = 0;
    const from = this.#take(width);
    for (let at = from + width - 1; at >= from; at--) value = value * 0x100 + this.#bytes[at]!;
    return value;
  }

  /** @returns where the next bytes begin, of which there are as many as that */
  #take(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw new ZstdError('the zstd data breaks off', false);
    this.#at += length;
    return from;
  }
}

/** The window's size out of its exponent and its eighths. */
function windowOf(descriptor: number): number {
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8);
}
