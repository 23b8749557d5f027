/** Which TLS a connection asks for, told by the url or the environment in libpq's words. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { AuditError } from '../../../error.ts';

/** `no-verify` is the driver's own word for libpq's `require`. */
const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

export interface Tls {
  readonly ssl: false | ConnectionOptions;
  /** Whether to go on in plain text with a server that has no TLS. */
  readonly optional: boolean;
}

/**
 * As psql has it, but that `verify-full` without `sslrootcert` trusts the authorities that come with Node.
 * (https://www.postgresql.org/docs/current/libpq-ssl.html)
 *
 * @throws AuditError 2: an unknown mode, a file that cannot be read, `verify-ca` without the authority
 */
export function tlsOf(url: string | undefined, env: NodeJS.ProcessEnv): Tls {
  const given = new URLSearchParams(queryOf(url ?? '')[1]);
  const setting = (name: string) => given.get(name) ?? env[`PG${name.toUpperCase()}`] ?? undefined;
  const mode = modeOf(given, setting('sslmode'));
  if (mode === 'disable') return { ssl: false, optional: false };
  const ca = fileOf('sslrootcert', setting('sslrootcert'));
  const own = {
    cert: fileOf('sslcert', setting('sslcert')),
    key: fileOf('sslkey', setting('sslkey')),
    passphrase: setting('sslpassword'),
  };
  const optional = mode === 'allow' || mode === 'prefer';
  return { ssl: { ...present(own), ...checks(mode, ca) }, optional };
}

/** The url without what `tlsOf` has read: the driver understands it otherwise. */
export function withoutTls(url: string): string {
  const [address, query] = queryOf(url);
  const others = [...new URLSearchParams(query)].filter(([name]) => !/^ssl(?!negotiation)/.test(name));
  return others.length === 0 ? address : `${address}?${new URLSearchParams(others)}`;
}

function queryOf(url: string): [address: string, query: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function modeOf(given: URLSearchParams, mode: string | undefined): string {
  const ssl = given.get('ssl');
  if (ssl === '0' || ssl === 'false') return 'disable';
  const asked = ssl === null ? (mode ?? 'prefer') : ssl === 'no-verify' ? ssl : (mode ?? 'verify-full');
  if (MODES.includes(asked)) return asked;
  throw new AuditError(2, `unknown sslmode \`${asked}\``, { hint: `expected ${MODES.join(', ')}` });
}

function checks(mode: string, ca: string | undefined): ConnectionOptions {
  const authority = ca === undefined ? {} : { ca };
  if (mode === 'verify-full') return { ...authority, rejectUnauthorized: true };
  if (mode === 'verify-ca' && ca === undefined) {
    throw new AuditError(2, 'sslmode=verify-ca needs the certificate of the authority', {
      hint: 'name its file in sslrootcert (or PGSSLROOTCERT), or use verify-full',
    });
  }
  // As libpq does: who names an authority wants it checked.
  if (mode === 'verify-ca' || (mode === 'require' && ca !== undefined))
    return { ...authority, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}

function fileOf(setting: string, path: string | undefined): string | undefined {
  if (path === undefined || path === '' || path === 'system') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AuditError(2, `cannot read ${path}`, {
      hint: `it is the ${setting} of the database's url or of the environment`,
      cause,
    });
  }
}

function present<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}
