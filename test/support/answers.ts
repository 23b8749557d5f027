/** What the engine and the oracle say of a history, in one form, so that they can be held together. */
import type { GroupState, KindTotals, LedgerLine, Orphan } from '../../src/model.ts';
import type { History } from './history.ts';
import type { OracleGroup } from './oracle/groups.ts';
import { sum } from './oracle/owners.ts';
import { judge, type OracleJudgement, type OracleLine } from './oracle.ts';
import type { Played } from './play.ts';

export function answerOfEngine({ judgement, lines, orphans }: Played) {
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

export function answerOfOracle(history: History) {
  const judged = judge(history);
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
