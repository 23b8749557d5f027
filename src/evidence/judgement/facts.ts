/** First pass: which keys are plainly as expected, so that only the others need the full rules. */
import { namesMessages } from './sightings.ts';
import { FAR_PAST, forKinds, isAudited, type Shape, type Statement } from './statement.ts';

/**
 * Which keys are plainly as expected: one event, at most one effect of each kind and that in its window, as many as
 * expected, and every window settled and seen. They need no further proof: count and most are both that number.
 * @param exact judge every key by the full rules instead; the answers must be the same.
 */
export function factStatements(shape: Shape, exact: boolean): readonly Statement[] {
  const { kinds, eachMessage } = shape;
  const oneEvent = eachMessage
    ? 'count(*) = 1'
    : 'min(m.event_id) = max(m.event_id) AND min(m.digest) = max(m.digest)';
  // Which source of its kind a key's effect is from, where there are several.
  const ofSeveral = forKinds(kinds, (kind) => (hasSeveral(shape, kind) ? ', w.entry_# AS entry_#' : ''), '');
  return [
    {
      name: 'key_messages',
      kind: 'view',
      select: `
SELECT m.msg_key AS msg_key, count(*) AS copies, CAST(sum(m.in_range) AS BIGINT) AS judged_copies,
       min(m.msg_ts) AS first_ts, max(m.msg_ts) AS last_ts,
       CASE WHEN ${oneEvent} THEN 1 ELSE 0 END AS one_event,
       ${forKinds(kinds, 'min(m.expect_min_#) AS least_min_#, max(m.expect_min_#) AS expect_min_#, min(m.expect_max_#) AS least_max_#, max(m.expect_max_#) AS expect_max_#')}
FROM messages AS m
WHERE ${isAudited('m')} AND m.msg_key <> ''
GROUP BY m.msg_key`,
    },
    {
      name: 'key_effects',
      kind: 'view',
      select: `
SELECT f.effect_kind AS effect_kind, f.effect_key AS effect_key, count(*) AS seen,
       min(f.effect_ts) AS first_us, max(f.effect_ts) AS last_us, min(f.entry_no) AS entry_no
FROM sightings AS f
WHERE f.effect_key <> ''
GROUP BY f.effect_kind, f.effect_key`,
    },
    {
      name: 'key_windows',
      kind: 'view',
      select: `
SELECT k.msg_key AS msg_key, k.copies AS copies, k.judged_copies AS judged_copies, k.first_ts AS first_ts, k.one_event AS one_event,
       ${forKinds(kinds, 'k.least_min_# AS least_min_#, k.expect_min_# AS expect_min_#, k.least_max_# AS least_max_#, k.expect_max_# AS expect_max_#, COALESCE(e#.seen, 0) AS seen_#, e#.entry_no AS entry_#, e#.first_us AS first_us_#, e#.last_us AS last_us_#, k.first_ts * 1000 - x#.lead_us AS from_us_#, k.last_ts * 1000 + x#.settle_us AS to_us_#, x#.read_at_us AS read_at_us_#, x#.covered AS covered_#, x#.row_edge AS row_edge_#, x#.span_from_us AS span_from_us_#, x#.span_to_us AS span_to_us_#')}
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
         AND ${forKinds(kinds, (kind) => `(${plain(namesMessages(shape, kind))})`, '\n         AND ')}`
      })
       THEN w.msg_key END AS odd_key,
       w.copies AS copies, w.judged_copies AS judged_copies,
       ${forKinds(kinds, `w.expect_max_# AS expect_max_#, w.seen_# AS seen_#, CASE WHEN w.first_us_# >= ${FAR_PAST} AND w.first_ts >= 0 THEN floor(w.first_us_# / 1000) - w.first_ts END AS latency_#`)}${ofSeveral}
FROM key_windows AS w`,
    },
    {
      name: 'odd_keys',
      kind: 'table',
      select: `
SELECT a.odd_key AS odd_key FROM facts AS a WHERE a.odd_key IS NOT NULL
UNION ALL
SELECT DISTINCT f.effect_key AS odd_key
FROM sightings AS f
CROSS JOIN audit_time AS t
WHERE f.exact = 0 AND f.effect_key <> '' AND f.effect_ts >= t.range_from_us AND f.effect_ts < t.range_to_us
  AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE ${isAudited('m')} AND m.msg_key = f.effect_key)`,
    },
  ];
}

function hasSeveral({ entries }: Shape, kind: number): boolean {
  return entries.filter((entry) => entry.kind === kind).length > 1;
}

/**
 * The condition on one kind (`#`) under which a key's only event is plainly as expected.
 * @param whenever its effects name their message, so that it does not matter when they happened
 */
function plain(whenever: boolean): string {
  const inWindow = 'AND (w.seen_# = 0 OR (w.first_us_# >= w.from_us_# AND w.last_us_# <= w.to_us_#))';
  return `w.least_min_# = w.expect_min_# AND w.least_max_# = w.expect_max_# AND w.expect_max_# >= 0
           AND w.seen_# <= 1 AND w.seen_# >= w.expect_min_# AND w.seen_# <= w.expect_max_#
           ${whenever ? '' : inWindow}
           AND w.to_us_# <= w.read_at_us_# AND w.covered_# = 1 AND w.to_us_# <= w.span_to_us_#
           AND (CASE WHEN w.row_edge_# = 1 THEN w.to_us_# ELSE w.from_us_# END) >= w.span_from_us_#
           AND NOT EXISTS (SELECT 1 FROM gaps AS g WHERE g.effect_kind = # AND g.from_us <= w.to_us_# AND g.to_us >= w.from_us_#)`;
}
