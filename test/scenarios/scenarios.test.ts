/** Runs every folder beside this file through the real command line and holds the ledger against the one written by hand. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ONCEOVER = fileURLToPath(new URL('../../bin/onceover.js', import.meta.url));

const stories = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe.concurrent('scenarios', () => {
  for (const { name } of stories) {
    // not-yet.md marks a story that onceover still tells falsely; `fails` objects as soon as it is told truly.
    const run = existsSync(join(HERE, name, 'not-yet.md')) ? it.fails : it;
    run(name, () => tell(join(HERE, name)));
  }
});

it('has a story in every folder', () => {
  expect(stories.length).toBeGreaterThan(50);
});

async function tell(story: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'onceover-scenario-'));
  try {
    await cp(story, folder, { recursive: true });
    await fillInTimes(folder, Date.now());
    const { status, output } = await audit(folder);
    const { exit, says } = expectations(story);
    expect(status, output).toBe(exit);
    for (const words of says) expect(output).toContain(words);
    const reports = await finishedReports(folder);
    expect(reports).toHaveLength(exit === 2 || exit === 4 ? 0 : 1);
    for (const report of reports) {
      await compare(join(folder, 'expected.csv'), join(report, 'ledger.csv'), output);
      await compare(join(folder, 'expected-orphans.csv'), join(report, 'orphans.csv'), output);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `expected.txt`: the exit status, and words that the output must contain. */
function expectations(story: string): { exit: number; says: string[] } {
  const lines = readFileSync(join(story, 'expected.txt'), 'utf8').trim().split('\n');
  const says = lines.flatMap((line) => /^says (.*)$/.exec(line)?.[1] ?? []);
  return { exit: Number(/^exit (\d+)$/.exec(lines[0]!)![1]), says };
}

function audit(folder: string): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [ONCEOVER, 'audit', 'onceover.yaml', '--ledger'], { cwd: folder });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
}

async function finishedReports(folder: string): Promise<string[]> {
  const reports = join(folder, 'reports');
  return existsSync(reports) ? (await readdir(reports)).map((name) => join(reports, name)) : [];
}

/** Compares a table written by hand with the same columns of the report's; where nobody wrote one, it must be empty. */
async function compare(byHand: string, file: string, output: string): Promise<void> {
  const got = table(await readFile(file));
  const expected = existsSync(byHand) ? table(await readFile(byHand)) : got.slice(0, 1);
  const columns = expected[0]!.map((column) => got[0]!.indexOf(column));
  const chosen = got.map((cells) => columns.map((at) => cells[at]));
  expect(chosen.map(line), output).toEqual(expected.map(line));
}

/** One line of text, so that a difference is shown whole. */
function line(cells: readonly (string | undefined)[]): string {
  return cells.join(',');
}

function table(bytes: Buffer): string[][] {
  return parse(bytes);
}

// ------------------------------------------------------------------------------------- times

/** `{{ms:2025-11-20T10:00:00Z}}`, `{{iso:now-5m}}`: a moment as milliseconds since 1970, or as text. */
const MOMENT = /\{\{(ms|iso):(?:now([+-]\d+)m|now([+-]\d+)h|([^}]+))\}\}/g;

async function fillInTimes(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    // As bytes: a capture may hold what is not UTF-8.
    const text = await readFile(join(folder, name), 'latin1');
    const filled = text.replace(
      MOMENT,
      (_, form: string, minutes?: string, hours?: string, written?: string) => {
        const later = Number(minutes ?? 0) * 60_000 + Number(hours ?? 0) * 3_600_000;
        const at = written === undefined ? now + later : Date.parse(written);
        return form === 'ms' ? String(at) : new Date(at).toISOString();
      },
    );
    await writeFile(join(folder, name), filled, 'latin1');
  }
}
