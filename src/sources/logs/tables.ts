/** Dumps with a header line: CSV (RFC 4180), and the tab-separated form that databases write. */
import { type Reading, readBytes, type SourceFile } from '../bytes.ts';
import { type Asked, keyValue, type LogFormat, type LogRecord } from './asked.ts';
import { columnsOf } from './columns.ts';
import { splitLines, unmarked } from './lines.ts';
import { CsvRecords } from './records.ts';

/** One record of a dump. Fields hold one character for each byte; undefined: null. */
interface Row {
  readonly line: number;
  /** Undefined: the line is no record. */
  readonly fields: readonly (string | undefined)[] | undefined;
  readonly text: string;
}

type Rows = (file: SourceFile, reading: Reading) => AsyncGenerator<readonly Row[]>;

export function csvFormat(asked: Asked): LogFormat {
  return { inOrder: false, records: (file, reading) => recordsOf(file, reading, csvRows, asked) };
}

/** As `COPY … WITH (FORMAT text, HEADER)` and `mysql --batch` write it. */
export function tsvFormat(asked: Asked): LogFormat {
  return { inOrder: false, records: (file, reading) => recordsOf(file, reading, tsvRows, asked) };
}

async function* recordsOf(
  file: SourceFile,
  reading: Reading,
  rowsOf: Rows,
  asked: Asked,
): AsyncGenerator<readonly LogRecord[]> {
  let columns: { readonly count: number; readonly asked: readonly number[] } | undefined;
  for await (const rows of rowsOf(file, reading)) {
    const header = columns === undefined ? rows[0] : undefined;
    columns ??= { count: header?.fields?.length ?? 0, asked: columnsOf(header, file.label, asked) };
    const { count, asked: places } = columns;
    const body = header === undefined ? rows : rows.slice(1);
    yield body.map(({ line, text, fields }) => {
      if (fields?.length !== count) return { line, text, cells: undefined };
      return { line, text, cells: places.map((place) => cellOf(fields[place])) };
    });
  }
  if (columns === undefined) columnsOf(undefined, file.label, asked);
}

/** An empty cell is an absent one. */
function cellOf(field: string | undefined) {
  return field === undefined || field === '' ? undefined : keyValue(field);
}

async function* csvRows(file: SourceFile, reading: Reading): AsyncGenerator<readonly Row[]> {
  const records = new CsvRecords();
  for await (const lines of splitLines(readBytes(file, reading), true)) {
    const complete = [...records.add(lines)];
    if (complete.length > 0) yield complete;
  }
  const rest = [...records.end()];
  if (rest.length > 0) yield rest;
}

async function* tsvRows(file: SourceFile, reading: Reading): AsyncGenerator<readonly Row[]> {
  for await (const { first, texts } of splitLines(readBytes(file, reading))) {
    const rows = texts.flatMap((text, i) => tsvRow(first + i, text));
    if (rows.length > 0) yield rows;
  }
}

/** An empty line is a table of one column's empty cell, or nothing: either way it tells nothing. */
function tsvRow(line: number, written: string | undefined): Row[] {
  if (written === '') return [];
  if (written === undefined) return [{ line, fields: undefined, text: '(longer than any record)' }];
  const text = line === 1 ? unmarked(written) : written;
  return [{ line, fields: text.split('\t').map(unescaped), text }];
}

/** https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2; mysql writes the first four, and \0. */
const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  '\\': '\\',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
};

function unescaped(field: string): string | undefined {
  if (!field.includes('\\')) return field;
  if (field === '\\N') return undefined;
  return field.replace(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter);
}
