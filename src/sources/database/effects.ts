/** Rows of one database as effects, whichever database it is: all entries that it serves, read in one read-only snapshot. */
import type {
  Coverage,
  EffectBatch,
  EffectBounds,
  EffectEntry,
  EffectSource,
  EffectSourceSettings,
  Settings,
  SourceHooks,
  Take,
  TakeEffects,
} from '../../model.ts';
import type { Reading } from './read.ts';
import type { Snapshot } from './snapshot.ts';
import type { RowTable } from './table.ts';

/** What each database does in its own way. Whatever it throws for the user is an AuditError (2 or 4). */
export interface Database<
  Source extends EffectSourceSettings,
  Session extends { close(): Promise<void> },
  Table extends RowTable,
> {
  /** Whether it is the one that a source is of. */
  serves(source: EffectSourceSettings): source is Source;
  /** Connects. When `signal` is aborted, whatever runs ends and throws the signal's reason. */
  open(source: Source, signal: AbortSignal): Promise<Session>;
  /** Begins the transaction in which nothing can be written and everything is of one moment. */
  beginSnapshot(session: Session): Promise<Snapshot>;
  /** @param topic whose messages are audited */
  findTable(session: Session, entry: EffectEntry<Source>, topic: string): Promise<Table>;
  /** What can be found out about a table without reading it. */
  checkTable(session: Session, table: Table): Promise<void>;
  /** Hands over the effects of one table, and answers what they prove. */
  readTable(reading: Reading<Session, Table>, take: Take<EffectBatch>): Promise<Coverage>;
  /** Hands over those that have one of the keys, and that `readTable` did not. */
  lookAgain(
    reading: Reading<Session, Table>,
    keys: ReadonlySet<string>,
    take: Take<EffectBatch>,
  ): Promise<void>;
}

export class DatabaseEffects<
  Source extends EffectSourceSettings,
  Session extends { close(): Promise<void> },
  Table extends RowTable,
> implements EffectSource
{
  readonly entries: readonly number[];
  readonly #database: Database<Source, Session, Table>;
  readonly #settings: Settings;
  readonly #hooks: SourceHooks;
  #session: Session | undefined;
  /** How each entry was gathered. */
  readonly #readings = new Map<number, Reading<Session, Table>>();

  /** @param entries indexes of settings.entries, all of one place that the database serves */
  constructor(
    database: Database<Source, Session, Table>,
    settings: Settings,
    entries: readonly number[],
    hooks: SourceHooks,
  ) {
    this.#database = database;
    this.#settings = settings;
    this.entries = entries;
    this.#hooks = hooks;
  }

  async check(): Promise<void> {
    try {
      const session = await this.#connect();
      await this.#database.beginSnapshot(session);
      for (const table of await this.#tables(session)) {
        await this.#database.checkTable(session, table);
        if (table.looseId !== undefined) this.#hooks.say?.(table.looseId);
      }
    } finally {
      await this.close();
    }
  }

  /**
   * The connection of `check` is not kept: a replay lies between, and names may change meanwhile. This one is, so that a
   * second look is into the same snapshot.
   *
   * @throws AuditError 4 when anything ends the read early: nothing is concluded from a part of a table.
   */
  async gather(bounds: readonly EffectBounds[], take: TakeEffects): Promise<readonly Coverage[]> {
    try {
      return await this.#read(await this.#connect(), bounds, take);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async lookAgain(entry: number, keys: ReadonlySet<string>, take: TakeEffects): Promise<void> {
    await this.#database.lookAgain(this.#readings.get(entry)!, keys, (batch) => take(entry, batch));
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async #connect(): Promise<Session> {
    await this.close();
    this.#session = await this.#database.open(this.#entry(this.entries[0]!).source, this.#hooks.signal);
    return this.#session;
  }

  async #read(
    session: Session,
    bounds: readonly EffectBounds[],
    take: TakeEffects,
  ): Promise<readonly Coverage[]> {
    const snapshot = await this.#database.beginSnapshot(session);
    const tables = await this.#tables(session);
    const coverages: Coverage[] = [];
    for (const [i, table] of tables.entries()) {
      const { progress, say } = this.#hooks;
      const reading = { session, table, snapshot, bounds: bounds[i]!, progress, say };
      this.#readings.set(this.entries[i]!, reading);
      coverages.push(await this.#database.readTable(reading, (batch) => take(this.entries[i]!, batch)));
    }
    return coverages;
  }

  async #tables(session: Session): Promise<Table[]> {
    const tables: Table[] = [];
    const { topic } = this.#settings.messages;
    for (const entry of this.entries)
      tables.push(await this.#database.findTable(session, this.#entry(entry), topic));
    return tables;
  }

  #entry(number: number): EffectEntry<Source> {
    const entry = this.#settings.entries[number]!;
    const { source } = entry;
    if (!this.#database.serves(source))
      throw new Error(`entry ${number} is of another source: ${source.source}`);
    return { ...entry, source };
  }
}
