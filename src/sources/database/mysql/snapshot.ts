/** The one read-only transaction that all rows are read in, and the moment up to which it shows them. */
import { isAuditError } from '../../../error.ts';
import { clockNotes, type Snapshot } from '../snapshot.ts';
import { serverError } from './failures.ts';
import type { Session } from './session.ts';

/** A read waits only while the table is altered; others queue behind it while it waits, so it gives up soon. */
const LOCK_TIMEOUT_S = 10;
/** Of what is asked before rows are read. */
const CATALOG_TIMEOUT_MS = 60_000;
/** The most that either server takes for a time limit in milliseconds. */
const LONGEST_MS = 2 ** 32 - 1;
const A_DAY_S = 86_400;

/** Modes that change what is read or compared: zero dates as errors, backslashes, CHAR with its padding. */
const UNWANTED_MODES = [
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
  'NO_BACKSLASH_ESCAPES',
  'PAD_CHAR_TO_FULL_LENGTH',
  'TRADITIONAL',
];

const UNKNOWN_VARIABLE = 1193;
const UNKNOWN_STATEMENT = 1064;
const ACCESS_DENIED = 1227;

/** What a server says of how far it is behind its source; of one channel. */
export interface Replication {
  /** Whole seconds; null: replication does not run. */
  readonly behind: string | null;
}

/** Of each statement from here on; the limit also runs while the audit is slow to take rows. @param ms milliseconds */
export async function limitTime(session: Session, ms: number): Promise<void> {
  const limit = Math.min(ms, LONGEST_MS);
  const doing = 'setting a time limit';
  // Else the server gives up on a reader that pauses for a minute.
  await session.rows(doing, `SET SESSION net_write_timeout = ${Math.ceil(limit / 1000)}`);
  await setFirstKnown(session, doing, [
    `max_statement_time = ${limit / 1000}`,
    `max_execution_time = ${limit}`,
  ]);
}

/** Begins the transaction. It ends with the session; it changes nothing, so there is nothing to commit. */
export async function beginSnapshot(session: Session): Promise<Snapshot> {
  await prepare(session);
  // Asked first: what was applied by then, the snapshot shows. So does it show what was committed by `now`.
  const replication = await replicationOf(session);
  const before = Date.now();
  const [moment] = await session.rows<{ now: string }>(
    'asking for the time',
    'SELECT CAST(FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000) AS CHAR) AS now',
  );
  const localNow = (before + Date.now()) / 2;
  await session.rows(
    'beginning a read-only transaction',
    'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
  );
  return snapshotOf(Number(moment!.now), replication, localNow);
}

async function prepare(session: Session): Promise<void> {
  const doing = 'preparing the session';
  const [{ mode } = { mode: '' }] = await session.rows<{ mode: string }>(
    doing,
    'SELECT @@SESSION.sql_mode AS mode',
  );
  const modes = mode.split(',').filter((one) => !UNWANTED_MODES.includes(one));
  const settings = [
    'SET NAMES utf8mb4',
    "SET SESSION time_zone = '+00:00'",
    `SET SESSION sql_mode = '${modes.join(',')}'`,
    // A limit for people at a prompt would cut the rows off without a word.
    'SET SESSION sql_select_limit = 18446744073709551615',
    `SET SESSION lock_wait_timeout = ${LOCK_TIMEOUT_S}`,
    // Rows wait in the audit between two tables; a limit made for applications must not end it there.
    `SET SESSION wait_timeout = ${A_DAY_S}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    'SET SESSION TRANSACTION READ ONLY',
  ];
  for (const setting of settings) await session.rows(doing, setting);
  await setFirstKnown(session, doing, ['idle_transaction_timeout = 0']);
  await setFirstKnown(session, doing, ['idle_readonly_transaction_timeout = 0']);
  await limitTime(session, CATALOG_TIMEOUT_MS);
}

/** MySQL and MariaDB have other names for the same. */
async function setFirstKnown(session: Session, doing: string, settings: readonly string[]): Promise<void> {
  for (const setting of settings) {
    try {
      await session.rows(doing, `SET SESSION ${setting}`);
      return;
    } catch (error) {
      if (!isServerError(error, UNKNOWN_VARIABLE)) throw error;
    }
  }
}

/** Undefined: the user may not see it. Empty: the server is no replica. */
async function replicationOf(session: Session): Promise<readonly Replication[] | undefined> {
  // MariaDB, which shows only the unnamed channel otherwise; MySQL from 8.0.22 on; MySQL before.
  for (const statement of ['SHOW ALL SLAVES STATUS', 'SHOW REPLICA STATUS', 'SHOW SLAVE STATUS']) {
    try {
      const rows = await session.rows<Record<string, string | number | null>>(
        'asking whether it is a replica',
        statement,
      );
      return rows.map((row) => {
        const behind = row.Seconds_Behind_Source ?? row.Seconds_Behind_Master ?? null;
        return { behind: behind === null ? null : String(behind) };
      });
    } catch (error) {
      if (isServerError(error, ACCESS_DENIED)) return undefined;
      if (!isServerError(error, UNKNOWN_STATEMENT)) throw error;
    }
  }
  return undefined;
}

function isServerError(error: unknown, number: number): boolean {
  return isAuditError(error) && serverError(error.cause) === number;
}

/**
 * @param now the server's clock, epoch milliseconds
 * @param localNow this machine's at the same moment
 */
export function snapshotOf(
  now: number,
  replication: readonly Replication[] | undefined,
  localNow: number,
): Snapshot {
  const notes = clockNotes(now - localNow);
  if (replication === undefined) {
    const unseen =
      'whether the server is a replica, and how far behind, was not to be seen (REPLICATION CLIENT shows it)';
    return { readAt: now, notes: [...notes, unseen] };
  }
  if (replication.length === 0) return { readAt: now, notes };
  if (replication.some(({ behind }) => behind === null)) {
    // A replica that does not follow proves nothing about any moment.
    return {
      readAt: 0,
      notes: [...notes, 'read from a replica that does not follow its source: nothing is settled'],
    };
  }
  // The server counts whole seconds, so that it may be almost one more.
  const behind = Math.max(...replication.map((channel) => Number(channel.behind))) + 1;
  const readAt = now - behind * 1000;
  const until = new Date(readAt).toISOString();
  return {
    readAt,
    notes: [
      ...notes,
      `read from a replica, which showed the state of ${until} at least, up to ${behind} s behind`,
    ],
  };
}
