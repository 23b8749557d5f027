/** The table of one effect kind, as any database has one: its columns by what they are to an effect. */
import type { PostgresSettings } from '../../model.ts';

/** What the configuration says of rows, whichever database they are in. */
export type RowSettings = Pick<PostgresSettings, 'key' | 'only' | 'covers'>;

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

/** When a row happened: an instant, or a wall clock that only `zone` makes an instant. */
export type TimeColumn = Column & { readonly zone: string | undefined };

/** One effect kind's table, with every name of the configuration found. */
export interface RowTable {
  readonly kind: string;
  readonly settings: RowSettings;
  /** As the configuration would write it: `public."Odd Name"`. */
  readonly shown: string;
  /** In the order of settings.key. */
  readonly key: readonly Column[];
  readonly id: readonly Column[];
  readonly at: TimeColumn | undefined;
  /** In the order of settings.only. */
  readonly only: readonly Column[];
  /** Row-level security applies to this role: rows may be hidden from it without a word. */
  readonly hidesRows: boolean;
}

/** Where each value is in a row that is read. A time takes two fields (Row.instant, Row.integer). */
export interface Layout {
  readonly id: number;
  readonly time: number;
  readonly only: number;
  readonly fields: number;
}

/** The order in which every database is asked for a table's values: key parts, id parts, time, columns of `only`. */
export function layoutOf(table: RowTable): Layout {
  const id = table.key.length;
  const time = id + table.id.length;
  const only = time + (table.at === undefined ? 0 : 2);
  return { id, time, only, fields: only + table.only.length };
}

/** The fields of one row, views that are good until the next. */
export interface Row {
  /** The bytes of a value's text (of a binary column: its bytes); undefined: NULL. */
  bytes(field: number): Buffer | undefined;
  /** Epoch microseconds; a text: what stands there is no time, such as `infinity`; undefined: NULL. */
  instant(field: number): bigint | string | undefined;
  /** A whole number; undefined: NULL. Behind each instant: by how many microseconds it may have been earlier. */
  integer(field: number): number | undefined;
}

/** Rows that arrive: `next` goes to the next one; false: there is none before more arrive. */
export interface RowCursor extends Row {
  next(): boolean;
}
