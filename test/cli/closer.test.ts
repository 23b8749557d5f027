/** What is looked at more closely before a judgement is told, and what of it is kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { waitUntilSettled } from '../../src/cli/gather.ts';
import { Stages } from '../../src/cli/stages.ts';
import type { Progress, Replay, Report, Settings } from '../../src/model.ts';
import { CONFIG, closeShops, EXECUTABLE, MESSAGES, run, shop } from './shop.ts';

afterAll(closeShops);

const FILES = ['exceptions.csv', 'ledger.csv', 'orphans.csv', 'report.json'];

const DAY = Date.UTC(2025, 10, 20);

/** One message a line: at hour and minute, of this order. */
function messages(...orders: readonly (readonly [clock: string, order: string])[]): string {
  return orders
    .map(([clock, order], offset) => {
      const [hours, minutes] = clock.split(':').map(Number) as [number, number];
      const ts = DAY + (hours * 60 + minutes) * 60_000;
      const payload = JSON.stringify({ customer: order.split('/')[0], order });
      return JSON.stringify({ topic: 'orders', partition: 0, offset, ts, key: null, payload });
    })
    .join('\n');
}

function rows(...times: readonly (readonly [time: string, customer: string])[]): string {
  const lines = times.map(([time, customer], id) => `${id},${customer},${time}`);
  return `id,customer,created_at\n${lines.join('\n')}\n`;
}

const CONFIGURATION = `version: 1
messages:
  topic: orders
  capture: [messages.jsonl]
  range: { from: 2025-11-20T10:00:00Z, to: 2025-11-20T11:00:00Z, padding: 10m }
  key: value.customer
  id: value.order
effects:
  order-row:
    log: { files: [orders.csv], format: csv, key: customer, id: id, at: created_at, gap: 90d, covers: { from: 2025-11-01T00:00:00Z, to: 2025-11-30T00:00:00Z } }
`;

/** Ann's row was late, Bob's much later, Cem's is missing; Dan's was ordered long before. */
const SHOP = {
  'onceover.yaml': CONFIGURATION,
  'messages.jsonl': messages(
    ['8:00', 'dan/1'],
    ['8:01', 'ann/1'],
    ['10:01', 'ann/2'],
    ['10:02', 'bob/1'],
    ['10:03', 'cem/1'],
    ['11:30', 'eve/1'],
    ['13:00', 'ann/3'],
    ['14:00', 'eve/2'],
  ),
  'orders.csv': rows(
    ['2025-11-20T08:01:01Z', 'ann'],
    ['2025-11-20T10:05:00Z', 'dan'],
    ['2025-11-20T12:00:00Z', 'ann'],
    ['2025-11-20T13:00:01Z', 'ann'],
    ['2025-11-23T10:00:00Z', 'bob'],
    ['2025-11-23T10:00:00Z', 'bob'],
    ['2025-11-23T10:00:00Z', 'eve'],
  ),
};

function reportOf(folder: string): string {
  return join(folder, 'reports', readdirSync(join(folder, 'reports'))[0]!);
}

function bytesOf(folder: string): readonly string[] {
  return FILES.map((name) => readFileSync(join(reportOf(folder), name), 'utf8'));
}

function reportIn(folder: string): Report {
  return JSON.parse(readFileSync(join(reportOf(folder), 'report.json'), 'utf8')) as Report;
}

const stagesOf = ({ stages }: Report) => stages.map(({ name }) => name);

describe('a closer look', () => {
  it('is told, and can be told again from the evidence alone', async () => {
    const done = await run(['audit', 'onceover.yaml', '--ledger'], shop(SHOP));
    expect(done.stderr).not.toContain('defect');
    expect(done.status).toBe(1);
    const report = reportIn(done.folder);
    expect(stagesOf(report).slice(-5)).toEqual([
      'judge',
      'read back',
      'read on',
      'second look',
      'judge again',
    ]);
    expect(report.effects[0]).toMatchObject({
      verdicts: { ok: 1, missing: 1, unknown: 1 },
      reasons: { late: 1 },
      orphans: { 'no-message': 0, unread: 0 },
    });
    // Ann's was in doubt as well, until it was known that her row of 12:00 is her own; that of 8:01 is found, and changes nothing.
    expect(report.coverage[0]!.secondLook).toEqual({ keys: 3, found: 2, effects: 3 });
    expect(report.range.partitions).toMatchObject([{ first: '2', end: '5' }]);
    expect(report.range.notes).toEqual([
      expect.stringContaining('read back from 2025-11-19T10:05:00.000Z'),
      expect.stringContaining('read on to 2025-11-20T13:02:01.001Z'),
    ]);
    const before = bytesOf(done.folder);
    for (const name of FILES) rmSync(join(reportOf(done.folder), name));
    for (const name of Object.keys(SHOP)) rmSync(join(done.folder, name));
    expect((await run(['report', 'latest'], done.folder)).status).toBe(1);
    expect(bytesOf(done.folder)).toEqual(before);
  });

  it('keeps of the messages around only those that explain something', async () => {
    const { folder } = await run(['audit', 'onceover.yaml'], shop(SHOP));
    const segments = readdirSync(join(reportOf(folder), 'evidence/segments')).sort();
    expect(segments).toEqual([
      'effects-0-000.parquet',
      'effects-0-001.parquet',
      'messages-000.parquet',
      'messages-before.parquet',
      'messages-behind.parquet',
    ]);
    expect(await messagesIn(folder)).toEqual(['0', '2', '3', '4', '6']);
  });

  it('says the same by the full rules for every key', async () => {
    const [plain, exact] = await Promise.all([
      run(['audit', 'onceover.yaml', '--ledger'], shop(SHOP)),
      run(['audit', 'onceover.yaml', '--ledger', '--exact'], shop(SHOP)),
    ]);
    expect(bytesOf(exact.folder).slice(0, 3)).toEqual(bytesOf(plain.folder).slice(0, 3));
  });

  it('costs nothing where nothing is in doubt', async () => {
    const done = await run(
      ['audit', 'onceover.yaml'],
      shop({ ...SHOP, 'messages.jsonl': MESSAGES, ...ALL_WELL }),
    );
    const report = reportIn(done.folder);
    expect(report.exit.status).toBe(0);
    expect(stagesOf(report).at(-1)).toBe('judge');
    expect(report.coverage[0]!.secondLook).toBeNull();
    expect(report.range.notes).toEqual([]);
  });

  it('does not read back for effects whose lack of a message is only noted', async () => {
    const noted = { ...SHOP, 'onceover.yaml': `${CONFIGURATION}    orphans: note\n` };
    const report = reportIn((await run(['audit', 'onceover.yaml'], shop(noted))).folder);
    expect(stagesOf(report)).not.toContain('read back');
    expect(report.effects[0]!.orphans).toMatchObject({ 'no-message': 1 });
  });
});

const ALL_WELL = {
  'onceover.yaml': CONFIG,
  'orders.csv': `order_id,id,created_at\n${[0, 1, 2].map((i) => `ORD-${i},${i},2025-11-20T10:00:01Z\n`).join('')}`,
};

/** The offsets of the messages in the evidence. */
async function messagesIn(folder: string): Promise<readonly string[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const path = join(reportOf(folder), 'evidence/segments/messages-*.parquet');
  const read = await connection.runAndReadAll(`SELECT offset_id FROM read_parquet('${path}') ORDER BY 1`);
  const offsets = read.getRows().map(([offset]) => String(offset));
  connection.closeSync();
  instance.closeSync();
  return offsets;
}

describe('waiting', () => {
  const place = (settle: number, signal = new AbortController().signal) => {
    const told: Progress[] = [];
    const said: string[] = [];
    return {
      told,
      said,
      settings: { kinds: [{ settle }, { settle: 1 }] } as unknown as Settings,
      hooks: { progress: (one: Progress) => told.push(one), signal, digestKey: Buffer.alloc(16) },
      stages: new Stages(),
      say: (line: string) => said.push(line),
    };
  };
  const upTo = (lastAt: number | undefined) => ({
    replay: (lastAt === undefined ? {} : { lastAt }) as Replay,
  });

  it('lasts until the window of the last message is over', async () => {
    const waiting = place(500);
    const lastAt = Date.now();
    await waitUntilSettled(waiting, upTo(lastAt));
    expect(Date.now()).toBeGreaterThanOrEqual(lastAt + 500);
    expect(waiting.said).toEqual([expect.stringMatching(/^waiting [\d.]+m?s for effects to settle, until /)]);
    expect(waiting.told[0]).toMatchObject({ stage: 'waiting for effects to settle', unit: 'seconds' });
    expect(waiting.stages.list()).toMatchObject([{ name: 'wait' }]);
  });

  it('is not done for windows that are over, or where there is no message', async () => {
    const waiting = place(500);
    await waitUntilSettled(waiting, upTo(Date.now() - 60_000));
    await waitUntilSettled(waiting, upTo(undefined));
    expect(waiting.said).toEqual([]);
    expect(waiting.stages.list()).toEqual([]);
  });

  it('does not wait for the date of a message from the future', async () => {
    await waitUntilSettled(place(10), upTo(Date.now() + 1e9));
  });

  it('ends when the user interrupts', async () => {
    const ts = Date.now();
    const message = {
      topic: 'orders',
      partition: 0,
      offset: 0,
      ts,
      key: null,
      payload: '{"order":{"id":"ORD-0"}}',
    };
    const folder = shop({
      'messages.jsonl': JSON.stringify(message),
      'onceover.yaml': `${CONFIG}    settle: 1h\n`,
    });
    const child = spawn(process.execPath, [EXECUTABLE, 'audit', 'onceover.yaml', '--wait'], { cwd: folder });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    while (!stderr.includes('for effects to settle') && child.exitCode === null) await sleep(50);
    child.kill('SIGINT');
    const [status] = (await once(child, 'close')) as [number];
    expect(stderr).toMatch(/waiting (?:59\.\dm|60m|1h) for effects to settle/);
    expect(status).toBe(130);
  });
});
