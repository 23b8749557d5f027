/** What an audit leaves, and that it can be made again from its evidence alone. */
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model.ts';
import { CONFIG, closeShops, MESSAGES, ROWS, type Run, run, shop } from './shop.ts';

afterAll(closeShops);

const CSV_FILES = ['exceptions.csv', 'ledger.csv', 'orphans.csv'];

function reportOf(folder: string): string {
  const [name] = readdirSync(join(folder, 'reports'));
  return join(folder, 'reports', name!);
}

function bytesOf(report: string): Record<string, string> {
  const names = [...CSV_FILES, 'report.json'];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(report, name), 'utf8')]));
}

describe('a report', () => {
  let audited: Run;
  beforeAll(async () => {
    const orphan = `${ROWS}GONE-1,2,2025-11-20T10:00:00.001Z\n`;
    audited = await run(['audit', 'onceover.yaml', '--ledger'], shop({ 'orders.csv': orphan }));
    expect(audited.status).toBe(1);
  });

  it('is named for its range, and is for its owner only', () => {
    const report = reportOf(audited.folder);
    expect(report).toMatch(/\/onceover-20251120T100000Z-[0-9a-f]{8}$/);
    const modes = readdirSync(report, { recursive: true, encoding: 'utf8' }).map((name) => {
      const entry = statSync(join(report, name));
      return `${name} ${(entry.mode & 0o777).toString(8)} ${entry.isDirectory() ? 'directory' : 'file'}`;
    });
    for (const mode of modes) expect(mode).toMatch(/ (600 file|700 directory)$/);
    expect(statSync(report).mode & 0o777).toBe(0o700);
    expect(modes.length).toBeGreaterThan(7);
  });

  it('can be made again, byte for byte, in another zone and language, where nothing else is left', async () => {
    const report = reportOf(audited.folder);
    const before = bytesOf(report);
    for (const name of [...CSV_FILES, 'report.json']) rmSync(join(report, name));
    for (const name of ['messages.jsonl', 'orders.csv', 'onceover.yaml']) rmSync(join(audited.folder, name));
    const env = { TZ: 'Asia/Kolkata', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' };
    const again = await run(['report', 'latest'], audited.folder, env);
    expect(again.stderr).toBe('');
    expect(again.status).toBe(1);
    expect(again.stdout).toBe(audited.stdout);
    expect(bytesOf(report)).toEqual(before);
  });

  it('is found by the start of its name, and wherever it was moved', async () => {
    const report = reportOf(audited.folder);
    expect((await run(['report', 'onceover-2025'], audited.folder)).status).toBe(1);
    const moved = join(audited.folder, "the incident's evidence");
    renameSync(report, moved);
    const found = await run(['report', "the incident's evidence", '--json'], audited.folder);
    renameSync(moved, report);
    expect(found.stderr).toBe('');
    expect((JSON.parse(found.stdout) as Report).exit.status).toBe(1);
  });
});

describe('evidence that lost a file', () => {
  it('is told by its name, and no report is made of the rest', async () => {
    const { folder } = await run(['audit', 'onceover.yaml', '--quiet']);
    const segments = join(reportOf(folder), 'evidence', 'segments');
    const lost = readdirSync(segments).find((name) => name.startsWith('messages-'))!;
    rmSync(join(segments, lost));
    const again = await run(['report', 'latest'], folder);
    expect(again).toMatchObject({ status: 4, stdout: '' });
    expect(again.stderr).toContain(
      `the evidence is damaged or not whole: ${join(segments, lost)} is missing`,
    );
  });
});

describe('report.json', () => {
  it('has the frame, and sums that agree', async () => {
    const done = await run(['audit', 'onceover.yaml', '--json', '--quiet']);
    expect(done.stderr).toBe('');
    const report = JSON.parse(done.stdout) as Report;
    expect(Object.keys(report)).toEqual([
      'schemaVersion',
      'tool',
      'run',
      'exit',
      'range',
      'messages',
      'effects',
      'signatures',
      'findings',
      'coverage',
      'orphans',
      'stages',
    ]);
    const [partition] = report.range.partitions;
    const classes = Object.values(partition!.classes).reduce((sum, count) => sum + count, 0);
    expect(classes).toBe(Number(partition!.end) - Number(partition!.first));
    for (const { verdicts, outcomes, matrix } of report.effects) {
      for (const counts of [
        Object.values(verdicts),
        Object.values(outcomes),
        matrix.map((cell) => cell.messages),
      ]) {
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(report.messages.audited);
      }
    }
  });

  it('keeps the offsets that were asked for', async () => {
    const all = await run(['audit', 'onceover.yaml', '--json', '--quiet']);
    expect((JSON.parse(all.stdout) as Report).range.partitions).toMatchObject([{ asked: null }]);
    const one = await run(['audit', 'onceover.yaml', '--json', '--quiet', '--offsets', '0:-1..70']);
    const { asked, partitions } = (JSON.parse(one.stdout) as Report).range;
    expect(asked).toBe('offsets 0: [-1, 70)');
    expect(partitions).toMatchObject([{ first: '2', asked: { first: '2', end: '70' } }]);
  });

  it('never holds a secret', async () => {
    const secret = 'tr0ub4dor';
    const config = CONFIG.replace('order-row:', `order-row:\n    expect: "\${EXPECTED}"`);
    const done = await run(['audit', 'onceover.yaml', '--json'], shop({ 'onceover.yaml': config }), {
      EXPECTED: secret,
    });
    expect(done.status).toBe(2);
    expect(done.stderr).not.toContain(secret);
  });
});

describe('the way a key is judged', () => {
  it('does not depend on whether it was taken for plain', async () => {
    const files = {
      'messages.jsonl': `${MESSAGES}\n`,
      'orders.csv': `${ROWS}ORD-1,7,2025-11-20T10:00:01Z\nORD-1,8,2025-11-20T10:00:02Z\n`,
    };
    const [plain, exact] = await Promise.all([
      run(['audit', 'onceover.yaml', '--ledger'], shop(files)),
      run(['audit', 'onceover.yaml', '--ledger', '--exact'], shop(files)),
    ]);
    const [a, b] = [plain, exact].map(({ folder }) => bytesOf(reportOf(folder)));
    for (const name of CSV_FILES) expect(b![name]).toBe(a![name]);
  });
});
