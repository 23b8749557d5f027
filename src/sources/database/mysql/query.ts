/** A query of the configuration in place of a table: whether it is one SELECT, and the columns that it has. */
import { AuditError, isAuditError } from '../../../error.ts';
import { serverError } from './failures.ts';
import { shownName } from './names.ts';
import type { MysqlColumn } from './relation.ts';
import type { Field, Session } from './session.ts';

/** As what stands behind FROM. The line's end closes a comment at the query's own end. */
export function subselect(query: string): string {
  return `(${query}\n)`;
}

/**
 * Types of the protocol, by number, as information_schema calls them.
 * (https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html)
 */
const TYPES: Readonly<Record<number, string>> = {
  0: 'decimal',
  1: 'tinyint',
  2: 'smallint',
  3: 'int',
  4: 'float',
  5: 'double',
  7: 'timestamp',
  8: 'bigint',
  9: 'mediumint',
  10: 'date',
  11: 'time',
  12: 'datetime',
  13: 'year',
  16: 'bit',
  245: 'json',
  246: 'decimal',
  247: 'enum',
  248: 'set',
  255: 'geometry',
};
const TEXTS: Readonly<Record<number, readonly [text: string, bytes: string]>> = {
  15: ['varchar', 'varbinary'],
  249: ['text', 'blob'],
  250: ['text', 'blob'],
  251: ['text', 'blob'],
  252: ['text', 'blob'],
  253: ['varchar', 'varbinary'],
  254: ['char', 'binary'],
};
/** The character set of values that are bytes. */
const BINARY = 63;
const NOT_NULL_FLAG = 1;

/**
 * Asks for no row: only for the columns, each as the configuration may name it.
 *
 * @throws AuditError 2: it is no single SELECT, or the server does not understand it; 4: it may not be read
 */
export async function columnsOfQuery(session: Session, kind: string, query: string): Promise<MysqlColumn[]> {
  const fields = await session
    .fields('describing the query', `SELECT * FROM ${subselect(query)} AS r LIMIT 0`)
    .catch((error: unknown) => {
      throw misunderstood(kind, error);
    });
  return fields.map((field) => {
    const base = typeOf(field);
    const type = base === 'binary' || base === 'varbinary' ? `${base}(${field.length})` : base;
    const notNull = (field.flags & NOT_NULL_FLAG) !== 0;
    return {
      name: field.name,
      shown: shownName(field.name),
      type,
      base,
      notNull,
      readable: true,
      onUpdate: false,
    };
  });
}

function typeOf({ type, charset }: Field): string {
  const [text, bytes] = TEXTS[type] ?? [];
  return (charset === BINARY ? bytes : text) ?? TYPES[type] ?? 'unknown';
}

/** Errors of syntax and of names, one column twice, several statements, and what changes something. */
const MISTAKES = [1052, 1054, 1055, 1060, 1064, 1140, 1146, 1222, 1305, 1327, 1630, 1792];

function misunderstood(kind: string, error: unknown): unknown {
  const cause = isAuditError(error) ? error.cause : undefined;
  if (!(cause instanceof Error) || !MISTAKES.includes(serverError(cause) ?? 0)) return error;
  return new AuditError(
    2,
    `effects.${kind}: the database does not take the query: ${oneLine(cause.message)}`,
    {
      hint: 'write one SELECT that changes nothing, as it could stand in FROM ( … ), with a name for each column',
      cause,
    },
  );
}

/** The server quotes what it does not understand, with its lines. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
