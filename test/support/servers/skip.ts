/** Tests that need real servers: run where these can be had, else skipped in a loud voice and by number. */
import { describe, TestRunner } from 'vitest';
import { explain, type Unavailable } from './availability.ts';

/**
 * A `describe` whose tests run only when nothing is unavailable. Otherwise they are skipped, and stderr says how many and
 * what to install; with `CI=true` that is a failure instead.
 */
export function skipUnless(
  needs: readonly (Unavailable | undefined)[],
  title: string,
  tests: () => void,
): void {
  const missing = needs.filter((need) => need !== undefined);
  if (missing.length > 0 && process.env.CI === 'true') {
    throw new Error(
      `CI=true allows no skipped test, and "${title}" cannot run.\n${missing.map(explain).join('\n')}`,
    );
  }
  describe.skipIf(missing.length > 0)(title, () => {
    tests();
    if (missing.length === 0) return;
    const count = TestRunner.getCurrentSuite().tasks.length;
    process.stderr.write(
      `SKIPPED (${count}): ${title}\n${missing.map((need) => `  ${explain(need)}\n`).join('')}`,
    );
  });
}
