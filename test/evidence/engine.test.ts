/** The engine within its memory: what does not fit lies on disk, is told, and is gone when the engine is closed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Stages } from '../../src/cli/stages.ts';
import { Engine } from '../../src/evidence/engine.ts';

const folder = await mkdtemp(join(tmpdir(), 'onceover-engine-'));

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The most that lay on disk while a table of so many orders was made that is not to stay. */
async function spilledBy(orders: number): Promise<number> {
  const place = join(folder, String(orders));
  const engine = await Engine.open({
    file: `${place}.duckdb`,
    memory: '100MB',
    spill: `${place}-spill`,
    readOnly: false,
  });
  const stages = new Stages();
  stages.watchSpill(() => engine.spilledBytes());
  await stages.run('make', () =>
    engine.run(
      `CREATE TEMPORARY TABLE orders AS SELECT md5(CAST(i AS VARCHAR)) AS digest, md5(CAST(-i AS VARCHAR)) AS other
       FROM range(${orders}) AS r(i)`,
    ),
  );
  engine.close();
  return stages.list()[0]!.spilledBytes;
}

it('tells how much did not fit into its memory', async () => {
  expect(await spilledBy(3_000_000)).toBeGreaterThan(2 ** 20);
  expect(await spilledBy(1000)).toBe(0);
});
