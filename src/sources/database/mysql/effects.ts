/** Rows of one MySQL or MariaDB database as effects. */
import type { EffectSource, MysqlSettings, Settings, SourceHooks } from '../../../model.ts';
import { type Database, DatabaseEffects } from '../effects.ts';
import { lookAgain } from './again.ts';
import { checkTable, readTable } from './read.ts';
import { Session } from './session.ts';
import { beginSnapshot } from './snapshot.ts';
import { findTable, type Table } from './table.ts';

export { databaseOf } from './session.ts';

const MYSQL: Database<MysqlSettings, Session, Table> = {
  serves: (source) => source.source === 'mysql',
  open: Session.open,
  beginSnapshot,
  findTable,
  checkTable,
  readTable,
  lookAgain,
};

/**
 * @param entries indexes of settings.entries, all with MysqlSettings and all of one `databaseOf`
 */
export function mysqlEffects(
  settings: Settings,
  entries: readonly number[],
  hooks: SourceHooks,
): EffectSource {
  return new DatabaseEffects(MYSQL, settings, entries, hooks);
}
