/** Reads the totals of a judgement: the plainly expected keys as counts, the others from what was judged about each. */
import { MESSAGE_CLASS } from '../columns.ts';
import type {
  Judgement,
  KindTotals,
  MatrixCell,
  OrphanReason,
  Outcome,
  Reason,
  Settings,
  Signature,
  Verdict,
} from '../model.ts';
import { readPairLatencies } from './clocks.ts';
import type { Engine, Row } from './engine.ts';
import { readGroups } from './group-totals.ts';
import { type JudgeInput, rangeTime } from './input.ts';
import { FAR_PAST, isAudited } from './judgement/statement.ts';

/** Effects that may be of the range's messages: those around its time, as far as windows reach, and those without a time. */
export const NEARBY = `(f.effect_ts < ${FAR_PAST} OR (f.effect_ts >= t.range_from_us - k.lead_us AND f.effect_ts < t.range_to_us + k.settle_us))`;

export interface RangeCount {
  readonly total: number;
  readonly keyless: number;
  /** Too many effects without a key: no zero of the kind can be claimed (DESIGN rule 6). */
  readonly keylessOver: boolean;
}

/** Distinct effects that may be of the range's messages, per kind. */
export async function countRange(engine: Engine, settings: Settings): Promise<readonly RangeCount[]> {
  const counts: RangeCount[] = [];
  for (const [kind, { maxKeyless }] of settings.kinds.entries()) {
    const [row] = await engine.rows(`SELECT sum(e.total), sum(e.keyless) FROM (
      SELECT count(DISTINCT f.effect_id) AS total, count(DISTINCT CASE WHEN f.effect_key = '' THEN f.effect_id END) AS keyless
      FROM effects AS f JOIN kinds AS k ON k.effect_kind = f.effect_kind CROSS JOIN audit_time AS t
      WHERE f.effect_kind = ${kind} AND ${NEARBY} GROUP BY f.entry_no) AS e`);
    const [total, keyless] = row!.map(Number) as [number, number];
    counts.push({ total, keyless, keylessOver: keyless > maxKeyless * total });
  }
  return counts;
}

export async function readJudgement(
  engine: Engine,
  input: JudgeInput,
  counts: readonly RangeCount[],
  warnings: readonly string[],
): Promise<Judgement> {
  const { settings } = input;
  const time = rangeTime(input.range, input.replay);
  const messages = await readMessages(engine);
  const idsAcrossKeys = settings.messages.id === undefined ? 0 : await countIdsAcrossKeys(engine);
  const kinds: KindTotals[] = [];
  for (const [kind, { total, keyless }] of counts.entries()) {
    const lines = await readLineCounts(engine, kind);
    kinds.push({
      total,
      keyless,
      matched: await countMatched(engine, kind),
      orphans: await countOrphans(engine, kind),
      ...summarise(lines),
      groups: await readGroups(engine, kind),
      ...(await readLatency(engine, kind)),
    });
  }
  const signatures = await readSignatures(engine, settings.kinds.length);
  return {
    ...(time && { time }),
    messages: { ...messages, idsAcrossKeys },
    kinds,
    signatures,
    pairLatencies: await readPairLatencies(engine, settings),
    shared: await countShared(engine, settings),
    notes: warnings,
  };
}

async function readMessages(engine: Engine): Promise<Omit<Judgement['messages'], 'idsAcrossKeys'>> {
  const [seen] = await engine.rows(`SELECT count(*), count(CASE WHEN m.msg_key = '' THEN 1 END),
    count(CASE WHEN m.undecodable = 1 THEN 1 END), count(CASE WHEN m.class_id = ${MESSAGE_CLASS.abortedAudited} THEN 1 END),
    count(CASE WHEN m.class_id = ${MESSAGE_CLASS.openAudited} THEN 1 END)
    FROM messages AS m WHERE ${isAudited('m')} AND m.in_range = 1`);
  const [audited, noKey, undecodable, aborted, open] = seen!.map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const [plain] = await engine.rows(
    'SELECT count(*) FROM facts AS a WHERE a.odd_key IS NULL AND a.judged_copies > 0',
  );
  const [odd] = await engine.rows('SELECT count(*) FROM odd_events AS e WHERE e.judged_copies > 0');
  const events = Number(plain![0]) + Number(odd![0]);
  return { audited, events, copies: audited - noKey - events, noKey, undecodable, aborted, open };
}

async function countIdsAcrossKeys(engine: Engine): Promise<number> {
  const [row] = await engine.rows(`SELECT count(*) FROM (SELECT m.event_id FROM messages AS m
    WHERE ${isAudited('m')} AND m.event_id <> '' AND m.msg_key <> '' GROUP BY m.event_id HAVING min(m.msg_key) <> max(m.msg_key)) AS g`);
  return Number(row![0]);
}

/**
 * Of each entry, how many rows or lines of the judged keys are one effect with another, as they carry its id (rule 5).
 * Two of one key make it odd: the plainly expected have none, so that only the odd ones are counted.
 */
async function countShared(engine: Engine, { entries }: Settings): Promise<readonly number[]> {
  const rows = await engine.rows(`SELECT s.entry_no, sum(s.surplus) FROM (
    SELECT f.entry_no AS entry_no, 1 AS surplus FROM sightings AS f JOIN odd_keys AS o ON o.odd_key = f.effect_key
    UNION ALL
    SELECT f.entry_no AS entry_no, -1 AS surplus FROM one_effect AS f) AS s GROUP BY s.entry_no`);
  const shared = new Map(rows.map(([entry, surplus]) => [Number(entry), Number(surplus)]));
  return entries.map((_, entry) => shared.get(entry) ?? 0);
}

interface LineCount {
  readonly copies: number;
  /** Undefined: could not be looked for. */
  readonly count: number | undefined;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly reason: Reason | '';
  readonly messages: number;
  readonly events: number;
}

/** The ledger of one kind, counted: from the plain keys, the judged ones, and the messages without a key. */
async function readLineCounts(engine: Engine, kind: number): Promise<readonly LineCount[]> {
  const rows = await engine.rows(`
    SELECT a.copies, a.seen_${kind}, CASE WHEN a.seen_${kind} = 0 THEN 'zero' ELSE 'one' END,
           CASE WHEN a.expect_max_${kind} = 0 THEN 'exempt' ELSE 'ok' END, '', sum(a.judged_copies), count(*)
    FROM facts AS a WHERE a.odd_key IS NULL AND a.judged_copies > 0 GROUP BY ALL
    UNION ALL
    SELECT j.copies, j.surely, j.outcome, j.verdict, j.reason, sum(j.judged_copies), count(*)
    FROM judged AS j WHERE j.effect_kind = ${kind} GROUP BY ALL
    UNION ALL
    SELECT 1, NULL, 'unknown', 'unknown', ${keylessReason(kind)}, count(*), 0
    FROM messages AS m WHERE ${isAudited('m')} AND m.in_range = 1 AND m.msg_key = '' GROUP BY ALL`);
  return rows.map(([copies, count, outcome, verdict, reason, messages, events]) => ({
    copies: Number(copies),
    count: count === null ? undefined : Number(count),
    outcome: outcome as Outcome,
    verdict: verdict as Verdict,
    reason: reason as Reason | '',
    messages: Number(messages),
    events: Number(events),
  }));
}

/** Why a message without a key (alias `m`) is unknown for a kind. */
export function keylessReason(kind: number): string {
  return `CASE WHEN m.msg_ts < 0 THEN 'bad-time' WHEN m.expect_max_${kind} = -1 THEN 'undecodable' ELSE 'no-key' END`;
}

function summarise(
  lines: readonly LineCount[],
): Pick<KindTotals, 'outcomes' | 'verdicts' | 'reasons' | 'matrix'> {
  const outcomes: Record<Outcome, number> = { zero: 0, one: 0, multiple: 0, unknown: 0 };
  const verdicts: Record<Verdict, number> = {
    ok: 0,
    missing: 0,
    duplicate: 0,
    unexpected: 0,
    exempt: 0,
    unknown: 0,
  };
  const reasons: Partial<Record<Reason, number>> = {};
  const cells = new Map<string, { -readonly [Name in keyof MatrixCell]: MatrixCell[Name] }>();
  for (const { copies, count, outcome, verdict, reason, messages, events } of lines) {
    outcomes[outcome] += messages;
    verdicts[verdict] += messages;
    if (reason !== '') reasons[reason] = (reasons[reason] ?? 0) + messages;
    const name = `${copies}/${count ?? ''}`;
    const cell = cells.get(name) ?? { copies, ...(count !== undefined && { count }), messages: 0, events: 0 };
    cell.messages += messages;
    cell.events += events;
    cells.set(name, cell);
  }
  const matrix = [...cells.values()].sort((a, b) => a.copies - b.copies || (a.count ?? -1) - (b.count ?? -1));
  return { outcomes, verdicts, reasons, matrix };
}

async function countMatched(engine: Engine, kind: number): Promise<number> {
  const [row] = await engine.rows(`
    SELECT COALESCE((SELECT sum(a.seen_${kind}) FROM facts AS a WHERE a.odd_key IS NULL AND a.judged_copies > 0), 0)
         + COALESCE((SELECT sum(j.surely) FROM judged AS j WHERE j.effect_kind = ${kind}), 0)`);
  return Number(row![0]);
}

async function countOrphans(engine: Engine, kind: number): Promise<KindTotals['orphans']> {
  const counts: Record<OrphanReason, number> = { 'no-message': 0, skipped: 0, aborted: 0, unread: 0 };
  const rows = await engine.rows(
    `SELECT o.reason, count(*) FROM orphans AS o WHERE o.effect_kind = ${kind} GROUP BY o.reason`,
  );
  for (const [reason, count] of rows) counts[reason as OrphanReason] = Number(count);
  return counts;
}

/** First effect minus the event's earliest copy, over the events that have an effect with a time. */
async function readLatency(engine: Engine, kind: number): Promise<Pick<KindTotals, 'latencyMs'>> {
  const [row] = await engine.rows(`
    SELECT l.q[1], l.q[2], l.q[3], l.highest FROM (SELECT quantile_disc(l.ms, [0.5, 0.95, 0.99]) AS q, max(l.ms) AS highest FROM (
      SELECT CAST(a.latency_${kind} AS BIGINT) AS ms FROM facts AS a
      WHERE a.odd_key IS NULL AND a.judged_copies > 0 AND a.latency_${kind} IS NOT NULL
      UNION ALL
      SELECT CAST(floor(j.first_us / 1000) AS BIGINT) - j.first_ts AS ms FROM judged AS j
      WHERE j.effect_kind = ${kind} AND j.first_us IS NOT NULL AND j.first_ts >= 0) AS l) AS l`);
  if (row === undefined || row[0] === null) return {};
  const [p50, p95, p99, max] = row.map(Number) as [number, number, number, number];
  return { latencyMs: { p50, p95, p99, max } };
}

async function readSignatures(engine: Engine, kinds: number): Promise<readonly Signature[]> {
  const all = Array.from({ length: kinds }, (_, kind) => kind);
  const rows = await engine.rows(`
    SELECT ${all.map((kind) => `s.o_${kind}`).join(', ')}, sum(s.messages) FROM (
      SELECT ${all.map((kind) => `CASE WHEN a.seen_${kind} = 0 THEN 'zero' ELSE 'one' END AS o_${kind}`).join(', ')}, a.judged_copies AS messages
      FROM facts AS a WHERE a.odd_key IS NULL AND a.judged_copies > 0
      UNION ALL
      SELECT ${all.map((kind) => `max(CASE WHEN j.effect_kind = ${kind} THEN j.outcome END)`).join(', ')}, max(j.judged_copies)
      FROM judged AS j GROUP BY j.msg_key, j.event_no
      UNION ALL
      SELECT ${all.map(() => "'unknown'").join(', ')}, 1
      FROM messages AS m WHERE ${isAudited('m')} AND m.in_range = 1 AND m.msg_key = '') AS s
    GROUP BY ALL ORDER BY ALL`);
  const signatures = rows.map(
    (row: Row): Signature => ({ outcomes: row.slice(0, kinds) as Outcome[], messages: Number(row[kinds]) }),
  );
  return [...signatures].sort((a, b) => b.messages - a.messages);
}
