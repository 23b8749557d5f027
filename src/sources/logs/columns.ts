/** Finds the columns of a dump that the configuration names. */
import { AuditError } from '../../error.ts';
import type { LogSettings } from '../../model.ts';
import { nearNames } from '../../nearest.ts';
import { type KeyValue, plainText, valueOfBytes } from '../keys.ts';
import type { CsvRecord } from './records.ts';

/** Indexes of columns. */
export interface Columns {
  readonly count: number;
  readonly key: readonly number[];
  readonly only: readonly number[];
  readonly id: number | undefined;
  readonly at: number | undefined;
}

const UTF_16 = /^(?:\xff\xfe|\xfe\xff)/;
/** Names listed in an error. */
const MAX_LISTED = 12;

/** What a cell holds; it is written with one character per byte. */
export function keyValue(cell: string): KeyValue {
  return valueOfBytes(Buffer.from(cell, 'latin1'));
}

/** Its text, as conditions see it; bytes that are not UTF-8 are spelt out. */
export function textOf(cell: string): string {
  return plainText(keyValue(cell));
}

/**
 * @param header the first record of the file
 * @throws AuditError 4 where it is no header, or lacks a column, or has it twice
 */
export function columnsOf(header: CsvRecord | undefined, label: string, settings: LogSettings): Columns {
  if (header !== undefined && UTF_16.test(header.text))
    throw new AuditError(4, `${label} is UTF-16`, {
      hint: `iconv -f UTF-16 -t UTF-8 ${label} makes it readable`,
    });
  if (header?.fields === undefined)
    throw new AuditError(4, `${label}: its first line is no header`, {
      hint: 'A dump begins with the names of its columns: COPY … TO … WITH (FORMAT csv, HEADER), or psql --csv.',
    });
  const names = header.fields.map(textOf);
  const find = (name: string, what: string) => indexOf(name, what, names, label);
  return {
    count: names.length,
    key: settings.key.map(({ name }) => find(name, 'key')),
    only: settings.only.map(({ name }) => find(name, 'only')),
    id: settings.id === undefined ? undefined : find(settings.id, 'id'),
    at: settings.at === undefined ? undefined : find(settings.at, 'at'),
  };
}

function indexOf(name: string, what: string, names: readonly string[], label: string): number {
  const index = names.indexOf(name);
  if (index >= 0 && names.lastIndexOf(name) === index) return index;
  if (index >= 0) throw new AuditError(4, `${label}: two columns are called ${name} (${what})`);
  const listed = names.slice(0, MAX_LISTED).join(', ');
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '';
  const [near] = nearNames(name, names);
  throw new AuditError(4, `${label}: there is no column ${name} (${what}); there are ${listed}${more}`, {
    ...(near === undefined ? {} : { hint: `${what}: ${near}` }),
  });
}
