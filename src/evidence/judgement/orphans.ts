/** Effects that no message explains. */
import type { Statement } from './statement.ts';

export const ORPHANS: Statement = {
  // Rule 15. Reasons in the order in which they explain: a message that was read explains more than one that was not.
  name: 'orphans',
  kind: 'table',
  select: `
SELECT f.effect_kind AS effect_kind, f.entry_no AS entry_no, f.effect_id AS effect_id, f.effect_ts AS effect_ts, f.effect_key AS effect_key, f.located AS located,
   CASE WHEN EXISTS (SELECT 1 FROM messages AS m WHERE m.class_id = 1 AND m.msg_key = f.effect_key) THEN 'skipped'
        WHEN EXISTS (SELECT 1 FROM messages AS m WHERE m.class_id = 2 AND m.msg_key = f.effect_key) THEN 'aborted'
        WHEN a.unread_partitions > 0 OR f.effect_ts > a.read_to_us THEN 'unread'
        WHEN EXISTS (SELECT 1 FROM holes AS h WHERE h.from_us - k.lead_us <= f.effect_ts AND f.effect_ts <= h.to_us + k.settle_us) THEN 'unread'
        ELSE 'no-message' END AS reason
FROM one_effect AS f
JOIN kinds AS k ON k.effect_kind = f.effect_kind
CROSS JOIN audit_time AS a
WHERE f.effect_ts >= a.range_from_us AND f.effect_ts < a.range_to_us
  AND NOT EXISTS (SELECT 1 FROM odd_events AS e WHERE e.msg_key = f.effect_key)`,
};
