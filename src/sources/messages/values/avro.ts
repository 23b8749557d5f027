/** Values in Avro, each with the schema it was written with. */
import type { SchemaFileSettings } from '../../../model.ts';
import type { JsonPath } from '../json-path.ts';
import { type AvroNames, type AvroType, parseAvroSchema } from './avro-schema.ts';
import { AvroWalk, BrokenAvro } from './avro-walk.ts';
import type { Surroundings, ValueReader } from './reader.ts';
import type { SchemaText } from './registry.ts';
import { readSchemaFile, type Schemas, unusableFile } from './schemas.ts';
import { Spots } from './spots.ts';

/** @param texts the schema last, before it the ones it refers to. @throws Error */
export function compileAvro(texts: readonly SchemaText[]): AvroType {
  const names: AvroNames = new Map();
  const types = texts.map(({ text }) => parseAvroSchema(text, names));
  return types.at(-1)!;
}

/** @throws AuditError (2) */
export async function avroOfFile({ file }: SchemaFileSettings): Promise<AvroType> {
  const text = await readSchemaFile(file);
  try {
    return compileAvro([{ name: '', text }]);
  } catch (cause) {
    throw unusableFile(file, `is no Avro schema: ${(cause as Error).message}`, cause);
  }
}

export class AvroValue extends Spots implements ValueReader {
  readonly #schemas: Schemas<AvroType>;
  readonly #walk = new AvroWalk();
  #fault = '';

  constructor(paths: readonly JsonPath[], schemas: Schemas<AvroType>) {
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
    const type = this.#schemas.find(value, around);
    if (type === undefined) {
      this.#fault = this.#schemas.fault;
      return false;
    }
    try {
      this.#walk.document(this.#schemas.payload, type, this.root);
      return true;
    } catch (error) {
      if (!(error instanceof BrokenAvro)) throw error;
      this.root.clear();
      this.#fault = `not the Avro its schema says: ${error.message}`;
      return false;
    }
  }
}
