/** What is piped in is read by a process of its own, as it is for users. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';

const EXECUTABLE = resolve('bin/onceover.js');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'onceover-piped-'));
  writeFileSync(
    join(directory, 'messages.jsonl'),
    '{"topic":"orders","partition":0,"offset":0,"tstype":"create","ts":1763632800000,"broker":1,"key":"A-1","payload":"{}"}\n',
  );
  writeFileSync(
    join(directory, 'onceover.yaml'),
    'version: 1\nmessages: { topic: orders, capture: [messages.jsonl], key: key }\neffects:\n  invoice:\n    log: { files: ["-"], format: json, key: order, at: at, gap: 24h }\n',
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(input: Buffer | undefined, ...more: string[]): { status: number; output: string } {
  const options = { cwd: directory, env: { ...process.env, TMPDIR: directory, NO_COLOR: '1' } };
  try {
    const output = execFileSync(process.execPath, [EXECUTABLE, 'audit', 'onceover.yaml', ...more], {
      ...options,
      input: input ?? '',
      stdio: 'pipe',
    });
    return { status: 0, output: output.toString() };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { status, output: `${stdout}${stderr}` };
  }
}

const line = (at: string, order: string) => `{"at":"2025-11-20T${at}Z","order":"${order}"}\n`;

it('an audit reads the log that is piped in, packed or not, and leaves no copy of it', () => {
  const text = line('09:00:00', 'A-0') + line('10:00:01', 'A-1') + line('11:00:00', 'A-2');
  for (const input of [Buffer.from(text), gzipSync(text)]) {
    const { output } = run(input);
    expect(output).toContain('json standard-input');
    expect(output).toContain('AS EXPECTED');
  }
  expect(readdirSync(directory).filter((name) => name.startsWith('onceover-input'))).toEqual([]);
}, 60_000);

it('an audit cannot be gone on with by what is gone', () => {
  expect(run(undefined, '--resume')).toMatchObject({
    status: 2,
    output: expect.stringContaining('--resume: invoice reads the standard input'),
  });
}, 60_000);
