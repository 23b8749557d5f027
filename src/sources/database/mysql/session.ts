/** One connection to one MySQL or MariaDB database; nothing outside this directory knows the driver. */
import { type Connection, type ConnectionOptions, createConnection, type FieldPacket } from 'mysql2';
import { AuditError } from '../../../error.ts';
import type { MysqlSettings } from '../../../model.ts';
import { databaseFailure } from './failures.ts';
import { type Place, placeOf, shownPlace } from './place.ts';

const CONNECT_TIMEOUT_MS = 15_000;
const KILL_TIMEOUT_MS = 2_000;
/** Firewalls forget connections that are silent, as one is while the server sorts. */
const KEEP_ALIVE_MS = 30_000;
/** Rows that may wait here before the server is told to wait. */
const CHUNK_ROWS = 1024;

/** One row as it came: the bytes of each value; null: NULL. */
export type RawRow = readonly (Buffer | null)[];

/** A column of an answer, as the protocol describes it. */
export interface Field {
  readonly name: string;
  /** Number of the type, and of the character set (63: bytes), its flags, and the most bytes that a value has. */
  readonly type: number;
  readonly charset: number;
  readonly flags: number;
  readonly length: number;
}

/** Who reads which database, without the secret: kinds with the same text are read in one snapshot. */
export function databaseOf(settings: MysqlSettings): string {
  const place = placeOf(settings.url);
  return `${place.user}@${shownPlace(place)}?${place.tls}`;
}

export class Session {
  /** HOST:PORT/DATABASE, for people. */
  readonly database: string;
  /** That unqualified names are looked for in; undefined: none. */
  readonly schema: string | undefined;
  readonly #place: Place;
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  /** Throws when the connection is lost or given up, whatever the driver waits for. */
  readonly #broken: Promise<never>;
  #break: (reason: unknown) => void = () => {};
  #streaming = false;
  #killing: Promise<void> | undefined;
  readonly #interrupt = () => this.#breakOff(this.#signal.reason);

  private constructor(place: Place, connection: Connection, signal: AbortSignal) {
    this.database = shownPlace(place);
    this.schema = place.database;
    this.#place = place;
    this.#connection = connection;
    this.#signal = signal;
    this.#broken = new Promise((_, reject) => {
      this.#break = reject;
    });
    this.#broken.catch(() => {});
    // A statement that is streamed hears nothing of a lost connection otherwise.
    connection.on('error', (error) => this.#break(error));
    signal.addEventListener('abort', this.#interrupt, { once: true });
  }

  /** Connects. When `signal` is aborted, whatever runs is ended on the server and throws the signal's reason. */
  static async open(settings: MysqlSettings, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const place = placeOf(settings.url);
    const connection = await connected(place, signal).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : databaseFailure(error, shownPlace(place), 'connecting');
    });
    return new Session(place, connection, signal);
  }

  /** The rows of a small answer, numbers as text. @param doing for the error message, such as "reading shop.orders" */
  async rows<Row extends object>(
    doing: string,
    sql: string,
    values: readonly (string | null)[] = [],
  ): Promise<Row[]> {
    const { rows } = await this.#ask(doing, sql, values);
    return rows as Row[];
  }

  /** The columns that the rows of one statement would have. */
  async fields(doing: string, sql: string): Promise<Field[]> {
    const { fields } = await this.#ask(doing, sql, []);
    return fields.map(({ name, columnType = 0, characterSet = 0, flags, columnLength = 0 }) => ({
      name,
      type: columnType,
      charset: characterSet,
      flags: typeof flags === 'number' ? flags : 0,
      length: columnLength,
    }));
  }

  /** Streams the rows of a statement, in chunks. Reads no further than a chunk ahead while the caller works. */
  async *stream(doing: string, sql: string): AsyncGenerator<readonly RawRow[], void> {
    let rows: RawRow[] = [];
    let ended = false;
    let failure: { readonly error: unknown } | undefined;
    let wake = () => {};
    const fail = (error: unknown) => {
      failure ??= { error };
      wake();
    };
    this.#broken.catch(fail);
    this.#streaming = true;
    const query = this.#connection.query({ sql, rowsAsArray: true, typeCast: false });
    query.on('error', fail);
    query.on('end', () => {
      ended = true;
      wake();
    });
    query.on('result', (row) => {
      // By the options above, every value is bytes.
      if (rows.push(row as unknown as RawRow) === CHUNK_ROWS) this.#connection.pause();
      wake();
    });
    for (;;) {
      if (rows.length === 0 && !ended && failure === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure !== undefined) throw this.#failure(failure.error, doing);
      if (rows.length === 0) break;
      const chunk = rows;
      rows = [];
      yield chunk;
      if (chunk.length === CHUNK_ROWS) this.#connection.resume();
    }
    this.#streaming = false;
  }

  /** Ends the connection, and with it any transaction. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#interrupt);
    if (this.#streaming) this.#breakOff(new Error('the session is closed'));
    if (this.#killing === undefined) this.#connection.end(() => {});
    else await this.#killing;
  }

  async #ask(
    doing: string,
    sql: string,
    values: readonly (string | null)[],
  ): Promise<{ rows: unknown; fields: readonly FieldPacket[] }> {
    const answered = new Promise<{ rows: unknown; fields: readonly FieldPacket[] }>((resolve, reject) => {
      const done = (error: Error | null, rows: unknown, fields: readonly FieldPacket[] = []) =>
        error === null ? resolve({ rows, fields }) : reject(error);
      if (values.length === 0) this.#connection.query(sql, done);
      else this.#connection.execute(sql, [...values], done);
    });
    try {
      return await Promise.race([answered, this.#broken]);
    } catch (error) {
      throw this.#failure(error, doing);
    }
  }

  /** Stops reading at once, and asks the server to stop working too: a closed socket alone would not tell it. */
  #breakOff(reason: unknown): void {
    this.#killing ??= killConnection(this.#place, this.#connection.threadId);
    this.#break(reason);
    this.#connection.destroy();
  }

  #failure(error: unknown, doing: string): unknown {
    return this.#signal.aborted ? this.#signal.reason : databaseFailure(error, this.database, doing);
  }
}

/** Connects, by TLS where the server has it or it is demanded. */
async function connected(place: Place, signal: AbortSignal): Promise<Connection> {
  const options = connectionOptions(place);
  if (place.tls === 'DISABLED' || place.socket !== undefined) return connect(options, signal);
  const ssl = {
    ...(place.authorities === undefined ? {} : { ca: place.authorities }),
    ...(place.certificate === undefined ? {} : { cert: place.certificate }),
    ...(place.key === undefined ? {} : { key: place.key }),
    rejectUnauthorized: place.tls === 'VERIFY_CA' || place.tls === 'VERIFY_IDENTITY',
    verifyIdentity: place.tls === 'VERIFY_IDENTITY',
  };
  try {
    return await connect({ ...options, ssl }, signal);
  } catch (error) {
    const unencrypted = (error as { code?: unknown }).code === 'HANDSHAKE_NO_SSL_SUPPORT';
    if (place.tls !== 'PREFERRED' || !unencrypted) throw error;
    return connect(options, signal);
  }
}

function connect(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  const connection = guarded(() => createConnection(options));
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      connection.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    // It may fail again when it is destroyed, and nobody listens then.
    connection.on('error', () => {});
    connection.connect((error) => {
      signal.removeEventListener('abort', giveUp);
      if (error === null) {
        resolve(connection);
        return;
      }
      connection.destroy();
      reject(error);
    });
  });
}

/** Certificates and keys are parsed at once; what is wrong with them is the user's mistake. */
function guarded(create: () => Connection): Connection {
  try {
    return create();
  } catch (cause) {
    throw new AuditError(2, `the database url cannot be used: ${(cause as Error).message}`, {
      hint: 'check ssl-ca, ssl-cert and ssl-key',
      cause,
    });
  }
}

function connectionOptions(place: Place): ConnectionOptions {
  const { host, port, socket, user, password, database } = place;
  return {
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    user,
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    charset: 'UTF8MB4_GENERAL_CI',
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    // A server must not ask for files of this machine.
    flags: ['-LOCAL_FILES'],
    connectAttributes: { program_name: 'onceover' },
  };
}

/** Ends a connection from another one. What cannot be ended in time ends itself by its time limit. */
async function killConnection(place: Place, thread: number): Promise<void> {
  const patience = AbortSignal.timeout(KILL_TIMEOUT_MS);
  const connection = await connected(place, patience).catch(() => undefined);
  if (connection === undefined) return;
  await new Promise<void>((resolve) => {
    patience.addEventListener('abort', () => resolve(), { once: true });
    connection.query(`KILL CONNECTION ${thread}`, () => resolve());
  });
  connection.destroy();
}
