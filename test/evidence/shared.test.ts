/** Rows that share their id with another of their key, from the evidence to the exit status. */
import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/findings/report.ts';
import type { Coverage, Report } from '../../src/model.ts';
import { parse } from '../support/notation.ts';
import { play } from '../support/play.ts';
import { calmRecord, judgementOf, totalsOf } from '../support/records.ts';

/** Judged both ways, which must agree. */
async function sharedOf(line: string): Promise<readonly number[]> {
  const [quick, exact] = await Promise.all([play(parse(line), false), play(parse(line), true)]);
  expect(quick.judgement.shared).toEqual(exact.judgement.shared);
  return quick.judgement.shared;
}

describe('rows with one id', () => {
  it('are counted where they are of one key, all but the first', async () => {
    expect(await sharedOf('m 1@0 2@0 | e 1#7@1 1#7@2 1#7@? 2#8@1')).toEqual([2]);
    expect(await sharedOf('m 1@0 2@0 | e 1#7@1 2#7@1')).toEqual([0]);
    expect(await sharedOf('m 1@0 | e 1#7@1 1#8@2')).toEqual([0]);
  });

  it('are counted also behind the window, where nothing but the first decides', async () => {
    expect(await sharedOf('m 1@0 | e 1#7@1 1#7@40')).toEqual([1]);
  });

  it('are counted of each source by itself', async () => {
    expect(await sharedOf('m 1@0 2@0 | e 1#7@1 2#8@1 2#8@2 | e 1#7@1')).toEqual([1, 0]);
  });

  it('are counted where they name the same message, and not where they name two', async () => {
    expect(await sharedOf('m 1@0[0:3] 1@0[0:4] | c 0:3#7@1 0:3#7@2')).toEqual([1]);
    expect(await sharedOf('m 1@0[0:3] 1@0[0:4] | c 0:3#7@1 0:4#7@2')).toEqual([0]);
  });

  it('are counted where only a second look finds the other', async () => {
    const seen = parse('m 1@0*2 | e 1#7@1 | until 60');
    const found = [{ ...seen.effects[0]!, time: seen.effects[0]!.time! + 1 }];
    expect((await play(seen, false, found)).judgement.shared).toEqual([1]);
  });
});

describe('the report of rows with one id', () => {
  function reportOf(shared: number, change: Partial<Coverage>): Report {
    const record = calmRecord();
    const coverage = [{ ...record.coverage[0]!, ...change }];
    return buildReport({ ...record, coverage }, judgementOf([totalsOf()], { shared: [shared] }), []);
  }

  it('doubts that all is as expected where each row is one by itself', () => {
    const { exit, coverage } = reportOf(1234, { distinct: true });
    expect(exit).toEqual({
      status: 3,
      because: [
        'order-row: 1,234 rows share their id with another row of the same key, and may be effects that were not counted',
      ],
    });
    expect(coverage[0]!.shared).toBe(1234);
    expect(coverage[0]!.notes).toContain(
      '1,234 rows share their id with another row of the same key: they count as one effect (is `id` unique?)',
    );
    expect(reportOf(1, { distinct: true }).exit.because).toEqual([
      'order-row: 1 row shares its id with another row of the same key, and may be an effect that was not counted',
    ]);
  });

  it('only notes it where one record may be seen twice', () => {
    const { exit, coverage } = reportOf(1, {});
    expect(exit.status).toBe(0);
    expect(coverage[0]!.notes.join()).toContain('1 row shares its id with another row of the same key');
  });

  it('says nothing where no row does', () => {
    const { exit, coverage } = reportOf(0, { distinct: true });
    expect(exit.status).toBe(0);
    expect(coverage[0]!.notes.join()).not.toContain('row');
  });
});
