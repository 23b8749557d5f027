/** A long replay that is killed again and again, and ends with the same report as one that never was. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel, type Message } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Report } from '../../src/model.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { skipUnless } from '../support/servers/skip.ts';
import { REPOSITORY } from '../support/shop/incident.ts';

const ORDERS = 150_000;
const PARTITIONS = 3;
const BEGAN = Date.now() - 7_200_000;
const orderId = (i: number): string => `ORD-${String(i).padStart(6, '0')}`;

const config = (bootstrap: string): string => `version: 1
name: orders
messages:
  topic: orders
  kafka: { bootstrap: "${bootstrap}" }
  key: value.order
  where: { value.type: OrderPlaced }
effects:
  invoice:
    log: { files: [invoices.csv], format: csv, key: order, id: id, at: at, covers: { from: 2020-01-01T00:00:00Z } }
`;

skipUnless([kafkaUnavailable()], 'an audit that is interrupted', () => {
  let kafka: Kafka;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onceover-resume-'));
    kafka = await startKafka();
    await produce(kafka.bootstrap);
    await writeFile(join(folder, 'onceover.yaml'), config(kafka.bootstrap));
    await writeFile(join(folder, 'invoices.csv'), invoices());
  });

  afterAll(async () => {
    await kafka?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const reports = (name: string): string => join(folder, name);
  const audit = (directory: string, ...more: readonly string[]): ChildProcess =>
    spawn(
      process.execPath,
      [
        join(REPOSITORY, 'bin', 'onceover.js'),
        'audit',
        join(folder, 'onceover.yaml'),
        '--report-directory',
        directory,
        // Slow enough to be met in the middle.
        '--max-rate',
        '75000 messages/s',
        ...more,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );

  it('goes on where it was, and says the same as one that was not', async () => {
    expect(await ended(audit(reports('whole')))).toMatchObject({ status: 1 });

    const directory = reports('pieces');
    await mkdir(directory);
    const kept: number[] = [];
    for (let kills = 0; kills < 4; kills++) {
      const child = audit(directory, '--checkpoint-ms', '1', ...(kills === 0 ? [] : ['--resume']));
      const output = ended(child);
      const before = kept.at(-1) ?? 0;
      await until(async () => child.exitCode !== null || (await keptOffsets(directory)) > before);
      child.kill(kills % 2 === 0 ? 'SIGKILL' : 'SIGINT');
      const { status, stderr } = await output;
      if (status === 130) {
        expect(stderr).toMatch(/^interrupted: .* kept in .*: go on with it by --resume, or remove it$/m);
        expect(stderr).not.toContain('nothing was written');
      }
      if (child.exitCode === 0 || child.exitCode === 1) break;
      kept.push(await keptOffsets(directory));
    }
    expect(kept.length).toBeGreaterThan(0);
    expect(kept[0]).toBeLessThan(ORDERS);
    expect(kept).toEqual(kept.toSorted((one, other) => one - other));

    const last = await ended(audit(directory, '--resume'));
    expect(last).toMatchObject({ status: 1 });
    expect(await answers(directory)).toEqual(await answers(reports('whole')));
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('keeps nothing of one that was ended before there was anything to keep', async () => {
    const directory = reports('early');
    const child = audit(directory);
    const output = ended(child);
    await until(async () => existsSync(directory));
    child.kill('SIGINT');
    expect(await output).toMatchObject({ status: 130 });
    expect(existsSync(directory)).toBe(false);
    const again = await ended(audit(directory, '--resume'));
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('there is no interrupted audit of orders');
  });

  it('leaves nothing for long of one that was killed before there was anything to keep', async () => {
    const directory = reports('killed');
    const child = audit(directory);
    const output = ended(child);
    const claimed = async () =>
      existsSync(directory) && (await readdir(directory, { recursive: true })).length > 1;
    await until(claimed);
    child.kill('SIGKILL');
    await output;
    const [left] = await readdir(directory);
    expect(left).toMatch(/^\.orders-/);
    const again = await ended(audit(directory, '--resume'));
    expect(again.stderr).toContain(`${left}: an audit was killed before there was anything to keep`);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not gone on with under another configuration, nor while it runs', async () => {
    const directory = reports('other');
    const child = audit(directory, '--checkpoint-ms', '1');
    const output = ended(child);
    await until(async () => child.exitCode !== null || (await keptOffsets(directory)) > 0);
    child.kill('SIGSTOP');
    const meanwhile = await ended(audit(directory, '--resume'));
    expect(meanwhile).toMatchObject({ status: 2 });
    expect(meanwhile.stderr).toContain(`process ${child.pid} is at it`);
    child.kill('SIGKILL');
    await output;
    const changed = await ended(audit(directory, '--resume', '--set', 'messages.where.value.type=OrderPaid'));
    expect(changed).toMatchObject({ status: 2 });
    expect(changed.stderr).toContain('the configuration was changed');
    const anew = await ended(audit(directory));
    expect(anew).toMatchObject({ status: 1 });
    expect(anew.stderr).toContain('go on with it by --resume, or remove it');
  });

  it('is not gone on with where a file of it was damaged since', async () => {
    const directory = reports('damaged');
    const child = audit(directory, '--checkpoint-ms', '1');
    const output = ended(child);
    await until(async () => child.exitCode !== null || (await keptOffsets(directory)) > 0);
    child.kill('SIGKILL');
    await output;
    const [aside] = await readdir(directory);
    const file = join(directory, aside!, 'evidence', 'segments', 'messages-000.parquet');
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    const again = await ended(audit(directory, '--resume'));
    expect(again.stderr).toContain(`${file} is damaged (its checksum does not match): what was kept`);
    expect(again.stderr).toContain('Run the audit again without --resume.');
    expect(again.stderr).not.toMatch(/defect|go on with it/);
    expect(again.status).toBe(4);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is gone on with by one of those that want to at once', async () => {
    const directory = reports('twice');
    const child = audit(directory, '--checkpoint-ms', '1');
    const output = ended(child);
    await until(async () => child.exitCode !== null || (await keptOffsets(directory)) > 0);
    child.kill('SIGKILL');
    await output;
    const both = await Promise.all([1, 2].map(() => ended(audit(directory, '--resume'))));
    expect(both.map(({ status }) => status).toSorted()).toEqual([1, 2]);
    expect(both.find(({ status }) => status === 2)!.stderr).toMatch(/is at it|has just taken up/);
    const [report] = await readdir(directory);
    expect((await readdir(join(directory, report!))).filter((name) => name.startsWith('claim'))).toEqual([]);
  });
});

async function produce(bootstrap: string): Promise<void> {
  const client = new Client({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: PARTITIONS }] });
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();
  for (let from = 0; from < ORDERS; from += 5000) {
    const messages = Array.from({ length: 5000 }, (_, j) => message(from + j));
    await producer.send({ topic: 'orders', messages });
  }
  await producer.disconnect();
}

/** Every 500th message is no order, every 700th is a copy of the one before it in its partition, every 900th is broken. */
function message(i: number): Message {
  const order = orderId(i % 700 === 699 ? i - PARTITIONS : i);
  const type = i % 500 === 499 ? 'OrderSeen' : 'OrderPlaced';
  const value = i % 900 === 899 ? '{"order":' : JSON.stringify({ type, order });
  return { partition: i % PARTITIONS, key: order, value, timestamp: String(BEGAN + i) };
}

/** One for each order, two for every 1000th, none for every 1100th. */
function invoices(): string {
  const lines = ['id,order,at'];
  const at = (i: number): string => new Date(BEGAN + i + 500).toISOString();
  for (let i = 0; i < ORDERS; i++) {
    if (i % 1100 !== 1099) lines.push(`I${i},${orderId(i)},${at(i)}`);
    if (i % 1000 === 999) lines.push(`J${i},${orderId(i)},${at(i)}`);
  }
  lines.push(`LAST,,${new Date().toISOString()}`);
  return `${lines.join('\r\n')}\r\n`;
}

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  const stderr: Buffer[] = [];
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stderr: Buffer.concat(stderr).toString() };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

/** How many offsets the interrupted audit in a directory has behind it, as it kept them. */
async function keptOffsets(directory: string): Promise<number> {
  const names = existsSync(directory) ? await readdir(directory) : [];
  const aside = names.find((name) => name.startsWith('.orders-'));
  if (aside === undefined) return 0;
  try {
    const { replay } = JSON.parse(await readFile(join(directory, aside, 'unfinished.json'), 'utf8'));
    const { tallies } = replay.source.reading as { tallies: { at: number }[] };
    return tallies.reduce((sum, { at }) => sum + at, 0);
  } catch {
    return 0;
  }
}

/** Everything that the report in a directory says, without what tells one run of an audit from the other. */
async function answers(directory: string) {
  const name = (await readdir(directory)).find((entry) => !entry.startsWith('.'))!;
  const text = (file: string) => readFile(join(directory, name, file), 'utf8');
  const report = JSON.parse(await text('report.json')) as Report;
  const { run: _, stages: __, ...same } = report;
  return {
    ...same,
    coverage: same.coverage.map(({ readAt: _, to: __, ...one }) => one),
    exceptions: await text('exceptions.csv'),
    orphans: await text('orphans.csv'),
  };
}
