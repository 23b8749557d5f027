/** What is asked of every record of a log, by name, and where the answers then stand. */
import type { LogSettings } from '../../model.ts';
import type { Reading, SourceFile } from '../bytes.ts';
import { type KeyValue, valueOfBytes } from '../keys.ts';

/** What stands under a name. Undefined: nothing, or JSON's null; null: an object or a list, which has no text. */
export type Cell = KeyValue | undefined | null;

/** Places in the cells of a record. */
export interface Asked {
  /** Every place: a name, and the setting that asks for it. */
  readonly names: readonly { readonly name: string; readonly setting: string }[];
  readonly key: readonly number[];
  readonly only: readonly number[];
  readonly id: number | undefined;
  readonly at: number | undefined;
  /** Of the topic, where effects carry the coordinates of their message. */
  readonly topic: number | undefined;
}

/** One record: a line, or what a quoted field makes of several. */
export interface LogRecord {
  /** Number of its first line. */
  readonly line: number;
  /** That line as it is, one character for each byte. */
  readonly text: string;
  /** In the order of Asked.names; undefined: it cannot be read; `foreign`: it is of another program, or of another event. */
  readonly cells: readonly Cell[] | undefined | 'foreign';
  /** Of a foreign record: what is probably its time. */
  readonly at?: string | undefined;
}

/** How the records of a file are written. */
export interface LogFormat {
  /** Whether the lines follow each other in time, file after file of a rotated set; if not, rows may come in any order. */
  readonly inOrder: boolean;
  /**
   * Records in portions: one for each piece of the file that is in memory.
   * @throws AuditError 4 where the file is not of this format at all, or lacks what is asked for
   */
  records(file: SourceFile, reading: Reading): AsyncGenerator<readonly LogRecord[]>;
}

export function askedOf({ key, coordinates, only, id, at }: LogSettings): Asked {
  const names: { name: string; setting: string }[] = [];
  const ask = (name: string, setting: string) => names.push({ name, setting }) - 1;
  const maybe = (name: string | undefined, setting: string) =>
    name === undefined ? undefined : ask(name, setting);
  return {
    names,
    key: key.map(({ name }) => ask(name, coordinates === undefined ? 'key' : 'coordinates')),
    only: only.map(({ name }) => ask(name, 'only')),
    id: maybe(id, 'id'),
    at: maybe(at, 'at'),
    topic: maybe(coordinates?.topic, 'coordinates.topic'),
  };
}

/** Nothing but ASCII is the same as text and as bytes. */
const BEYOND_ASCII = /[^\0-\x7f]/;

/** What a text of one character per byte holds. */
export function keyValue(bytes: string): KeyValue {
  return BEYOND_ASCII.test(bytes) ? valueOfBytes(Buffer.from(bytes, 'latin1')) : bytes;
}
