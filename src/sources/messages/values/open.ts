/** Which reader serves the format and the envelope that the settings name. */
import type { MessageSettings, SchemaFileSettings } from '../../../model.ts';
import type { JsonPath } from '../json-path.ts';
import { AvroValue, avroOfFile, compileAvro } from './avro.ts';
import { CloudEventValue } from './cloudevents.ts';
import { DebeziumValue } from './debezium.ts';
import { FramedJsonValue, JsonValue } from './json.ts';
import { ProtobufValue } from './protobuf.ts';
import { compileProtobuf, protobufOfFile } from './protobuf-schema.ts';
import type { ValueReader } from './reader.ts';
import { Registry } from './registry.ts';
import { type Compile, FileSchema, RegistrySchemas, type Schemas } from './schemas.ts';
import { BytesValue, StringValue } from './text.ts';

export type ValueSettings = Pick<MessageSettings, 'value' | 'envelope' | 'schemas'>;

/** Whether headers have a say in what a value is. */
export function valueNeedsHeaders({ value, envelope }: ValueSettings): boolean {
  return envelope === 'cloudevents' || ['avro', 'protobuf', 'json-schema'].includes(value);
}

/**
 * @param attributes of CloudEvents, without their prefix
 * @param signal ends the wait for a schema registry
 */
export function openValues(
  settings: ValueSettings,
  paths: readonly JsonPath[],
  attributes: readonly string[],
  signal: AbortSignal,
): ValueReader {
  const open = (inside: readonly JsonPath[]) => openFormat(settings, inside, signal);
  if (settings.envelope === 'debezium') return new DebeziumValue(paths, open);
  if (settings.envelope === 'cloudevents') return new CloudEventValue(paths, attributes, open);
  return open(paths);
}

function openFormat(
  { value, schemas }: ValueSettings,
  paths: readonly JsonPath[],
  signal: AbortSignal,
): ValueReader {
  switch (value) {
    case 'json':
      return new JsonValue(paths);
    case 'json-schema':
      return new FramedJsonValue(paths);
    case 'string':
      return new StringValue();
    case 'bytes':
      return new BytesValue();
    case 'avro':
      return new AvroValue(paths, schemasOf(schemas, 'AVRO', compileAvro, avroOfFile, signal));
    case 'protobuf':
      return new ProtobufValue(
        paths,
        schemasOf(schemas, 'PROTOBUF', compileProtobuf, protobufOfFile, signal),
      );
  }
}

function schemasOf<Schema>(
  schemas: ValueSettings['schemas'],
  type: string,
  compile: Compile<Schema>,
  load: (file: SchemaFileSettings) => Promise<Schema>,
  signal: AbortSignal,
): Schemas<Schema> {
  if (schemas === undefined) throw new TypeError(`${type} without schemas has passed the rules`);
  if ('file' in schemas) return new FileSchema(() => load(schemas));
  return new RegistrySchemas(new Registry(schemas, signal), type, compile);
}
