/** From texts to verdicts: real values and rows through configuration, sources and judge, against a naive reading of them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { answerOfEngine, answerOfOracle } from '../support/answers.ts';
import { cases } from '../support/deep.ts';
import { auditDay } from '../support/texts/audit.ts';
import { days } from '../support/texts/day.ts';
import { historyOf } from '../support/texts/naive.ts';

const COUNT = cases(50);

const HOUR = 3_600_000;

it(`judges ${COUNT} days of orders as a naive reader does`, async () => {
  const begin = Math.floor(Date.now() / HOUR) * HOUR - 6 * HOUR;
  await fc.assert(
    fc.asyncProperty(days, fc.boolean(), async (day, exact) => {
      const audited = await auditDay(day, begin, exact);
      const naive = answerOfOracle(historyOf(day, begin, audited));
      expect(withoutKeys(answerOfEngine(audited))).toEqual(withoutKeys(naive));
    }),
    { numRuns: COUNT },
  );
}, 3_600_000);

/** The naive reader spells keys in its own way. */
function withoutKeys({ orphans, ...answer }: ReturnType<typeof answerOfOracle>) {
  const ids = orphans.map(({ kind, id, reason }) => `${kind} ${id} ${reason}`);
  return { ...answer, orphans: ids.sort() };
}
