import { describe, expect, it } from 'vitest';
import { factStatements } from '../../src/evidence/judgement/facts.ts';
import { judgeStatements } from '../../src/evidence/judgement/rules.ts';

/** What means something else, or nothing, on another engine: each was tried on DuckDB and Spark. */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a cast by ::', /::/],
  ['VARCHAR or TEXT (STRING is known to both)', /\b(VARCHAR|TEXT)\b/i],
  ['a quoted identifier (a string on Spark)', /"/],
  ['a backslash in a literal (an escape on Spark)', /\\/],
  ['a quote inside a literal', /'[^' ]*[^' ]''[^' ,)]/],
  ['a substitution ($' + '{…})', /\$\{/],
  [
    'an engine of its own: list, string_agg, struct_pack, epoch_ms, strpos',
    /\b(list|string_agg|struct_pack|epoch_ms|strpos)\s*\(/i,
  ],
  ['QUALIFY, EXCLUDE, FILTER, ASOF', /\b(QUALIFY|EXCLUDE|FILTER|ASOF)\b/i],
  ['an integer division by //', /\/\//],
  ['concat, which takes NULL in two ways', /\bconcat\s*\(/i],
];

describe('the judging SQL', () => {
  const statements = [1, 3].flatMap((kinds) => [
    ...factStatements(kinds, false),
    ...factStatements(kinds, true),
    ...judgeStatements(kinds),
  ]);

  it('is there to be looked at', () => {
    expect(statements.length).toBeGreaterThan(30);
  });

  it.each(FORBIDDEN)('has no %s', (_, pattern) => {
    const found = statements.filter(({ select }) => pattern.test(select));
    expect(found.map(({ name }) => name)).toEqual([]);
  });

  it('sums whole numbers into whole numbers', () => {
    const bare = statements.flatMap(({ name, select }) =>
      [...select.matchAll(/(CAST\()?\bsum\(/g)].filter((match) => match[1] === undefined).map(() => name),
    );
    expect(bare).toEqual([]);
  });

  it('would catch what it forbids', () => {
    const planted = "SELECT a::VARCHAR, \"b\", 'it''s', concat(c, '\\d') FROM t QUALIFY 1 // 2";
    const caught = FORBIDDEN.filter(([, pattern]) => pattern.test(planted));
    expect(caught.length).toBeGreaterThanOrEqual(7);
  });
});
