/** Whose effect is it? Windows and effects of each key, walked in the order of time. */
import { type Shape, type Statement, tells } from './statement.ts';

/**
 * Rule 8 without comparing each effect to each event, which a key with many of both would not survive. Beginnings of
 * windows, effects and ends are walked in the order of time (at one instant in this order: windows include both ends).
 * After each step, `began` minus `ended` windows are open, and where exactly one is, the sum of the numbers of those
 * that began minus the sum of those that ended is its number.
 */
export function walkStatements(shape: Shape): readonly Statement[] {
  const exact = shape.entries.some(({ coordinates }) => coordinates);
  return [
    {
      name: 'timeline',
      kind: 'view',
      select: `
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.from_us AS at_us, 0 AS step, t.event_no AS event_no, '' AS effect_id,
       CASE WHEN t.expect_max <> 0 OR t.key_expects = 0 THEN 1 ELSE 0 END AS takes
FROM takers AS t
UNION ALL
SELECT f.effect_key AS msg_key, f.effect_kind AS effect_kind, f.effect_ts AS at_us, 1 AS step, CAST(0 AS BIGINT) AS event_no, f.effect_id AS effect_id, 0 AS takes
FROM one_effect AS f WHERE f.effect_ts IS NOT NULL AND f.exact = 0
UNION ALL
SELECT t.msg_key AS msg_key, t.effect_kind AS effect_kind, t.to_us AS at_us, 2 AS step, t.event_no AS event_no, '' AS effect_id,
       CASE WHEN t.expect_max <> 0 OR t.key_expects = 0 THEN 1 ELSE 0 END AS takes
FROM takers AS t`,
    },
    {
      name: 'walk',
      kind: 'view',
      select: `
SELECT l.*,
       CAST(sum(CASE WHEN l.step = 0 THEN l.takes ELSE 0 END) OVER so_far AS BIGINT) AS began,
       CAST(sum(CASE WHEN l.step = 2 THEN l.takes ELSE 0 END) OVER so_far AS BIGINT) AS ended,
       CAST(sum(CASE WHEN l.step = 0 THEN l.takes * l.event_no WHEN l.step = 2 THEN -l.takes * l.event_no ELSE 0 END) OVER so_far AS BIGINT) AS open_nos,
       CAST(sum(CASE WHEN l.step = 0 THEN l.takes * l.event_no ELSE 0 END) OVER so_far AS BIGINT) AS began_nos,
       CAST(sum(CASE WHEN l.step = 0 THEN 1 - l.takes WHEN l.step = 2 THEN l.takes - 1 ELSE 0 END) OVER so_far AS BIGINT) AS open_besides
FROM timeline AS l
WINDOW so_far AS (PARTITION BY l.msg_key, l.effect_kind ORDER BY l.at_us, l.step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`,
    },
    {
      // Where none of the key expects the kind, began is also the number of the last event that began (rule 13). An
      // effect up to `lead` before the time that messages were read to may already be a later message's. One that lies
      // in no window but that of an event which expects none is contested between that one and those that do. One from
      // beyond the time that effects were read from was looked for because something is missing, and is held against
      // that alone: of other keys nobody knows such effects.
      name: 'fates',
      kind: 'table',
      select: `
SELECT l.msg_key AS msg_key, l.effect_kind AS effect_kind, l.at_us AS at_us, l.step AS step, l.event_no AS event_no, l.effect_id AS effect_id, l.takes AS takes,
       CASE WHEN l.step <> 1 THEN ''
            WHEN l.began = 0 THEN 'early'
            WHEN k.key_expects = 1 AND l.began - l.ended = 1 THEN 'own'
            WHEN k.key_expects = 1 AND l.began - l.ended > 1 THEN 'within'
            WHEN k.key_expects = 0 AND l.began - l.ended > 0 THEN 'own'
            WHEN l.open_besides > 0 THEN 'beside'
            WHEN l.at_us < x.sought_from_us OR l.at_us > x.sought_to_us THEN 'beyond'
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
       CAST(sum(CASE WHEN f.fate IN ('after', 'beside') THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS after_so_far,
       CAST(sum(CASE WHEN f.fate = 'late' THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS late_so_far,
       CAST(sum(CASE WHEN f.fate = 'beyond' THEN 1 ELSE 0 END) OVER so_far AS BIGINT) AS beyond_so_far,
       CAST(sum(CASE WHEN f.fate IN ('after', 'beside') THEN 1 ELSE 0 END) OVER of_key AS BIGINT) AS after_of_key,
       CAST(sum(CASE WHEN f.fate = 'late' THEN 1 ELSE 0 END) OVER of_key AS BIGINT) AS late_of_key,
       CAST(sum(CASE WHEN f.fate = 'beyond' THEN 1 ELSE 0 END) OVER of_key AS BIGINT) AS beyond_of_key,
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
       max(c.beyond_of_key) - max(CASE WHEN c.step = 0 THEN c.beyond_so_far END) AS beyond,
       max(c.early_of_key) AS early
FROM counted AS c
WHERE c.takes = 1
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
WHERE f.effect_ts IS NULL AND f.exact = 0`,
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
SELECT f.msg_key AS msg_key, f.effect_kind AS effect_kind, f.owner_no AS event_no, f.effect_id AS effect_id, f.at_us AS effect_ts, 0 AS exact
FROM fates AS f
WHERE f.fate = 'own'
UNION ALL
SELECT u.msg_key AS msg_key, u.effect_kind AS effect_kind, u.last_taker AS event_no, u.effect_id AS effect_id, CAST(NULL AS BIGINT) AS effect_ts, 0 AS exact
FROM untimed AS u
WHERE u.takers = 1${exact ? namedEffects(shape) : ''}`,
    },
    {
      name: 'own_counts',
      kind: 'view',
      select: `
SELECT o.msg_key AS msg_key, o.effect_kind AS effect_kind, o.event_no AS event_no, count(*) AS own, count(*) - count(o.effect_ts) AS untimed,
       min(o.effect_ts) AS first_us, max(o.effect_ts) AS last_us,
       count(CASE WHEN o.exact = 0 THEN 1 END) AS walked, count(CASE WHEN o.exact = 0 AND o.effect_ts IS NULL THEN 1 END) AS walked_untimed,
       min(CASE WHEN o.exact = 0 THEN o.effect_ts END) AS walked_first_us, max(CASE WHEN o.exact = 0 THEN o.effect_ts END) AS walked_last_us
FROM own_effects AS o
GROUP BY o.msg_key, o.effect_kind, o.event_no`,
    },
  ];
}

/** Rule 8: an effect that names its message is of that message's event, whenever it happened and whatever others there are. */
function namedEffects(shape: Shape): string {
  return `
UNION ALL
SELECT e.msg_key AS msg_key, x.effect_kind AS effect_kind, e.event_no AS event_no, x.effect_id AS effect_id, min(x.effect_ts) AS effect_ts, 1 AS exact
FROM one_effect AS x
JOIN copies_of AS c ON c.msg_key = x.effect_key AND c.partition_id = x.partition_id AND c.offset_id = x.offset_id
JOIN odd_events AS e ON ${tells('c', 'e', shape)}
WHERE x.exact = 1
GROUP BY e.msg_key, x.effect_kind, e.event_no, x.entry_no, x.effect_id`;
}
