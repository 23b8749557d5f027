/** Reads one value by a reader, and shows what it says at each path. */
import { exactText, type KeyValue } from '../../../../src/sources/keys.ts';
import { JSON_KIND, type JsonPath } from '../../../../src/sources/messages/json-path.ts';
import type {
  OpenReader,
  Surroundings,
  ValueReader,
} from '../../../../src/sources/messages/values/reader.ts';
import { FileSchema, type Schemas } from '../../../../src/sources/messages/values/schemas.ts';

/** What is at a path: a text, null, how many items, `object` or nothing; or why the value cannot be read. */
export type Shown = string | null | number | { readonly object: true } | undefined;

export const OBJECT: Shown = { object: true };

export async function shownBy(
  open: OpenReader,
  paths: readonly JsonPath[],
  value: Uint8Array,
  headers: Surroundings['headers'] = [],
): Promise<readonly Shown[] | { readonly fault: string }> {
  const reader = open(paths);
  await reader.learn(value, { headers });
  if (!reader.read(value, { headers })) return { fault: reader.fault };
  return paths.map((_, path) => shown(reader, path));
}

export function shown(reader: ValueReader, path: number): Shown {
  switch (reader.kind(path)) {
    case JSON_KIND.absent:
      return undefined;
    case JSON_KIND.null:
      return null;
    case JSON_KIND.array:
      return reader.length(path);
    case JSON_KIND.object:
      return exact(reader.text(path)) ?? OBJECT;
    default:
      return exact(reader.text(path));
  }
}

/** As a key would be. */
function exact(value: KeyValue | undefined): string | undefined {
  return value === undefined ? undefined : exactText(value);
}

/** One schema for all values, which carry no id. */
export async function schemas<Schema>(schema: Schema): Promise<Schemas<Schema>> {
  const one = new FileSchema(async () => schema);
  await one.learn();
  return one;
}

/** `order.items[0].id` as a path. */
export function path(text: string): JsonPath {
  return [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([name, index]) =>
    index === undefined ? name : Number(index),
  );
}
