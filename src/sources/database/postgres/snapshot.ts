/** The one read-only transaction that all rows are read in, and the moment up to which it shows them. */
import { clockNotes, type Snapshot } from '../snapshot.ts';
import type { Session } from './session.ts';

/** A read waits only for exclusive locks; others queue behind it while it waits, so it gives up soon. */
const LOCK_TIMEOUT = '10s';
/** Of what is asked before rows are read. */
const CATALOG_TIMEOUT_MS = 60_000;

const BEGIN = [
  'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
  `SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`,
  // Rows wait in the audit between two tables; a limit made for applications must not end it there.
  'SET LOCAL idle_in_transaction_session_timeout = 0',
  "SET LOCAL TimeZone = 'UTC'",
  "SET LOCAL DateStyle = 'ISO'",
  "SET LOCAL client_encoding = 'UTF8'",
  "SET LOCAL bytea_output = 'hex'",
  // Before PostgreSQL 12 the default cut digits off floating-point keys.
  'SET LOCAL extra_float_digits = 3',
].join('; ');

interface Moment {
  readonly now: string;
  readonly recovery: boolean;
  readonly replayed: string | null;
}

/** Of each statement from here on; the limit also runs while the audit is slow to take rows. @param ms milliseconds */
export async function limitTime(session: Session, ms: number): Promise<void> {
  await session.rows('setting a time limit', `SET LOCAL statement_timeout = ${ms}`);
}

/** Begins the transaction. It ends with the session; it changes nothing, so there is nothing to commit. */
export async function beginSnapshot(session: Session): Promise<Snapshot> {
  await session.rows('beginning a read-only transaction', BEGIN);
  await limitTime(session, CATALOG_TIMEOUT_MS);
  const before = Date.now();
  // The first query takes the snapshot, after the server's clock was read for its start: no row is promised unseen.
  const [moment] = await session.rows<Moment>(
    'taking the snapshot',
    `SELECT floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint::text AS now,
            pg_is_in_recovery() AS recovery,
            floor(extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000)::bigint::text AS replayed`,
  );
  return snapshotOf(moment!, (before + Date.now()) / 2);
}

/** @param localNow this machine's clock at the same moment, epoch milliseconds */
export function snapshotOf(moment: Moment, localNow: number): Snapshot {
  const now = Number(moment.now);
  const notes = clockNotes(now - localNow);
  if (!moment.recovery) return { readAt: now, notes };
  if (moment.replayed === null) {
    // A standby that cannot say how far it is proves nothing about any moment.
    return {
      readAt: 0,
      notes: [...notes, 'read from a standby that has not replayed anything: nothing is settled'],
    };
  }
  const readAt = Math.min(now, Number(moment.replayed));
  const lag = ((now - readAt) / 1000).toFixed(1);
  const until = new Date(readAt).toISOString();
  return {
    readAt,
    notes: [...notes, `read from a standby, which showed the state of ${until}, ${lag} s behind`],
  };
}
