/** What a failure of the driver or the server means to whoever runs the audit, and what to do about it. */
import { AuditError } from '../../../error.ts';

const LOST =
  'the server ended the connection; nothing was concluded from the part that was read: run the audit again';
const TIMEOUT = 'the statement ran into a time limit: audit a shorter range, or index the time column';
const GRANT = 'grant the user SELECT on the table, or on the columns that the configuration names';
const LOCKED = 'something holds a lock on the table (a migration?): run the audit again when it is done';

/**
 * What to do, by the number of the server's error.
 * (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-codes/)
 */
const WHAT_TO_DO: Readonly<Record<number, string>> = {
  1040: 'the server has no free connection: try again later',
  1044: 'check the name of the database, and grant the user a right on it',
  1045: 'check the user and the password (in the url, or MYSQL_USER and MYSQL_PWD), and the hosts the user may come from',
  1049: 'check the name of the database in the url (or MYSQL_DATABASE)',
  1053: LOST,
  1054: 'a column was dropped or renamed since the audit began: run it again',
  1130: 'the server lets nobody in from this machine: check the hosts that its users may come from',
  1142: GRANT,
  1143: GRANT,
  1146: 'the table was dropped or renamed since the audit began: run it again',
  1205: LOCKED,
  1412: 'the table was altered while it was read: run the audit again',
  1698: 'the user is let in otherwise than by a password: name one that has one, or the socket (`?socket=/run/mysqld/mysqld.sock`)',
  1927: LOST,
  1969: TIMEOUT,
  3024: TIMEOUT,
  3159: 'the server wants an encrypted connection: `?ssl-mode=REQUIRED`',
};

/** Codes of the driver and of the network. */
const CONNECTION: readonly (readonly [RegExp, string])[] = [
  [
    /HANDSHAKE_NO_SSL_SUPPORT/,
    'the server offers no encryption: leave out ssl-mode, if it may be read without',
  ],
  [/SSL|TLS|CERT|SIGNED|ALTNAME/i, 'check ssl-mode, ssl-ca, ssl-cert and ssl-key in the url'],
  [/PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE/, LOST],
  [/AUTH_SWITCH_PLUGIN/, 'the user is let in by a method that is not known here: name one with a password'],
];

/** The part of the driver's error that is looked at. */
interface Failure extends Error {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlState?: unknown;
}

/**
 * Turns what the driver threw into an AuditError(4). A defect of the code stays itself. The text never holds the
 * password: the server does not repeat it, and the url is named only as `database`.
 *
 * @param database HOST:PORT/DATABASE
 * @param doing what was being done, such as "reading shop.orders"
 */
export function databaseFailure(error: unknown, database: string, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof AuditError) return error;
  const message = `database ${database}: ${doing} failed: ${reason(error)}`;
  const number = serverError(error);
  const hint = number === undefined ? connectionHint(error) : WHAT_TO_DO[number];
  return new AuditError(4, message, hint === undefined ? { cause: error } : { hint, cause: error });
}

/** Number of an error that the server sent; undefined: it came from the network or the driver. */
export function serverError(error: unknown): number | undefined {
  const { errno, sqlState } = error instanceof Error ? (error as Failure) : {};
  return typeof errno === 'number' && typeof sqlState === 'string' && sqlState !== '' ? errno : undefined;
}

/** Connecting to several addresses of one name fails with an error without a text of its own. */
function reason(error: Error): string {
  if (!(error instanceof AggregateError) || error.message !== '') return error.message;
  return [...new Set(error.errors.map((one) => (one instanceof Error ? one.message : String(one))))].join(
    ', ',
  );
}

function connectionHint(error: Failure): string {
  const text = `${String(error.code ?? '')} ${error.message}`;
  const known = CONNECTION.find(([sign]) => sign.test(text));
  if (known !== undefined) return known[1];
  return 'is the server running, and are host and port right (in the url, or MYSQL_HOST and MYSQL_TCP_PORT)?';
}
