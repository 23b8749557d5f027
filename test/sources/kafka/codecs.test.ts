import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decompressFrameSync, uncompressSync as lz4Reference } from 'lz4-napi';
import { uncompressSync as snappyReference } from 'snappy';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../../src/sources/kafka/codecs.ts';
import { cases } from '../../support/deep.ts';
import {
  type Lz4Options,
  little,
  lz4Block,
  lz4Frame,
  lz4FrameOf,
  skippable,
  slowXxh32,
  snappyBlock,
  snappyStream,
  zstdFrame,
  zstdFrameWithoutSize,
} from './frames.ts';

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

const orders = (count: number) =>
  Buffer.from(
    Array.from({ length: count }, (_, i) =>
      JSON.stringify({ order: { id: `ORD-${(i * 7919) % 100_003}` }, at: i * 977 }),
    ).join('\n'),
  );

const CONTENTS: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('x')],
  ['less than a step', Buffer.from('ORD-1 ORD-1')],
  ['one byte again and again', Buffer.alloc(300_000, 'x')],
  ...[2, 3, 5, 7, 15, 16, 17].map(
    (n) => [`a period of ${n}`, Buffer.alloc(5000, 'abcdefghijklmnopq'.slice(0, n))] as const,
  ),
  ['orders', orders(20_000)],
];

const FRAMES: Readonly<Record<string, readonly [number, (content: Buffer) => Buffer]>> = {
  gzip: [GZIP, gzipSync],
  'gzip in two members': [GZIP, (c) => Buffer.concat([gzipSync(c.subarray(0, 3)), gzipSync(c.subarray(3))])],
  'raw snappy': [SNAPPY, snappyBlock],
  'a stream of snappy': [SNAPPY, (content) => snappyStream(content)],
  'a stream of small blocks of snappy': [SNAPPY, (content) => snappyStream(content, 1000)],
  lz4: [LZ4, (content) => lz4Frame(content)],
  'lz4 in small blocks': [LZ4, (content) => lz4Frame(content, { block: 1000 })],
  'lz4 in linked blocks': [LZ4, (content) => lz4Frame(content, { linked: true, block: 1000 })],
  'lz4 with all checksums': [LZ4, (c) => lz4Frame(c, { size: true, checksum: true, blockChecksums: true })],
  'lz4 with linked blocks, size and checksum': [
    LZ4,
    (content) => lz4Frame(content, { linked: true, block: 5000, size: true, checksum: true }),
  ],
  'lz4 in frames among skippable ones': [
    LZ4,
    (c) => Buffer.concat([skippable(c.subarray(0, 9)), lz4Frame(c.subarray(0, 9)), lz4Frame(c.subarray(9))]),
  ],
  zstd: [ZSTD, zstdFrame],
  'zstd without its size': [ZSTD, zstdFrameWithoutSize],
  'zstd in frames among skippable ones': [
    ZSTD,
    (c) =>
      Buffer.concat([skippable(c.subarray(0, 9)), zstdFrame(c.subarray(0, 9)), zstdFrame(c.subarray(9))]),
  ],
};

describe.each(Object.entries(FRAMES))('%s', (_name, [codec, frame]) => {
  it.each(CONTENTS)('gives back %s', (_what, content) => {
    expect(decompress(codec, frame(content)).equals(content)).toBe(true);
  });

  it('is refused when it breaks off, and when something follows', () => {
    const whole = frame(orders(100));
    const cuts = [1, 2, 3, 4, 5, 8, whole.length >> 1, whole.length - 5];
    for (const cut of cuts) {
      const part = whole.subarray(0, whole.length - cut);
      expect(() => decompress(codec, part), `less ${cut} bytes`).toThrow();
    }
    expect(() => decompress(codec, Buffer.concat([whole, Buffer.from([7, 7])]))).toThrow(
      /^(gzip|snappy|lz4|zstd): /,
    );
  });

  it('gives the same whatever was read before', () => {
    const [small, large] = [orders(10), orders(30_000)];
    for (const content of [small, large, small]) {
      expect(decompress(codec, frame(content)).equals(content)).toBe(true);
    }
  });
});

describe('damage', () => {
  it('to a checksum of lz4 is found, and the wrong one of old clients let pass where they wrote', () => {
    const content = orders(50);
    const options: Lz4Options = { size: true, checksum: true, blockChecksums: true };
    const frame = lz4Frame(content, options);
    const flip = (at: number) => {
      const bytes = Buffer.from(frame);
      bytes[at]! ^= 1;
      return bytes;
    };
    expect(() => decompress(LZ4, flip(14))).toThrow('lz4: its header is damaged');
    expect(() => decompress(LZ4, flip(6))).toThrow('lz4: its header is damaged');
    expect(() => decompress(LZ4, flip(40))).toThrow('lz4: the checksum of a block does not match');
    expect(() => decompress(LZ4, flip(frame.length - 1))).toThrow('lz4: its checksum does not match');
    const shorter = lz4FrameOf([lz4Block(content)], content.subarray(1), { size: true });
    expect(() => decompress(LZ4, shorter)).toThrow('lz4: not of the size that it tells');
    const old = lz4Frame(content, { oldHeaderChecksum: true });
    expect(() => decompress(LZ4, old)).toThrow('lz4: its header is damaged');
    expect(decompress(LZ4, old, { oldLz4: true }).equals(content)).toBe(true);
  });

  it('to an independent block of lz4 is reaching back before it', () => {
    const content = Buffer.concat([orders(20), orders(20)]);
    const half = content.length / 2;
    const blocks = [
      lz4Block(content.subarray(0, half)),
      lz4Block(content.subarray(half), content.subarray(0, half)),
    ];
    expect(decompress(LZ4, lz4FrameOf(blocks, content, { linked: true })).equals(content)).toBe(true);
    expect(() => decompress(LZ4, lz4FrameOf(blocks, content))).toThrow('lz4: a block is damaged');
  });

  it('is a block of lz4 that is larger than its frame allows', () => {
    const content = Buffer.alloc((64 << 10) + 1, 'x');
    expect(() => decompress(LZ4, lz4FrameOf([lz4Block(content)], content))).toThrow(
      'lz4: a block is damaged',
    );
    const stored = Buffer.concat([
      lz4FrameOf([], content).subarray(0, 7),
      little(4, 0x8001_0001),
      content,
      little(4, 0),
    ]);
    expect(() => decompress(LZ4, stored)).toThrow('lz4: a block too large');
  });

  it('is a codec that Kafka does not have', () => {
    expect(() => decompress(5, Buffer.from('x'))).toThrow('codec 5: unknown to onceover');
  });
});

describe('a bomb is refused before it takes its room', () => {
  const resident = () => process.memoryUsage().rss;

  it.each([
    ['snappy', SNAPPY, Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07]), Buffer.alloc(100)])],
    ['snappy', SNAPPY, Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 0x03]), Buffer.alloc(100)])],
    ['zstd', ZSTD, zstdBomb(9000)],
    [
      'zstd',
      ZSTD,
      Buffer.concat([little(4, 0xfd2fb528), Buffer.from([0xe0]), little(8, 2 ** 50), little(3, 1)]),
    ],
  ])('%s', (_name, codec, bytes) => {
    const before = resident();
    expect(() => decompress(codec, bytes)).toThrow();
    expect(resident() - before).toBeLessThan(200 << 20);
  });

  it('gzip, when it has grown too large', () => {
    const bomb = Buffer.concat(Array.from({ length: 11 }, () => gzipped100));
    expect(() => decompress(GZIP, bomb)).toThrow(/larger than 1073741824 bytes/);
  });

  const gzipped100 = gzipSync(Buffer.alloc(100 << 20));

  /** Blocks that repeat one byte 128 kB times, in four bytes each. */
  function zstdBomb(blocks: number): Buffer {
    const block = Buffer.concat([little(3, ((128 << 10) << 3) | 2), Buffer.from('x')]);
    const header = Buffer.concat([little(4, 0xfd2fb528), Buffer.from([0, 17 << 3])]);
    return Buffer.concat([header, ...Array.from({ length: blocks }, () => block), little(3, 1)]);
  }
});

describe('mutated input', () => {
  // What the blocks are made of matters more than how long they are.
  const content = fc
    .array(fc.oneof(fc.constantFrom('ORD-', '{"id":', 'aaaaaaaaaaaaaaaaaaaaaaa', '","'), fc.string()), {
      maxLength: 60,
    })
    .map((words) => Buffer.from(words.join('').repeat(3)));
  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
  const mutate = (bytes: Buffer, changes: readonly (readonly [number, number])[], cut: number) => {
    const mutated = Buffer.from(bytes);
    for (const [at, byte] of changes) mutated[at % mutated.length] = byte;
    return cut === 0 ? mutated : mutated.subarray(0, Math.max(1, mutated.length - cut));
  };
  const outcome = (read: () => Buffer) => {
    try {
      return read().toString('hex');
    } catch {
      return undefined;
    }
  };
  const runs = { numRuns: cases(3000) };

  it('of snappy is refused or read as the reference does', () => {
    fc.assert(
      fc.property(content, mutations, fc.nat(3), (bytes, changes, cut) => {
        const mutated = mutate(snappyBlock(bytes), changes, cut);
        const expected = outcome(() => snappyReference(mutated) as Buffer);
        expect(outcome(() => decompress(SNAPPY, mutated))).toBe(expected);
      }),
      runs,
    );
  });

  it('of lz4 is refused or read as the reference does', () => {
    fc.assert(
      fc.property(content, mutations, fc.nat(3), (bytes, changes, cut) => {
        const block = mutate(lz4Block(bytes), changes, cut);
        const ours = outcome(() => decompress(LZ4, lz4FrameOf([block], bytes)));
        if (ours === undefined) return;
        expect(outcome(() => lz4Reference(Buffer.concat([little(4, ours.length / 2), block])))).toBe(ours);
      }),
      runs,
    );
  });

  it('of frames is refused or read as the reference does', () => {
    const options = fc.record({ size: fc.boolean(), checksum: fc.boolean(), blockChecksums: fc.boolean() });
    fc.assert(
      fc.property(content, options, mutations, fc.nat(3), (bytes, given, changes, cut) => {
        const frame = mutate(lz4Frame(bytes, { ...given, block: 500 }), changes, cut);
        const ours = outcome(() => decompress(LZ4, frame));
        if (ours !== undefined) expect(outcome(() => decompressFrameSync(frame))).toBe(ours);
      }),
      runs,
    );
  });

  it('of zstd and gzip never gives other bytes than checksums allow', () => {
    fc.assert(
      fc.property(content, mutations, fc.nat(3), (bytes, changes, cut) => {
        const mutated = mutate(gzipSync(bytes), changes, cut);
        const ours = outcome(() => decompress(GZIP, mutated));
        if (ours !== undefined) expect(ours).toBe(bytes.toString('hex'));
        outcome(() => decompress(ZSTD, mutate(zstdFrameWithoutSize(bytes), changes, cut)));
        expect(decompress(ZSTD, zstdFrame(bytes)).equals(bytes)).toBe(true);
      }),
      runs,
    );
  });
});

it('checks XXH32 as its page says', () => {
  expect(slowXxh32(Buffer.from(''))).toBe(0x02cc5d05);
  expect(slowXxh32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f);
});
