/** The embedded analytical engine behind an evidence folder: one DuckDB database, bounded in memory, spilling beside itself. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { AuditError } from '../error.ts';

export type Row = readonly DuckDBValue[];

/**
 * Selects a text so that it arrives as it is: the reader of answers decodes each text with a TextDecoder, which takes one
 * U+FEFF off its beginning, and so gets one more to take.
 */
export function wholeText(column: string): string {
  return `CASE WHEN ${column} LIKE '\ufeff%' THEN '\ufeff' || ${column} ELSE ${column} END`;
}

export interface EngineOptions {
  /** Path of the database file. */
  readonly file: string;
  /** DuckDB's memory_limit, such as "2GB"; what does not fit spills into `spill`. */
  readonly memory: string;
  readonly spill: string;
  readonly readOnly: boolean;
}

export class Engine {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #options: EngineOptions;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, options: EngineOptions) {
    this.#instance = instance;
    this.#connection = connection;
    this.#options = options;
  }

  static async open(options: EngineOptions): Promise<Engine> {
    try {
      const instance = await DuckDBInstance.create(options.file, {
        access_mode: options.readOnly ? 'READ_ONLY' : 'READ_WRITE',
        memory_limit: options.memory,
        temp_directory: options.spill,
        // Order is always asked for; keeping it by default costs memory and time.
        preserve_insertion_order: 'false',
        // Nothing is ever fetched from the network.
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      return new Engine(instance, await instance.connect(), options);
    } catch (cause) {
      throw new AuditError(4, `cannot open the evidence ${options.file}: ${firstLine(cause)}`, { cause });
    }
  }

  async run(sql: string, values?: readonly DuckDBValue[]): Promise<void> {
    await this.#guard(() => this.#connection.run(sql, values === undefined ? undefined : [...values]));
  }

  /** All rows of a small answer; BIGINT comes as bigint. */
  async rows(sql: string): Promise<readonly Row[]> {
    return this.#guard(async () => (await this.#connection.runAndReadAll(sql)).getRows());
  }

  /** The rows of an answer of any size, a chunk of at most 2048 at a time. */
  async *stream(sql: string): AsyncGenerator<readonly Row[]> {
    const result = await this.#guard(() => this.#connection.stream(sql));
    for (;;) {
      const chunk = await this.#guard(() => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      yield chunk.getRows();
    }
  }

  /** What lies in the files of `spill` at this moment: they come and go while a statement runs. */
  spilledBytes(): number {
    const { spill } = this.#options;
    if (sizeOf(spill) === undefined) return 0;
    return readdirSync(spill).reduce((sum, name) => sum + (sizeOf(join(spill, name)) ?? 0), 0);
  }

  /** Makes a running statement end soon, by an error. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /**
   * A full disk, too little memory or evidence that was damaged is the user's to mend; anything else the engine says is
   * a defect of ours.
   */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const text = firstLine(cause);
      const isRoom = /^Out of Memory Error|No space left/.test(text);
      if (!isRoom && this.#options.readOnly && /^(IO|Invalid Input|Serialization|Fatal) Error/.test(text)) {
        throw new AuditError(4, `the evidence ${this.#options.file} is damaged or not whole: ${text}`, {
          cause,
        });
      }
      if (!isRoom) throw cause;
      const hint =
        'raise `memory`, or free some space where reports are written: what does not fit in memory goes there';
      throw new AuditError(4, `the evidence could not be judged: ${text}`, { cause, hint });
    }
  }
}

/** Undefined: there is no such file, or no longer. */
function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!;
}
