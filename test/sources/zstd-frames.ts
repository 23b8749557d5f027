/** Frames as the zstd command (1.5.4) makes them, since Node 20 cannot. */

/** What `streamed` and `sized` hold. */
export const ORDERS: Buffer = Buffer.from(
  Array.from({ length: 200 }, (_, i) => `ORD-${i} placed\n`).join(''),
);

export const packed = {
  /** Without the size of its content, as every stream and every Kafka producer writes; with a checksum. */
  streamed: frame(
    'KLUv/QRotQcAhtMmFZAZpNUwHP+48zYARCK7e58+sVxxAioAIQAZAGZmZlVVVVVVREREREQzMzMzMyIiIiIi/w9xVjQSACHhwEBhIWAQGCggCFL+//9wOBwOh8PhcDjGGGOMMYYQQgghhBB3d3d3d2ZmAbbWWmuttVZKKaWUUkrnnHPOOeeUUkoppQzjOI7jOI7jKIqiKIqiKIr33nvvvfdaa6211tqAyKgQiL6fAdBTdRAQYURIfFebzeYz13nlua08d5mvHtuNMhmzL9GyKknZk5DskQy5AAgAIABAAAABAAIACPUIx2oEY1mEYiUCsQ5huDmO43Acx5kOACApFhwymg==',
  ),
  /** With the size, without a checksum. */
  sized: frame(
    'KLUv/WBKCrUHAIbTJhWQGaTVMBz/uPM2AEQiu3ufPrFccQIqACEAGQBmZmZVVVVVVUREREREMzMzMzMiIiIiIv8PcVY0EgAh4cBAYSFgEBgoIAhS/v//cDgcDofD4XA4xhhjjDGGEEIIIYQQd3d3d3dmZgG21lprrbVWSimllFJK55xzzjnnlFJKKaUM4ziO4ziO4yiKoiiKoiiK99577733WmuttdbagMioEIi+nwHQU3UQEGFESHxXm83mM9d55bmtPHeZrx7bjTIZsy/RsipJ2ZOQ7JEMuQAIACAAQAAAAQACAAj1CMdqBGNZhGIlArEOYbg5juNwHMeZDgAgKQ==',
  ),
  /** One MiB of one phrase. */
  large: frame(
    'KLUv/QRoxAAAgGFnYWluIGFuZCBhZ2FpbiABANr/J59LVAAAAAEA/f/z/7kGAkQAAAABAP3/OQACRAAAAAEA/f85AAJEAAAAAQD9/zkAAkQAAAABAP3/OQACRAAAAAEA/f85AAJFAAAAAQD9/zkAAucknLQ=',
  ),
  /** Asks for a window of 256 MiB (--long=28). */
  hugeWindow: frame('KLUv/QSQSQAAYW4gb3JkZXIK5156Mw=='),
} as const;

function frame(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

/** A frame of one raw block, by hand: no size, no checksum. (RFC 8878) */
export function rawZstd(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  const header = Buffer.from('28b52ffd0058000000', 'hex');
  header.writeUIntLE(bytes.length * 8 + 1, 6, 3);
  return Buffer.concat([header, bytes]);
}
