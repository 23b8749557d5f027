/** The key of a row: the text of its columns, of what lies in their JSON, or of the message's coordinates in them. */

import { KeyMaker, type KeyValue, standsForItself, valueOfBytes } from '../keys.ts';
import { JsonReader } from '../messages/json.ts';
import type { KeyColumn, Row, RowTable } from './table.ts';

/** Answers the key of a row; undefined: it has none that can be read. */
export function rowKey(table: RowTable): (row: Row) => string | undefined {
  if (table.settings.coordinates !== undefined) return coordinatesOf;
  const maker = new KeyMaker(table.settings.key);
  const parts = table.key.map(keyPart);
  return (row) => maker.make(parts.map((part, i) => part(row.bytes(i))));
}

/** Whether the key is the text of one column as it stands, so that its bytes need only be copied. */
export function isPlainKey({ settings, key }: RowTable): boolean {
  return settings.coordinates === undefined && key.length === 1 && isPlainPart(settings.key[0]!);
}

/** Whether two texts of the column are the same key only where they are the same text. */
export function isPlainPart(part: RowTable['settings']['key'][number]): boolean {
  return standsForItself(part) && part.path === undefined;
}

type PartOf = (bytes: Buffer | undefined) => KeyValue | undefined;

function keyPart({ path }: KeyColumn): PartOf {
  if (path === undefined) return (bytes) => (bytes === undefined ? undefined : valueOfBytes(bytes));
  const json = new JsonReader([path]);
  return (bytes) => (bytes !== undefined && json.read(bytes) ? json.text(0) : undefined);
}

/** Partition and offset in decimal digits, however the columns hold whole numbers: 7, 007 and 7.0 are one. */
function coordinatesOf(row: Row): string | undefined {
  const partition = wholeNumber(row.bytes(0));
  const offset = wholeNumber(row.bytes(1));
  return partition === undefined || offset === undefined ? undefined : `${partition} ${offset}`;
}

function wholeNumber(bytes: Buffer | undefined): string | undefined {
  return /^0*(\d+)(?:\.0*)?$/.exec(bytes?.toString('latin1') ?? '')?.[1];
}
