/** Effects as they were seen, each with the key by which it meets messages. */
import { isAudited, type Shape, type Statement } from './statement.ts';

/**
 * The view `sightings`: `effects`, where one that names its message by partition and offset (`exact` 1) has that
 * message's key, and is not there if no such message is audited. Only entries with coordinates pay for the join.
 */
export function sightingStatements({ entries }: Shape): readonly Statement[] {
  const placed = entries.flatMap(({ coordinates }, entry) => (coordinates ? [entry] : [])).join(', ');
  const keyed = `
SELECT f.effect_kind AS effect_kind, f.entry_no AS entry_no, f.effect_key AS effect_key, f.effect_id AS effect_id, f.effect_ts AS effect_ts,
       f.place_id AS place_id, f.line_no AS line_no, 0 AS exact, CAST(-1 AS INT) AS partition_id, CAST(-1 AS BIGINT) AS offset_id
FROM effects AS f`;
  if (placed === '') return [{ name: 'sightings', kind: 'view', select: keyed }];
  return [
    {
      // A text that is no pair of numbers names no message.
      name: 'coordinated',
      kind: 'view',
      select: `
SELECT f.effect_kind AS effect_kind, f.entry_no AS entry_no, f.effect_key AS effect_key, f.effect_id AS effect_id, f.effect_ts AS effect_ts,
       f.place_id AS place_id, f.line_no AS line_no,
       TRY_CAST(split_part(f.effect_key, ' ', 1) AS INT) AS partition_id, TRY_CAST(split_part(f.effect_key, ' ', 2) AS BIGINT) AS offset_id
FROM effects AS f
WHERE f.entry_no IN (${placed}) AND f.effect_key <> ''`,
    },
    {
      name: 'sightings',
      kind: 'view',
      select: `${keyed}
WHERE f.entry_no NOT IN (${placed})
UNION ALL
SELECT c.effect_kind AS effect_kind, c.entry_no AS entry_no, m.msg_key AS effect_key, c.effect_id AS effect_id, c.effect_ts AS effect_ts,
       c.place_id AS place_id, c.line_no AS line_no, 1 AS exact, c.partition_id AS partition_id, c.offset_id AS offset_id
FROM coordinated AS c
JOIN messages AS m ON ${isAt('m', 'c')}
WHERE ${isAudited('m')}`,
    },
  ];
}

/** The condition that an effect of `coordinated` names this message: by number, and in the very same digits. */
export function isAt(message: string, effect: string): string {
  return `${message}.partition_id = ${effect}.partition_id AND ${message}.offset_id = ${effect}.offset_id
  AND CAST(${message}.partition_id AS STRING) || ' ' || CAST(${message}.offset_id AS STRING) = ${effect}.effect_key`;
}

/** Whether all sources of a kind name messages by partition and offset, so that no window decides whose an effect is. */
export function namesMessages({ entries }: Shape, kind: number): boolean {
  return entries.every((entry) => entry.kind !== kind || entry.coordinates);
}
