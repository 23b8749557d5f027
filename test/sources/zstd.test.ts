import { beforeAll, describe, expect, it } from 'vitest';
import { isZstd, loadZstd, unpackZstd, ZstdError, ZstdStream } from '../../src/sources/zstd.ts';
import { ORDERS, packed } from './zstd-frames.ts';

const MOST = 1 << 24;

describe('zstd', () => {
  beforeAll(loadZstd);

  it.each(['streamed', 'sized'] as const)('unpacks a %s frame, whatever the pieces it comes in', (name) => {
    for (const size of [1, 7, 100, 4096]) expect(inPieces(packed[name], size)).toEqual(ORDERS);
    expect(unpackZstd(packed[name], MOST)).toEqual(ORDERS);
    expect(isZstd(packed[name])).toBe(true);
  });

  it('unpacks frames one after the other, skippable and empty ones too', () => {
    const skippable = Buffer.from('502a4d1803000000616263', 'hex');
    // No content, no checksum: one empty raw block.
    const empty = Buffer.from('28b52ffd0000010000', 'hex');
    const many = Buffer.concat([skippable, packed.sized, empty, empty, packed.streamed, skippable]);
    for (const size of [1, 64, 4096]) expect(inPieces(many, size)).toEqual(Buffer.concat([ORDERS, ORDERS]));
    expect(isZstd(skippable)).toBe(true);
  });

  it('hands over what is larger than a piece, and refuses more than it may make', () => {
    expect(unpackZstd(packed.large, MOST).toString()).toBe('again and again '.repeat(1 << 16));
    expect(() => unpackZstd(packed.large, 1 << 19)).toThrow('more than 524288 bytes');
  });

  it('refuses a window that no reader has to grant', () => {
    expect(() => inPieces(packed.hugeWindow, 4096)).toThrow('a window of more than 128 MB');
    // All at once, there is no window to be kept.
    expect(unpackZstd(packed.hugeWindow, MOST).toString()).toBe('an order\n');
  });

  it('notices an end at every byte', () => {
    for (let end = 1; end < packed.streamed.length; end++) {
      expect(() => unpackZstd(packed.streamed.subarray(0, end), MOST)).toThrow('breaks off');
    }
  });

  it('never takes damage for content where there is a checksum', () => {
    for (let at = 0; at < packed.streamed.length; at++) {
      const damaged = Buffer.from(packed.streamed);
      damaged[at]! ^= 0x10;
      const unpacked = attempt(() => unpackZstd(damaged, MOST));
      // Bits that say nothing of the content may change: one that is unused, and the window's size.
      if (Buffer.isBuffer(unpacked)) expect(unpacked.equals(ORDERS), `byte ${at}`).toBe(true);
      else expect(unpacked, `byte ${at}`).toBeInstanceOf(ZstdError);
      if (at >= packed.streamed.length - 4) expect(unpacked).toMatchObject({ all: true });
    }
  });

  it('knows what is not zstd', () => {
    expect(() => unpackZstd(Buffer.concat([packed.sized, Buffer.from('garbage')]), MOST)).toThrow(
      'something that is not zstd follows',
    );
    expect(isZstd(Buffer.from('{"to'))).toBe(false);
    expect(isZstd(Buffer.from([0x28, 0xb5]))).toBe(false);
  });
});

function inPieces(bytes: Buffer, size: number): Buffer {
  const stream = new ZstdStream();
  try {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size)
      pieces.push(...stream.decode(bytes.subarray(at, at + size)));
    expect(stream.complete).toBe(true);
    return Buffer.concat(pieces);
  } finally {
    stream.free();
  }
}

/** What it answers, or what it throws. */
function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
