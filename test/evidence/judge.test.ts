/** The judge against the oracle: whatever happened, both must say the same of every message and every effect. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { refuseWrongSums } from '../../src/findings/sums.ts';
import type { GroupState, KindTotals, LedgerLine, Orphan } from '../../src/model.ts';
import { histories, STORIES } from '../support/histories.ts';
import type { History } from '../support/history.ts';
import type { OracleGroup } from '../support/oracle/groups.ts';
import { judge, type OracleJudgement, type OracleLine } from '../support/oracle.ts';
import { type Played, play } from '../support/play.ts';
import { calmRecord } from '../support/records.ts';

/** How many stories; ONCEOVER_DEEP=10000 looks harder. */
const COUNT = Number(process.env.ONCEOVER_DEEP ?? 300);

for (const exact of [false, true]) {
  it(`judges ${COUNT} histories as the oracle does${exact ? ', by the full rules only' : ''}`, async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const played = await play(history, exact);
        expect(answerOfEngine(played)).toEqual(answerOfOracle(history, judge(history)));
        expect(() => refuseWrongSums(recordOf(played), played.judgement)).not.toThrow();
      }),
      { numRuns: Math.ceil(COUNT / STORIES) },
    );
  }, 3_600_000);
}

/** As much of a record as the sums of a judgement are held against. */
function recordOf({ judgement }: Played) {
  const { audited, aborted } = judgement.messages;
  const record = calmRecord({ kinds: judgement.kinds.map(() => calmRecord().kinds[0]!) });
  const none = { skipped: 0, control: 0, absent: 0, deleted: 0, unseen: 0 };
  const classes = new Map([[0, { ...none, audited: audited - aborted, aborted }]]);
  const partitions = [{ ...record.range.partitions[0]!, end: audited }];
  return { ...record, range: { ...record.range, partitions }, replay: { ...record.replay, classes } };
}

/** Both sides in one form. */
function answerOfEngine({ judgement, lines, orphans }: Played) {
  const { idsAcrossKeys: _, ...messages } = judgement.messages;
  return {
    lines: lines.map(lineOfEngine),
    orphans: orphans.map(({ kind, id, key, reason }: Orphan) => ({ kind, id, key, reason })).sort(byText),
    messages,
    kinds: judgement.kinds.map(({ latencyMs: _, matrix, groups, ...totals }: KindTotals) => ({
      ...totals,
      matrix: matrix.map(({ copies, count, messages }) => ({ copies, count, messages })).sort(byText),
      groups: { ...groups, examples: groups.examples.length },
    })),
    signatures: judgement.signatures
      .map(({ outcomes, messages }) => ({ outcomes: outcomes.join(' '), messages }))
      .sort(byText),
  };
}

function lineOfEngine(line: LedgerLine): OracleLine {
  const { partition, kind, copies, count, most, outcome, verdict, reason, effectIds } = line;
  const offset = Number(line.offset);
  return { partition, offset, kind, copies, count, most, outcome, verdict, reason, effectIds };
}

function answerOfOracle(history: History, judged: OracleJudgement) {
  const { lines, orphans, audited, events, copies, noKey, undecodable, aborted, open } = judged;
  return {
    lines,
    orphans: [...orphans].sort(byText),
    messages: { audited, events, copies, noKey, undecodable, aborted, open },
    kinds: history.kinds.map((_, kind) => totalsOf(judged, kind)),
    signatures: signaturesOf(lines),
  };
}

function totalsOf({ lines, orphans, totals, groups }: OracleJudgement, kind: number) {
  const ofKind = lines.filter((line) => line.kind === kind);
  const tally = <Name extends string>(names: readonly Name[]) => countOf(names);
  return {
    ...totals[kind]!,
    orphans: {
      ...{ 'no-message': 0, skipped: 0, aborted: 0, unread: 0 },
      ...tally(orphans.filter((orphan) => orphan.kind === kind).map((orphan) => orphan.reason)),
    },
    outcomes: {
      ...{ zero: 0, one: 0, multiple: 0, unknown: 0 },
      ...tally(ofKind.map((line) => line.outcome)),
    },
    verdicts: {
      ...{ ok: 0, missing: 0, duplicate: 0, unexpected: 0, exempt: 0, unknown: 0 },
      ...tally(ofKind.map((line) => line.verdict)),
    },
    reasons: tally(ofKind.flatMap((line) => line.reason ?? [])),
    matrix: cells(ofKind),
    groups: groupTotals(groups[kind]!),
  };
}

function groupTotals(groups: readonly OracleGroup[]) {
  const of = (state: GroupState) => groups.filter((group) => group.state === state);
  const sizes = [of('short'), of('excess'), of('balanced'), of('open')].map(({ length }) => length);
  const [short, excess, balanced, open] = sizes as [number, number, number, number];
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    short,
    excess,
    balanced,
    open,
    missing: sum(of('short').map(({ expected, most }) => expected.min - most)),
    extra: sum(of('excess').map(({ expected, count }) => count - expected.max)),
    examples: sum(sizes.map((size) => Math.min(size, 3))),
  };
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function cells(lines: readonly OracleLine[]) {
  const names = lines.map(({ copies, count }) => JSON.stringify([copies, count ?? null]));
  return Object.entries(countOf(names))
    .map(([name, messages]) => {
      const [copies, count] = JSON.parse(name) as [number, number | null];
      return { copies, count: count ?? undefined, messages };
    })
    .sort(byText);
}

function signaturesOf(lines: readonly OracleLine[]) {
  const outcomes = new Map<string, string[]>();
  for (const { partition, offset, outcome } of lines) {
    const message = `${partition}:${offset}`;
    outcomes.set(message, [...(outcomes.get(message) ?? []), outcome]);
  }
  const signatures = [...outcomes.values()].map((each) => each.join(' '));
  return Object.entries(countOf(signatures))
    .map(([each, messages]) => ({ outcomes: each, messages }))
    .sort(byText);
}

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
