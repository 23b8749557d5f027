import { describe, expect, it } from 'vitest';
import { factStatements } from '../../src/evidence/judgement/facts.ts';
import { judgeStatements } from '../../src/evidence/judgement/rules.ts';
import type { Shape } from '../../src/evidence/judgement/statement.ts';

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
  const entry = { kind: 0, coordinates: false };
  const shapes: readonly Shape[] = [
    { kinds: 1, eachMessage: false, entries: [entry] },
    { kinds: 3, eachMessage: true, entries: [entry, { ...entry, kind: 1 }, { kind: 2, coordinates: true }] },
  ];
  const statements = shapes.flatMap((shape) => [
    ...factStatements(shape, false),
    ...factStatements(shape, true),
    ...judgeStatements(shape),
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
