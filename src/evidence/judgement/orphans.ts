/** Effects that no message explains. */
import { isAt } from './sightings.ts';
import { FAR_PAST, PLACE_UNIT, type Shape, type Statement } from './statement.ts';

const BY_KEY = `
SELECT f.effect_kind AS effect_kind, f.entry_no AS entry_no, f.effect_id AS effect_id, f.effect_ts AS effect_ts, f.effect_key AS effect_key, f.located AS located,
   CASE WHEN EXISTS (SELECT 1 FROM messages AS m WHERE m.class_id = 1 AND m.msg_key = f.effect_key) THEN 'skipped'
        WHEN EXISTS (SELECT 1 FROM messages AS m WHERE m.class_id = 2 AND m.msg_key = f.effect_key) THEN 'aborted'
        WHEN a.unread_partitions > 0 OR f.effect_ts > a.read_to_us THEN 'unread'
        WHEN EXISTS (SELECT 1 FROM holes AS h WHERE h.from_us - k.lead_us <= f.effect_ts AND f.effect_ts <= h.to_us + k.settle_us) THEN 'unread'
        ELSE 'no-message' END AS reason
FROM one_effect AS f
JOIN kinds AS k ON k.effect_kind = f.effect_kind
CROSS JOIN audit_time AS a
WHERE f.exact = 0 AND f.effect_ts >= a.range_from_us AND f.effect_ts < a.range_to_us
  AND NOT EXISTS (SELECT 1 FROM odd_events AS e WHERE e.msg_key = f.effect_key)`;

/** Where an effect names its message, it is known exactly whether that one was read. */
const BY_COORDINATES = `
SELECT f.effect_kind AS effect_kind, f.entry_no AS entry_no, f.effect_id AS effect_id, f.effect_ts AS effect_ts, f.effect_key AS effect_key, f.located AS located,
   CASE WHEN f.class_id = 1 THEN 'skipped'
        WHEN f.class_id = 2 THEN 'aborted'
        WHEN f.partition_id IS NULL OR f.offset_id IS NULL THEN 'no-message'
        WHEN NOT EXISTS (SELECT 1 FROM read_offsets AS r WHERE r.partition_id = f.partition_id AND r.first_offset <= f.offset_id AND f.offset_id < r.end_offset) THEN 'unread'
        WHEN EXISTS (SELECT 1 FROM holes AS h WHERE h.partition_id = f.partition_id AND h.first_offset <= f.offset_id AND f.offset_id < h.end_offset) THEN 'unread'
        ELSE 'no-message' END AS reason
FROM (
  SELECT c.effect_kind AS effect_kind, c.entry_no AS entry_no, c.effect_id AS effect_id, c.effect_key AS effect_key, c.partition_id AS partition_id,
         c.offset_id AS offset_id, m.class_id AS class_id,
         min(CASE WHEN c.effect_ts >= ${FAR_PAST} THEN c.effect_ts END) AS effect_ts, min(c.place_id * ${PLACE_UNIT} + c.line_no) AS located
  FROM coordinated AS c
  LEFT JOIN messages AS m ON ${isAt('m', 'c')}
  WHERE m.class_id IS NULL OR m.class_id IN (1, 2)
  GROUP BY c.effect_kind, c.entry_no, c.effect_id, c.effect_key, c.partition_id, c.offset_id, m.class_id
) AS f
CROSS JOIN audit_time AS a
WHERE f.effect_ts >= a.range_from_us AND f.effect_ts < a.range_to_us`;

/** Rule 15. Reasons in the order in which they explain: a message that was read explains more than one that was not. */
export function orphanStatement({ entries }: Shape): Statement {
  const named = entries.some(({ coordinates }) => coordinates);
  return { name: 'orphans', kind: 'table', select: named ? `${BY_KEY}\nUNION ALL${BY_COORDINATES}` : BY_KEY };
}
