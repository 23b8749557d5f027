/** Messages to events, events to windows, sightings to effects: what the rules speak of. */
import {
  FAR_FUTURE,
  FAR_PAST,
  forKinds,
  identityOf,
  isAudited,
  PLACE_UNIT,
  type Shape,
  type Statement,
} from './statement.ts';

/** Rule 4: messages to events; then one line for each (event, kind) with its window and what it expects. */
export function eventStatements(shape: Shape): readonly Statement[] {
  const { kinds } = shape;
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
       row_number() OVER (PARTITION BY ${identityOf('m', shape).join(', ')} ORDER BY m.msg_ts, m.partition_id, m.offset_id) AS copy_no
FROM messages AS m
JOIN odd_keys AS o ON o.odd_key = m.msg_key
WHERE ${isAudited('m')}`,
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
  GROUP BY ${identityOf('c', shape).join(', ')}
) AS g`,
    },
    {
      name: 'windows',
      kind: 'view',
      select: `
SELECT e.msg_key AS msg_key, e.event_no AS event_no, e.event_id AS event_id, e.digest AS digest, e.copies AS copies,
       e.judged_copies AS judged_copies, e.first_ts AS first_ts, e.first_partition AS first_partition, e.first_offset AS first_offset,
       k.effect_kind AS effect_kind,
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
      // Rule 5: an effect is one by its source's id, however often it was seen.
      name: 'one_effect',
      kind: 'table',
      select: `
SELECT f.effect_kind AS effect_kind, f.effect_key AS effect_key, f.entry_no AS entry_no, f.effect_id AS effect_id,
       f.exact AS exact, f.partition_id AS partition_id, f.offset_id AS offset_id,
       min(CASE WHEN f.effect_ts < ${FAR_PAST} THEN NULL ELSE f.effect_ts END) AS effect_ts,
       min(f.place_id * ${PLACE_UNIT} + f.line_no) AS located
FROM sightings AS f
JOIN odd_keys AS o ON o.odd_key = f.effect_key
GROUP BY f.effect_kind, f.effect_key, f.entry_no, f.effect_id, f.exact, f.partition_id, f.offset_id`,
    },
  ];
}
