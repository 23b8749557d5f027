/** The ledger and the orphans as they are read back: one query each, and what a row of it means. */
import type { DuckDBListValue, DuckDBValue } from '@duckdb/node-api';
import type { LedgerLine, Orphan, OrphanReason, Outcome, Reason, Verdict } from '../model.ts';
import { type Row, wholeText } from './engine.ts';
import { FAR_PAST, isAudited, PLACE_UNIT, type Shape, tells } from './judgement/statement.ts';
import { keylessReason } from './totals.ts';

/** Every line of the ledger, or those that are not `ok` or `exempt`, by (partition, offset, name of the kind). */
export function lineQuery(shape: Shape, which: 'all' | 'exceptions'): string {
  const { kinds } = shape;
  const parts = [
    oddLines(shape, which),
    ...keylessLines(kinds),
    ...(which === 'all' ? plainLines(kinds) : []),
  ];
  return `SELECT l.* FROM (${parts.join(' UNION ALL ')}) AS l JOIN kinds AS k ON k.effect_kind = l.effect_kind
    ORDER BY l.partition_id, l.offset_id, k.kind_name`;
}

const MESSAGE = `m.partition_id AS partition_id, m.offset_id AS offset_id, m.msg_ts AS msg_ts,
  ${wholeText('m.msg_key')} AS msg_key, ${wholeText('m.event_id')} AS event_id`;

function oddLines(shape: Shape, which: 'all' | 'exceptions'): string {
  return `SELECT ${MESSAGE}, j.copies AS copies, j.effect_kind AS effect_kind, j.expect_min AS expect_min, j.expect_max AS expect_max,
      j.surely AS surely, j.most AS most, j.outcome AS outcome, j.verdict AS verdict, j.reason AS reason,
      j.first_us AS first_us, j.last_us AS last_us, i.ids AS ids
    FROM messages AS m
    JOIN judged AS j ON ${tells('m', 'j', shape)}
    LEFT JOIN (SELECT o.msg_key, o.effect_kind, o.event_no, list(${wholeText('o.effect_id')} ORDER BY o.effect_ts NULLS LAST, o.effect_id) AS ids
               FROM own_effects AS o GROUP BY ALL) AS i
      ON i.msg_key = j.msg_key AND i.effect_kind = j.effect_kind AND i.event_no = j.event_no
    WHERE ${isAudited('m')} AND m.in_range = 1${which === 'all' ? '' : " AND j.verdict NOT IN ('ok', 'exempt')"}`;
}

function keylessLines(kinds: number): readonly string[] {
  return Array.from(
    { length: kinds },
    (_, kind) => `SELECT ${MESSAGE}, 1, ${kind}, m.expect_min_${kind}, m.expect_max_${kind},
      NULL, NULL, 'unknown', 'unknown', ${keylessReason(kind)}, NULL, NULL, NULL
    FROM messages AS m WHERE ${isAudited('m')} AND m.in_range = 1 AND m.msg_key = ''`,
  );
}

/** Messages of plain keys have none or one effect, so joining cannot multiply them. */
function plainLines(kinds: number): readonly string[] {
  const at = `CASE WHEN f.effect_ts < ${FAR_PAST} THEN NULL ELSE f.effect_ts END`;
  return Array.from(
    { length: kinds },
    (_, kind) => `SELECT ${MESSAGE}, c.copies, ${kind}, m.expect_min_${kind}, m.expect_max_${kind},
      CASE WHEN f.effect_id IS NULL THEN 0 ELSE 1 END, CASE WHEN f.effect_id IS NULL THEN 0 ELSE 1 END,
      CASE WHEN f.effect_id IS NULL THEN 'zero' ELSE 'one' END,
      CASE WHEN m.expect_max_${kind} = 0 THEN 'exempt' ELSE 'ok' END, '', ${at}, ${at},
      CASE WHEN f.effect_id IS NULL THEN NULL ELSE list_value(${wholeText('f.effect_id')}) END
    FROM messages AS m
    JOIN (SELECT n.msg_key, count(*) AS copies FROM messages AS n WHERE ${isAudited('n')} GROUP BY n.msg_key) AS c ON c.msg_key = m.msg_key
    LEFT JOIN sightings AS f ON f.effect_kind = ${kind} AND f.effect_key = m.msg_key
    WHERE ${isAudited('m')} AND m.in_range = 1 AND m.msg_key <> ''
      AND NOT EXISTS (SELECT 1 FROM odd_keys AS o WHERE o.odd_key = m.msg_key)`,
  );
}

export function toLine(row: Row): LedgerLine {
  const [partition, offset, timestamp, key, eventId, copies, kind, min, max] = row;
  const [surely, most, outcome, verdict, reason, first, last, ids] = row.slice(9);
  return {
    partition: Number(partition),
    offset: BigInt(offset as bigint),
    timestamp: BigInt(timestamp as bigint),
    key: key as string,
    eventId: eventId as string,
    copies: Number(copies),
    kind: Number(kind),
    ...(Number(max) >= 0 && { expected: { min: Number(min), max: Number(max) } }),
    ...optional('count', surely, Number),
    ...optional('most', most, Number),
    outcome: outcome as Outcome,
    verdict: verdict as Verdict,
    ...(reason !== '' && { reason: reason as Reason }),
    ...optional('firstEffectAt', first, toBigInt),
    ...optional('lastEffectAt', last, toBigInt),
    effectIds: ids === null ? [] : ((ids as DuckDBListValue).items as string[]),
  };
}

function toBigInt(value: DuckDBValue): bigint {
  return BigInt(value as bigint);
}

/** exactOptionalPropertyTypes: what is not there is left out, not undefined. */
function optional<K extends string, V>(
  name: K,
  value: DuckDBValue | undefined,
  read: (value: DuckDBValue) => V,
): { [P in K]?: V } {
  return (value === null || value === undefined ? {} : { [name]: read(value) }) as { [P in K]?: V };
}

export function orphanQuery(): string {
  return `SELECT o.effect_kind, ${wholeText('o.effect_id')}, o.effect_ts, ${wholeText('o.effect_key')}, o.reason, o.located, o.entry_no FROM orphans AS o
    JOIN kinds AS k ON k.effect_kind = o.effect_kind ORDER BY k.kind_name, o.effect_ts, o.effect_id, o.effect_key, o.entry_no`;
}

export function toOrphan(row: Row): Orphan {
  const [kind, id, time, key, reason, located, entry] = row;
  return {
    kind: Number(kind),
    entry: Number(entry),
    id: id as string,
    time: toBigInt(time!),
    key: key as string,
    reason: reason as OrphanReason,
    place: Number(toBigInt(located!) / PLACE_UNIT),
    line: toBigInt(located!) % PLACE_UNIT,
  };
}
