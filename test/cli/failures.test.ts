/** What a user's mistake looks like: a short error that names the culprit, the right exit status, nothing left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { CONFIG, captured, closeShops, EXECUTABLE, MESSAGES, type Run, run, shop } from './shop.ts';

afterAll(closeShops);

function leavesNothing({ stdout, stderr, folder }: Run): void {
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(existsSync(join(folder, 'reports'))).toBe(false);
}

async function audit(files: Readonly<Record<string, string>>, ...args: string[]): Promise<Run> {
  return run(['audit', 'onceover.yaml', ...args], shop(files));
}

describe.concurrent('a mistake', () => {
  it.each([
    ['no command', [], 2, 'name a command'],
    ['an unknown command', ['audti', 'onceover.yaml'], 2, 'audti'],
    ['an unknown flag', ['audit', 'onceover.yaml', '--legder'], 2, 'legder'],
    ['a configuration that is not there', ['audit', 'elsewhere.yaml'], 2, 'elsewhere.yaml'],
    ['a report that is not there', ['report', 'orders-2025'], 2, 'orders-2025'],
  ] as const)('of %s', async (_, args, status, culprit) => {
    const done = await run(args);
    expect(done.stderr).toContain(culprit);
    expect(done.status).toBe(status);
    leavesNothing(done);
  });

  it.each([
    ['malformed YAML', { 'onceover.yaml': 'version: 1\nmessages: { topic: orders\n' }, 2, 'onceover.yaml:'],
    [
      'several mistakes',
      { 'onceover.yaml': CONFIG.replace('topic:', 'topik:').replace('format: csv', 'format: xls') },
      2,
      '3 mistakes',
    ],
    [
      'a glob that matches nothing',
      { 'onceover.yaml': CONFIG.replace('orders.csv', 'rows-*.csv') },
      4,
      'rows-*.csv',
    ],
    [
      'a capture that is not there',
      { 'onceover.yaml': CONFIG.replace('messages.jsonl', 'capture.jsonl') },
      4,
      'capture.jsonl',
    ],
    [
      'a column that is not there',
      { 'onceover.yaml': CONFIG.replace('key: order_id', 'key: orderid') },
      4,
      'orderid',
    ],
    ['a torn capture', { 'messages.jsonl': MESSAGES.slice(0, -9) }, 4, 'messages.jsonl:3'],
    [
      'a key path that is in no message',
      { 'onceover.yaml': CONFIG.replace('value.order.id', 'value.orderId') },
      4,
      'value.orderId',
    ],
    [
      'no server',
      { 'onceover.yaml': CONFIG.replace('capture: [messages.jsonl]', 'kafka: { bootstrap: "127.0.0.1:1" }') },
      4,
      '127.0.0.1:1',
    ],
    [
      'no database',
      {
        'onceover.yaml': CONFIG.replace(
          /log: .*/,
          'postgres: { url: "postgres://shop:s3cret@127.0.0.1:1/shop", table: orders, key: order_id, id: id, at: created_at }',
        ),
      },
      4,
      '127.0.0.1:1',
    ],
  ] as const)('of %s', async (_, files, status, culprit) => {
    const done = await audit(files);
    expect(done.stderr).toContain(culprit);
    expect(done.stderr).not.toContain('s3cret');
    expect(done.status).toBe(status);
    leavesNothing(done);
  });

  it('of a duration below zero is told of its flag', async () => {
    const done = await audit({}, '--last', '-24h');
    expect(done.stderr).toContain(
      'messages.range.last: expected a duration above zero, such as 24h; got "-24h"; it cannot be negative',
    );
    expect(done.status).toBe(2);
    leavesNothing(done);
  });

  it('of a flag without its value is told in one line', async () => {
    const done = await audit({}, '--last');
    expect(done.stderr).toBe('onceover: Not enough arguments following: last\n  onceover --help\n');
    expect(done.status).toBe(2);
    leavesNothing(done);
  });

  it('of a report directory that is a file', async () => {
    const done = await audit({ reports: 'not a directory' });
    expect(done.stderr).toContain('reports');
    expect(done.status).toBe(4);
  });

  it('of printing to a full disk does not look like a verdict', async () => {
    const folder = shop();
    const child = spawn(
      'sh',
      ['-c', `"$0" "$1" audit onceover.yaml > /dev/full`, process.execPath, EXECUTABLE],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const [stderr, [status]] = await Promise.all([
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    expect(stderr).toContain('could not be printed');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(4);
    expect(readdirSync(join(folder, 'reports'))).toHaveLength(1);
  });

  it('of evidence that was damaged is told', async () => {
    const { folder } = await run(['audit', 'onceover.yaml']);
    const [name] = readdirSync(join(folder, 'reports'));
    const segments = join(folder, 'reports', name!, 'evidence', 'segments');
    truncateSync(join(segments, 'messages-000.parquet'), 100);
    const damaged = await run(['report', 'latest'], folder);
    expect(damaged.stderr).toContain('damaged');
    expect(damaged.stderr).not.toMatch(/^\s+at |defect/m);
    expect(damaged.status).toBe(4);
    expect((await run(['report', 'latest', '--memory', 'abc'], folder)).status).toBe(2);
  });

  it('is not made by a good configuration', async () => {
    const done = await audit({});
    expect(done.stdout).toContain('2 messages missing');
    expect(done.status).toBe(1);
  });
});

describe('an interruption', () => {
  it('leaves nothing behind and says so', async () => {
    const many = Array.from({ length: 300_000 }, (_, i) => captured(i, '{"order":{"id":"x"}}')).join('\n');
    const folder = shop({ 'messages.jsonl': many });
    const child = spawn(process.execPath, [EXECUTABLE, 'audit', 'onceover.yaml'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const reports = join(folder, 'reports');
    const stderr = text(child.stderr);
    const waiting = setInterval(() => {
      if (existsSync(reports) && readdirSync(reports).length > 0) {
        clearInterval(waiting);
        child.kill('SIGINT');
      }
    }, 5);
    const [status] = (await once(child, 'close')) as [number | null];
    clearInterval(waiting);
    expect(await stderr).toContain('interrupted');
    expect(status).toBe(130);
    expect(existsSync(reports)).toBe(false);
  });
});
