import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TextColumn } from '../../src/columns.ts';
import { Engine } from '../../src/evidence/engine.ts';
import { checkInventory, refuseMiscount, takeInventory } from '../../src/evidence/inventory.ts';
import { EFFECT_COLUMNS, effectPages, SegmentSeries } from '../../src/evidence/segments.ts';

describe('the files of an evidence', () => {
  let folder: string;
  let engine: Engine;

  /** One file for each number, with so many effects. */
  async function write(prefix: string, ...rows: readonly number[]): Promise<void> {
    const series = new SegmentSeries(folder, prefix, EFFECT_COLUMNS);
    for (const count of rows) {
      const texts = new TextColumn(16);
      for (let i = 0; i < count; i++) texts.pushString(`ORD-${i}`);
      const text = texts.take();
      const longs = new BigInt64Array(count);
      const batch = {
        rows: count,
        key: text,
        id: text,
        time: longs,
        place: new Int32Array(count),
        line: longs,
      };
      await series.append(count, effectPages(batch));
      await series.secure();
    }
    await series.finish();
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'onceover-inventory-'));
    engine = await Engine.open({ file: ':memory:', memory: '1GB', spill: folder, readOnly: false });
    await write('messages', 3, 200, 7);
    await write('effects-0', 0);
  });

  afterEach(() => {
    engine.close();
    rmSync(folder, { recursive: true });
  });

  const at = (name: string): string => join(folder, name);
  const refused = (why: string) => ({
    status: 4,
    message: `the evidence is damaged or not whole: ${at(why)}`,
  });

  it('are counted, and found to be as they were', async () => {
    expect(Object.fromEntries(await takeInventory(engine, folder))).toEqual({
      'effects-0-000.parquet': 0,
      'messages-000.parquet': 3,
      'messages-001.parquet': 200,
      'messages-002.parquet': 7,
    });
    await checkInventory(engine, folder);
  });

  it('are missed, by name', async () => {
    await takeInventory(engine, folder);
    renameSync(at('messages-001.parquet'), at('messages-001.lost'));
    await expect(checkInventory(engine, folder)).rejects.toMatchObject(
      refused('messages-001.parquet is missing'),
    );
  });

  it('are not to be swapped, nor cut off', async () => {
    await takeInventory(engine, folder);
    cpSync(at('messages-000.parquet'), at('messages-001.parquet'));
    await expect(checkInventory(engine, folder)).rejects.toThrow(/messages-001\.parquet has \S+ bytes, not/);
    truncateSync(at('messages-000.parquet'), 20);
    await expect(checkInventory(engine, folder)).rejects.toThrow(/messages-000\.parquet has 20 bytes, not/);
  });

  it('are not to be changed where their sizes stay', async () => {
    await takeInventory(engine, folder);
    const path = at('messages-001.parquet');
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    await expect(checkInventory(engine, folder)).rejects.toMatchObject(
      refused('messages-001.parquet is damaged (its checksum does not match)'),
    );
  });

  it('hold as many messages as were read', async () => {
    const rows = await takeInventory(engine, folder);
    refuseMiscount(rows, 210);
    expect(() => refuseMiscount(rows, 211)).toThrow('the evidence holds 210 messages, but 211 were read');
  });

  it('do not become more', async () => {
    await takeInventory(engine, folder);
    cpSync(at('messages-000.parquet'), at('messages-003.parquet'));
    await expect(checkInventory(engine, folder)).rejects.toMatchObject(
      refused('messages-003.parquet was not there when the audit ended'),
    );
  });
});
