/** How many effects may each event have had, and what does every number of that interval say? */
import { UNBOUNDED } from '../../columns.ts';
import { FAR_FUTURE, FAR_PAST, type Statement } from './statement.ts';

/**
 * Rules 9, 10 and 12. Each (event, kind) has an interval of how many effects it may have had.
 *
 * Its lower end are the effects that are surely the event's (`own`), less those of its surplus that an earlier event of
 * the key may have had late, or a message that is gone from the log. Its upper end (`reach`) adds those that may be the
 * event's: `rivals`, `late`, `strays`, what a later event of the key has to spare, and, only for an event that would
 * otherwise be called missing, those before every window of its key (`early`) and those that only a second look found
 * (`beyond`). It has no end (`open_end`) where something could not be seen: the window is not over, or the source did
 * not see all of it.
 *
 * A verdict is given only where every number of the interval leads to it; else it is unknown, with the first reason
 * that fits.
 */
export function verdictStatements(): readonly Statement[] {
  return [...intervalStatements(), ...tradeStatements(), ...endStatements()];
}

function intervalStatements(): readonly Statement[] {
  return [
    {
      // An effect outside every window that expects it may be one that an event which expects none should not have had.
      name: 'strays',
      kind: 'view',
      select: `
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.event_no AS event_no,
       count(CASE WHEN f.fate = 'early' THEN 1 END) AS strays, count(CASE WHEN f.fate = 'beside' THEN 1 END) AS beside
FROM takers AS t
JOIN fates AS f ON f.msg_key = t.msg_key AND f.effect_kind = t.effect_kind
WHERE t.key_expects = 1 AND t.expect_max = 0 AND f.at_us >= t.from_us
  AND (f.fate = 'early' OR (f.fate = 'beside' AND f.at_us <= t.to_us))
GROUP BY t.msg_key, t.effect_kind, t.event_no`,
    },
    {
      name: 'intervals',
      kind: 'view',
      select: `
SELECT t.*, COALESCE(o.own, 0) AS own, COALESCE(o.untimed, 0) AS untimed, o.first_us AS first_us, o.last_us AS last_us,
       COALESCE(o.walked, 0) AS walked, COALESCE(o.walked_untimed, 0) AS walked_untimed, o.walked_first_us AS walked_first_us, o.walked_last_us AS walked_last_us,
       COALESCE(c.rivals, 0) + COALESCE(s.beside, 0) + CASE WHEN t.expect_max <> 0 OR t.key_expects = 0 THEN COALESCE(u.rivals, 0) ELSE 0 END AS rivals,
       COALESCE(c.late, 0) AS late, COALESCE(s.strays, 0) AS strays, COALESCE(c.beyond, 0) AS beyond,
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
      // An event whose expectation could not be read may have room for any number. What names its message is never spare.
      name: 'weighed',
      kind: 'table',
      select: `
SELECT i.*,
       CASE WHEN i.expect_max = 0 THEN 0 WHEN i.expect_max < 0 THEN ${UNBOUNDED}
            WHEN i.own < i.expect_max THEN i.expect_max - i.own ELSE 0 END AS room,
       CASE WHEN i.expect_max >= 0 AND i.own > i.expect_max THEN LEAST(i.walked, i.own - i.expect_max) ELSE 0 END AS spare
FROM intervals AS i`,
    },
  ];
}

/**
 * After a stand-still a service works off what has piled up, and the effects of an early event lie in the window of a
 * later one of the same key. So what one event has to spare may be what an event that began before has room for: neither
 * is called duplicate or missing as far as the two may cancel out. (One has to spare only what happened after the other
 * began; again a walk in time.)
 */
function tradeStatements(): readonly Statement[] {
  return [
    {
      name: 'trade',
      kind: 'view',
      select: `
SELECT w.msg_key AS msg_key, w.effect_kind AS effect_kind, w.event_no AS event_no, w.from_us AS at_us, 0 AS step, w.room AS room, CAST(0 AS BIGINT) AS spare
FROM weighed AS w WHERE w.room > 0
UNION ALL
SELECT w.msg_key AS msg_key, w.effect_kind AS effect_kind, w.event_no AS event_no, COALESCE(w.walked_last_us, ${FAR_FUTURE}) AS at_us, 1 AS step, CAST(0 AS BIGINT) AS room, w.spare AS spare
FROM weighed AS w WHERE w.spare > 0 AND w.expect_max > 0`,
    },
    {
      name: 'traded',
      kind: 'view',
      select: `
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.event_no AS event_no, t.step AS step,
       CAST(sum(t.room) OVER so_far AS BIGINT) AS room_before,
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
      // Rule 12: where offsets are gone or were not seen, or whole partitions not read, the message of a surplus may be there.
      name: 'doubted',
      kind: 'view',
      select: `
SELECT w.*,
       CASE WHEN d.step = 1 AND d.room_before > 0 THEN LEAST(w.spare, d.room_before) ELSE 0 END AS lent,
       CASE WHEN d.step = 0 THEN d.spare_after ELSE 0 END AS borrowed,
       CASE WHEN w.spare > 0 AND (a.rivals_unread = 1 OR EXISTS (SELECT 1 FROM holes AS h
              WHERE h.from_us - w.lead_us <= CASE WHEN w.walked_untimed > 0 THEN ${FAR_FUTURE} ELSE w.walked_last_us END
                AND h.to_us + w.settle_us >= CASE WHEN w.walked_untimed > 0 THEN ${FAR_PAST} ELSE w.walked_first_us END))
            THEN w.spare ELSE 0 END AS gone
FROM weighed AS w
CROSS JOIN audit_time AS a
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
      // Early effects, and those from beyond the time that was read (rule 11), count only against 'missing'; too many effects without a key take the proof from 'missing' (rule 6).
      name: 'ends',
      kind: 'view',
      select: `
SELECT r.*,
       r.may_be + CASE WHEN r.may_be < r.expect_min THEN r.early + r.beyond ELSE 0 END AS reach,
       CASE WHEN r.unsettled = 1 OR r.unseen = 1 OR r.bad_time = 1 THEN 1
            WHEN r.keyless_over = 1 AND r.may_be + r.early + r.beyond < r.expect_min THEN 1
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
            WHEN n.surely >= n.expect_min AND (n.expect_max = ${UNBOUNDED} OR (n.open_end = 0 AND n.reach <= n.expect_max))
              THEN CASE WHEN n.expect_max = 0 THEN 'exempt' ELSE 'ok' END
            ELSE 'unknown' END AS verdict
FROM ends AS n`,
    },
    {
      name: 'reasoned',
      kind: 'view',
      select: `
SELECT v.*,
       CASE WHEN v.verdict <> 'unknown' THEN ''
            WHEN v.bad_time = 1 THEN 'bad-time'
            WHEN v.expect_max = -1 THEN 'undecodable'
            WHEN v.expect_max = -2 THEN 'no-expectation'
            WHEN v.unsettled = 1 THEN 'not-settled'
            WHEN v.open_end = 1 THEN 'source-gap'
            WHEN v.rivals > 0 OR v.lent > 0 OR v.borrowed > 0 THEN 'ambiguous'
            WHEN v.gone > 0 THEN 'compacted'
            WHEN v.late > 0 OR (v.beyond > 0 AND v.may_be < v.expect_min) THEN 'late'
            ELSE 'early' END AS reason
FROM verdicts AS v`,
    },
    {
      name: 'judged',
      kind: 'table',
      select: `
SELECT v.msg_key AS msg_key, v.event_no AS event_no, v.event_id AS event_id, v.digest AS digest, v.copies AS copies,
       v.judged_copies AS judged_copies, v.first_ts AS first_ts, v.first_partition AS first_partition, v.first_offset AS first_offset,
       v.effect_kind AS effect_kind, v.expect_min AS expect_min,
       v.expect_max AS expect_max, v.surely AS surely, CASE WHEN v.open_end = 0 THEN v.reach END AS most,
       CASE WHEN v.surely >= 2 THEN 'multiple'
            WHEN v.open_end = 0 AND v.reach = 0 THEN 'zero'
            WHEN v.open_end = 0 AND v.surely = 1 AND v.reach = 1 THEN 'one'
            ELSE 'unknown' END AS outcome,
       v.verdict AS verdict, v.reason AS reason,
       v.first_us AS first_us, CASE WHEN v.untimed > 0 THEN NULL ELSE v.last_us END AS last_us
FROM reasoned AS v
WHERE v.judged_copies > 0`,
    },
  ];
}
