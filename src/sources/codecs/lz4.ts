/** LZ4 frames. (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md) */
import { Blocks } from './blocks.ts';

const FRAME = 0x184d2204;
/** Frames to be passed over have sixteen numbers, of which the last four bits are free. */
const SKIPPABLE = 0x184d2a50;

/** Bits of the first byte of a frame's descriptor. */
const FLAG = {
  version: 0xc0,
  independent: 0x20,
  blockChecksums: 0x10,
  size: 0x08,
  checksum: 0x04,
  dictionary: 0x01,
};
const VERSION = 0x40;
const RESERVED = 0x02;
/** The largest block, by the number in the second byte. */
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20 };
const STORED = 0x8000_0000;

const blocks = new Blocks();

/**
 * @param anyHeaderChecksum a frame's header checksum may be wrong: Kafka's first clients took it over the wrong bytes
 * @returns what all frames hold, in memory that is used again. @throws Error where they are damaged or hold more than `most`
 */
export function lz4(bytes: Buffer, most: number, anyHeaderChecksum: boolean): Buffer {
  blocks.load(bytes);
  const reader = new FrameReader(bytes, most, anyHeaderChecksum);
  do reader.frame();
  while (!reader.done);
  return blocks.output;
}

interface Descriptor {
  readonly flags: number;
  readonly blockBytes: number;
  readonly size: number | undefined;
}

class FrameReader {
  readonly #bytes: Buffer;
  readonly #most: number;
  readonly #anyHeaderChecksum: boolean;
  #at = 0;

  constructor(bytes: Buffer, most: number, anyHeaderChecksum: boolean) {
    this.#bytes = bytes;
    this.#most = most;
    this.#anyHeaderChecksum = anyHeaderChecksum;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  frame(): void {
    const magic = this.#uint32();
    if ((magic & ~0x0f) >>> 0 === SKIPPABLE) return void this.#take(this.#uint32());
    if (magic !== FRAME) throw new Error('no frame');
    const descriptor = this.#descriptor();
    const start = blocks.length;
    while (this.#block(descriptor, start));
    if (descriptor.size !== undefined && descriptor.size !== blocks.length - start) {
      throw new Error('not of the size that it tells');
    }
    if ((descriptor.flags & FLAG.checksum) !== 0 && this.#uint32() !== blocks.outputChecksum(start)) {
      throw new Error('its checksum does not match');
    }
  }

  #descriptor(): Descriptor {
    const from = this.#at;
    const flags = this.#byte();
    const blockBytes = BLOCK_BYTES[this.#byte() >> 4];
    if ((flags & (FLAG.version | RESERVED)) !== VERSION || blockBytes === undefined) {
      throw new Error('of an unknown version');
    }
    const size = (flags & FLAG.size) === 0 ? undefined : this.#uint32() + this.#uint32() * 2 ** 32;
    if ((flags & FLAG.dictionary) !== 0) throw new Error('made with a dictionary');
    const checksum = (blocks.checksum(from, this.#at) >>> 8) & 0xff;
    if (this.#byte() !== checksum && !this.#anyHeaderChecksum) throw new Error('its header is damaged');
    return { flags, blockBytes, size };
  }

  /** @returns false: it was the mark of the end */
  #block({ flags, blockBytes }: Descriptor, start: number): boolean {
    const word = this.#uint32();
    if (word === 0) return false;
    const length = word & ~STORED;
    const from = this.#take(length);
    if ((flags & FLAG.blockChecksums) !== 0 && this.#uint32() !== blocks.checksum(from, from + length)) {
      throw new Error('the checksum of a block does not match');
    }
    if (length > blockBytes) throw new Error('a block too large');
    if (word >= STORED) blocks.copy(from, from + length);
    else if (
      !blocks.lz4(from, from + length, blockBytes, (flags & FLAG.independent) === 0 ? start : undefined)
    ) {
      throw new Error('a block is damaged');
    }
    if (blocks.length > this.#most) throw new Error(`it holds more than ${this.#most} bytes`);
    return true;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  /** @returns where the next bytes begin, of which there are as many as that */
  #take(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw new Error('it breaks off');
    this.#at += length;
    return from;
  }
}
