/** One connection to one PostgreSQL database; nothing outside this directory knows the driver. */
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { Client, type QueryConfig } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import pgpass from 'pgpass';
import { AuditError } from '../../../error.ts';
import type { PostgresSettings } from '../../../model.ts';
import { CopyRows } from './copy.ts';
import { databaseFailure } from './failures.ts';
import { type Tls, tlsOf, withoutTls } from './tls.ts';

const CONNECT_TIMEOUT_MS = 15_000;
const CANCEL_TIMEOUT_MS = 2_000;
/** Firewalls forget connections that are silent, as one is while the server sorts. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Who reads which database, without the secret: kinds with the same text are read in one snapshot. What the url
 * leaves open comes from the PG* environment, resolved by the driver itself, so that both always mean the same.
 */
export function databaseOf(settings: PostgresSettings): string {
  const client = clientFor(settings, false);
  return `${client.user ?? ''}@${shownDatabase(client)}${optionsOf(settings.url)}`;
}

export class Session {
  /** HOST:PORT/DATABASE, for people. */
  readonly database: string;
  readonly #client: Client;
  readonly #signal: AbortSignal;
  #copying = false;
  readonly #interrupt = () => this.#breakOff();

  private constructor(client: Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
    this.database = shownDatabase(client);
    // A connection that dies between two statements reports here; the next statement fails and tells it better.
    client.on('error', () => {});
  }

  /** Connects. When `signal` is aborted, whatever runs is cancelled on the server and throws the signal's reason. */
  static async open(settings: PostgresSettings, signal: AbortSignal): Promise<Session> {
    const tls = tlsOf(settings.url, process.env);
    try {
      return await Session.#connect(clientFor(settings, tls.ssl), signal);
    } catch (error) {
      if (!tls.optional || !lacksTls(error)) throw error;
      return Session.#connect(clientFor(settings, false), signal);
    }
  }

  static async #connect(client: Client, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const session = new Session(client, signal);
    signal.addEventListener('abort', session.#interrupt, { once: true });
    try {
      await session.#client.connect();
    } catch (error) {
      signal.removeEventListener('abort', session.#interrupt);
      session.#client.connection.stream.destroy();
      throw session.#failure(error, 'connecting');
    }
    return session;
  }

  /** The rows of a small answer. @param doing for the error message, such as "reading public.orders" */
  async rows<Row extends object>(doing: string, sql: string, values: readonly string[] = []): Promise<Row[]> {
    try {
      const parameters = values.length === 0 ? undefined : [...values];
      return (await this.#client.query<Row>(sql, parameters)).rows;
    } catch (error) {
      throw this.#failure(error, doing);
    }
  }

  /** The columns that the rows of one statement would have; the protocol takes no second statement beside it. */
  async fields(doing: string, sql: string): Promise<{ name: string; type: number }[]> {
    try {
      const { fields } = await this.#client.query({ text: sql, queryMode: 'extended' } as QueryConfig);
      return fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
    } catch (error) {
      throw this.#failure(error, doing);
    }
  }

  /**
   * Streams `COPY (query) TO STDOUT` in its binary format. Yields the same reader again after every chunk: take its rows before going on.
   * Reads no further while the caller works, and fails unless the server counted as many rows as were read.
   */
  async *copy(doing: string, query: string, fields: number): AsyncGenerator<CopyRows, void> {
    const rows = new CopyRows(fields);
    const stream = this.#client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT binary)`));
    this.#copying = true;
    let late: unknown;
    // The server may still fail after its last row, when nobody reads any more.
    stream.on('error', (error) => {
      late ??= error;
    });
    for await (const chunk of this.#chunks(stream, doing)) {
      rows.feed(chunk);
      yield rows;
    }
    // The stream ends with the data; the server's own count comes after it, and before the answer to this.
    await this.rows(doing, 'SELECT');
    this.#copying = false;
    if (late !== undefined) throw this.#failure(late, doing);
    if (rows.count === stream.rowCount && rows.complete) return;
    throw new AuditError(
      4,
      `database ${this.database}: ${doing} gave ${rows.count} rows, but the server sent ${stream.rowCount}`,
      { hint: 'something between here and the server changes what it sends: connect to it directly' },
    );
  }

  /** Ends the connection, and with it any transaction. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#interrupt);
    if (this.#signal.aborted) return;
    if (this.#copying) this.#breakOff();
    else await this.#client.end().catch(() => {});
  }

  async *#chunks(stream: Readable, doing: string): AsyncGenerator<Buffer, void> {
    try {
      for await (const chunk of stream) yield chunk as Buffer;
    } catch (error) {
      throw this.#failure(error, doing);
    }
  }

  /** Stops reading at once, and asks the server to stop working too: a closed socket alone would not tell it. */
  #breakOff(): void {
    cancelRequest(this.#client);
    this.#client.connection.stream.destroy(this.#signal.aborted ? asError(this.#signal.reason) : undefined);
  }

  #failure(error: unknown, doing: string): unknown {
    return this.#signal.aborted ? this.#signal.reason : databaseFailure(error, this.database, doing);
  }
}

function clientFor({ url }: PostgresSettings, ssl: Tls['ssl']): Client {
  if (url !== undefined) refuseSplitSecret(url);
  try {
    const client = new Client({
      ...(url === undefined ? {} : { connectionString: withoutTls(url) }),
      ssl,
      fallback_application_name: 'onceover',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    // The driver would look into the file by itself, too, and warn that one day it will not.
    if (client.password == null) Object.assign(client, { password: passwordOfFile });
    return client;
  } catch {
    // The error underneath may quote the url, so neither its text nor itself goes on.
    throw new AuditError(2, 'the database url cannot be read', { hint: URL_HINT });
  }
}

/** The password that the file of PGPASSFILE, or ~/.pgpass, has for a connection; undefined: none. */
function passwordOfFile(connection: Parameters<typeof pgpass>[0]): Promise<string | undefined> {
  return new Promise((resolve) => {
    pgpass(connection, resolve);
  });
}

function lacksTls(error: unknown): boolean {
  const cause = error instanceof AuditError ? error.cause : undefined;
  return cause instanceof Error && /does not support SSL/.test(cause.message);
}

const URL_HINT =
  'write postgres://user:password@host:5432/database, with / ? # @ % of the password percent-encoded, or leave it out and set PGPASSWORD';

/**
 * A raw / ? or # ends the host early, and `host=… password=…` is no url at all: what follows would be taken for the
 * database, and its name is printed. So an `@` behind the host is refused, even where it means something else.
 */
function refuseSplitSecret(url: string): void {
  const parts = /^(?:postgres|postgresql|socket):\/\/[^/?#]*(.*)$|^\/[^@=]*$/s.exec(url);
  if (parts !== null && !parts[1]?.includes('@')) return;
  throw new AuditError(2, 'the database url is not one, or has an `@` behind its host', { hint: URL_HINT });
}

function shownDatabase(client: Client): string {
  return `${client.host}:${client.port}/${client.database ?? ''}`;
}

/** Settings of the url that change what is read (search_path, ssl), in a fixed order, without any password. */
function optionsOf(url: string | undefined): string {
  if (url === undefined || !URL.canParse(url)) return '';
  const options = [...new URL(url).searchParams].filter(([name]) => !/password/i.test(name)).sort();
  return options.length === 0 ? '' : `?${new URLSearchParams(options)}`;
}

/**
 * Sends a CancelRequest: its own short connection, without a login, so that it works through poolers too.
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST)
 */
function cancelRequest(client: Client): void {
  const { processID, secretKey } = client as Client & {
    processID?: number | null;
    secretKey?: number | null;
  };
  if (typeof processID !== 'number' || typeof secretKey !== 'number') return;
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(80877102, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  const socket = client.host.startsWith('/')
    ? connect(`${client.host}/.s.PGSQL.${client.port}`)
    : connect(client.port, client.host);
  socket.on('error', () => {});
  socket.setTimeout(CANCEL_TIMEOUT_MS, () => socket.destroy());
  socket.end(message);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('interrupted', { cause: reason });
}
