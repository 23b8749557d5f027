/** Counts the groups of contested events of one kind, and picks a few of them as examples. */
import { UNBOUNDED } from '../columns.ts';
import type { ContestedGroup, GroupState, GroupTotals } from '../model.ts';
import { type Engine, type Row, wholeText } from './engine.ts';

/** How many groups of each state are shown. */
const EXAMPLES = 3;

/** What a group lacks, or has too many, at least. */
const PROVEN = `CASE g.state WHEN 'short' THEN g.expect_min - g.most_seen WHEN 'excess' THEN g.least_seen - g.expect_max ELSE 0 END`;

export async function readGroups(engine: Engine, kind: number): Promise<GroupTotals> {
  const counts: Record<GroupState, number> = { short: 0, balanced: 0, excess: 0, open: 0 };
  const proven = { ...counts };
  const rows = await engine.rows(`SELECT g.state, count(*), sum(${PROVEN})
    FROM contested_groups AS g WHERE g.effect_kind = ${kind} GROUP BY g.state`);
  for (const [state, groups, effects] of rows) {
    counts[state as GroupState] = Number(groups);
    proven[state as GroupState] = Number(effects);
  }
  const examples = rows.length === 0 ? [] : await readExamples(engine, kind);
  return { ...counts, missing: proven.short, extra: proven.excess, examples };
}

async function readExamples(engine: Engine, kind: number): Promise<readonly ContestedGroup[]> {
  const rows =
    await engine.rows(`SELECT e.state, ${wholeText('e.msg_key')}, e.events, e.expect_min, e.expect_max, e.least_seen, e.most_seen
    FROM (SELECT g.*, row_number() OVER (PARTITION BY g.state ORDER BY ${PROVEN} DESC, g.msg_key) AS place
          FROM contested_groups AS g WHERE g.effect_kind = ${kind}) AS e
    WHERE e.place <= ${EXAMPLES} ORDER BY e.state DESC, e.place`);
  return rows.map(groupOf);
}

function groupOf([state, key, ...numbers]: Row): ContestedGroup {
  const [events, min, max, count, most] = numbers.map(Number) as [number, number, number, number, number];
  return {
    state: state as GroupState,
    key: key as string,
    events,
    expected: { min, max: Math.min(max, UNBOUNDED) },
    count,
    most,
  };
}
