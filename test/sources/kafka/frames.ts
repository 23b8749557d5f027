/** Frames of lz4, snappy and zstd as this or that producer writes them, put together from the formats' own pages. */
import { init, compress as zstdCompress } from '@bokuweb/zstd-wasm';
import { compressSync as lz4Compress } from 'lz4-napi';
import { compressSync as snappyCompress } from 'snappy';

await init();

export interface Lz4Options {
  /** Bytes of content in a block; default 64 kB, the most. */
  readonly block?: number;
  /** Blocks repeat what is in those before them. */
  readonly linked?: boolean;
  readonly blockChecksums?: boolean;
  readonly size?: boolean;
  readonly checksum?: boolean;
  /** The header's checksum as Kafka's clients took it before 0.10: over the magic number too. */
  readonly oldHeaderChecksum?: boolean;
}

/** A block of its own, without the length that the library puts before it. */
export function lz4Block(content: Buffer, before?: Buffer): Buffer {
  return lz4Compress(content, before).subarray(4);
}

export function lz4Frame(content: Buffer, options: Lz4Options = {}): Buffer {
  const size = options.block ?? 64 << 10;
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += size) {
    const before = options.linked ? content.subarray(Math.max(0, at - (64 << 10)), at) : undefined;
    blocks.push(lz4Block(content.subarray(at, at + size), before?.length === 0 ? undefined : before));
  }
  return lz4FrameOf(blocks, content, options);
}

/** A frame of blocks as they are given, compressed or not. */
export function lz4FrameOf(
  blocks: readonly Buffer[],
  content: Buffer,
  { linked, blockChecksums, size, checksum, oldHeaderChecksum }: Lz4Options = {},
): Buffer {
  const flags =
    0x40 | (linked ? 0 : 0x20) | (blockChecksums ? 0x10 : 0) | (size ? 0x08 : 0) | (checksum ? 0x04 : 0);
  const descriptor = Buffer.concat([
    Buffer.from([flags, 0x40]),
    size ? little(8, content.length) : Buffer.alloc(0),
  ]);
  const magic = little(4, 0x184d2204);
  const checked = oldHeaderChecksum ? Buffer.concat([magic, descriptor]) : descriptor;
  return Buffer.concat([
    magic,
    descriptor,
    Buffer.from([(slowXxh32(checked) >>> 8) & 0xff]),
    ...blocks.flatMap((block) => [
      little(4, block.length),
      block,
      blockChecksums ? little(4, slowXxh32(block)) : Buffer.alloc(0),
    ]),
    little(4, 0),
    checksum ? little(4, slowXxh32(content)) : Buffer.alloc(0),
  ]);
}

/** A frame that readers pass over: of lz4 and of zstd alike. */
export function skippable(content: Buffer): Buffer {
  return Buffer.concat([little(4, 0x184d2a57), little(4, content.length), content]);
}

export function snappyBlock(content: Buffer): Buffer {
  return snappyCompress(content);
}

/** The stream that Java's snappy library writes, with blocks of `size` bytes of content. */
export function snappyStream(content: Buffer, size = 32 << 10): Buffer {
  const parts: Buffer[] = [Buffer.from('\x82SNAPPY\0\0\0\0\x01\0\0\0\x01', 'latin1')];
  for (let at = 0; at < content.length; at += size) {
    const block = snappyBlock(content.subarray(at, at + size));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** A frame that tells its size. */
export function zstdFrame(content: Buffer): Buffer {
  return Buffer.from(zstdCompress(content, 3));
}

/** The same blocks in a frame that does not, as every producer writes it: its window is given instead. */
export function zstdFrameWithoutSize(content: Buffer): Buffer {
  const frame = zstdFrame(content);
  const flags = frame[4]!;
  const hasWindow = (flags & 0x20) === 0;
  const width = [hasWindow ? 0 : 1, 2, 4, 8][flags >> 6]!;
  // A window of 2^(10+17), for whatever length.
  const window = hasWindow ? frame[5]! : 17 << 3;
  const blocks = frame.subarray(5 + (hasWindow ? 1 : 0) + width);
  return Buffer.concat([frame.subarray(0, 4), Buffer.from([flags & 0x04, window]), blocks]);
}

/** Little endian. */
export function little(size: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.subarray(0, size);
}

/** XXH32 with seed 0, in big numbers. (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md) */
export function slowXxh32(bytes: Buffer): number {
  const [one, two, three, four, five] = [
    2654435761n,
    2246822519n,
    3266489917n,
    668265263n,
    374761393n,
  ] as const;
  const word = (value: bigint) => BigInt.asUintN(32, value);
  const turn = (value: bigint, by: bigint) => word(value << by) | (word(value) >> (32n - by));
  let at = 0;
  let hash: bigint = five;
  if (bytes.length >= 16) {
    const lanes = [word(one + two), two, 0n, word(-one)];
    for (; at + 16 <= bytes.length; at += 16) {
      for (const [i, lane] of lanes.entries()) {
        lanes[i] = word(turn(word(lane + BigInt(bytes.readUInt32LE(at + 4 * i)) * two), 13n) * one);
      }
    }
    hash = word(turn(lanes[0]!, 1n) + turn(lanes[1]!, 7n) + turn(lanes[2]!, 12n) + turn(lanes[3]!, 18n));
  }
  hash = word(hash + BigInt(bytes.length));
  for (; at + 4 <= bytes.length; at += 4) {
    hash = word(turn(word(hash + BigInt(bytes.readUInt32LE(at)) * three), 17n) * four);
  }
  for (; at < bytes.length; at++) hash = word(turn(word(hash + BigInt(bytes[at]!) * five), 11n) * one);
  hash = word((hash ^ (hash >> 15n)) * two);
  hash = word((hash ^ (hash >> 13n)) * three);
  return Number(hash ^ (hash >> 16n));
}
