/**
 * The judgement (DESIGN section 4) as SQL over what was seen: plain statements, the same text on DuckDB and on Spark.
 *
 * It reads the views `messages` and `effects` and the small tables `kinds`, `gaps`, `holes` and `audit_time`, and
 * leaves two tables: `facts`, one short line for each key, and `judged`, one line for each (event, kind) of the keys
 * that are not plainly as expected (`odd_keys`). Configured names and values never stand in the text: kinds go by number.
 *
 * Time is BIGINT microseconds (`_us`), but milliseconds where a column is called `_ts` and belongs to a message.
 * An absent bound is FAR_PAST or FAR_FUTURE, so that no comparison meets a NULL.
 */
import { UNBOUNDED } from '../columns.ts';

/** Beyond every real time, and far enough from the ends of BIGINT to be compared without overflow. */
export const FAR_PAST = -9_000_000_000_000_000_000n;
export const FAR_FUTURE = 9_000_000_000_000_000_000n;

/** `place_id` and `line_no` of an effect in one number, so that the smallest names one record. */
export const PLACE_UNIT = 1_099_511_627_776n;

export interface Statement {
  readonly name: string;
  readonly kind: 'view' | 'table';
  readonly select: string;
}

/** Repeats a fragment for each kind; `#` stands for its number. */
function forKinds(kinds: number, fragment: string, between = ',\n       '): string {
  return Array.from({ length: kinds }, (_, kind) => fragment.replaceAll('#', String(kind))).join(between);
}

/**
 * Which keys are plainly as expected: one event, at most one effect of each kind and that in its window, as many as
 * expected, and every window settled and seen. They need no further proof: count and most are both that number.
 * @param exact judge every key by the full rules instead; the answers must be the same.
 */
export function factStatements(kinds: number, exact: boolean): readonly Statement[] {
  return [
    {
      name: 'key_messages',
      kind: 'view',
      select: `
SELECT m.msg_key AS msg_key, count(*) AS copies, CAST(sum(m.in_range) AS BIGINT) AS judged_copies,
       min(m.msg_ts) AS first_ts, max(m.msg_ts) AS last_ts,
       CASE WHEN min(m.event_id) = max(m.event_id) AND min(m.digest) = max(m.digest) THEN 1 ELSE 0 END AS one_event,
       ${forKinds(kinds, 'min(m.expect_min_#) AS least_min_#, max(m.expect_min_#) AS expect_min_#, min(m.expect_max_#) AS least_max_#, max(m.expect_max_#) AS expect_max_#')}
FROM messages AS m
WHERE m.class_id = 0 AND m.msg_key <> ''
GROUP BY m.msg_key`,
    },
    {
      name: 'key_effects',
      kind: 'view',
      select: `
SELECT f.effect_kind AS effect_kind, f.effect_key AS effect_key, count(*) AS seen,
       min(f.effect_ts) AS first_us, max(f.effect_ts) AS last_us
FROM effects AS f
WHERE f.effect_key <> ''
GROUP BY f.effect_kind, f.effect_key`,
    },
    {
      name: 'key_windows',
      kind: 'view',
      select: `
SELECT k.msg_key AS msg_key, k.copies AS copies, k.judged_copies AS judged_copies, k.first_ts AS first_ts, k.one_event AS one_event,
       ${forKinds(kinds, 'k.least_min_# AS least_min_#, k.expect_min_# AS expect_min_#, k.least_max_# AS least_max_#, k.expect_max_# AS expect_max_#, COALESCE(e#.seen, 0) AS seen_#, e#.first_us AS first_us_#, e#.last_us AS last_us_#, k.first_ts * 1000 - x#.lead_us AS from_us_#, k.last_ts * 1000 + x#.settle_us AS to_us_#, x#.read_at_us AS read_at_us_#, x#.covered AS covered_#, x#.row_edge AS row_edge_#, x#.span_from_us AS span_from_us_#, x#.span_to_us AS span_to_us_#')}
FROM key_messages AS k
${forKinds(kinds, 'JOIN kinds AS x# ON x#.effect_kind = #\nLEFT JOIN key_effects AS e# ON e#.effect_kind = # AND e#.effect_key = k.msg_key', '\n')}`,
    },
    {
      name: 'facts',
      kind: 'table',
      select: `
SELECT CASE WHEN w.judged_copies > 0 AND NOT (${
        exact
          ? 'FALSE'
          : `w.one_event = 1 AND w.first_ts >= 0
         AND ${forKinds(kinds, `(${plain()})`, '\n         AND ')}`
      })
       THEN w.msg_key END AS odd_key,
       w.copies AS copies, w.judged_copies AS judged_copies,
       ${forKinds(kinds, 'w.expect_max_# AS expect_max_#, w.seen_# AS seen_#, CASE WHEN w.seen_# > 0 THEN floor(w.first_us_# / 1000) - w.first_ts END AS latency_#')}
FROM key_windows AS w`,
    },
    {
      name: 'odd_keys',
      kind: 'table',
      select: `
SELECT a.odd_key AS odd_key FROM facts AS a WHERE a.odd_key IS NOT NULL
UNION ALL
SELECT DISTINCT f.effect_key AS odd_key
FROM effects AS f
CROSS JOIN audit_time AS t
WHERE f.effect_key <> '' AND f.effect_ts >= t.range_from_us AND f.effect_ts < t.range_to_us
  AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.class_id = 0 AND m.msg_key = f.effect_key)`,
    },
  ];
}

/** The condition on one kind (`#`) under which a key's only event is plainly as expected. */
function plain(): string {
  return `w.least_min_# = w.expect_min_# AND w.least_max_# = w.expect_max_# AND w.expect_max_# >= 0
           AND w.seen_# <= 1 AND w.seen_# >= w.expect_min_# AND w.seen_# <= w.expect_max_#
           AND (w.seen_# = 0 OR (w.first_us_# >= w.from_us_# AND w.last_us_# <= w.to_us_#))
           AND w.to_us_# <= w.read_at_us_# AND w.covered_# = 1 AND w.to_us_# <= w.span_to_us_#
           AND (CASE WHEN w.row_edge_# = 1 THEN w.to_us_# ELSE w.from_us_# END) >= w.span_from_us_#
           AND NOT EXISTS (SELECT 1 FROM gaps AS g WHERE g.effect_kind = # AND g.from_us <= w.to_us_# AND g.to_us >= w.from_us_#)`;
}

/** The full rules, for the keys in `odd_keys`. */
export function judgeStatements(kinds: number): readonly Statement[] {
  return [...eventStatements(kinds), ...walkStatements(), ...verdictStatements()];
}

/** Rule 4: messages to events; then one line for each (event, kind) with its window and what it expects. */
function eventStatements(kinds: number): readonly Statement[] {
  const expectations = forKinds(
    kinds,
    'max(CASE WHEN c.copy_no = 1 THEN c.expect_min_# END) AS expect_min_#, max(CASE WHEN c.copy_no = 1 THEN c.expect_max_# END) AS expect_max_#',
  );
  return [
    {
      name: 'copies_of',
      kind: 'view',
      select: `
SELECT m.partition_id AS partition_id, m.offset_id AS offset_id, m.msg_ts AS msg_ts, m.in_range AS in_range,
       m.msg_key AS msg_key, m.event_id AS event_id, m.digest AS digest,
       ${forKinds(kinds, 'm.expect_min_# AS expect_min_#, m.expect_max_# AS expect_max_#')},
       row_number() OVER (PARTITION BY m.msg_key, m.event_id, m.digest ORDER BY m.msg_ts, m.partition_id, m.offset_id) AS copy_no
FROM messages AS m
JOIN odd_keys AS o ON o.odd_key = m.msg_key
WHERE m.class_id = 0`,
    },
    {
      // event_no numbers the events of a key by their earliest copy: small numbers, so that sums of them stay small.
      name: 'odd_events',
      kind: 'table',
      select: `
SELECT g.*, CAST(row_number() OVER (PARTITION BY g.msg_key ORDER BY g.first_ts, g.first_partition, g.first_offset) AS BIGINT) AS event_no
FROM (
  SELECT c.msg_key AS msg_key, c.event_id AS event_id, c.digest AS digest, count(*) AS copies,
         CAST(sum(c.in_range) AS BIGINT) AS judged_copies, min(c.msg_ts) AS first_ts, max(c.msg_ts) AS last_ts,
         max(CASE WHEN c.copy_no = 1 THEN c.partition_id END) AS first_partition,
         max(CASE WHEN c.copy_no = 1 THEN c.offset_id END) AS first_offset,
         ${expectations}
  FROM copies_of AS c
  GROUP BY c.msg_key, c.event_id, c.digest
) AS g`,
    },
    {
      name: 'windows',
      kind: 'view',
      select: `
SELECT e.msg_key AS msg_key, e.event_no AS event_no, e.event_id AS event_id, e.digest AS digest, e.copies AS copies,
       e.judged_copies AS judged_copies, e.first_ts AS first_ts, k.effect_kind AS effect_kind,
       CASE ${forKinds(kinds, 'WHEN k.effect_kind = # THEN e.expect_min_#', ' ')} END AS expect_min,
       CASE ${forKinds(kinds, 'WHEN k.effect_kind = # THEN e.expect_max_#', ' ')} END AS expect_max,
       CASE WHEN e.first_ts < 0 THEN 1 ELSE 0 END AS bad_time,
       CASE WHEN e.first_ts < 0 THEN ${FAR_PAST} ELSE e.first_ts * 1000 - k.lead_us END AS from_us,
       CASE WHEN e.first_ts < 0 THEN ${FAR_FUTURE} ELSE e.last_ts * 1000 + k.settle_us END AS to_us
FROM odd_events AS e
CROSS JOIN kinds AS k`,
    },
    {
      // Rules 8 and 13: effects go to the events of the key that expect the kind, or may; where none does, to any event.
      name: 'takers',
      kind: 'table',
      select: `
SELECT w.*, max(CASE WHEN w.expect_max <> 0 THEN 1 ELSE 0 END) OVER (PARTITION BY w.msg_key, w.effect_kind) AS key_expects
FROM windows AS w`,
    },
    {
      name: 'key_takers',
      kind: 'view',
      select: `
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, max(t.key_expects) AS key_expects,
       count(*) AS takers, max(t.event_no) AS last_taker
FROM takers AS t
WHERE t.expect_max <> 0 OR t.key_expects = 0
GROUP BY t.msg_key, t.effect_kind`,
    },
    {
      // Rule 5: an effect is one by its id, however often it was seen.
      name: 'one_effect',
      kind: 'table',
      select: `
SELECT f.effect_kind AS effect_kind, f.effect_key AS effect_key, f.effect_id AS effect_id,
       min(CASE WHEN f.effect_ts < ${FAR_PAST} THEN NULL ELSE f.effect_ts END) AS effect_ts,
       min(f.place_id * ${PLACE_UNIT} + f.line_no) AS located
FROM effects AS f
JOIN odd_keys AS o ON o.odd_key = f.effect_key
GROUP BY f.effect_kind, f.effect_key, f.effect_id`,
    },
  ];
}

/**
 * Rule 8 without comparing each effect to each event, which a key with many of both would not survive. Beginnings of
 * windows, effects and ends are walked in the order of time (at one instant in this order: windows include both ends).
 * After each step, `began` minus `ended` windows are open, and where exactly one is, the sum of the numbers of those
 * that began minus the sum of those that ended is its number.
 */
function walkStatements(): readonly Statement[] {
  return [
    {
      name: 'timeline',
      kind: 'view',
      select: `
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.from_us AS at_us, 0 AS step, t.event_no AS event_no, '' AS effect_id
FROM takers AS t WHERE t.expect_max <> 0 OR t.key_expects = 0
UNION ALL
SELECT f.effect_key AS msg_key, f.effect_kind AS effect_kind, f.effect_ts AS at_us, 1 AS step, CAST(0 AS BIGINT) AS event_no, f.effect_id AS effect_id
FROM one_effect AS f WHERE f.effect_ts IS NOT NULL
UNION ALL
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.to_us AS at_us, 2 AS step, t.event_no AS event_no, '' AS effect_id
FROM takers AS t WHERE t.expect_max <> 0 OR t.key_expects = 0`,
    },
    {
      name: 'walk',
      kind: 'view',
      select: `
SELECT l.*,
       CAST(sum(CASE WHEN l.step = 0 THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS began,
       CAST(sum(CASE WHEN l.step = 2 THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS ended,
       CAST(sum(CASE WHEN l.step = 0 THEN l.event_no WHEN l.step = 2 THEN -l.event_no ELSE 0 END) OVER so_far AS BIGINT) AS open_nos,
       CAST(sum(CASE WHEN l.step = 0 THEN l.event_no ELSE 0 END) OVER so_far AS BIGINT) AS began_nos
FROM timeline AS l
WINDOW so_far AS (PARTITION BY l.msg_key, l.effect_kind ORDER BY l.at_us, l.step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`,
    },
    {
      // Where none of the key expects the kind, began is also the number of the last event that began (rule 13). An
      // effect up to `lead` before the time that messages were read to may already be a later message's.
      name: 'fates',
      kind: 'table',
      select: `
SELECT l.msg_key AS msg_key, l.effect_kind AS effect_kind, l.at_us AS at_us, l.step AS step, l.event_no AS event_no, l.effect_id AS effect_id,
       CASE WHEN l.step <> 1 THEN ''
            WHEN l.began = 0 THEN 'early'
            WHEN k.key_expects = 1 AND l.began - l.ended = 1 THEN 'own'
            WHEN k.key_expects = 1 AND l.began - l.ended > 1 THEN 'within'
            WHEN k.key_expects = 0 AND l.began - l.ended > 0 THEN 'own'
            WHEN l.at_us > a.read_to_us - x.lead_us THEN 'late'
            WHEN k.key_expects = 0 OR l.began = 1 THEN 'own'
            ELSE 'after' END AS fate,
       CASE WHEN k.key_expects = 0 THEN l.began
            WHEN l.began - l.ended = 1 THEN l.open_nos
            ELSE l.began_nos END AS owner_no
FROM walk AS l
JOIN key_takers AS k ON k.msg_key = l.msg_key AND k.effect_kind = l.effect_kind
JOIN kinds AS x ON x.effect_kind = l.effect_kind
CROSS JOIN audit_time AS a`,
    },
    {
      name: 'counted',
      kind: 'view',
      select: `
SELECT f.*,
       CAST(sum(CASE WHEN f.fate = 'within' THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS within_so_far,
       CAST(sum(CASE WHEN f.fate = 'after' THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS after_so_far,
       CAST(sum(CASE WHEN f.fate = 'late' THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS late_so_far,
       CAST(sum(CASE WHEN f.fate = 'after' THEN 1 ELSE 0 END) OVER of_key AS BIGINT) AS after_of_key,
       CAST(sum(CASE WHEN f.fate = 'late' THEN 1 ELSE 0 END) OVER of_key AS BIGINT) AS late_of_key,
       CAST(sum(CASE WHEN f.fate = 'early' THEN 1 ELSE 0 END) OVER of_key AS BIGINT) AS early_of_key
FROM fates AS f
WINDOW so_far AS (PARTITION BY f.msg_key, f.effect_kind ORDER BY f.at_us, f.step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
       of_key AS (PARTITION BY f.msg_key, f.effect_kind)`,
    },
    {
      // An effect inside several windows is contested by those it is in; one outside by all that began before it.
      name: 'contested',
      kind: 'view',
      select: `
SELECT c.msg_key AS msg_key, c.effect_kind AS effect_kind, c.event_no AS event_no,
       max(CASE WHEN c.step = 2 THEN c.within_so_far END) - max(CASE WHEN c.step = 0 THEN c.within_so_far END)
         + max(c.after_of_key) - max(CASE WHEN c.step = 0 THEN c.after_so_far END) AS rivals,
       max(c.late_of_key) - max(CASE WHEN c.step = 0 THEN c.late_so_far END) AS late,
       max(c.early_of_key) AS early
FROM counted AS c
WHERE c.step <> 1
GROUP BY c.msg_key, c.effect_kind, c.event_no`,
    },
    {
      // Without a time: surely its key's only taker's, else contested by all of them.
      name: 'untimed',
      kind: 'view',
      select: `
SELECT f.effect_key AS msg_key, f.effect_kind AS effect_kind, f.effect_id AS effect_id, k.takers AS takers, k.last_taker AS last_taker
FROM one_effect AS f
JOIN key_takers AS k ON k.msg_key = f.effect_key AND k.effect_kind = f.effect_kind
WHERE f.effect_ts IS NULL`,
    },
    {
      name: 'untimed_rivals',
      kind: 'view',
      select: `
SELECT u.msg_key AS msg_key, u.effect_kind AS effect_kind, count(*) AS rivals
FROM untimed AS u
WHERE u.takers > 1
GROUP BY u.msg_key, u.effect_kind`,
    },
    {
      name: 'own_effects',
      kind: 'table',
      select: `
SELECT f.msg_key AS msg_key, f.effect_kind AS effect_kind, f.owner_no AS event_no, f.effect_id AS effect_id, f.at_us AS effect_ts
FROM fates AS f
WHERE f.fate = 'own'
UNION ALL
SELECT u.msg_key AS msg_key, u.effect_kind AS effect_kind, u.last_taker AS event_no, u.effect_id AS effect_id, CAST(NULL AS BIGINT) AS effect_ts
FROM untimed AS u
WHERE u.takers = 1`,
    },
    {
      name: 'own_counts',
      kind: 'view',
      select: `
SELECT o.msg_key AS msg_key, o.effect_kind AS effect_kind, o.event_no AS event_no, count(*) AS own,
       min(o.effect_ts) AS first_us, max(o.effect_ts) AS last_us
FROM own_effects AS o
GROUP BY o.msg_key, o.effect_kind, o.event_no`,
    },
  ];
}

/**
 * Rules 9, 10 and 12. Each (event, kind) has an interval of how many effects it may have had.
 *
 * Its lower end are the effects that are surely the event's (`own`), less those of its surplus that an earlier event of
 * the key may have had late, or a message that is gone from the log. Its upper end (`reach`) adds those that may be the
 * event's: `rivals`, `late`, `strays`, what a later event of the key has to spare, and, only for an event that would
 * otherwise be called missing, those before every window of its key (`early`). It has no end (`open_end`) where
 * something could not be seen: the window is not over, or the source did not see all of it.
 *
 * A verdict is given only where every number of the interval leads to it; else it is unknown, with the first reason
 * that fits.
 */
function verdictStatements(): readonly Statement[] {
  return [...intervalStatements(), ...tradeStatements(), ...endStatements()];
}

function intervalStatements(): readonly Statement[] {
  return [
    {
      // An effect before every window that expects it may be one that an event which expects none should not have had.
      name: 'strays',
      kind: 'view',
      select: `
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.event_no AS event_no, count(*) AS strays
FROM takers AS t
JOIN fates AS f ON f.msg_key = t.msg_key AND f.effect_kind = t.effect_kind AND f.fate = 'early'
WHERE t.key_expects = 1 AND t.expect_max = 0 AND f.at_us >= t.from_us
GROUP BY t.msg_key, t.effect_kind, t.event_no`,
    },
    {
      name: 'intervals',
      kind: 'view',
      select: `
SELECT t.*, COALESCE(o.own, 0) AS own, o.first_us AS first_us, o.last_us AS last_us,
       COALESCE(c.rivals, 0) + CASE WHEN t.expect_max <> 0 OR t.key_expects = 0 THEN COALESCE(u.rivals, 0) ELSE 0 END AS rivals,
       COALESCE(c.late, 0) AS late, COALESCE(s.strays, 0) AS strays,
       CASE WHEN t.key_expects = 1 THEN COALESCE(c.early, 0) ELSE 0 END AS early,
       CASE WHEN t.to_us > k.read_at_us THEN 1 ELSE 0 END AS unsettled,
       CASE WHEN k.covered = 0 OR t.to_us > k.span_to_us
              OR (CASE WHEN k.row_edge = 1 THEN t.to_us ELSE t.from_us END) < k.span_from_us
              OR EXISTS (SELECT 1 FROM gaps AS g WHERE g.effect_kind = t.effect_kind AND g.from_us <= t.to_us AND g.to_us >= t.from_us)
            THEN 1 ELSE 0 END AS unseen,
       k.keyless_over AS keyless_over, k.lead_us AS lead_us, k.settle_us AS settle_us
FROM takers AS t
JOIN kinds AS k ON k.effect_kind = t.effect_kind
LEFT JOIN own_counts AS o ON o.msg_key = t.msg_key AND o.effect_kind = t.effect_kind AND o.event_no = t.event_no
LEFT JOIN contested AS c ON c.msg_key = t.msg_key AND c.effect_kind = t.effect_kind AND c.event_no = t.event_no
LEFT JOIN strays AS s ON s.msg_key = t.msg_key AND s.effect_kind = t.effect_kind AND s.event_no = t.event_no
LEFT JOIN untimed_rivals AS u ON u.msg_key = t.msg_key AND u.effect_kind = t.effect_kind`,
    },
    {
      // An event whose expectation could not be read may lack any number.
      name: 'weighed',
      kind: 'table',
      select: `
SELECT i.*,
       CASE WHEN i.expect_max = 0 THEN 0 WHEN i.expect_max < 0 THEN ${UNBOUNDED}
            WHEN i.own < i.expect_min THEN i.expect_min - i.own ELSE 0 END AS lacking,
       CASE WHEN i.expect_max >= 0 AND i.own > i.expect_max THEN i.own - i.expect_max ELSE 0 END AS spare
FROM intervals AS i`,
    },
  ];
}

/**
 * After a stand-still a service works off what has piled up, and the effects of an early event lie in the window of a
 * later one of the same key. So what one event has to spare may be what an event that began before lacks: neither is
 * called duplicate or missing as far as the two may cancel out. (One has to spare only what happened after the other
 * began; again a walk in time.)
 */
function tradeStatements(): readonly Statement[] {
  return [
    {
      name: 'trade',
      kind: 'view',
      select: `
SELECT w.msg_key AS msg_key, w.effect_kind AS effect_kind, w.event_no AS event_no, w.from_us AS at_us, 0 AS step, w.lacking AS lacking, CAST(0 AS BIGINT) AS spare
FROM weighed AS w WHERE w.lacking > 0
UNION ALL
SELECT w.msg_key AS msg_key, w.effect_kind AS effect_kind, w.event_no AS event_no, COALESCE(w.last_us, ${FAR_FUTURE}) AS at_us, 1 AS step, CAST(0 AS BIGINT) AS lacking, w.spare AS spare
FROM weighed AS w WHERE w.spare > 0 AND w.expect_max > 0`,
    },
    {
      name: 'traded',
      kind: 'view',
      select: `
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.event_no AS event_no, t.step AS step,
       CAST(sum(t.lacking) OVER so_far AS BIGINT) AS lacking_before,
       CAST(sum(t.spare) OVER of_key AS BIGINT) - CAST(sum(t.spare) OVER so_far AS BIGINT) AS spare_after
FROM trade AS t
WINDOW so_far AS (PARTITION BY t.msg_key, t.effect_kind ORDER BY t.at_us, t.step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
       of_key AS (PARTITION BY t.msg_key, t.effect_kind)`,
    },
  ];
}

function endStatements(): readonly Statement[] {
  return [
    {
      // Rule 12: where offsets are gone or were not seen, the message of a surplus may have been there.
      name: 'doubted',
      kind: 'view',
      select: `
SELECT w.*,
       CASE WHEN d.step = 1 AND d.lacking_before > 0 THEN LEAST(w.spare, d.lacking_before) ELSE 0 END AS lent,
       CASE WHEN d.step = 0 THEN d.spare_after ELSE 0 END AS borrowed,
       CASE WHEN w.spare > 0 AND EXISTS (SELECT 1 FROM holes AS h
              WHERE h.from_us - w.lead_us <= COALESCE(w.last_us, ${FAR_FUTURE}) AND h.to_us + w.settle_us >= COALESCE(w.first_us, ${FAR_PAST}))
            THEN w.spare ELSE 0 END AS gone
FROM weighed AS w
LEFT JOIN traded AS d ON d.msg_key = w.msg_key AND d.effect_kind = w.effect_kind AND d.event_no = w.event_no`,
    },
    {
      name: 'reaches',
      kind: 'view',
      select: `
SELECT b.*, b.own - GREATEST(b.lent, b.gone) AS surely, b.own + b.rivals + b.late + b.strays + b.borrowed AS may_be
FROM doubted AS b`,
    },
    {
      // Early effects count only against 'missing'; too many effects without a key take the proof from 'missing' (rule 6).
      name: 'ends',
      kind: 'view',
      select: `
SELECT r.*,
       r.may_be + CASE WHEN r.may_be < r.expect_min THEN r.early ELSE 0 END AS reach,
       CASE WHEN r.unsettled = 1 OR r.unseen = 1 OR r.bad_time = 1 THEN 1
            WHEN r.keyless_over = 1 AND r.may_be + r.early < r.expect_min THEN 1
            ELSE 0 END AS open_end
FROM reaches AS r`,
    },
    {
      name: 'verdicts',
      kind: 'view',
      select: `
SELECT n.*,
       CASE WHEN n.bad_time = 1 OR n.expect_max < 0 THEN 'unknown'
            WHEN n.surely > n.expect_max THEN CASE WHEN n.expect_max = 0 THEN 'unexpected' ELSE 'duplicate' END
            WHEN n.open_end = 0 AND n.reach < n.expect_min THEN 'missing'
            WHEN n.open_end = 0 AND n.surely >= n.expect_min AND n.reach <= n.expect_max
              THEN CASE WHEN n.expect_max = 0 THEN 'exempt' ELSE 'ok' END
            ELSE 'unknown' END AS verdict
FROM ends AS n`,
    },
    {
      name: 'judged',
      kind: 'table',
      select: `
SELECT v.msg_key AS msg_key, v.event_no AS event_no, v.event_id AS event_id, v.digest AS digest, v.copies AS copies,
       v.judged_copies AS judged_copies, v.first_ts AS first_ts, v.effect_kind AS effect_kind, v.expect_min AS expect_min,
       v.expect_max AS expect_max, v.surely AS surely, CASE WHEN v.open_end = 0 THEN v.reach END AS most,
       CASE WHEN v.surely >= 2 THEN 'multiple'
            WHEN v.open_end = 0 AND v.reach = 0 THEN 'zero'
            WHEN v.open_end = 0 AND v.surely = 1 AND v.reach = 1 THEN 'one'
            ELSE 'unknown' END AS outcome,
       v.verdict AS verdict,
       CASE WHEN v.verdict <> 'unknown' THEN ''
            WHEN v.bad_time = 1 THEN 'bad-time'
            WHEN v.expect_max = -1 THEN 'undecodable'
            WHEN v.expect_max = -2 THEN 'no-expectation'
            WHEN v.unsettled = 1 THEN 'not-settled'
            WHEN v.open_end = 1 THEN 'source-gap'
            WHEN v.rivals > 0 OR v.lent > 0 OR v.borrowed > 0 THEN 'ambiguous'
            WHEN v.gone > 0 THEN 'compacted'
            WHEN v.late > 0 THEN 'late'
            ELSE 'early' END AS reason,
       v.first_us AS first_us, v.last_us AS last_us
FROM verdicts AS v
WHERE v.judged_copies > 0`,
    },
    {
      // Rule 15. Reasons in the order in which they explain: a message that was read explains more than one that was not.
      name: 'orphans',
      kind: 'table',
      select: `
SELECT f.effect_kind AS effect_kind, f.effect_id AS effect_id, f.effect_ts AS effect_ts, f.effect_key AS effect_key, f.located AS located,
       CASE WHEN EXISTS (SELECT 1 FROM messages AS m WHERE m.class_id = 1 AND m.msg_key = f.effect_key) THEN 'skipped'
            WHEN EXISTS (SELECT 1 FROM messages AS m WHERE m.class_id = 2 AND m.msg_key = f.effect_key) THEN 'aborted'
            WHEN a.unread_partitions > 0 THEN 'unread'
            WHEN EXISTS (SELECT 1 FROM holes AS h WHERE h.from_us - k.lead_us <= f.effect_ts AND f.effect_ts <= h.to_us + k.settle_us) THEN 'unread'
            ELSE 'no-message' END AS reason
FROM one_effect AS f
JOIN kinds AS k ON k.effect_kind = f.effect_kind
CROSS JOIN audit_time AS a
WHERE f.effect_ts >= a.range_from_us AND f.effect_ts < a.range_to_us
  AND NOT EXISTS (SELECT 1 FROM odd_events AS e WHERE e.msg_key = f.effect_key)`,
    },
  ];
}
