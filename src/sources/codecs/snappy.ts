/** Snappy as it comes in batches and containers: one raw block, or the blocks of the stream that Java's library writes. */
import { Blocks } from './blocks.ts';

/** How that stream begins; behind it two numbers of 4 bytes, its version and the oldest that can read it. */
const STREAM = Buffer.from('\x82SNAPPY\0', 'latin1');
const STREAM_HEADER = STREAM.length + 8;
/** An element of three bytes repeats at most 64. */
const MOST_FOR_A_BYTE = 22;

const blocks = new Blocks();

/** @returns what was compressed, in memory that is used again. @throws Error where it is damaged or more than `most` */
export function snappy(bytes: Buffer, most: number): Buffer {
  blocks.load(bytes);
  if (STREAM.equals(bytes.subarray(0, STREAM.length))) stream(bytes, most);
  else block(bytes, 0, bytes.length, most);
  return blocks.output;
}

/** The same of what is one raw block for certain. */
export function snappyBlock(bytes: Buffer, most: number): Buffer {
  blocks.load(bytes);
  block(bytes, 0, bytes.length, most);
  return blocks.output;
}

function stream(bytes: Buffer, most: number): void {
  if (bytes.length < STREAM_HEADER) throw new Error('it breaks off');
  for (let at = STREAM_HEADER; at < bytes.length; ) {
    if (bytes.length - at < 4) throw new Error('it breaks off');
    const from = at + 4;
    at = from + bytes.readUInt32BE(at);
    if (at > bytes.length) throw new Error('it breaks off');
    block(bytes, from, at, most);
  }
}

function block(bytes: Buffer, from: number, to: number, most: number): void {
  const [length, behind] = varint(bytes, from, to);
  if (length > most - blocks.length) throw new Error(`it holds more than ${most} bytes`);
  if (length > (to - behind) * MOST_FOR_A_BYTE || !blocks.snappy(behind, to, length)) {
    throw new Error('a block is damaged');
  }
}

/** @returns the number, and where what follows begins */
function varint(bytes: Buffer, from: number, to: number): readonly [value: number, behind: number] {
  let value = 0;
  for (let at = from, unit = 1; at < to && unit <= 2 ** 28; unit *= 0x80) {
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * unit;
    if (byte <= 0x7f) return [value, at];
  }
  throw new Error('it does not tell its length');
}
