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

/** How far a standby is; times are epoch milliseconds as text. */
export interface Standby {
  /** When the last transaction that it shows was committed. */
  readonly replayed: string | null;
  /** When the primary last said where its log ends, if all up to there is shown; null: it is not, or not for this role to see. */
  readonly caughtUp: string | null;
  readonly maySee: boolean;
}

/** Of each statement from here on; the limit also runs while the audit is slow to take rows. @param ms milliseconds */
export async function limitTime(session: Session, ms: number): Promise<void> {
  await session.rows('setting a time limit', `SET LOCAL statement_timeout = ${ms}`);
}

/** Begins the transaction. It ends with the session; it changes nothing, so there is nothing to commit. */
export async function beginSnapshot(session: Session): Promise<Snapshot> {
  // Asked first: what was replayed by then, the snapshot shows.
  const standby = await standbyOf(session);
  await session.rows('beginning a read-only transaction', BEGIN);
  await limitTime(session, CATALOG_TIMEOUT_MS);
  const before = Date.now();
  // The first query takes the snapshot, after the server's clock was read for its start: no row is promised unseen.
  const [moment] = await session.rows<{ now: string }>(
    'taking the snapshot',
    'SELECT floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint::text AS now',
  );
  return snapshotOf(Number(moment!.now), standby, (before + Date.now()) / 2);
}

/**
 * While the primary is idle nothing is committed, and the last transaction gets old however well the standby follows:
 * then the primary's word counts. It sends the end of its log along with everything, whatever of it is still to come.
 * (https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-WAL-RECEIVER-VIEW)
 */
async function standbyOf(session: Session): Promise<Standby | undefined> {
  const doing = 'asking whether it is a standby';
  const [server] = await session.rows<{ recovery: boolean }>(doing, 'SELECT pg_is_in_recovery() AS recovery');
  if (!server!.recovery) return undefined;
  const ms = (time: string) => `floor(extract(epoch FROM ${time}) * 1000)::bigint::text`;
  const sql = `
    SELECT ${ms('pg_last_xact_replay_timestamp()')} AS replayed,
           (SELECT ${ms('last_msg_send_time')} FROM pg_stat_wal_receiver
            WHERE latest_end_lsn <= pg_last_wal_replay_lsn()) AS "caughtUp",
           pg_has_role('pg_read_all_stats', 'usage') AS "maySee"`;
  const [standby] = await session.rows<Standby>(doing, sql);
  return standby!;
}

/**
 * @param now the server's clock, epoch milliseconds
 * @param standby undefined: the server is the primary
 * @param localNow this machine's clock at the same moment
 */
export function snapshotOf(now: number, standby: Standby | undefined, localNow: number): Snapshot {
  const notes = clockNotes(now - localNow);
  if (standby === undefined) return { readAt: now, notes };
  const { replayed, caughtUp, maySee } = standby;
  const hint = maySee ? [] : [BLIND_ROLE];
  // A standby that cannot say how far it is proves nothing about any moment.
  if (replayed === null && caughtUp === null) {
    const nothing = 'read from a standby that has not replayed anything: nothing is settled';
    return { readAt: 0, notes: [...notes, nothing, ...hint] };
  }
  const readAt = Math.min(now, Math.max(Number(replayed), Number(caughtUp)));
  const lag = ((now - readAt) / 1000).toFixed(1);
  const state = `read from a standby, which showed the state of ${new Date(readAt).toISOString()}, ${lag} s behind`;
  return { readAt, notes: [...notes, state, ...hint] };
}

const BLIND_ROLE =
  'while the primary is idle, only a role with pg_read_all_stats can see that a standby is not behind';
