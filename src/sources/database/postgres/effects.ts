/** Rows of one PostgreSQL database as effects. */
import type { EffectSource, PostgresSettings, Settings, SourceHooks } from '../../../model.ts';
import { type Database, DatabaseEffects } from '../effects.ts';
import { lookAgain } from './again.ts';
import { checkTable, readTable } from './read.ts';
import { Session } from './session.ts';
import { beginSnapshot } from './snapshot.ts';
import { findTable, type Table } from './table.ts';

export { databaseOf } from './session.ts';

const POSTGRES: Database<PostgresSettings, Session, Table> = {
  serves: (source) => source.source === 'postgres',
  open: Session.open,
  beginSnapshot,
  findTable,
  checkTable,
  readTable,
  lookAgain,
};

/**
 * @param entries indexes of settings.entries, all with PostgresSettings and all of one `databaseOf`
 */
export function postgresEffects(
  settings: Settings,
  entries: readonly number[],
  hooks: SourceHooks,
): EffectSource {
  return new DatabaseEffects(POSTGRES, settings, entries, hooks);
}
