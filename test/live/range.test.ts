/** Which part of a real log is read, and how: ranges from its end, gaps, transactions that are open, rates. */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Admin, Kafka as Client, logLevel, type Message, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MESSAGE_CLASS, type MessageClass, textValues } from '../../src/columns.ts';
import type {
  KafkaSettings,
  MessageSettings,
  OffsetClasses,
  RangeSettings,
  Report,
} from '../../src/model.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { skipUnless } from '../support/servers/skip.ts';

const ONCEOVER = fileURLToPath(new URL('../../bin/onceover.js', import.meta.url));
const ALL: RangeSettings = { by: 'all', padding: 0 };
const NONE: OffsetClasses = {
  audited: 0,
  skipped: 0,
  control: 0,
  aborted: 0,
  absent: 0,
  deleted: 0,
  unseen: 0,
};

function offsets(first: number | undefined, end: number | undefined): RangeSettings {
  return { by: 'offsets', padding: 0, offsets: new Map([[0, [first, end]]]) };
}

function numbers(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i);
}

function orders(first: number, count: number, size = 20): Message[] {
  return numbers(first, first + count).map((order) => ({
    key: `ORD-${order}`,
    value: JSON.stringify({ order, note: 'x'.repeat(size) }),
  }));
}

function kcatUnavailable(): string | undefined {
  try {
    execFileSync('kcat', ['-V'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'kcat: apt-get install kcat';
  }
}

skipUnless([kafkaUnavailable()], 'a range of a real log', () => {
  let kafka: Kafka;
  let client: Client;
  let admin: Admin;
  let producer: Producer;
  const topics: string[] = [];
  const signal = new AbortController().signal;

  beforeAll(async () => {
    kafka = await startKafka();
    client = new Client({
      brokers: kafka.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, retries: 50 },
    });
    admin = client.admin();
    producer = client.producer();
    await admin.connect();
    await producer.connect();
  });

  afterAll(async () => {
    await producer?.disconnect();
    if (topics.length > 0) await admin?.deleteTopics({ topics });
    await admin?.disconnect();
    await kafka?.stop();
  });

  async function newTopic(config: Record<string, string | number> = {}, numPartitions = 1) {
    const topic = `orders-${randomBytes(4).toString('hex')}`;
    topics.push(topic);
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value: String(value) }));
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, configEntries }] });
    return topic;
  }

  async function transactional(name: string): Promise<Producer> {
    const made = client.producer({ transactionalId: name, idempotent: true, maxInFlightRequests: 1 });
    await made.connect();
    return made;
  }

  async function deleteTo(topic: string, offset: number): Promise<void> {
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  }

  async function replayed(
    topic: string,
    range: RangeSettings,
    how: Partial<MessageSettings> = {},
    { meanwhile, ...reading }: Partial<KafkaSettings> & { meanwhile?: () => Promise<unknown> } = {},
  ) {
    const messages: MessageSettings = {
      topic,
      from: { source: 'kafka', bootstrap: kafka.bootstrap.split(','), clientId: 'onceover-test', ...reading },
      range,
      isolation: 'read_committed',
      copies: 'one-event',
      value: 'json',
      key: [{ field: { text: 'key', root: 'key' }, fold: false }],
      where: [],
      ...how,
    };
    const report = { directory: '/nowhere', ledger: false };
    const settings = {
      name: 'range',
      messages,
      kinds: [],
      entries: [],
      report,
      memory: '1GB',
      configDigest: '',
    };
    const source = kafkaMessages(settings, { progress: () => {}, signal, digestKey: randomBytes(16) });
    const rows: { offset: number; key: string; as: MessageClass }[] = [];
    const names = Object.keys(MESSAGE_CLASS) as MessageClass[];
    try {
      const fixed = await source.fix();
      await meanwhile?.();
      const replay = await source.replay(fixed, (batch) => {
        const keys = textValues(batch.key);
        for (let i = 0; i < batch.rows; i++)
          rows.push({ offset: Number(batch.offset[i]), key: keys[i]!, as: names[batch.class[i]!]! });
      });
      return {
        range: fixed,
        replay,
        rows,
        classes: replay.classes.get(0)!,
        at: (as: MessageClass) => rows.filter((row) => row.as === as).map((row) => row.offset),
      };
    } finally {
      await source.close();
    }
  }

  it('counts from the end, of what may be read', async () => {
    const topic = await newTopic();
    await producer.send({ topic, messages: orders(0, 100) });
    expect((await replayed(topic, offsets(-30, undefined))).at('audited')).toEqual(numbers(70, 100));
    expect((await replayed(topic, offsets(-30, -10))).at('audited')).toEqual(numbers(70, 90));
    expect((await replayed(topic, offsets(undefined, 5))).at('audited')).toEqual(numbers(0, 5));
    const whole = await replayed(topic, offsets(-1000, undefined));
    expect(whole.classes).toEqual({ ...NONE, audited: 100 });
    const beyond = await replayed(topic, offsets(150, undefined));
    expect(beyond.range.notes).toEqual([
      'short: partition 0 ends at offset 100, before offset 150 where the range was to begin.',
    ]);
  });

  it('whose head was deleted by retention is named, or refused', async () => {
    const topic = await newTopic({ 'retention.ms': 2000, 'segment.ms': 1000 });
    await producer.send({ topic, messages: orders(0, 100) });
    await sleep(1100);
    await producer.send({ topic, messages: orders(100, 50) });
    const start = async () => Number((await admin.fetchTopicOffsets(topic))[0]!.low);
    for (const deadline = Date.now() + 30_000; (await start()) < 100 && Date.now() < deadline; )
      await sleep(200);
    const found = await replayed(topic, offsets(0, 150));
    // By now the rest may be gone as well: what is read and what is deleted make up the range all the same.
    expect(found.classes.audited + found.classes.deleted).toBe(150);
    expect(found.classes.deleted).toBeGreaterThanOrEqual(100);
    expect(found.range.partitions).toEqual([
      {
        partition: 0,
        asked: { first: 0, end: 150 },
        first: 0,
        end: 150,
        readFirst: 0,
        readEnd: 150,
        short: 0,
      },
    ]);
    await expect(replayed(topic, offsets(0, 150), { onGap: 'fail' })).rejects.toMatchObject({
      status: 4,
      message: expect.stringMatching(
        /partition 0: offsets 0 to (99|149), which were asked for, have been deleted from the log/,
      ),
    });

    for (const deadline = Date.now() + 30_000; (await start()) < 150 && Date.now() < deadline; )
      await sleep(200);
    const emptied = await replayed(topic, offsets(0, undefined));
    expect(emptied.classes).toEqual({ ...NONE, deleted: 150 });
    // Nobody knows when its messages were written: until the moment of the look, one may have been.
    expect(emptied.replay.unread).toEqual([{ to: emptied.range.fixedAt - 1 }]);
    expect((await replayed(topic, ALL, { onGap: 'fail' })).classes).toEqual(NONE);
  });

  it('that must be whole is given up where it is deleted while it is read', async () => {
    const topic = await newTopic();
    for (const first of [0, 50]) await producer.send({ topic, messages: orders(first, 50) });
    await deleteTo(topic, 40);
    const whole = { onGap: 'fail' } as const;
    await expect(replayed(topic, offsets(10, 90), whole)).rejects.toThrow(
      'offsets 10 to 39, which were asked for',
    );
    expect((await replayed(topic, offsets(40, 90), whole)).classes).toEqual({ ...NONE, audited: 50 });
    const meanwhile = () => deleteTo(topic, 60);
    await expect(replayed(topic, ALL, whole, { meanwhile })).rejects.toThrow(
      'offsets 40 to 59, which were asked for',
    );
    await expect(replayed(topic, offsets(60, 120), whole)).rejects.toThrow(
      'partition 0 ends at offset 100, 20 offsets short',
    );
  });

  it('passes batches that compaction emptied, among others', async (context) => {
    if (kafka.dataDir === undefined) context.skip('a broker that was there before compacts when it likes');
    const topic = await newTopic({
      'cleanup.policy': 'compact',
      'segment.ms': 200,
      'min.cleanable.dirty.ratio': 0.001,
      'max.compaction.lag.ms': 500,
      'delete.retention.ms': 100,
    });
    const idempotent = await Promise.all(
      numbers(0, 3).map(async () => {
        const made = client.producer({ idempotent: true, maxInFlightRequests: 1 });
        await made.connect();
        return made;
      }),
    );
    for (const one of idempotent) {
      await one.send({ topic, messages: orders(0, 20) });
      await sleep(250);
    }
    let found = await replayed(topic, ALL);
    for (const deadline = Date.now() + 60_000; found.classes.absent < 40 && Date.now() < deadline; ) {
      await producer.send({ topic, messages: orders(100, 1) });
      await sleep(700);
      found = await replayed(topic, ALL, { onGap: 'fail' });
    }
    await Promise.all(idempotent.map((one) => one.disconnect()));
    const { classes } = found;
    expect(classes.absent).toBeGreaterThanOrEqual(40);
    expect(classes.audited + classes.absent).toBe(found.range.partitions[0]!.end);
    expect(found.rows.filter((row) => row.offset < 60).map((row) => row.offset)).toEqual(numbers(40, 60));
  });

  /** Several aborted transactions of one producer, interleaved with others, before and behind one that stays open. */
  async function mixed(topic: string) {
    const [anna, bert, cleo] = (await Promise.all(
      ['anna', 'bert', 'cleo'].map((name) => transactional(`${topic}-${name}`)),
    )) as [Producer, Producer, Producer];
    const truth: Record<'audited' | 'aborted' | 'open', string[]> = { audited: [], aborted: [], open: [] };
    let next = 0;
    const some = (as: keyof typeof truth): Message[] => {
      const messages = orders(next, 2);
      next += 10;
      truth[as].push(...messages.map(({ key }) => String(key)));
      return messages;
    };
    const one = async (by: Producer, as: 'audited' | 'aborted') => {
      const transaction = await by.transaction();
      await transaction.send({ topic, messages: some(as) });
      await producer.send({ topic, messages: some('audited') });
      await transaction.send({ topic, messages: some(as) });
      await (as === 'aborted' ? transaction.abort() : transaction.commit());
    };
    for (const as of ['aborted', 'aborted', 'audited', 'aborted'] as const) await one(anna, as);
    const open = await cleo.transaction();
    await open.send({ topic, messages: some('open') });
    for (const as of ['aborted', 'audited', 'aborted'] as const) {
      await Promise.all([one(anna, as), one(bert, as === 'audited' ? 'aborted' : 'audited')]);
    }
    await open.send({ topic, messages: some('open') });
    return { truth, open, close: () => Promise.all([anna, bert, cleo].map((each) => each.disconnect())) };
  }

  it('shows what open and aborted transactions wrote where uncommitted messages are asked for', async () => {
    const topic = await newTopic();
    const { truth, open, close } = await mixed(topic);
    const found = await replayed(topic, ALL, { isolation: 'read_uncommitted' });
    const keys = (as: MessageClass) => found.rows.filter((row) => row.as === as).map((row) => row.key);
    expect(keys('audited').toSorted()).toEqual(truth.audited.toSorted());
    expect(keys('abortedAudited').toSorted()).toEqual(truth.aborted.toSorted());
    expect(keys('openAudited')).toEqual(truth.open);
    expect(found.rows.map((row) => row.offset)).toEqual(
      found.rows.map((row) => row.offset).toSorted((a, b) => a - b),
    );
    expect(found.classes).toEqual({
      ...NONE,
      audited: truth.audited.length + truth.open.length,
      aborted: truth.aborted.length,
      control: 10,
    });
    expect(found.range.notes).toEqual([
      expect.stringMatching(
        /^uncommitted: partition 0 is stable up to \d+, \d+ offsets before its end, with 1 open transaction in what is read\./,
      ),
    ]);
    expect(found.replay.readTo).toBe(found.range.fixedAt);
    // Only the committed ones before the open transaction, as ever.
    const committed = await replayed(topic, ALL);
    const stable = committed.range.partitions[0]!.end;
    expect(committed.rows).toEqual(
      found.rows
        .filter((row) => row.offset < stable)
        .map((row) => ({ ...row, as: row.as === 'abortedAudited' ? 'aborted' : row.as })),
    );

    await open.abort();
    await close();
    const after = await replayed(topic, ALL, { isolation: 'read_uncommitted' });
    expect(after.classes).toMatchObject({ aborted: truth.aborted.length + truth.open.length, control: 11 });
    expect(after.range.notes).toEqual([]);
  });

  it('is that of another client, whichever messages are asked for', async (context) => {
    if (kcatUnavailable() !== undefined) context.skip(kcatUnavailable()!);
    const topic = await newTopic();
    const { open, close } = await mixed(topic);
    for (const isolation of ['read_committed', 'read_uncommitted'] as const) {
      const found = await replayed(topic, ALL, { isolation });
      const judged = found.rows
        .filter((row) => row.as !== 'aborted')
        .map(({ offset, key }) => `${offset} ${key}`);
      const seen = await kcat(topic, isolation);
      expect(judged).toEqual(seen);
      expect(judged.length).toBeGreaterThan(10);
    }
    await open.commit();
    await close();
  });

  function kcat(topic: string, isolation: string): Promise<string[]> {
    const args = ['-b', kafka.bootstrap, '-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%o %k\\n'];
    return new Promise((resolve, reject) => {
      execFile('kcat', [...args, '-X', `isolation.level=${isolation}`], (error, stdout) => {
        if (error) reject(error);
        else resolve(stdout.trim().split('\n'));
      });
    });
  }

  it('is read no faster than allowed', async () => {
    const topic = await newTopic({}, 2);
    for (const first of numbers(0, 20)) {
      const partition = first % 2;
      const messages = orders(first * 1000, 1000, 200).map((message) => ({ ...message, partition }));
      await producer.send({ topic, messages });
    }
    const timed = async (reading: Partial<KafkaSettings>) => {
      const begun = performance.now();
      const { replay } = await replayed(topic, ALL, {}, reading);
      expect(replay.messages).toBe(20_000);
      return { seconds: (performance.now() - begun) / 1000, bytes: replay.bytes };
    };
    const free = await timed({});
    // A quarter of a second's worth may come at once, and one answer be on its way.
    const bytes = await timed({ maxRate: { bytes: free.bytes / 2 } });
    expect(bytes.seconds).toBeGreaterThan(2 - 0.25 - 0.25);
    const messages = await timed({ maxRate: { messages: 10_000 } });
    expect(messages.seconds).toBeGreaterThan(2 - 0.25 - 0.25);
    await timed({ fetchMemory: 50_000 });
  });

  it('is what the flags of an audit say, and what its report tells', async () => {
    const topic = await newTopic();
    const { truth, open, close } = await mixed(topic);
    const directory = await mkdtemp(join(tmpdir(), 'onceover-range-'));
    try {
      // One row for each order, committed or not: the service that wrote them reads uncommitted messages.
      const all = [...truth.audited, ...truth.aborted, ...truth.open];
      // Within the lead, so that nothing has to settle.
      const at = new Date(Date.now() - 30_000).toISOString();
      const rows = all.map((key, i) => `${i},${key},${at}`);
      await writeFile(join(directory, 'orders.csv'), ['id,order_id,created_at', ...rows, ''].join('\n'));
      const later = new Date(Date.now() + 3_600_000).toISOString();
      const covers = `{ from: 2020-01-01T00:00:00Z, to: ${later} }`;
      await writeFile(
        join(directory, 'onceover.yaml'),
        `version: 1
name: uncommitted
messages:
  topic: ${topic}
  kafka: { bootstrap: "${kafka.bootstrap}" }
  range: { last: 1h }
  key: key
effects:
  order-row:
    log: { files: [orders.csv], format: csv, key: order_id, id: id, at: created_at, covers: ${covers}, gap: 24h }
    settle: 0s
`,
      );
      const committed = await audited(directory, ['--offsets', '0:..', '--on-gap', 'fail']);
      expect(committed).toMatchObject({ status: 4, report: undefined });
      expect(committed.output).toMatch(/partition 0 ends at offset \d+, \d+ offsets short/);

      const flags = ['--offsets', '0:-100000..', '--isolation', 'read_uncommitted', '--max-rate', '50MB/s'];
      const { output, report } = await audited(directory, flags);
      expect(output).toContain(`range of ${topic}: offsets 0: [-100000, end)`);
      expect(output).toContain('of aborted and 4 of open transactions');
      expect(report!.range).toMatchObject({
        asked: 'offsets 0: [-100000, end)',
        isolation: 'read_uncommitted',
      });
      const [partition] = report!.range.partitions;
      expect(Object.values(partition!.classes).reduce((sum, count) => sum + count, 0)).toBe(
        Number(partition!.end),
      );
      expect(report!.messages).toMatchObject({
        audited: all.length,
        aborted: truth.aborted.length,
        open: truth.open.length,
      });
      const [kind] = report!.effects;
      expect(kind!.matched).toBe(all.length);
      expect(kind!.verdicts).toMatchObject({ missing: 0, duplicate: 0, unexpected: 0 });
      expect(kind!.orphans['no-message']).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
      await open.abort();
      await close();
    }
  });

  /** Runs the executable; its report is read and taken away. */
  async function audited(directory: string, flags: readonly string[]) {
    const args = [ONCEOVER, 'audit', 'onceover.yaml', ...flags];
    const { status, output } = await new Promise<{ status: number; output: string }>((resolve) => {
      execFile(process.execPath, args, { cwd: directory }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` });
      });
    });
    const reports = join(directory, 'reports');
    const [name] = await readdir(reports).catch(() => []);
    if (name === undefined) return { status, output, report: undefined };
    const report = JSON.parse(await readFile(join(reports, name, 'report.json'), 'utf8')) as Report;
    await rm(reports, { recursive: true });
    return { status, output, report };
  }
});
