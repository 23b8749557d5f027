/** The judge against the oracle: whatever happened, both must say the same of every message and every effect. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { refuseWrongSums } from '../../src/findings/sums.ts';
import { answerOfEngine, answerOfOracle } from '../support/answers.ts';
import { cases } from '../support/deep.ts';
import { histories, STORIES } from '../support/histories.ts';
import { type Played, play } from '../support/play.ts';
import { calmRecord } from '../support/records.ts';

/** How many stories. */
const COUNT = cases(1000);

const choice = { coordinates: true, eachMessage: true, sought: false };

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

/** As much of a record as the sums of a judgement are held against. */
function recordOf({ judgement }: Played) {
  const { audited, aborted } = judgement.messages;
  const record = calmRecord({ kinds: judgement.kinds.map(() => calmRecord().kinds[0]!) });
  const none = { skipped: 0, control: 0, absent: 0, deleted: 0, unseen: 0 };
  const classes = new Map([[0, { ...none, audited: audited - aborted, aborted }]]);
  const partitions = [{ ...record.range.partitions[0]!, end: audited }];
  return { ...record, range: { ...record.range, partitions }, replay: { ...record.replay, classes } };
}
