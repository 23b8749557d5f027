/** What is inside a compressed batch, whichever codec it was compressed with: the number in its attributes says which. */
import { gunzipSync, type ZlibOptions } from 'node:zlib';
import { lz4 } from '../codecs/lz4.ts';
import { snappy } from '../codecs/snappy.ts';
import { loadZstd, unpackZstd } from '../zstd.ts';

// 20 ms, once: batches are decompressed where there is no time to wait.
await loadZstd();

/** What is to be overlooked. */
export interface CodecOptions {
  /** Frames of lz4 may have a wrong header checksum: Kafka's own clients wrote it so in message sets. */
  readonly oldLz4?: boolean;
}

const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** No producer sends a batch like that: whoever finds one has a bomb before him, or damage. */
export const MOST_BYTES = 1 << 30;

/**
 * @param codec the number that Kafka gives the codec, 1 to 4
 * @returns what was compressed. It may lie in memory that the next call uses again
 * @throws Error with the codec's name and what is wrong: damage of any kind, bytes left over, an unknown number, more than
 *   MOST_BYTES
 */
export function decompress(codec: number, bytes: Buffer, options: CodecOptions = {}): Buffer {
  try {
    return decompressAs(codec, bytes, options);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`${NAMES[codec] ?? `codec ${codec}`}: ${reason}`, { cause: error });
  }
}

function decompressAs(codec: number, bytes: Buffer, { oldLz4 = false }: CodecOptions): Buffer {
  switch (NAMES[codec]) {
    case 'none':
      return bytes;
    case 'gzip':
      return gunzip(bytes);
    case 'snappy':
      return snappy(bytes, MOST_BYTES);
    case 'lz4':
      return lz4(bytes, MOST_BYTES, oldLz4);
    case 'zstd':
      return unpackZstd(bytes, MOST_BYTES);
    default:
      throw new Error('unknown to onceover');
  }
}

/** zlib passes over what follows a stream that is whole, unless it is asked how far it came. */
function gunzip(bytes: Buffer): Buffer {
  // Larger chunks than zlib's 16 kB are joined sooner.
  const chunkSize = Math.min(Math.max(4 * bytes.length, 1 << 14), 1 << 20);
  const options: ZlibOptions = { maxOutputLength: MOST_BYTES, chunkSize, info: true };
  const { buffer, engine } = gunzipSync(bytes, options) as unknown as Informed;
  if (engine.bytesWritten !== bytes.length) throw new Error('bytes behind its end');
  return buffer;
}

/** What zlib answers with `info`, of which its types know nothing. */
interface Informed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
