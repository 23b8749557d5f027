/** The judge against the oracle: whatever happened, both must say the same of every message and every effect. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { refuseWrongSums } from '../../src/findings/sums.ts';
import { answerOfEngine, answerOfOracle } from '../support/answers.ts';
import { cases } from '../support/deep.ts';
import { histories, STORIES } from '../support/histories.ts';
import type { History, HistoryEffect } from '../support/history.ts';
import { judge } from '../support/oracle.ts';
import { type Played, play } from '../support/play.ts';
import { calmRecord } from '../support/records.ts';

/** How many stories. */
const COUNT = cases(1000);

const choice = { coordinates: true, eachMessage: true, sought: true };

it(`judges ${COUNT} histories as the oracle does, by the full rules too`, async () => {
  await fc.assert(
    fc.asyncProperty(histories(choice), fc.boolean(), async (history, exact) => {
      const expected = answerOfOracle(history);
      const played = await play(history, exact);
      expect(answerOfEngine(played)).toEqual(expected);
      expect(answerOfEngine(await play(history, !exact))).toEqual(expected);
      expect(() => refuseWrongSums(recordOf(played), played.judgement)).not.toThrow();
    }),
    { numRuns: Math.ceil(COUNT / STORIES) },
  );
}, 3_600_000);

it(`judges ${COUNT} histories again after a second look as the oracle does at once`, async () => {
  await fc.assert(
    fc.asyncProperty(histories({ ...choice, coordinates: false, sought: false }), async (history) => {
      const { first, beyond, second } = seenTwice(history);
      expect(answerOfEngine(await play(first, false, beyond))).toEqual(answerOfOracle(second));
    }),
    { numRuns: Math.ceil(COUNT / STORIES) },
  );
}, 3_600_000);

/**
 * The history as it is seen at first, by effects around the range only; what is beyond; and the history with those effects
 * from beyond whose key is missing at first (rule 11).
 */
function seenTwice(history: History): { first: History; beyond: History['effects']; second: History } {
  const { range, entries } = history;
  const kinds = history.kinds.map((kind) => ({
    ...kind,
    sought: { from: range.from - kind.lead, to: range.to + kind.settle },
  }));
  const isSought = ({ entry, time }: HistoryEffect) => {
    const { from, to } = kinds[entries[entry]!.kind]!.sought;
    return time === null || (from * 1000 <= time && time < (to + 1) * 1000);
  };
  const first = { ...history, kinds, effects: history.effects.filter(isSought) };
  const beyond = history.effects.filter((effect) => !isSought(effect));
  const missing = missingKeys(first);
  const found = beyond.filter(({ entry, key }) => missing[entries[entry]!.kind]!.has(key));
  return { first, beyond, second: { ...first, effects: [...first.effects, ...found] } };
}

/** The keys of each kind that lack an effect: by a verdict, or as a group. */
function missingKeys(history: History): readonly ReadonlySet<string>[] {
  const { lines, groups } = judge(history);
  const keyAt = new Map(
    history.messages.map(({ partition, offset, key }) => [`${partition} ${offset}`, key]),
  );
  return history.kinds.map((_, kind) => {
    const missing = lines.filter((line) => line.kind === kind && line.verdict === 'missing');
    const short = groups[kind]!.filter(({ state }) => state === 'short');
    return new Set([
      ...missing.map(({ partition, offset }) => keyAt.get(`${partition} ${offset}`)!),
      ...short.map(({ key }) => key),
    ]);
  });
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
