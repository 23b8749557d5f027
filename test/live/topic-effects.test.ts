/** Effects on another topic: an invoice service that consumes, produces in transactions, and crashes. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka as Client, logLevel, type Message } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { textValues } from '../../src/columns.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { EffectBatch, Report, Settings } from '../../src/model.ts';
import { topicEffects } from '../../src/sources/kafka/effects.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { skipUnless } from '../support/servers/skip.ts';

const ONCEOVER = fileURLToPath(new URL('../../bin/onceover.js', import.meta.url));

skipUnless([kafkaUnavailable()], 'effects on another topic', () => {
  const start = Date.now() - 3_600_000;
  let kafka: Kafka;
  let client: Client;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onceover-topic-'));
    kafka = await startKafka();
    client = new Client({
      brokers: kafka.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, retries: 50 },
    });
    const admin = client.admin();
    await admin.connect();
    const topics = ['orders', 'invoices'].map((topic) => ({ topic, numPartitions: 2 }));
    await admin.createTopics({ waitForLeaders: true, topics });
    await admin.disconnect();
  });

  afterAll(async () => {
    await kafka?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const message = (order: number, after: number, value: object): Message => ({
    key: `ORD-${order}`,
    partition: order % 2,
    timestamp: String(start + order * 60_000 + after),
    value: JSON.stringify(value),
  });
  const invoice = (order: number, after = 1000) =>
    message(order, after, { type: 'Invoice', order: { id: order } });

  /** Invoices of one transaction. A service that crashes leaves it open, and the next one with its name ends it. */
  async function produce(orders: readonly number[], end: 'commit' | 'crash', after?: number): Promise<void> {
    const service = client.producer({
      transactionalId: 'invoicing',
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await service.connect();
    const transaction = await service.transaction();
    const reminder = message(orders[0]!, 2000, { type: 'Reminder', order: { id: orders[0] } });
    await transaction.send({
      topic: 'invoices',
      messages: [...orders.map((one) => invoice(one, after)), reminder],
    });
    if (end === 'commit') await transaction.commit();
    await service.disconnect();
  }

  async function audited(
    only: string,
  ): Promise<{ status: number; output: string; report: Report; csv: string }> {
    await writeFile(
      join(directory, 'onceover.yaml'),
      [
        'version: 1',
        `messages: { topic: orders, kafka: { bootstrap: "${kafka.bootstrap}" }, key: value.id, range: { from: "${new Date(start).toISOString()}" } }`,
        `effects: { invoice: { kafka: { topic: invoices, key: value.order.id, only: { ${only} } } } }`,
      ].join('\n'),
    );
    const { status, output } = await new Promise<{ status: number; output: string }>((resolve) => {
      execFile(
        process.execPath,
        [ONCEOVER, 'audit', 'onceover.yaml'],
        { cwd: directory },
        (error, out, err) => {
          resolve({ status: error === null ? 0 : Number(error.code), output: `${out}${err}` });
        },
      );
    });
    const [name] = await readdir(join(directory, 'reports')).catch(() => []);
    if (name === undefined) throw new Error(output);
    const [report, csv] = await Promise.all(
      ['report.json', 'exceptions.csv'].map((file) =>
        readFile(join(directory, 'reports', name, file), 'utf8'),
      ),
    );
    await rm(join(directory, 'reports'), { recursive: true });
    return { status, output, report: JSON.parse(report!) as Report, csv: csv! };
  }

  it('are counted by what was committed', async () => {
    const producer = client.producer();
    await producer.connect();
    const orders = [0, 1, 2, 3, 4, 5];
    await producer.send({ topic: 'orders', messages: orders.map((one) => message(one, 0, { id: one })) });
    await producer.disconnect();
    await produce([0, 1], 'commit');
    await produce([2, 3], 'crash');
    await produce([2, 3], 'commit');
    await produce([3], 'commit', 5000);
    await produce([4], 'crash');
    await produce([5], 'commit');

    const { status, output, report, csv } = await audited('value.type: Invoice');
    expect(status, output).toBe(1);
    const exceptions = csv
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(exceptions.map((cells) => [cells[4], cells[12], cells[10]])).toEqual(
      [
        ['4', 'missing', '0'],
        ['3', 'duplicate', '2'],
      ].map(([key, verdict]) => [key, verdict, expect.anything()]),
    );
    expect(report.effects[0]).toMatchObject({
      total: 6,
      verdicts: { ok: 4, missing: 1, duplicate: 1, unknown: 0 },
    });
    expect(report.coverage[0]).toMatchObject({
      source: 'topic invoices',
      excluded: { only: 4, aborted: expect.any(Number) },
      unreadable: 0,
      gaps: [],
    });
    expect(report.coverage[0]!.excluded.aborted).toBeGreaterThanOrEqual(3);

    // A misspelt field is named; nothing that could have been seen is missing.
    const misspelt = await audited('value.typ: Invoice');
    expect(misspelt.report.coverage[0]!.notes.join()).toContain('no message has value.typ');
  });

  it('behind an open transaction are not seen', async () => {
    const service = client.producer({ transactionalId: 'stuck', idempotent: true, maxInFlightRequests: 1 });
    await service.connect();
    const transaction = await service.transaction();
    await transaction.send({ topic: 'invoices', messages: [invoice(4)] });
    const { report } = await audited('value.type: Invoice');
    const { verdicts, reasons } = report.effects[0]!;
    expect({ verdicts, reasons }).toMatchObject({
      verdicts: { duplicate: 1, missing: 0 },
      reasons: { 'source-gap': expect.any(Number) },
    });
    await transaction.abort();
    await service.disconnect();
  });

  it('are looked for once more by their keys, at any other time, and on a topic that is there', async () => {
    const source = (topic: string) =>
      topicEffects(settingsFor(topic), 0, {
        progress: () => {},
        signal: new AbortController().signal,
        digestKey: new Uint8Array(16),
      });
    const invoices = source('invoices');
    const looked: string[][] = [[], []];
    const into = (look: number) => (_: number, batch: EffectBatch) => {
      looked[look]!.push(...textValues(batch.key));
    };
    const bounds = { from: start + 61_000, to: start + 121_000 };
    const [coverage] = await invoices.gather([bounds], into(0));
    await invoices.lookAgain(0, new Set(['0', '1', '3', '9']), into(1));
    expect(looked[0]!.sort()).toEqual(['1', '2']);
    expect(looked[1]!.sort()).toEqual(['0', '3', '3']);
    expect(coverage!.span).toMatchObject({ from: bounds.from, edge: 'line' });
    await invoices.close();
    await expect(source('invoces').check()).rejects.toMatchObject({ status: 4 });
  });

  function settingsFor(topic: string): Settings {
    const file = join(directory, 'direct.yaml');
    writeFileSync(
      file,
      [
        'version: 1',
        `messages: { topic: orders, kafka: { bootstrap: "${kafka.bootstrap}" }, key: value.id }`,
        `effects: { invoice: { kafka: { topic: ${topic}, key: value.order.id, only: { value.type: Invoice } } } }`,
      ].join('\n'),
    );
    return loadSettings(file, { set: [], env: {} });
  }
});
