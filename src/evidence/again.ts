/** What a first judgement would have more of: keys looked for once more, and messages from further around the range. */
import { type Engine, wholeText } from './engine.ts';
import { isAudited } from './judgement/statement.ts';

/** Keys that are looked for at once: what they take of memory is bounded, however many are missing. */
const PORTION = 200_000;

/** A message's coordinates, as effects that carry them have them for a key. */
const COORDINATES = "CAST(m.partition_id AS VARCHAR) || ' ' || CAST(m.offset_id AS VARCHAR)";

/**
 * The keys that seem to lack effects of a kind (DESIGN rule 11), in portions.
 * @param late also those that would lack one if their late ones turned out to be another message's
 * @param by `coordinates`: those of the messages with such a key, in its place
 */
export async function* keysInDoubt(
  engine: Engine,
  kind: number,
  late: boolean,
  by: 'key' | 'coordinates',
): AsyncGenerator<ReadonlySet<string>> {
  const ifLate = `OR (j.verdict = 'unknown' AND j.expect_min > 0 AND EXISTS (SELECT 1 FROM fates AS f
    WHERE f.msg_key = j.msg_key AND f.effect_kind = j.effect_kind AND f.fate = 'late'))`;
  // A group that is short lacks effects as well, whichever of its events they are of.
  const ifShort = `OR EXISTS (SELECT 1 FROM contested_groups AS g
    WHERE g.msg_key = j.msg_key AND g.effect_kind = j.effect_kind AND g.state = 'short')`;
  const inDoubt = `FROM judged AS j
    WHERE j.effect_kind = ${kind} AND (j.verdict = 'missing' ${ifShort} ${late ? ifLate : ''})`;
  const select =
    by === 'key'
      ? `SELECT DISTINCT ${wholeText('j.msg_key')} ${inDoubt}`
      : `SELECT ${COORDINATES} FROM messages AS m WHERE ${isAudited('m')} AND m.msg_key IN (SELECT j.msg_key ${inDoubt})`;
  let keys = new Set<string>();
  for await (const rows of engine.stream(select)) {
    for (const [key] of rows) keys.add(key as string);
    if (keys.size < PORTION) continue;
    yield keys;
    keys = new Set();
  }
  if (keys.size > 0) yield keys;
}

/** Epoch milliseconds; undefined: nothing would be gained on that side. */
export interface WantedReach {
  /** Up to when a message that was not read may explain an effect that came late. */
  readonly to?: number;
  /** From when on a message that was not read may have had an effect that no message explains. */
  readonly from?: number;
}

/** @param after how long after its message an effect of each kind may come; undefined: its orphans are no findings */
export async function wantedReach(
  engine: Engine,
  after: readonly (number | undefined)[],
): Promise<WantedReach> {
  const [late] = await engine.rows(`SELECT max(f.at_us + k.lead_us) FROM fates AS f
    JOIN kinds AS k ON k.effect_kind = f.effect_kind
    WHERE f.fate = 'late' AND EXISTS (SELECT 1 FROM judged AS j
      WHERE j.msg_key = f.msg_key AND j.effect_kind = f.effect_kind AND j.reason = 'late')`);
  const to = late?.[0] ?? undefined;
  const froms: number[] = [];
  for (const [kind, ms] of after.entries()) {
    if (ms === undefined) continue;
    const [first] = await engine.rows(
      `SELECT min(o.effect_ts) FROM orphans AS o WHERE o.effect_kind = ${kind} AND o.reason = 'no-message'`,
    );
    if (typeof first?.[0] === 'bigint') froms.push(Math.floor(Number(first[0]) / 1000) - ms);
  }
  return {
    ...(to === undefined ? {} : { to: Math.floor(Number(to) / 1000) + 1 }),
    ...(froms.length === 0 ? {} : { from: Math.min(...froms) }),
  };
}

/** A side of what was read: messages from before it can only explain orphans, those behind it only late effects. */
export type Side = 'before' | 'behind';

/**
 * Which keys messages from further away are kept of. Of all that the wider reach says anew something of, so that no
 * effect is taken for another's; and of no others, whose effects of that time were not read. An effect without a message
 * may name it by its coordinates.
 */
const KEYS: Readonly<Record<Side, string>> = {
  before: "SELECT o.effect_key AS msg_key FROM orphans AS o WHERE o.reason IN ('no-message', 'unread')",
  behind: `SELECT f.msg_key AS msg_key FROM fates AS f WHERE f.fate = 'late'
    UNION ALL SELECT o.effect_key AS msg_key FROM orphans AS o WHERE o.reason = 'unread'`,
};

/**
 * Copies what is kept of `further` into a file of messages.
 * @param further pattern of the files that were read further; `target` is not made where nothing of them is kept
 * @returns how many messages that is
 */
export async function keepFurther(
  engine: Engine,
  side: Side,
  further: string,
  target: string,
): Promise<number> {
  const kept = `SELECT m.* FROM read_parquet('${further}') AS m
    WHERE m.msg_key IN (${KEYS[side]}) OR ${COORDINATES} IN (${KEYS[side]})`;
  const [row] = await engine.rows(`SELECT count(*) FROM (${kept}) AS s`);
  const rows = Number(row![0]);
  if (rows > 0) await engine.run(`COPY (${kept}) TO '${target}' (FORMAT parquet)`);
  return rows;
}
