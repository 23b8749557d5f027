/** Stops an audit whose keys cannot be right before it calls everything missing (DESIGN rules 3 and 7). */
import { AuditError } from '../error.ts';
import { type Engine, wholeText } from './engine.ts';
import type { JudgeInput } from './input.ts';
import { isAudited } from './judgement/statement.ts';
import { NEARBY } from './totals.ts';

/** With fewer keys than this on either side, keys that never meet may be chance: a warning instead of a stop. */
const ENOUGH = 20;

/**
 * @returns warnings to be told loudly
 * @throws AuditError 4: no message has a readable key, or no key of any message meets an effect of a kind
 */
export async function refuseUnmatchedKeys(engine: Engine, input: JudgeInput): Promise<readonly string[]> {
  await refuseNoKeys(engine, input);
  const warnings: string[] = [];
  for (const kind of input.settings.kinds.keys()) {
    const warning = await neverMet(engine, input, kind);
    if (warning !== undefined) warnings.push(warning);
  }
  return warnings;
}

async function refuseNoKeys(engine: Engine, { settings }: JudgeInput): Promise<void> {
  const [row] = await engine.rows(`SELECT count(*), count(CASE WHEN m.msg_key <> '' THEN 1 END),
    count(CASE WHEN m.undecodable = 1 THEN 1 END) FROM messages AS m WHERE ${isAudited('m')}`);
  const [messages, withKey, undecodable] = row!.map(Number) as [number, number, number];
  if (messages === 0 || withKey > 0) return;
  const key = settings.messages.key.map((part) => part.field.text).join(', ');
  const broken = undecodable > 0 ? ` (${undecodable} have a value that cannot be decoded)` : '';
  throw new AuditError(4, `none of the ${messages} audited messages has a readable key at ${key}${broken}`, {
    hint: 'messages.key must name where the business value stands in a message, such as value.order.id or headers.order-id',
    voidsReading: true,
  });
}

async function neverMet(engine: Engine, input: JudgeInput, kind: number): Promise<string | undefined> {
  const [facts] = await engine.rows(`SELECT count(CASE WHEN a.expect_max_${kind} <> 0 THEN 1 END),
    count(CASE WHEN a.seen_${kind} > 0 THEN 1 END) FROM facts AS a`);
  const [expecting, met] = facts!.map(Number) as [number, number];
  if (met > 0 || expecting === 0) return undefined;
  const [seen] = await engine.rows(`SELECT count(DISTINCT f.effect_key) ${effectsNearby(kind)}`);
  const effects = Number(seen![0]);
  if (effects === 0) return undefined;
  const name = input.settings.kinds[kind]!.name;
  const named = input.settings.entries.some((entry) => entry.kind === kind && entry.source.coordinates);
  if (named) return neverNamed(engine, kind, { name, expecting, effects });
  const ofMessages = await examples(
    engine,
    `SELECT DISTINCT m.msg_key AS k FROM messages AS m WHERE ${isAudited('m')} AND m.msg_key <> '' AND m.expect_max_${kind} <> 0`,
  );
  const ofEffects = await examples(engine, `SELECT DISTINCT f.effect_key AS k ${effectsNearby(kind)}`);
  const what = `not one key of ${expecting} messages meets one of ${effects} effects of ${name}: messages have ${ofMessages}, effects have ${ofEffects}`;
  if (expecting < ENOUGH || effects < ENOUGH) return what;
  throw new AuditError(4, what, {
    hint: `make both sides the same text: key: { from: …, match: '…(\\d+)' } takes the part that both have, case: fold ignores case, as: number makes 007 and 7.0 one; or name another field`,
    voidsReading: true,
  });
}

interface Unmet {
  readonly name: string;
  readonly expecting: number;
  readonly effects: number;
}

/** The same of a kind whose effects, or some of them, name their message by partition and offset. */
async function neverNamed(engine: Engine, kind: number, unmet: Unmet): Promise<string | undefined> {
  const { name, expecting, effects } = unmet;
  // A message without a key may be named, too.
  const [named] = await engine.rows(
    `SELECT count(*) FROM sightings AS s WHERE s.exact = 1 AND s.effect_kind = ${kind}`,
  );
  if (Number(named![0]) > 0) return undefined;
  const ofMessages = await engine.rows(`SELECT m.partition_id, m.offset_id FROM messages AS m
    WHERE ${isAudited('m')} AND m.expect_max_${kind} <> 0 ORDER BY m.partition_id, m.offset_id LIMIT 3`);
  const ofEffects = await examples(engine, `SELECT DISTINCT f.effect_key AS k ${effectsNearby(kind)}`);
  const places = ofMessages.map(([partition, offset]) => `"${partition} ${offset}"`).join(', ');
  const what = `not one of ${effects} effects of ${name} names one of ${expecting} messages: messages are at ${places} (partition, offset), effects name ${ofEffects}`;
  if (expecting < ENOUGH || effects < ENOUGH) return what;
  throw new AuditError(4, what, {
    hint: 'coordinates must name the columns that hold partition and offset of the message, and topic where there are rows of several topics',
    voidsReading: true,
  });
}

/** Effects of the range's own windows: those around them belong to messages that nobody asked about. */
function effectsNearby(kind: number): string {
  return `FROM effects AS f JOIN kinds AS k ON k.effect_kind = f.effect_kind CROSS JOIN audit_time AS t
    WHERE f.effect_kind = ${kind} AND f.effect_key <> '' AND ${NEARBY}`;
}

async function examples(engine: Engine, select: string): Promise<string> {
  const rows = await engine.rows(`SELECT ${wholeText('s.k')} FROM (${select}) AS s ORDER BY s.k LIMIT 3`);
  return rows.map(([key]) => JSON.stringify(key)).join(', ');
}
