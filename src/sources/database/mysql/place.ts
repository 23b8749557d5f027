/** Where a database is and how to be let in: the url, and the MYSQL_* environment for what it leaves open. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import { AuditError } from '../../../error.ts';
import { nearNames } from '../../../nearest.ts';

/** How much of TLS is demanded, as MySQL's own clients name it. `PREFERRED`: none of it, but used where it is to be had. */
const TLS_MODES = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** What may stand behind the `?` of a url. */
const OPTIONS = ['ssl-mode', 'ssl-ca', 'ssl-cert', 'ssl-key', 'socket'];

/** It holds a secret: never print it. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Of a server on this machine, in place of host and port. */
  readonly socket: string | undefined;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly tls: TlsMode;
  /** PEM: who is trusted; the client's own certificate, and its key. */
  readonly authorities: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

const URL_HINT =
  'write mysql://user:password@host:3306/database, with / ? # @ % of the password percent-encoded, or leave it out and set MYSQL_PWD';

/**
 * @param url undefined: all of it comes from MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_UNIX_PORT, MYSQL_USER, MYSQL_PWD and
 *   MYSQL_DATABASE; what a url leaves open comes from there, too, but for the socket
 * @throws AuditError 2
 */
export function placeOf(url: string | undefined): Place {
  const { env } = process;
  const parsed = url === undefined ? undefined : parsedUrl(url);
  const options = optionsOf(parsed);
  const decoded = (text: string | undefined) => (text ? decode(text) : undefined);
  const ca = options.get('ssl-ca');
  const tls = options.get('ssl-mode') ?? (ca === undefined ? 'PREFERRED' : 'VERIFY_CA');
  const host = decoded(parsed?.hostname)?.replace(/^\[|\]$/g, '') ?? env.MYSQL_HOST ?? 'localhost';
  return {
    host,
    port: portOf(parsed?.port || env.MYSQL_TCP_PORT || '3306'),
    socket: options.get('socket') ?? (url === undefined ? env.MYSQL_UNIX_PORT : undefined),
    user: decoded(parsed?.username) ?? env.MYSQL_USER ?? userInfo().username,
    password: decoded(parsed?.password) ?? env.MYSQL_PWD,
    database: decoded(parsed?.pathname.slice(1)) ?? env.MYSQL_DATABASE,
    tls: tlsMode(tls, host, ca),
    authorities: fileOf(ca),
    certificate: fileOf(options.get('ssl-cert')),
    key: fileOf(options.get('ssl-key')),
  };
}

/** HOST:PORT/DATABASE, or the socket in place of host and port. */
export function shownPlace({ host, port, socket, database = '' }: Place): string {
  const where = socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `${where}/${database}`;
}

/**
 * A raw / ? or # ends the host early: what follows would be taken for the database, and its name is printed. So an `@`
 * behind the host is refused, even where it means something else.
 */
function parsedUrl(url: string): URL {
  const parts = /^(?:mysql|mariadb):\/\/[^/?#]*(.*)$/s.exec(url);
  if (parts === null || parts[1]!.includes('@') || !URL.canParse(url)) {
    throw new AuditError(2, 'the database url is not one, or has an `@` behind its host', { hint: URL_HINT });
  }
  return new URL(url);
}

function optionsOf(url: URL | undefined): ReadonlyMap<string, string> {
  const options = new Map(url?.searchParams);
  const [unknown] = [...options.keys()].filter((name) => !OPTIONS.includes(name));
  if (unknown === undefined) return options;
  const [near] = nearNames(unknown, OPTIONS);
  throw new AuditError(2, `the database url has an option ${unknown} that is not known here`, {
    hint: near === undefined ? `known are ${OPTIONS.join(', ')}` : `did you mean ${near}?`,
  });
}

function tlsMode(text: string, host: string, ca: string | undefined): TlsMode {
  const mode = TLS_MODES.find((one) => one === text.toUpperCase().replaceAll('-', '_'));
  // The driver would hold the certificate against `localhost`, and let in whoever has one of that name.
  if (mode === 'VERIFY_IDENTITY' && isIP(host) !== 0) {
    throw new AuditError(
      2,
      'ssl-mode=VERIFY_IDENTITY holds the certificate against a name, and the url has none',
      {
        hint: 'name the server by its name, or be content with VERIFY_CA',
      },
    );
  }
  // Whoever has a certificate of a public authority would be let in, for whatever host.
  if (mode === 'VERIFY_CA' && ca === undefined) {
    throw new AuditError(2, 'ssl-mode=VERIFY_CA needs the certificate of the authority', {
      hint: 'add `&ssl-ca=FILE`, or name the server and use VERIFY_IDENTITY',
    });
  }
  if (mode !== undefined) return mode;
  throw new AuditError(2, 'the ssl-mode of the database url is none', {
    hint: `write one of ${TLS_MODES.join(', ')}`,
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new AuditError(2, 'the port of the database is none (in the url, or MYSQL_TCP_PORT)', {
    hint: URL_HINT,
  });
}

function fileOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code;
    throw new AuditError(2, `the database url names a file that cannot be read: ${path} (${why})`, { cause });
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // The error underneath quotes the text, which may be the password.
    throw new AuditError(2, 'the database url has a % that encodes nothing', { hint: URL_HINT });
  }
}
