/** What can be told of contested events together, where nothing can be told of each. */
import { FAR_FUTURE, FAR_PAST, type Statement } from './statement.ts';

/**
 * The events of one key that contest one kind's effects are `unknown: ambiguous` one by one, but a group as a whole is
 * an (event, kind) with an interval, too. Of its effects, `most_seen` may be the group's: all that carry the key, less
 * those that are surely of the key's other events (settled ones, and those of the padding, of which nothing is said).
 * `least_seen` are the group's for certain: those that belong to some event of the key, less all that those others may
 * have had. An effect early or late may be a message's that was not read; so may a surplus be where there are holes.
 * The group is `short`, in `excess` or `balanced` only if that holds for every number of the interval (rule 9); its events
 * were all seen whole, or they would not be ambiguous but a source-gap.
 */
export function groupStatements(): readonly Statement[] {
  return [
    {
      name: 'group_events',
      kind: 'view',
      select: `
SELECT r.msg_key AS msg_key, r.effect_kind AS effect_kind, count(CASE WHEN ${CONTESTED} THEN 1 END) AS events,
       CAST(sum(CASE WHEN ${CONTESTED} THEN r.expect_min ELSE 0 END) AS BIGINT) AS expect_min,
       CAST(sum(CASE WHEN ${CONTESTED} THEN r.expect_max ELSE 0 END) AS BIGINT) AS expect_max,
       CAST(sum(CASE WHEN ${CONTESTED} THEN 0 ELSE r.surely END) AS BIGINT) AS others_surely,
       CAST(sum(CASE WHEN ${CONTESTED} THEN 0 ELSE r.may_be END) AS BIGINT) AS others_may_be
FROM reasoned AS r
GROUP BY r.msg_key, r.effect_kind
HAVING count(CASE WHEN ${CONTESTED} THEN 1 END) > 0`,
    },
    {
      // Of effects that name their message, a hole can hold none.
      name: 'group_sightings',
      kind: 'view',
      select: `
SELECT f.msg_key AS msg_key, f.effect_kind AS effect_kind, CASE WHEN f.fate IN ('early', 'late', 'beyond') THEN 0 ELSE 1 END AS of_key,
       f.at_us AS first_us, f.at_us AS last_us
FROM fates AS f WHERE f.step = 1
UNION ALL
SELECT u.msg_key AS msg_key, u.effect_kind AS effect_kind, 1 AS of_key, ${FAR_PAST} AS first_us, ${FAR_FUTURE} AS last_us
FROM untimed AS u
UNION ALL
SELECT o.msg_key AS msg_key, o.effect_kind AS effect_kind, 1 AS of_key, CAST(NULL AS BIGINT) AS first_us, CAST(NULL AS BIGINT) AS last_us
FROM own_effects AS o WHERE o.exact = 1`,
    },
    {
      name: 'group_intervals',
      kind: 'view',
      select: `
SELECT g.msg_key AS msg_key, g.effect_kind AS effect_kind, g.events AS events, g.expect_min AS expect_min, g.expect_max AS expect_max,
       GREATEST(0, count(CASE WHEN s.of_key = 1 THEN 1 END) - g.others_may_be) AS least_seen,
       count(s.of_key) - g.others_surely AS most_seen, min(s.first_us) AS first_us, max(s.last_us) AS last_us
FROM group_events AS g
LEFT JOIN group_sightings AS s ON s.msg_key = g.msg_key AND s.effect_kind = g.effect_kind
GROUP BY g.msg_key, g.effect_kind, g.events, g.expect_min, g.expect_max, g.others_may_be, g.others_surely`,
    },
    {
      name: 'contested_groups',
      kind: 'table',
      select: `
SELECT i.msg_key AS msg_key, i.effect_kind AS effect_kind, i.events AS events, i.expect_min AS expect_min, i.expect_max AS expect_max,
       i.least_seen AS least_seen, i.most_seen AS most_seen,
       CASE WHEN i.most_seen < i.expect_min AND k.keyless_over = 0 THEN 'short'
            WHEN i.least_seen > i.expect_max AND a.rivals_unread = 0 AND NOT EXISTS (SELECT 1 FROM holes AS h
                   WHERE h.from_us - k.lead_us <= i.last_us AND h.to_us + k.settle_us >= i.first_us) THEN 'excess'
            WHEN i.least_seen >= i.expect_min AND i.most_seen <= i.expect_max THEN 'balanced'
            ELSE 'open' END AS state
FROM group_intervals AS i
JOIN kinds AS k ON k.effect_kind = i.effect_kind
CROSS JOIN audit_time AS a`,
    },
  ];
}

/** The condition on an (event, kind) `r` of `reasoned` that it belongs to a group. */
const CONTESTED = `r.reason = 'ambiguous' AND r.judged_copies > 0`;
