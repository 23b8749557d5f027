/** Rows of one MySQL or MariaDB database as effects: all entries that it serves, read in one read-only snapshot. */
import type {
  Coverage,
  EffectBounds,
  EffectEntry,
  EffectSource,
  MysqlSettings,
  Settings,
  SourceHooks,
  TakeEffects,
} from '../../../model.ts';
import { lookAgain } from './again.ts';
import { checkTable, type Reading, readTable } from './read.ts';
import { Session } from './session.ts';
import { beginSnapshot } from './snapshot.ts';
import { findTable, type Table } from './table.ts';

export { databaseOf } from './session.ts';

/**
 * @param entries indexes of settings.entries, all with MysqlSettings and all of one `databaseOf`
 */
export function mysqlEffects(
  settings: Settings,
  entries: readonly number[],
  hooks: SourceHooks,
): EffectSource {
  return new MysqlEffects(settings, entries, hooks);
}

class MysqlEffects implements EffectSource {
  readonly entries: readonly number[];
  readonly #settings: Settings;
  readonly #hooks: SourceHooks;
  #session: Session | undefined;
  /** How each entry was gathered. */
  readonly #readings = new Map<number, Reading>();

  constructor(settings: Settings, entries: readonly number[], hooks: SourceHooks) {
    this.#settings = settings;
    this.entries = entries;
    this.#hooks = hooks;
  }

  async check(): Promise<void> {
    try {
      const session = await this.#connect();
      await beginSnapshot(session);
      for (const table of await this.#tables(session)) {
        await checkTable(session, table);
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
    const session = await this.#connect();
    const snapshot = await beginSnapshot(session);
    const tables = await this.#tables(session);
    const coverages: Coverage[] = [];
    for (const [i, table] of tables.entries()) {
      const { progress, say } = this.#hooks;
      const reading = { session, table, snapshot, bounds: bounds[i]!, progress, say };
      this.#readings.set(this.entries[i]!, reading);
      coverages.push(await readTable(reading, (batch) => take(this.entries[i]!, batch)));
    }
    return coverages;
  }

  async lookAgain(entry: number, keys: ReadonlySet<string>, take: TakeEffects): Promise<void> {
    await lookAgain(this.#readings.get(entry)!, keys, (batch) => take(entry, batch));
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async #connect(): Promise<Session> {
    await this.close();
    this.#session = await Session.open(this.#entry(this.entries[0]!).source, this.#hooks.signal);
    return this.#session;
  }

  async #tables(session: Session): Promise<Table[]> {
    const tables: Table[] = [];
    const { topic } = this.#settings.messages;
    for (const entry of this.entries) tables.push(await findTable(session, this.#entry(entry), topic));
    return tables;
  }

  #entry(number: number): EffectEntry<MysqlSettings> {
    const entry = this.#settings.entries[number]!;
    const { source } = entry;
    if (source.source !== 'mysql') throw new Error(`entry ${number} is no table of MySQL`);
    return { ...entry, source };
  }
}
