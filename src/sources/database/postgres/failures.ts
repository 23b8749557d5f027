/** What a failure of the driver or the server means to whoever runs the audit, and what to do about it. */
import { AuditError } from '../../../error.ts';

/**
 * What to do, by SQLSTATE or by its class (the first two characters).
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html)
 */
const WHAT_TO_DO: Readonly<Record<string, string>> = {
  '28P01': 'check the user and the password (in the url, or PGUSER and PGPASSWORD)',
  '28': 'check the user, and whether the server lets it in from this machine (pg_hba.conf; it may ask for `?sslmode=require`)',
  '3D000': 'check the name of the database in the url (or PGDATABASE)',
  '42501': 'grant the role SELECT on the table, or on the columns that the configuration names',
  '42P01': 'the table was dropped or renamed since the audit began: run it again',
  '42703': 'a column was dropped or renamed since the audit began: run it again',
  '40001':
    'the standby cancelled the read in favour of replay: read from the primary, or raise max_standby_streaming_delay',
  '53300': 'the server has no free connection: try again later',
  '55P03': 'something holds a lock on the table (a migration?): run the audit again when it is done',
  '57014':
    'the statement ran into a time limit: audit a shorter range, index the time column, or allow it more by `timeout`',
  '57P':
    'the server ended the connection; nothing was concluded from the part that was read: run the audit again',
};

/**
 * Turns what the driver threw into an AuditError(4). A defect of the code stays itself. The text never holds the
 * password: the server does not repeat it, and the url is named only as `database`.
 *
 * @param database HOST:PORT/DATABASE
 * @param doing what was being done, such as "reading public.orders"
 */
export function databaseFailure(error: unknown, database: string, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof AuditError) return error;
  const state = sqlState(error);
  const message = `database ${database}: ${doing} failed: ${reason(error)}`;
  const hint = state === undefined ? connectionHint(error) : (WHAT_TO_DO[state] ?? classHint(state));
  return new AuditError(4, message, hint === undefined ? { cause: error } : { hint, cause: error });
}

/** SQLSTATE of an error that the server sent; undefined: it came from the network or the driver. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function classHint(state: string): string | undefined {
  return WHAT_TO_DO[state.slice(0, 3)] ?? WHAT_TO_DO[state.slice(0, 2)];
}

/** Connecting to several addresses of one name fails with an error without a text of its own. */
function reason(error: Error): string {
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map((one) => (one instanceof Error ? one.message : String(one))))].join(
      ', ',
    );
  }
  if (/client password must be a(?: non-empty)? string/.test(error.message))
    return 'the server asks for a password';
  return error.message;
}

function connectionHint(error: Error): string {
  if (/client password must be/.test(error.message)) return 'give one in the url, or as PGPASSWORD';
  if (/terminated|ECONNRESET|EPIPE/.test(error.message)) return WHAT_TO_DO['57P']!;
  if (/SSL|TLS|certificate/i.test(error.message)) return 'check sslmode and sslrootcert in the url';
  return 'is the server running, and are host and port right (in the url, or PGHOST and PGPORT)?';
}
