/** Where the schema of a value comes from: the registry whose id the value carries, or one file for all of them. */
import { readFile } from 'node:fs/promises';
import { AuditError } from '../../../error.ts';
import { Frame } from './frame.ts';
import type { Surroundings } from './reader.ts';
import type { RegisteredSchema, Registry, SchemaText } from './registry.ts';

/** Finds the schema and the payload of one value after the other. */
export interface Schemas<Schema> {
  /** As ValueReader's. */
  learn(value: Uint8Array, around: Surroundings): Promise<void> | undefined;
  /** Finds the schema of a value; undefined: `fault` tells why there is none. Learn comes first. */
  find(value: Uint8Array, around: Surroundings): Schema | undefined;
  readonly fault: string;
  /** Of the value that find was called with last: what is not the schema's id. */
  readonly payload: Uint8Array;
  /** Where the value says which of the schema's messages it is; undefined: values have no such thing. */
  readonly frame?: Frame;
}

/** Makes the texts of a schema into something to read by. @throws Error whose message says what it cannot use */
export type Compile<Schema> = (texts: readonly SchemaText[]) => Schema;

/** A schema that cannot be used, and why: its messages are undecodable, and the audit goes on. */
class Unusable {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Schemas of a registry, each asked for once. */
export class RegistrySchemas<Schema> implements Schemas<Schema> {
  readonly frame = new Frame();
  readonly #registry: Registry;
  readonly #type: string;
  readonly #compile: Compile<Schema>;
  readonly #known = new Map<string, Schema | Unusable>();
  readonly #coming = new Map<string, Promise<void>>();
  #fault = '';

  /** @param type the registry's word for the format */
  constructor(registry: Registry, type: string, compile: Compile<Schema>) {
    this.#registry = registry;
    this.#type = type;
    this.#compile = compile;
  }

  get fault(): string {
    return this.#fault;
  }

  get payload(): Uint8Array {
    return this.frame.payload;
  }

  learn(value: Uint8Array, { headers }: Surroundings): Promise<void> | undefined {
    if (!this.frame.read(value, headers)) return undefined;
    const { schema: key } = this.frame;
    if (this.#known.has(key)) return undefined;
    const coming = this.#coming.get(key) ?? this.#fetch(key).finally(() => this.#coming.delete(key));
    this.#coming.set(key, coming);
    return coming;
  }

  find(value: Uint8Array, { headers }: Surroundings): Schema | undefined {
    if (!this.frame.read(value, headers)) return this.#none(this.frame.fault);
    const found = this.#known.get(this.frame.schema);
    if (found === undefined)
      throw new Error(`the schema ${this.frame.schema} was needed before it was learnt`);
    return found instanceof Unusable ? this.#none(found.why) : found;
  }

  #none(fault: string): undefined {
    this.#fault = fault;
    return undefined;
  }

  async #fetch(key: string): Promise<void> {
    const schema = await this.#registry.schema(key);
    this.#known.set(key, typeof schema === 'object' ? this.#compiled(key, schema) : unknown(key, schema));
  }

  #compiled(key: string, { type, texts }: RegisteredSchema): Schema | Unusable {
    if (type !== this.#type) return new Unusable(`its ${nameOf(key)} is of type ${type}, not ${this.#type}`);
    try {
      return this.#compile(texts);
    } catch (error) {
      return new Unusable(`its ${nameOf(key)} cannot be used: ${(error as Error).message}`);
    }
  }
}

/** @param part what the schema refers to and the registry does not know; undefined: it does not know the schema either */
function unknown(key: string, part: string | undefined): Unusable {
  if (part !== undefined) {
    return new Unusable(`the registry does not know ${part}, which its ${nameOf(key)} refers to`);
  }
  // An id of eight bytes, as Apicurio's own serializers wrote it for years, begins with four that are 0.
  const perhaps = key === 'ids/0' ? ' (perhaps an id of eight bytes, which is not read)' : '';
  return new Unusable(`the registry does not know its ${nameOf(key)}${perhaps}`);
}

/** `ids/7` is schema 7. */
function nameOf(key: string): string {
  return `schema ${key.slice(key.indexOf('/') + 1)}`;
}

/** One schema for all values, which carry no id: all of a value is payload. */
export class FileSchema<Schema> implements Schemas<Schema> {
  readonly #load: () => Promise<Schema>;
  #schema: Schema | undefined;
  #coming: Promise<void> | undefined;
  payload: Uint8Array = Buffer.alloc(0);
  readonly fault = '';

  /** @param load rejects with AuditError (2) where the file cannot be used */
  constructor(load: () => Promise<Schema>) {
    this.#load = load;
  }

  learn(): Promise<void> | undefined {
    if (this.#schema !== undefined) return undefined;
    this.#coming ??= this.#load().then((schema) => {
      this.#schema = schema;
    });
    return this.#coming;
  }

  find(value: Uint8Array): Schema {
    if (this.#schema === undefined) throw new Error('the schema was needed before it was learnt');
    this.payload = value;
    return this.#schema;
  }
}

/** @throws AuditError (2) */
export async function readSchemaFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unusableFile(path, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

export function unusableFile(path: string, why: string, cause: unknown): AuditError {
  return new AuditError(2, `messages.schema: ${path} ${why}`, { cause });
}
