/** The table of one effect kind, as any database has one: its columns by what they are to an effect. */
import type { TextColumn } from '../../columns.ts';
import type { DatabaseSettings, EpochUnit } from '../../model.ts';
import { mayBeSpelt } from '../keys.ts';
import type { JsonPath } from '../messages/json-path.ts';
import { epochMicros } from './epoch.ts';

/** What the configuration says of rows, whichever database they are in. */
export type RowSettings = Pick<DatabaseSettings, 'key' | 'coordinates' | 'only' | 'covers'>;

export interface Column {
  readonly name: string;
  /** As the configuration would write it: quoted only where it must be. */
  readonly shown: string;
  /** As declared, such as `character varying(20)`. */
  readonly type: string;
  /** The type's own name, without a length: `timestamptz`, `bytea`. */
  readonly base: string;
  readonly notNull: boolean;
}

/** Of a key part. `path`: what is read is JSON, and the part lies there in it; undefined: what is read is the part. */
export type KeyColumn = Column & { readonly path: JsonPath | undefined };

/** When a row happened: an instant, a wall clock that only `zone` makes an instant, or a number that `unit` makes one. */
export type TimeColumn = Column & {
  readonly zone: string | undefined;
  readonly unit: EpochUnit | undefined;
  /** What sets it anew when a row is changed, such as `trigger orders_touch`; undefined: nothing that is known of. */
  readonly movedBy: string | undefined;
};

/** One effect kind's table, or what its query answers, with every name of the configuration found. */
export interface RowTable {
  readonly kind: string;
  readonly settings: RowSettings;
  /** As the configuration would write it: `public."Odd Name"`. */
  readonly shown: string;
  /** In the order of settings.key. */
  readonly key: readonly KeyColumn[];
  readonly id: readonly Column[];
  readonly at: TimeColumn | undefined;
  /** In the order of settings.only. */
  readonly only: readonly Column[];
  /** With coordinates that name a topic: its column, and the topic that is audited. */
  readonly topic: { readonly column: Column; readonly name: string } | undefined;
  /** Why rows may be missing that are there, as the beginning of a sentence; undefined: all are shown. */
  readonly hides: string | undefined;
  /** Why no two rows can have one key, such as `unique index orders_pkey covers order_id`; undefined: they can. */
  readonly blind: string | undefined;
  /** That nothing forbids two rows of one key and one id, such as `id ref of public.orders is not unique by any index`; undefined: an index does, or nobody can say. */
  readonly looseId: string | undefined;
  /** What else a reader must know about the table, in sentences. */
  readonly notes: readonly string[];
}

/** Where each value is in a row that is read. A time takes two fields (Row.instant, Row.integer). */
export interface Layout {
  readonly id: number;
  readonly time: number;
  readonly only: number;
  readonly topic: number;
  readonly fields: number;
}

/** The order in which every database is asked for a table's values: key parts, id parts, time, columns of `only`, topic. */
export function layoutOf(table: RowTable): Layout {
  const id = table.key.length;
  const time = id + table.id.length;
  const only = time + (table.at === undefined ? 0 : 2);
  const topic = only + table.only.length;
  return { id, time, only, topic, fields: topic + (table.topic === undefined ? 0 : 1) };
}

/** The fields of one row, views that are good until the next. */
export interface Row {
  /** The bytes of a value's text (of a binary column: its bytes); undefined: NULL. */
  bytes(field: number): Buffer | undefined;
  /**
   * Puts the same into a column, without a view, where that is all there is to do: where it is ASCII and begins with
   * none that is spelt otherwise (keys.ts). Answers its length; -1: it is NULL, or must be looked at.
   */
  copyAscii(field: number, column: TextColumn): number;
  /** Of a time that is no number: epoch microseconds; a text: it is none, such as `infinity`; undefined: NULL. */
  instant(field: number): bigint | string | undefined;
  /** A whole number; undefined: NULL. Behind each time: by how many microseconds it may have been earlier; NULL is 0. */
  integer(field: number): number | undefined;
}

/** Rows that arrive: `next` goes to the next one; false: there is none before more arrive. */
export interface RowCursor extends Row {
  next(): boolean;
}

/** `Row.copyAscii` of bytes[start, end). */
export function copyAscii(bytes: Uint8Array, start: number, end: number, column: TextColumn): number {
  if (mayBeSpelt(bytes[start])) return -1;
  return column.pushAscii(bytes, start, end) ? end - start : -1;
}

/** The time of a row: epoch microseconds; a text: it is none; undefined: NULL. */
export function instantOf(at: TimeColumn, row: Row, field: number): bigint | string | undefined {
  if (at.unit === undefined) return row.instant(field);
  const text = row.bytes(field)?.toString('latin1');
  return text === undefined ? undefined : (epochMicros(text, at.unit) ?? text);
}
