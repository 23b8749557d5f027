/** Captures of real topics: an audit of the file says what an audit of the topic says. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Admin, Kafka as Client, CompressionTypes, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Report } from '../../src/model.ts';
import { temporaryDirectory } from '../support/servers/child.ts';
import { Endings } from '../support/servers/endings.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { kcatUnavailable } from '../support/servers/kcat.ts';
import { postfixUnavailable } from '../support/servers/postfix.ts';
import { type Postgres, postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';
import * as audit from '../support/shop/audit.ts';
import * as incident from '../support/shop/incident.ts';
import { startRealMail } from '../support/shop/mail-server.ts';
import { kafkaTopic } from '../support/shop/topic.ts';

const run = promisify(execFile);
const EXECUTABLE = join(incident.REPOSITORY, 'bin', 'onceover.js');

/** One audit, as far as its files go. */
interface Told {
  readonly status: number | null;
  readonly stderr: string;
  readonly report: Report;
  /** By the names of the CSV files. */
  readonly tables: Readonly<Record<string, string>>;
}

/** Audits what the configuration says, with its messages changed, and reads what came of it. */
async function auditOf(
  configuration: string,
  messages: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): Promise<Told> {
  const config = parse(await readFile(configuration, 'utf8')) as Record<string, Record<string, unknown>>;
  const folder = await mkdtemp(join(configuration, '..', 'audit-'));
  const changed = join(folder, 'onceover.yaml');
  const { kafka: _kafka, ...kept } = config.messages!;
  await writeFile(
    changed,
    stringify({
      ...config,
      messages: { ...('capture' in messages ? kept : config.messages), ...messages },
      report: { directory: 'reports' },
    }),
  );
  const { status, stderr } = await audit.onceover(['audit', changed, '--ledger'], env);
  const [name] = await readdir(join(folder, 'reports')).catch(() => []);
  if (name === undefined) throw new Error(`no report: ${stderr}`);
  const read = (file: string) => readFile(join(folder, 'reports', name, file), 'utf8');
  const tables = { ledger: '', exceptions: '', orphans: '' };
  for (const table of ['ledger', 'exceptions', 'orphans'] as const)
    tables[table] = await read(`${table}.csv`);
  return { status, stderr, report: JSON.parse(await read('report.json')) as Report, tables };
}

/** What two audits of the same messages must agree on: all but names, moments of reading and speeds. */
function said({ status, report, tables }: Told) {
  const { run: _run, stages: _stages, coverage, ...rest } = report;
  const { source: _source, ...range } = rest.range;
  const seen = coverage.map(({ readAt: _readAt, to: _to, ...one }) => one);
  return { status, ...rest, range, coverage: seen, tables };
}

const needs = [kafkaUnavailable(), postgresUnavailable(), postfixUnavailable()];

skipUnless(needs, 'the incident, captured', () => {
  const endings = new Endings();
  const random = incident.seededRandom(Date.now() % 1_000_000);
  let kafka: Kafka;
  let postgres: Postgres;
  let shop: incident.Shop;
  let configuration: string;
  let env: NodeJS.ProcessEnv;
  let direct: Told;

  beforeAll(async () => {
    const temporary = await temporaryDirectory('capture');
    endings.add(temporary.remove);
    postgres = await startPostgres();
    endings.add(() => postgres.stop());
    kafka = await startKafka();
    endings.add(() => kafka.stop());
    const mail = await startRealMail();
    endings.add(() => mail.stop());
    const topic = await kafkaTopic(kafka, `orders-${process.pid}`, `order-service-${process.pid}`);
    endings.add(() => topic.remove());
    shop = {
      topic,
      database: await postgres.createDatabase('captured'),
      mail,
      directory: join(temporary.path, 'shop'),
    };
    await mkdir(shop.directory);
    await incident.openShop(shop);
    const plan = { orders: 90, kills: 3, commitEvery: 10, skip: ['ORD-000042'], random };
    const { placedBy } = await incident.sufferIncident(shop, plan);
    await incident.goOn(shop, placedBy);
    env = { ...process.env, ORDERS_DB: shop.database };
    configuration = await audit.writeAuditConfig(shop.directory, {
      name: 'orders',
      topic,
      mailLog: `${mail.logFile}*`,
      reports: join(shop.directory, 'reports'),
    });
    direct = await auditOf(configuration, {}, env);
  });

  afterAll(() => endings.run());

  it('by onceover, is judged as the topic is', async () => {
    const file = join(shop.directory, 'incident.jsonl.gz');
    const taken = await audit.onceover(['capture', configuration, '-o', file, '--quiet'], env);
    expect(taken, taken.stderr).toMatchObject({ status: 0, stderr: '' });
    expect(taken.stdout).toContain(`messages of ${shop.topic.name}`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(direct.status, direct.stderr).toBe(1);
    expect(said(await auditOf(configuration, { capture: [file] }, env))).toEqual(said(direct));

    const again = await audit.onceover(['capture', configuration, '-o', file], env);
    expect(again).toMatchObject({ status: 2, stdout: '' });
    expect(again.stderr).toContain('is there already');
  });

  skipUnless([kcatUnavailable()], 'by kcat', () => {
    it('is judged as the topic is', async () => {
      const args = ['-C', '-e', '-q', '-J', '-b', kafka.bootstrap, '-t', shop.topic.name, '-o', 'beginning'];
      const { stdout } = await run('kcat', args, { encoding: 'buffer', maxBuffer: 1 << 28 });
      const file = join(shop.directory, 'incident-by-kcat.jsonl');
      await writeFile(file, stdout);
      expect(said(await auditOf(configuration, { capture: [file] }, env))).toEqual(said(direct));
    });
  });

  it('can be cut by the configuration to less', async () => {
    const file = join(shop.directory, 'incident.jsonl.gz');
    const offsets = { 1: [3, 20] };
    const cut = { range: { offsets, padding: '1s' } };
    const ofTopic = await auditOf(configuration, cut, env);
    const ofFile = await auditOf(configuration, { ...cut, capture: [file] }, env);
    expect(ofFile.tables).toEqual(ofTopic.tables);
    expect(ofFile.status).toBe(ofTopic.status);
  });
});

skipUnless([kafkaUnavailable()], 'what a log can hold, captured', () => {
  let kafka: Kafka;
  let client: Client;
  let admin: Admin;
  let folder: string;
  let configuration: string;

  /** Longer than it takes to write what must not be compacted. */
  const SEGMENT_MS = 4000;
  const BINARY = Buffer.from([0xff, 0xfe, 0x00, 0x22, 0x0a]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onceover-capture-'));
    kafka = await startKafka();
    client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
    admin = client.admin();
    await admin.connect();
    configuration = join(folder, 'onceover.yaml');
  });

  afterAll(async () => {
    await admin?.disconnect();
    await kafka?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function fill(topic: string): Promise<void> {
    const configEntries = [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'segment.ms', value: String(SEGMENT_MS) },
      { name: 'min.cleanable.dirty.ratio', value: '0.01' },
    ];
    const topics = [{ topic, numPartitions: 2, configEntries }];
    await admin.createTopics({ waitForLeaders: true, topics });
    const producer = client.producer();
    await producer.connect();
    const send = async (messages: Parameters<typeof producer.send>[0]['messages'], partition = 0) => {
      await producer.send({
        topic,
        compression: CompressionTypes.GZIP,
        messages: messages.map((message) => ({ partition, ...message })),
      });
    };
    const order = (i: number) => ({ key: `ORD-${i}`, value: `{"order":"ORD-${i}"}` });
    await send(Array.from({ length: 30 }, (_, i) => order(i % 10)));
    await sleep(SEGMENT_MS + 100);
    // From here on it is the segment that is being written, which is never compacted.
    await send([
      { key: BINARY, value: BINARY, headers: { id: [BINARY, 'b'], trace: 'é' } },
      { key: BINARY, value: null },
      { key: '', value: '' },
      { key: 'ORD-"\\\u2028\0', value: '{"a":"\\u0000"}' },
    ]);
    await transactions(topic);
    await send([order(100), order(101)], 1);
    await producer.disconnect();
  }

  async function transactions(topic: string): Promise<void> {
    const producer = client.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const [i, end] of (['abort', 'commit', 'abort'] as const).entries()) {
      const transaction = await producer.transaction();
      const messages = [0, 1, 0, 1].map((n, k) => ({ key: `ORD-T${i}${k}`, value: '{}', partition: n }));
      await transaction.send({ topic, messages });
      await transaction[end]();
    }
    await producer.disconnect();
  }

  async function configure(topic: string): Promise<void> {
    const now = Date.now();
    const at = new Date(now).toISOString();
    const keys = ['ORD-1', 'ORD-1', 'ORD-T00', 'ORD-T10', 'ORD-nobody', `hex:${BINARY.toString('hex')}`];
    const rows = keys.map((key, i) => `${i},${key},${at}\n`).join('');
    await writeFile(join(folder, 'orders.csv'), `id,key,at\n${rows}`);
    const covers = {
      from: new Date(now - 3_600_000).toISOString(),
      to: new Date(now + 3_600_000).toISOString(),
    };
    const files = join(folder, 'orders.csv');
    await writeFile(
      configuration,
      stringify({
        version: 1,
        name: 'orders',
        messages: { topic, kafka: { bootstrap: kafka.bootstrap }, key: 'key', id: 'headers.id' },
        effects: {
          'order-row': {
            log: { files: [files], format: 'csv', key: 'key', id: 'id', at: 'at', covers },
            settle: '0s',
          },
        },
      }),
    );
  }

  it('aborted, compacted, binary and nothing at all, is judged as the topic is', async (context) => {
    if (kafka.dataDir === undefined) context.skip('a broker that was there before compacts when it likes');
    const topic = `orders-${process.pid}`;
    await fill(topic);
    await configure(topic);
    let direct = await auditOf(configuration, {}, process.env);
    const absent = () => direct.report.range.partitions[0]!.classes.absent;
    for (const deadline = Date.now() + 60_000; absent() < 20 && Date.now() < deadline; ) {
      await sleep(500);
      direct = await auditOf(configuration, {}, process.env);
    }
    const classes = direct.report.range.partitions.map((one) => one.classes);
    expect(classes[0]).toMatchObject({ audited: 16, absent: 20, aborted: 4, control: 3 });
    expect(classes[1]).toMatchObject({ audited: 4, absent: 0, aborted: 4, control: 3 });

    // It needs nothing of the effects.
    const messagesOnly = join(folder, 'messages.yaml');
    const config = parse(await readFile(configuration, 'utf8')) as Record<string, unknown>;
    await writeFile(messagesOnly, stringify({ version: 1, messages: config.messages }));
    const file = join(folder, 'orders.jsonl.gz');
    const taken = await audit.onceover(['capture', messagesOnly, '-o', file], process.env);
    expect(taken, taken.stderr).toMatchObject({ status: 0 });
    expect(taken.stdout).toContain('control 6, aborted 8, absent 20');
    expect(said(await auditOf(configuration, { capture: [file] }, process.env))).toEqual(said(direct));

    const flag = ['--capture', file, '--json', '--report-directory', join(folder, 'by-flag')];
    const byFlag = await audit.onceover(['audit', configuration, ...flag], process.env);
    const report = JSON.parse(byFlag.stdout) as Report;
    expect(report.effects).toEqual(direct.report.effects);
    expect(report.range.source).toMatch(/orders\.jsonl\.gz \(onceover capture of /);
  });

  it('interrupted, leaves no file', async () => {
    const topic = `many-orders-${process.pid}`;
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] });
    const producer = client.producer();
    await producer.connect();
    const value = JSON.stringify({ note: 'as placed '.repeat(30) });
    for (let batch = 0; batch < 40; batch++) {
      const messages = Array.from({ length: 5000 }, (_, i) => ({ key: `ORD-${batch}-${i}`, value }));
      await producer.send({ topic, messages, compression: CompressionTypes.GZIP });
    }
    await producer.disconnect();
    await configure(topic);
    const there = async () => (await readdir(folder)).filter((name) => name.includes('many'));
    const command = [EXECUTABLE, 'capture', configuration, '-o', join(folder, 'many.jsonl.gz'), '--quiet'];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = Promise.all([once(child, 'close'), text(child.stderr)]);
    while (child.exitCode === null && (await there()).length === 0) await sleep(20);
    child.kill('SIGINT');
    const [[status], said] = await ended;
    expect({ status, said }).toEqual({ status: 130, said: 'interrupted: nothing was written\n' });
    expect(await there()).toEqual([]);
  });

  it('leaves no file where the topic cannot be read', async () => {
    await configure('no-such-topic');
    const file = join(folder, 'nothing.jsonl.gz');
    const { status, stderr } = await audit.onceover(['capture', configuration, '-o', file], process.env);
    expect(status, stderr).toBe(4);
    expect((await readdir(folder)).filter((name) => name.includes('nothing'))).toEqual([]);
  });
});
