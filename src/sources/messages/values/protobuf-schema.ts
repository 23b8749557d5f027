/** Schemas of Protobuf: the files that import each other, and which message of the last one a value is. */
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import type { SchemaFileSettings } from '../../../model.ts';
import type { SchemaText } from './registry.ts';
import { readSchemaFile, unusableFile } from './schemas.ts';

/** Picks the message type of a value by its path within the file: [1, 0] is the first message inside the second. */
export type PickMessage = (indexes: readonly number[]) => protobuf.Type | undefined;

/** @param texts the schema last, before it the ones it refers to, named as it imports them. @throws Error */
export function compileProtobuf(texts: readonly SchemaText[]): PickMessage {
  const { own } = parsed(texts);
  return (indexes) => {
    let at = own;
    let type: protobuf.Type | undefined;
    for (const index of indexes) {
      type = at[index];
      at = messagesIn(type);
    }
    return type;
  };
}

/**
 * Reads a file and what it imports, beside it or below its folder as the import says.
 * @throws AuditError (2)
 */
export async function protobufOfFile({ file, message }: SchemaFileSettings): Promise<PickMessage> {
  const texts: SchemaText[] = [];
  await gather(file, dirname(file), '', new Set(), texts);
  try {
    const { root, own } = parsed(texts);
    const type = message === undefined ? onlyOf(own) : root.lookupType(message);
    return () => type;
  } catch (cause) {
    throw unusableFile(file, `cannot be used: ${(cause as Error).message}`, cause);
  }
}

/** A value does not tell which of several messages it is, and most can be read as another's. @throws Error */
function onlyOf(messages: readonly protobuf.Type[]): protobuf.Type {
  const [only, ...others] = messages;
  if (only === undefined) throw new Error('it defines no message');
  if (others.length === 0) return only;
  const names = messages.map(({ fullName }) => fullName.replace(/^\./, '')).join(', ');
  throw new Error(`it defines several messages (${names}); say which one: { file, message }`);
}

/** Adds a file behind everything that it imports. */
async function gather(
  path: string,
  directory: string,
  name: string,
  met: Set<string>,
  texts: SchemaText[],
): Promise<void> {
  const text = await readSchemaFile(path);
  for (const imported of importsOf(path, text)) {
    if (met.has(imported) || protobuf.common.get(imported) !== null) continue;
    met.add(imported);
    await gather(join(directory, imported), directory, imported, met, texts);
  }
  texts.push({ name, text });
}

function importsOf(path: string, text: string): readonly string[] {
  try {
    const { imports = [], weakImports = [] } = protobuf.parse(text, OPTIONS);
    return [...imports, ...weakImports];
  } catch (cause) {
    throw unusableFile(path, `is no Protobuf schema: ${(cause as Error).message}`, cause);
  }
}

/** Fields are named as the schema writes them. */
const OPTIONS: protobuf.IParseOptions = { keepCase: true };

/** @returns everything that is defined, and the messages on top of the last text */
function parsed(texts: readonly SchemaText[]): { root: protobuf.Root; own: readonly protobuf.Type[] } {
  const root = new protobuf.Root();
  const there = new Set(texts.map(({ name }) => name));
  const met = new Set<protobuf.Type>();
  let own: readonly protobuf.Type[] = [];
  for (const { text } of texts) {
    const { imports = [], weakImports = [], package: name = '' } = protobuf.parse(text, root, OPTIONS);
    for (const imported of [...imports, ...weakImports]) addCommon(root, imported, there);
    own = messagesIn(name === '' ? root : root.lookup(name)).filter((type) => !met.has(type));
    for (const type of own) {
      met.add(type);
      refuseOtherThanUtf8(type);
    }
  }
  root.resolveAll();
  return { root, own };
}

/** proto2 lets a text be any bytes, of which different ones would become the same text. */
function refuseOtherThanUtf8(type: protobuf.Type): void {
  if (type.getOption('features') === undefined) type.setOption('features', { utf8_validation: 'VERIFY' });
}

/** What Google's own files define comes with the library; a file that only declares options is not needed to read. */
function addCommon(root: protobuf.Root, imported: string, there: Set<string>): void {
  const known = protobuf.common.get(imported);
  if (known === null || there.has(imported)) return;
  there.add(imported);
  root.addJSON(known.nested ?? {});
}

/** In the order that they are written in, which is what message indexes count. */
function messagesIn(space: protobuf.ReflectionObject | null | undefined): readonly protobuf.Type[] {
  if (!(space instanceof protobuf.Namespace)) return [];
  return space.nestedArray.filter((one) => one instanceof protobuf.Type);
}
