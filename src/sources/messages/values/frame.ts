/** The few bytes before a value, or in a header, that say which schema of a registry it was written with. */
import { lastHeader, type RecordView } from '../record.ts';
import { uuidText } from './digits.ts';

/** https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format */
const MAGIC = { id: 0, guid: 1, glue: 3 } as const;
const ID_BYTES = 4;
const GUID_BYTES = 16;
const HEADER = '__value_schema_id';
/** Messages nested deeper than this are nobody's. */
const MOST_INDEXES = 64;

/**
 * Takes a value in Confluent's wire format apart: a magic byte, the schema's id (0: four bytes) or GUID (1: sixteen), and
 * the payload. With the header `__value_schema_id` these stand there, and the value is all payload.
 */
export class Frame {
  /** Where the registry keeps the schema, such as `ids/7`. */
  schema = '';
  payload: Uint8Array = Buffer.alloc(0);
  fault = '';
  /** Where message indexes stand, if the format has any. */
  #after: Uint8Array = this.payload;
  #inHeader = false;
  #id: number | undefined;
  #idSchema = '';

  /** @returns whether the value names its schema; `fault` tells why not. */
  read(value: Uint8Array, headers: RecordView['headers']): boolean {
    const header = lastHeader(headers, HEADER);
    this.#inHeader = header !== null;
    const framed = header ?? value;
    const length = framed[0] === MAGIC.id ? ID_BYTES : framed[0] === MAGIC.guid ? GUID_BYTES : 0;
    if (length === 0 || framed.length < 1 + length) {
      this.fault = header === null ? unframed(value) : `its header ${HEADER} holds no schema id`;
      return false;
    }
    if (length === GUID_BYTES) this.schema = `guids/${uuidText(framed.subarray(1, 1 + length))}`;
    else this.#setId(((framed[1]! << 24) | (framed[2]! << 16) | (framed[3]! << 8) | framed[4]!) >>> 0);
    this.#after = framed.subarray(1 + length);
    this.payload = this.#inHeader ? value : this.#after;
    return true;
  }

  /**
   * Takes off the path of the message within its file, which Protobuf's serializer writes behind the id: zigzag varints,
   * their count first; none stand for the first message. @returns undefined: there is no such path; `fault` says so
   */
  messageIndexes(): readonly number[] | undefined {
    const numbers = new Varints(this.#after);
    const count = numbers.next();
    const indexes =
      count === undefined || count < 0 || count > MOST_INDEXES ? undefined : numbers.take(count);
    if (indexes === undefined) {
      this.fault = 'no Protobuf: the path of its message within the schema is broken';
      return undefined;
    }
    if (!this.#inHeader) this.payload = this.#after.subarray(numbers.at);
    return count === 0 ? FIRST : indexes;
  }

  /** Neighbours mostly have one schema, whose name is not made anew. */
  #setId(id: number): void {
    if (id !== this.#id) this.#idSchema = `ids/${id}`;
    this.#id = id;
    this.schema = this.#idSchema;
  }
}

const FIRST: readonly number[] = [0];

class Varints {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A zigzag varint of at most 32 bits; undefined: there is none. */
  next(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) return undefined;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    return undefined;
  }

  take(count: number): number[] | undefined {
    const numbers: number[] = [];
    for (let i = 0; i < count; i++) {
      const number = this.next();
      if (number === undefined || number < 0) return undefined;
      numbers.push(number);
    }
    return numbers;
  }
}

/** What bytes without a schema id look like. */
function unframed(value: Uint8Array): string {
  const first = value[0];
  if (first === undefined) return 'it names no schema: it is empty';
  if (first === MAGIC.glue && value.length >= 18) {
    const guid = uuidText(value.subarray(2, 18));
    return `it looks like AWS Glue's format (schema version ${guid}), which is not read`;
  }
  if (first === MAGIC.id || first === MAGIC.guid)
    return `it names no schema: it ends after ${value.length} bytes`;
  if (first === 0xc3 && value[1] === 1)
    return "it looks like Avro's single-object encoding, which is not read";
  const byte = `0x${first.toString(16).padStart(2, '0')}`;
  const like = first === 0x7b || first === 0x5b ? ', as JSON does' : '';
  return `it names no schema: it begins with ${byte}${like}, not with the magic byte 0x00 or 0x01`;
}
