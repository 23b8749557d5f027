/** Schemas of Avro, from their JSON to types that refer to each other (https://avro.apache.org/docs/1.12.0/specification/). */

export type AvroType = AvroScalar | AvroFixed | AvroEnum | AvroArray | AvroMap | AvroUnion | AvroRecord;

const SCALARS = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

export interface AvroScalar {
  readonly is: (typeof SCALARS)[number];
  /** Of bytes that are a decimal: how many of its digits stand behind the point. */
  readonly scale?: number;
}

export interface AvroFixed {
  readonly is: 'fixed';
  readonly size: number;
  readonly scale?: number;
  readonly uuid: boolean;
}

export interface AvroEnum {
  readonly is: 'enum';
  readonly symbols: readonly string[];
}

export interface AvroArray {
  readonly is: 'array';
  readonly items: AvroType;
}

export interface AvroMap {
  readonly is: 'map';
  readonly values: AvroType;
}

export interface AvroUnion {
  readonly is: 'union';
  readonly branches: readonly AvroType[];
}

/** Its fields are filled in after it was named: they may be of its own type. */
export interface AvroRecord {
  readonly is: 'record';
  fields: readonly { readonly name: string; readonly type: AvroType }[];
}

/** Named types by their full names: of the schema itself, and of those it refers to. */
export type AvroNames = Map<string, AvroType>;

type Attributes = Readonly<Record<string, unknown>>;

/**
 * Takes a schema only as far as bytes need it: defaults, aliases and documentation do not matter to what was written.
 * @param names what other schemas named so far; what this one names is added
 * @throws Error saying what is no schema
 */
export function parseAvroSchema(text: string, names: AvroNames): AvroType {
  return new Parser(names).type(JSON.parse(text), '');
}

class Parser {
  readonly #names: AvroNames;

  constructor(names: AvroNames) {
    this.#names = names;
  }

  /** @param namespace what names without dots are in */
  type(schema: unknown, namespace: string): AvroType {
    if (typeof schema === 'string') return scalarOf(schema) ?? this.#named(schema, namespace);
    if (Array.isArray(schema))
      return { is: 'union', branches: schema.map((one) => this.type(one, namespace)) };
    if (typeof schema !== 'object' || schema === null)
      throw new Error(`${JSON.stringify(schema)} is no Avro type`);
    return this.#attributes(schema as Attributes, namespace);
  }

  #attributes(schema: Attributes, namespace: string): AvroType {
    switch (schema.type) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace);
      case 'enum':
        return this.#name(schema, namespace, { is: 'enum', symbols: texts(schema.symbols, 'symbols') });
      case 'fixed':
        return this.#name(schema, namespace, fixedOf(schema));
      case 'array':
        return { is: 'array', items: this.type(schema.items, namespace) };
      case 'map':
        return { is: 'map', values: this.type(schema.values, namespace) };
      case 'bytes':
        return { is: 'bytes', ...scaleOf(schema) };
      default:
        return this.type(schema.type, namespace);
    }
  }

  #record(schema: Attributes, namespace: string): AvroRecord {
    const record: AvroRecord = { is: 'record', fields: [] };
    this.#name(schema, namespace, record);
    if (!Array.isArray(schema.fields)) throw new Error(`the record ${String(schema.name)} has no fields`);
    const inside = spaceOf(fullName(schema, namespace));
    record.fields = (schema.fields as readonly Attributes[]).map((field) => {
      if (typeof field?.name !== 'string') throw new Error(`a field of ${String(schema.name)} has no name`);
      return { name: field.name, type: this.type(field.type, inside) };
    });
    return record;
  }

  #name<Type extends AvroType>(schema: Attributes, namespace: string, type: Type): Type {
    this.#names.set(fullName(schema, namespace), type);
    return type;
  }

  #named(name: string, namespace: string): AvroType {
    const full = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    const type = this.#names.get(full) ?? this.#names.get(name);
    if (type === undefined) throw new Error(`nothing is named ${full}`);
    return type;
  }
}

function scalarOf(name: string): AvroScalar | undefined {
  const is = SCALARS.find((scalar) => scalar === name);
  return is === undefined ? undefined : { is };
}

function fullName({ name, namespace: own }: Attributes, namespace: string): string {
  if (typeof name !== 'string') throw new Error('a named type has no name');
  const space = typeof own === 'string' ? own : namespace;
  return name.includes('.') || space === '' ? name : `${space}.${name}`;
}

function spaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

function fixedOf(schema: Attributes): AvroFixed {
  const { size, logicalType } = schema;
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw new Error('a fixed has no size');
  const uuid = logicalType === 'uuid' && size === 16;
  return { is: 'fixed', size: size as number, uuid, ...scaleOf(schema) };
}

/** A logical type that is not right is none, says the specification. */
function scaleOf({ logicalType, scale = 0 }: Attributes): { scale?: number } {
  const right = logicalType === 'decimal' && Number.isSafeInteger(scale) && (scale as number) >= 0;
  return right ? { scale: scale as number } : {};
}

function texts(list: unknown, what: string): readonly string[] {
  if (!Array.isArray(list) || list.some((one) => typeof one !== 'string')) throw new Error(`no ${what}`);
  return list as readonly string[];
}
