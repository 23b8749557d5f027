import { expect, it } from 'vitest';
import { fixByTime, lateNotes } from '../../../src/sources/capture/range.ts';
import { PartitionSurvey } from '../../../src/sources/capture/survey.ts';

it('reads messages of the time behind its end, and says that they are not judged', () => {
  const asked = { from: 2000, to: 6000 };
  const survey = new PartitionSurvey({ times: [1000, 2000, 6000, 7000] });
  for (const [offset, second] of [1, 2, 3, 900, 4, 5, 8, 9].entries()) survey.see(offset, second * 1000);
  const fixed = fixByTime(0, survey, asked, 1000);
  expect(fixed.range).toEqual({ partition: 0, readFirst: 0, first: 1, end: 3, readEnd: 6, short: 0 });
  expect(lateNotes([fixed], asked)).toEqual([
    'short: partition 0: messages of the time asked for lie behind offset 3, the first dated after it; they are not judged, which a range of offsets up to 6 would.',
  ]);
});
