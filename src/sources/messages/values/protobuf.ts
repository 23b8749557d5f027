/** Values in Protobuf, each with the schema it was written with. */
import protobuf from 'protobufjs';
import { type KeyValue, valueOfBytes } from '../../keys.ts';
import { JSON_KIND, type JsonPath } from '../json-path.ts';
import { doubleText, floatText } from './digits.ts';
import type { PickMessage } from './protobuf-schema.ts';
import type { Surroundings, ValueReader } from './reader.ts';
import type { Schemas } from './schemas.ts';
import { type Spot, Spots } from './spots.ts';

/** A decoded message: what was on the wire as properties of its own, defaults behind them. */
type Decoded = Readonly<Record<string, unknown>>;

export class ProtobufValue extends Spots implements ValueReader {
  readonly #schemas: Schemas<PickMessage>;
  #fault = '';

  constructor(paths: readonly JsonPath[], schemas: Schemas<PickMessage>) {
    super(paths);
    this.#schemas = schemas;
  }

  get fault(): string {
    return this.#fault;
  }

  learn(value: Uint8Array, around: Surroundings): Promise<void> | undefined {
    return this.#schemas.learn(value, around);
  }

  read(value: Uint8Array, around: Surroundings): boolean {
    this.root.clear();
    const type = this.#typeOf(value, around);
    if (type === undefined) return false;
    const message = this.#decoded(type);
    if (message === undefined) return false;
    visitMessage(this.root, type, message);
    return true;
  }

  #typeOf(value: Uint8Array, around: Surroundings): protobuf.Type | undefined {
    const pick = this.#schemas.find(value, around);
    const { frame } = this.#schemas;
    const indexes = frame === undefined ? [] : pick && frame.messageIndexes();
    const type = indexes && pick?.(indexes);
    if (pick === undefined) this.#fault = this.#schemas.fault;
    else if (indexes === undefined) this.#fault = frame!.fault;
    else if (type === undefined) this.#fault = `its schema has no message at the path ${indexes.join('.')}`;
    return type;
  }

  #decoded(type: protobuf.Type): Decoded | undefined {
    try {
      return type.decode(this.#schemas.payload) as unknown as Decoded;
    } catch (error) {
      this.#fault = `not the Protobuf its schema says: ${(error as Error).message}`;
      return undefined;
    }
  }
}

function visitMessage(spot: Spot, type: protobuf.Type, message: Decoded): void {
  spot.found(JSON_KIND.object);
  for (const [name, below] of spot.members) {
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field !== undefined) visitField(below, field, message);
  }
  const scalar = WELL_KNOWN[type.fullName];
  if (scalar !== undefined) scalar(spot, type, message);
}

/**
 * A field that is not on the wire is absent if its schema can tell (proto2, `optional`, oneof, messages); a proto3 scalar
 * cannot: not being there is how its default value is written.
 */
function visitField(spot: Spot, field: protobuf.Field, message: Decoded): void {
  const value = message[field.name];
  const tellsAbsence = field.hasPresence || field.resolvedType instanceof protobuf.Type;
  if (field instanceof protobuf.MapField) visitMap(spot, field, value as Decoded);
  else if (field.repeated) visitList(spot, field, value as readonly unknown[]);
  else if (Object.hasOwn(message, field.name) || !tellsAbsence) visitValue(spot, field, value);
}

function visitList(spot: Spot, field: protobuf.Field, list: readonly unknown[]): void {
  spot.foundList(list.length);
  for (const [index, below] of spot.items) if (index < list.length) visitValue(below, field, list[index]);
}

function visitMap(spot: Spot, field: protobuf.MapField, map: Decoded): void {
  spot.found(JSON_KIND.object);
  for (const [name, below] of spot.members) {
    const key = WIDE.has(field.keyType) ? wideKey(name) : name;
    if (key !== undefined && Object.hasOwn(map, key)) visitValue(below, field, map[key]);
  }
}

/** The library keeps maps with keys of 64 bits by eight characters. */
const WIDE = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);

function wideKey(name: string): string | undefined {
  if (!/^-?\d{1,20}$/.test(name)) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(name)));
  return bytes.toString('latin1');
}

/** The type of a field, of its items, or of its values. */
type Typed = Pick<protobuf.FieldBase, 'type' | 'resolvedType'>;

function visitValue(spot: Spot, { type, resolvedType }: Typed, value: unknown): void {
  if (resolvedType instanceof protobuf.Type) visitMessage(spot, resolvedType, value as Decoded);
  else if (resolvedType !== null) spot.foundText(symbolText(resolvedType, value as number));
  else spot.foundText(scalarText(type, value));
}

/** A number that the schema has no name for keeps its digits. */
function symbolText({ valuesById }: protobuf.Enum, number: number): string {
  return valuesById[number] ?? String(number);
}

function scalarText(type: string, value: unknown): KeyValue {
  switch (type) {
    case 'string':
      return value as string;
    case 'bytes':
      return valueOfBytes(Uint8Array.from(value as ArrayLike<number>));
    case 'float':
      return floatText(value as number);
    case 'double':
      return doubleText(value as number);
    default:
      // true or false, or a whole number; those of 64 bits are objects that know all their digits.
      return String(value);
  }
}

/** Messages that stand for a scalar, as in Protobuf's own JSON; what is inside them can be named all the same. */
const WELL_KNOWN: Readonly<Record<string, (spot: Spot, type: protobuf.Type, message: Decoded) => void>> = {
  '.google.protobuf.Timestamp': (spot, _, { seconds, nanos }) => {
    const text = timestampText(Number(String(seconds)), nanos as number);
    if (text !== undefined) spot.foundText(text);
  },
  ...Object.fromEntries(
    ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map((name) => [
      `.google.protobuf.${name}Value`,
      (spot, type, message) => visitField(spot, type.fields.value!, message),
    ]),
  ),
};

/** RFC 3339 with 0, 3, 6 or 9 digits behind the second; undefined: it is outside of the years 1 to 9999. */
function timestampText(seconds: number, nanos: number): string | undefined {
  const inYears = seconds >= -62_135_596_800 && seconds <= 253_402_300_799;
  if (!inYears || nanos < 0 || nanos > 999_999_999) return undefined;
  const digits = String(nanos)
    .padStart(9, '0')
    .replace(/(?:000)+$/, '');
  const fraction = digits === '' ? '' : `.${digits}`;
  return new Date(seconds * 1000).toISOString().replace('.000Z', `${fraction}Z`);
}
