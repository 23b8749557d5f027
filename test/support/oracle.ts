/** A second, naive reading of DESIGN section 4: plain arrays, quadratic, obviously right. The engine must agree with it. */
import { UNBOUNDED } from '../../src/columns.ts';
import type { Outcome, Reason, Verdict } from '../../src/model.ts';
import {
  type History,
  type HistoryEffect,
  type HistoryEntry,
  type HistoryMessage,
  isAudited,
} from './history.ts';
import {
  distinct,
  type Event,
  eventsOf,
  expectationOf,
  hasBadTime,
  timeOf,
  type Window,
  windowOf,
} from './oracle/events.ts';
import { groupOf, type OracleGroup } from './oracle/groups.ts';
import { hasCoordinates } from './oracle/meeting.ts';
import { effectsOfRange, ids, type OracleOrphan, orphanOf, tooManyKeyless } from './oracle/orphans.ts';
import { earlyEffects, hiddenRivals, type Share, servedLate, shareOut, sum } from './oracle/owners.ts';

/** A LedgerLine as far as it is judged. `count` undefined: nothing could be looked for; `most` undefined: no end. */
export interface OracleLine {
  readonly partition: number;
  readonly offset: number;
  readonly kind: number;
  readonly copies: number;
  readonly count: number | undefined;
  readonly most: number | undefined;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly reason: Reason | undefined;
  /** The effects that are surely the event's own, oldest first, those without a time last. */
  readonly effectIds: readonly string[];
}

export interface OracleTotals {
  /** Distinct ids of effects that may be the range's, and those of them without a key. */
  readonly total: number;
  readonly keyless: number;
  /** The counts of all judged events together. */
  readonly matched: number;
}

export interface OracleJudgement {
  /** Every audited message of the range and every kind, sorted by partition, offset, kind. */
  readonly lines: readonly OracleLine[];
  readonly orphans: readonly OracleOrphan[];
  readonly totals: readonly OracleTotals[];
  /** Of each kind. */
  readonly groups: readonly (readonly OracleGroup[])[];
  readonly audited: number;
  /** Events with a key that a message of the range tells, and its messages beyond the first of each. */
  readonly events: number;
  readonly copies: number;
  readonly noKey: number;
  readonly undecodable: number;
  readonly aborted: number;
  readonly open: number;
}

export function judge(input: History): OracleJudgement {
  const events = eventsOf(input);
  const effects = distinct(input.effects);
  const judged = input.messages.filter((message) => isAudited(message) && message.inRange);
  const shares = input.kinds.map((_, kind) => shareOut(input, events, effects, kind));
  const lines = judged.flatMap((message) =>
    input.kinds.map((_, kind) => lineOf(input, events, effects, shares[kind]!, message, kind)),
  );
  lines.sort((a, b) => a.partition - b.partition || a.offset - b.offset || a.kind - b.kind);
  return {
    lines,
    orphans: effects.flatMap((effect) => orphanOf(input, effect) ?? []),
    totals: input.kinds.map((_, kind) => totalsOf(input, events, effects, shares[kind]!, kind)),
    groups: input.kinds.map((_, kind) => groupsOf(input, events, effects, shares[kind]!, kind)),
    audited: judged.length,
    events: events.filter((event) => event.copies.some((copy) => copy.inRange)).length,
    copies: events.flatMap((event) => event.copies.filter((copy) => copy.inRange).slice(1)).length,
    noKey: judged.filter((message) => message.key === '').length,
    undecodable: judged.filter((message) => message.undecodable).length,
    aborted: judged.filter((message) => message.class === 'abortedAudited').length,
    open: judged.filter((message) => message.class === 'openAudited').length,
  };
}

// ------------------------------------------------------------------------------------- the verdict

/** Rule 10, of the weakest of a kind's sources: why the interval has no end, in the order in which the first is given. */
function unseen(input: History, event: Event, kind: number): Reason[] {
  const window = windowOf(event, input.kinds[kind]!);
  const sources = input.entries.filter((entry) => entry.kind === kind).map(({ coverage }) => coverage);
  const reasons: Reason[] = [];
  if (sources.some(({ readAt }) => window.end > readAt * 1000)) reasons.push('not-settled');
  if (sources.some((coverage) => !shows(coverage, window))) reasons.push('source-gap');
  return reasons;
}

/** Whether a source saw all of the window. */
function shows({ span, gaps }: HistoryEntry['coverage'], { start, end }: Window): boolean {
  if (span === undefined || end > span.to * 1000) return false;
  const from = (span.from ?? Number.NEGATIVE_INFINITY) * 1000;
  if ((span.edge === 'line' ? start : end) < from) return false;
  return !gaps.some((gap) => gap.from * 1000 <= end && start <= gap.to * 1000);
}

function lineOf(
  input: History,
  events: readonly Event[],
  effects: readonly HistoryEffect[],
  shares: ReadonlyMap<Event, Share>,
  message: HistoryMessage,
  kind: number,
): OracleLine {
  const { partition, offset } = message;
  const event = events.find(({ copies }) => copies.includes(message));
  if (event === undefined) {
    const unread = message.expect[kind] === 'undecodable' ? 'undecodable' : 'no-key';
    const reason = message.timestamp < 0 ? 'bad-time' : unread;
    const nothing = { copies: 1, count: undefined, most: undefined, effectIds: [] };
    return { partition, offset, kind, ...nothing, outcome: 'unknown', verdict: 'unknown', reason };
  }
  const interval = intervalOf(input, events, effects, shares, event, kind);
  const { count, most } = interval;
  const sure = [...shares.get(event)!.sure].sort(oldestFirst);
  return {
    partition,
    offset,
    kind,
    copies: event.copies.length,
    count,
    most,
    outcome: outcomeOf(count, most),
    ...verdictOf(event, kind, interval),
    effectIds: sure.map((effect) => effect.id),
  };
}

function oldestFirst(a: HistoryEffect, b: HistoryEffect): number {
  if (timeOf(a) !== timeOf(b)) return timeOf(a) < timeOf(b) ? -1 : 1;
  return Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));
}

/** Rule 9's interval (`most` undefined: no end), and what keeps its ends apart, in the order of the reasons. */
interface Interval {
  readonly count: number;
  readonly most: number | undefined;
  readonly because: readonly Reason[];
}

function intervalOf(
  input: History,
  events: readonly Event[],
  effects: readonly HistoryEffect[],
  shares: ReadonlyMap<Event, Share>,
  event: Event,
  kind: number,
): Interval {
  const share = shares.get(event)!;
  const blind = unseen(input, event, kind);
  const { lent, borrowed } = servedLate(input, events, shares, event, kind);
  const hidden = hiddenRivals(input, event, share, kind, lent);
  const count = share.sure.length - lent - hidden;
  const most = share.sure.length + share.ambiguous + share.late + borrowed;
  const because = [...blind];
  if (share.ambiguous + lent + borrowed > 0) because.push('ambiguous');
  if (hidden > 0) because.push('compacted');
  if (share.late > 0) because.push('late');
  if (hasBadTime(event) || blind.length > 0) return { count, most: undefined, because };

  const expected = expectationOf(event, kind);
  const beyond = typeof expected !== 'string' && most < expected.min ? share.beyond : 0;
  if (beyond > 0 && !because.includes('late')) because.push('late');
  const early = earlyEffects(input, events, effects, event, kind, most);
  if (early > 0) because.push('early');
  const end = most + beyond + early;
  const missing = typeof expected !== 'string' && end < expected.min;
  if (missing && tooManyKeyless(input, kind)) return { count, most: undefined, because: ['source-gap'] };
  return { count, most: end, because };
}

function verdictOf(
  event: Event,
  kind: number,
  { count, most, because }: Interval,
): { verdict: Verdict; reason: Reason | undefined } {
  const expected = expectationOf(event, kind);
  if (hasBadTime(event)) return { verdict: 'unknown', reason: 'bad-time' };
  if (expected === 'undecodable') return { verdict: 'unknown', reason: 'undecodable' };
  if (expected === 'unreadable') return { verdict: 'unknown', reason: 'no-expectation' };

  const end = most ?? Number.POSITIVE_INFINITY;
  const max = expected.max >= UNBOUNDED ? Number.POSITIVE_INFINITY : expected.max;
  const sure = (verdict: Verdict) => ({ verdict, reason: undefined });
  if (count > max) return sure(max === 0 ? 'unexpected' : 'duplicate');
  if (end < expected.min) return sure('missing');
  if (count >= expected.min && end <= max) return sure(max === 0 ? 'exempt' : 'ok');
  return { verdict: 'unknown', reason: because[0] };
}

function outcomeOf(count: number, most: number | undefined): Outcome {
  if (most === 0) return 'zero';
  if (count === 1 && most === 1) return 'one';
  return count >= 2 ? 'multiple' : 'unknown';
}

// ------------------------------------------------------------------------------------- groups

function groupsOf(
  input: History,
  events: readonly Event[],
  effects: readonly HistoryEffect[],
  shares: ReadonlyMap<Event, Share>,
  kind: number,
): OracleGroup[] {
  return [...new Set(events.map(({ key }) => key))].flatMap((key) => {
    const weighed = events
      .filter((event) => event.key === key)
      .map((event) => {
        const interval = intervalOf(input, events, effects, shares, event, kind);
        const { sure, ambiguous, late } = shares.get(event)!;
        const { borrowed } = servedLate(input, events, shares, event, kind);
        const expected = expectationOf(event, kind);
        const exempt = typeof expected !== 'string' && expected.max === 0;
        const strays = exempt ? earlyEffects(input, events, effects, event, kind, 0) : 0;
        return {
          event,
          ambiguous: verdictOf(event, kind, interval).reason === 'ambiguous',
          count: interval.count,
          mayBe: sure.length + ambiguous + late + borrowed + strays,
          named: sure.filter((effect) => hasCoordinates(input, effect)).length,
        };
      });
    return groupOf(input, weighed, effects, kind) ?? [];
  });
}

// ------------------------------------------------------------------------------------- totals

function totalsOf(
  input: History,
  events: readonly Event[],
  effects: readonly HistoryEffect[],
  shares: ReadonlyMap<Event, Share>,
  kind: number,
): OracleTotals {
  const ofRange = effectsOfRange(input, kind);
  const judged = events.filter((event) => event.copies.some((copy) => copy.inRange));
  return {
    total: ids(ofRange),
    keyless: ids(ofRange.filter((effect) => effect.key === '')),
    matched: sum(judged.map((event) => intervalOf(input, events, effects, shares, event, kind).count)),
  };
}
