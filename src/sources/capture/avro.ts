/**
 * Avro object container files, as sink connectors write them, told as lines of JSON: one record, one line.
 * (https://avro.apache.org/docs/1.12.0/specification/#object-container-files)
 */
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import avro from 'avsc';
import { Damage } from '../bytes.ts';
import { snappyBlock } from '../codecs/snappy.ts';
import { textOfBytes } from '../keys.ts';
import { loadZstd, unpackZstd, ZstdError } from '../zstd.ts';

const MAGIC = 'Obj\x01';
const SYNC_BYTES = 16;
/** Of a block, packed or not: writers make blocks of 64 KB. */
const LARGEST_BLOCK = 1 << 28;

type Unpack = (packed: Buffer) => Buffer | Promise<Buffer>;

const inflate = promisify(inflateRaw);

const CODECS: Readonly<Record<string, Unpack>> = {
  null: (packed) => packed,
  deflate: (packed) => inflate(packed, { maxOutputLength: LARGEST_BLOCK }),
  snappy: unsnappied,
  async zstandard(packed) {
    await loadZstd();
    return unpackZstd(packed, LARGEST_BLOCK);
  },
};

const CRC_BYTES = 4;

/** Behind a block of Snappy's, Avro writes the CRC-32 of what was packed, big-endian. */
function unsnappied(packed: Buffer): Buffer {
  const end = packed.length - CRC_BYTES;
  if (end < 0) throw new Error('it breaks off');
  // The decompressor's memory is used again.
  const block = Buffer.from(snappyBlock(packed.subarray(0, end), LARGEST_BLOCK));
  if (crc32(block) !== packed.readUInt32BE(end)) throw new Error('its checksum does not match');
  return block;
}

/** @throws Damage where the file is not whole; what was told before is good */
export async function* avroRecords(bytes: AsyncGenerator<Buffer>): AsyncGenerator<string[]> {
  const feed = new Feed(bytes);
  const { type, unpack, sync } = await readContainer(feed);
  while (!(await feed.ended())) {
    const count = await feed.long();
    const packed = await feed.take(await feed.long());
    if (!(await feed.take(SYNC_BYTES)).equals(sync))
      throw new Damage('the mark behind a block is wrong', true);
    yield recordsOf(type, await unpacked(unpack, packed), count);
  }
}

async function readContainer(feed: Feed): Promise<{ type: avro.Type; unpack: Unpack; sync: Buffer }> {
  if ((await feed.take(MAGIC.length)).toString('latin1') !== MAGIC) {
    throw new Damage('the file is no Avro container', true);
  }
  const meta = await readMeta(feed);
  const codec = meta.get('avro.codec')?.toString() ?? 'null';
  const unpack = CODECS[codec];
  if (unpack === undefined) {
    const known = Object.keys(CODECS).join(', ');
    throw new Damage(`the blocks are packed with ${codec}, which onceover cannot read (only ${known})`, true);
  }
  return { type: typeOf(meta.get('avro.schema')), unpack, sync: await feed.take(SYNC_BYTES) };
}

/** A map in Avro: blocks of entries, until one of none; a negative count has the block's size behind it. */
async function readMeta(feed: Feed): Promise<ReadonlyMap<string, Buffer>> {
  const meta = new Map<string, Buffer>();
  for (let count = await feed.long(); count !== 0; count = await feed.long()) {
    if (count < 0) await feed.long();
    for (let left = Math.abs(count); left > 0; left--) {
      const name = await feed.take(await feed.long());
      meta.set(name.toString(), await feed.take(await feed.long()));
    }
  }
  return meta;
}

function typeOf(schema: Buffer | undefined): avro.Type {
  try {
    // Defaults are for readers of another schema; they would have to be made of our kinds of numbers.
    const parsed = JSON.parse(schema!.toString('utf8'), (name, member: unknown) =>
      name === 'default' ? undefined : member,
    ) as avro.Schema;
    return avro.Type.forSchema(parsed, {
      registry: { long: exactLong() },
      logicalTypes: { decimal: Decimal },
      wrapUnions: 'auto',
    });
  } catch (cause) {
    throw new Damage(`its schema cannot be used (${(cause as Error).message})`, true);
  }
}

async function unpacked(unpack: Unpack, packed: Buffer): Promise<Buffer> {
  try {
    return await unpack(packed);
  } catch (error) {
    const why = error instanceof ZstdError ? error.message : `the packed data is broken (${String(error)})`;
    throw new Damage(why, false);
  }
}

function recordsOf(type: avro.Type, block: Buffer, count: number): string[] {
  const lines: string[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { value, offset } = decoded(type, block, at);
    lines.push(jsonOf(value));
    at = offset;
  }
  if (at !== block.length) throw new Damage('a block holds more than its records', true);
  return lines;
}

function decoded(type: avro.Type, block: Buffer, at: number): { value: unknown; offset: number } {
  let read: { value: unknown; offset: number };
  try {
    read = type.decode(block, at);
  } catch (cause) {
    throw new Damage(`a record is not what its schema says (${(cause as Error).message})`, false);
  }
  if (read.offset < 0) throw new Damage('a record ends outside of its block', false);
  return read;
}

/** A number of which JavaScript's own would lose digits. */
class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function exactLong(): avro.Type {
  return avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => new Digits(String(bytes.readBigInt64LE())),
    toBuffer: unused,
    fromJSON: unused,
    toJSON: unused,
    isValid: (value: unknown) => value instanceof Digits,
    compare: unused,
  });
}

/** Decimals as their digits, with the scale kept. */
class Decimal extends avro.types.LogicalType {
  readonly #scale: number;

  constructor(schema: avro.Schema, options?: object) {
    super(schema, options);
    this.#scale = (schema as { scale?: number }).scale ?? 0;
  }

  protected override _fromValue(bytes: Buffer): Digits {
    const number =
      bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
    const digits = String(number < 0n ? -number : number).padStart(this.#scale + 1, '0');
    const point = digits.length - this.#scale;
    const fraction = this.#scale === 0 ? '' : `.${digits.slice(point)}`;
    return new Digits(`${number < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`);
  }
}

function unused(): never {
  throw new Error('values are only read');
}

function jsonOf(value: unknown): string {
  if (value instanceof Digits) return value.text;
  if (Buffer.isBuffer(value)) return JSON.stringify(textOfBytes(value));
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`;
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('unwrap' in value && typeof value.unwrap === 'function') {
    return jsonOf(Object.values(value)[0]);
  }
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${jsonOf(member)}`);
  return `{${members.join(',')}}`;
}

/** Bytes that come in pieces, taken in pieces of another size. */
class Feed {
  readonly #pieces: AsyncGenerator<Buffer>;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncGenerator<Buffer>) {
    this.#pieces = pieces;
  }

  async ended(): Promise<boolean> {
    return !(await this.#has(1));
  }

  /** @throws Damage where there are not as many */
  async take(count: number): Promise<Buffer> {
    if (count < 0 || count > LARGEST_BLOCK) throw new Damage(`a length of ${count} bytes`, false);
    if (!(await this.#has(count))) throw new Damage('the file breaks off', false);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** A zigzag varint, exact up to 2^53. */
  async long(): Promise<number> {
    let value = 0;
    for (let unit = 1; unit < 2 ** 56; unit *= 0x80) {
      const byte = (await this.take(1))[0]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new Damage('a number without end', false);
  }

  async #has(count: number): Promise<boolean> {
    if (this.#bytes.length >= count) return true;
    const pieces = [this.#bytes];
    let length = this.#bytes.length;
    while (length < count) {
      const next = await this.#pieces.next();
      if (next.done) break;
      pieces.push(next.value);
      length += next.value.length;
    }
    this.#bytes = Buffer.concat(pieces);
    return length >= count;
  }
}
