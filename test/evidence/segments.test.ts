/** A file of the evidence that is not what it was when it was whole is told, whatever became of it. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FileSeal } from '../../src/evidence/parquet.ts';
import { checkSegments, EFFECT_COLUMNS, SegmentSeries } from '../../src/evidence/segments.ts';

let folder: string;
let seals: readonly FileSeal[];
const second = () => join(folder, 'orders-001.parquet');
const check = () => checkSegments(folder, 'orders', seals);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onceover-segments-'));
  const series = new SegmentSeries(folder, 'orders', EFFECT_COLUMNS);
  for (const id of ['ORD-1', 'ORD-2']) {
    await series.append(1, pages(id));
    seals = await series.secure();
  }
});

afterEach(() => rmSync(folder, { recursive: true }));

/** One effect. */
function pages(id: string): readonly Uint8Array[] {
  const text = Buffer.concat([Buffer.from([id.length, 0, 0, 0]), Buffer.from(id)]);
  return [text, text, Buffer.alloc(8), Buffer.alloc(4), Buffer.alloc(8)];
}

it('files as they were are whole, also when others were written behind them', async () => {
  expect(seals.map(({ bytes }) => bytes)).toEqual(
    [0, 1].map((i) => readFileSync(join(folder, `orders-00${i}.parquet`)).length),
  );
  await check();
  const further = new SegmentSeries(folder, 'orders', EFFECT_COLUMNS, seals);
  await further.append(1, pages('ORD-3'));
  seals = await further.secure();
  expect(seals).toHaveLength(3);
  await check();
});

it.each([
  ['cut', () => truncateSync(second(), 100), /orders-001\.parquet has 100 bytes, not \d+: /],
  ['removed', () => rmSync(second()), /orders-001\.parquet is missing: /],
  ['changed', () => flipped(second()), /orders-001\.parquet is damaged \(its checksum does not match\): /],
])('a file that was %s is named', async (_, damage, message) => {
  damage();
  await expect(check()).rejects.toMatchObject({
    status: 4,
    message: expect.stringMatching(message),
    hint: expect.stringContaining('without --resume'),
  });
});

function flipped(path: string): void {
  const bytes = readFileSync(path);
  bytes[20]! ^= 1;
  writeFileSync(path, bytes);
}
