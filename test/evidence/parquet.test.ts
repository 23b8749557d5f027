import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GROUP_ROWS, TextColumn } from '../../src/columns.ts';
import { EFFECT_COLUMNS, effectPages, SegmentSeries } from '../../src/evidence/segments.ts';
import type { EffectBatch } from '../../src/model.ts';

function effects(keys: readonly string[], first = 0): EffectBatch {
  const key = new TextColumn(16);
  const id = new TextColumn(16);
  for (const [i, text] of keys.entries()) {
    key.pushString(text);
    id.push(Buffer.from(`id-${first + i}`));
  }
  return {
    rows: keys.length,
    key: key.take(),
    id: id.take(),
    // Longer than the batch, as a source that reuses its arrays has them.
    time: BigInt64Array.from({ length: keys.length + 3 }, (_, i) => -(2n ** 63n) + BigInt(first + i)),
    place: Int32Array.from(keys, (_, i) => i - 7),
    line: BigInt64Array.from(keys, (_, i) => BigInt(i) << 40n),
  };
}

describe('segments', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onceover-segments-'));
  let rows: (sql: string) => Promise<unknown[][]>;
  beforeAll(async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    rows = async (sql) => (await connection.runAndReadAll(sql)).getRows();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('come back from the engine as they were written, odd texts too', async () => {
    const odd = ['ORD-1', '', '\0', 'Größe', 'e\u0301', '\u{1f6d2}', 'hex:61ff', "'; --", 'x'.repeat(70_000)];
    const series = new SegmentSeries(folder, 'odd', EFFECT_COLUMNS);
    await series.append(odd.length, effectPages(effects(odd)));
    await series.finish();
    const found = await rows(
      `SELECT effect_key, effect_id, effect_ts, place_id, line_no FROM '${folder}/odd-*.parquet' ORDER BY effect_ts`,
    );
    expect(found).toEqual(
      odd.map((text, i) => [text, `id-${i}`, -(2n ** 63n) + BigInt(i), i - 7, BigInt(i) << 40n]),
    );
  });

  it('come back where a column is one value throughout, in some groups or in all', async () => {
    const batch = (rows: number, texts: readonly string[], number: bigint): EffectBatch => {
      const key = new TextColumn();
      const id = new TextColumn();
      for (let i = 0; i < rows; i++) {
        key.pushString(texts[i % texts.length]!);
        id.pushString('');
      }
      const time = new BigInt64Array(rows).fill(number);
      const place = Int32Array.from({ length: rows }, (_, i) => i);
      return { rows, key: key.take(), id: id.take(), time, place, line: new BigInt64Array(rows).fill(-1n) };
    };
    const series = new SegmentSeries(folder, 'equal', EFFECT_COLUMNS);
    // Of one length, or of one size in all, and still different.
    for (const each of [
      batch(GROUP_ROWS, ['ORD-ä'], 5n),
      batch(GROUP_ROWS, ['ORD-1', 'ORD-2'], 6n),
      batch(GROUP_ROWS, ['ORD-', 'ORD-12'], 6n),
      batch(1, ['ORD-3'], 7n),
    ]) {
      await series.append(each.rows, effectPages(each));
    }
    await series.finish();
    const found = await rows(
      `SELECT effect_key, effect_ts, count(*), min(place_id), max(place_id), min(effect_id), max(line_no)
       FROM '${folder}/equal-*.parquet' GROUP BY effect_key, effect_ts ORDER BY effect_ts, effect_key`,
    );
    const [whole, half] = [BigInt(GROUP_ROWS), BigInt(GROUP_ROWS / 2)];
    expect(found).toEqual([
      ['ORD-ä', 5n, whole, 0, GROUP_ROWS - 1, '', -1n],
      ['ORD-', 6n, half, 0, GROUP_ROWS - 2, '', -1n],
      ['ORD-1', 6n, half, 0, GROUP_ROWS - 2, '', -1n],
      ['ORD-12', 6n, half, 1, GROUP_ROWS - 1, '', -1n],
      ['ORD-2', 6n, half, 1, GROUP_ROWS - 1, '', -1n],
      ['ORD-3', 7n, 1n, 0, 0, '', -1n],
    ]);
    const constant = await rows(
      `SELECT count(*) FROM parquet_metadata('${folder}/equal-*.parquet') WHERE encodings LIKE '%RLE_DICTIONARY%'`,
    );
    expect(constant).toEqual([[4n + 3n + 3n + 5n]]);
  });

  it('are there even if nothing was seen', async () => {
    await new SegmentSeries(folder, 'none', EFFECT_COLUMNS).finish();
    expect(await rows(`SELECT count(*), count(effect_key) FROM '${folder}/none-*.parquet'`)).toEqual([
      [0n, 0n],
    ]);
  });

  it('hold every row of many batches, over several groups and files', async () => {
    const series = new SegmentSeries(folder, 'many', EFFECT_COLUMNS);
    const keys = Array.from({ length: 15_000 }, (_, i) => `ORD-${i}`);
    const pages = effectPages(effects(keys));
    for (let batch = 0; batch < 150; batch++) await series.append(keys.length, pages);
    await series.finish();
    const [[count, distinct, files]] = (await rows(
      `SELECT count(*), count(DISTINCT effect_key), count(DISTINCT filename) FROM read_parquet('${folder}/many-*.parquet', filename = true)`,
    )) as [[bigint, bigint, bigint]];
    expect([count, distinct]).toEqual([2_250_000n, 15_000n]);
    expect(files).toBe(2n);
  });

  it('are for their owner only', () => {
    expect(statSync(join(folder, 'odd-000.parquet')).mode & 0o777).toBe(0o600);
  });
});
