/** The replay of a topic range on a real broker: every offset in its class, and nothing left behind on the broker. */
import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Admin,
  Kafka as Client,
  CompressionTypes,
  logLevel,
  type Message,
  type Producer,
} from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MESSAGE_CLASS, textValues } from '../../src/columns.ts';
import type {
  MessageBatch,
  OffsetClasses,
  RangeSettings,
  Replay,
  Settings,
  TopicRange,
} from '../../src/model.ts';
import { ISOLATION } from '../../src/sources/kafka/fetch.ts';
import { KafkaJsTransport } from '../../src/sources/kafka/kafkajs-transport.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { BatchCursor } from '../../src/sources/kafka/record-batch.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { skipUnless } from '../support/servers/skip.ts';

interface Row {
  readonly offset: number;
  readonly key: string;
  readonly inRange: boolean;
}

interface Replayed {
  readonly range: TopicRange;
  readonly replay: Replay;
  /** Rows by partition, then class. */
  rows(partition: number, as: keyof typeof MESSAGE_CLASS): Row[];
  classes(partition?: number): OffsetClasses;
}

const NONE: OffsetClasses = {
  audited: 0,
  skipped: 0,
  control: 0,
  aborted: 0,
  absent: 0,
  deleted: 0,
  unseen: 0,
};
const ALL: RangeSettings = { by: 'all', padding: 0 };

function offsets(range: readonly [number, number], padding = 0): RangeSettings {
  return { by: 'offsets', padding, offsets: new Map([[0, range]]) };
}

function numbers(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** Messages ORD-first to ORD-(first + count - 1); `at` gives their times. */
function orders(first: number, count: number, at?: (order: number) => number, size = 20): Message[] {
  return numbers(first, first + count).map((order) => ({
    key: `ORD-${order}`,
    value: JSON.stringify({ order, note: 'x'.repeat(size) }),
    ...(at === undefined ? {} : { timestamp: String(at(order)) }),
  }));
}

skipUnless([kafkaUnavailable()], 'a topic range on a real broker', () => {
  let kafka: Kafka;
  let client: Client;
  let admin: Admin;
  let producer: Producer;
  const topics: string[] = [];
  const signal = new AbortController().signal;

  beforeAll(async () => {
    // With this the mistyped topic of a careless client comes into being.
    kafka = await startKafka({ properties: { 'auto.create.topics.enable': true } });
    client = new Client({
      brokers: [kafka.bootstrap],
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

  async function newTopic(name: string, numPartitions = 1, config: Record<string, string | number> = {}) {
    const topic = `${name}-${randomBytes(4).toString('hex')}`;
    topics.push(topic);
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value: String(value) }));
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, configEntries }] });
    return topic;
  }

  function settings(
    topic: string,
    range: RangeSettings,
    { partitions, fetchMemory }: Pick<ReplayOptions, 'partitions' | 'fetchMemory'> = {},
  ): Settings {
    const kafkaSettings = {
      source: 'kafka',
      bootstrap: [kafka.bootstrap],
      clientId: 'onceover-test',
      ...(fetchMemory === undefined ? {} : { fetchMemory }),
    } as const;
    return {
      name: 'replay',
      messages: {
        topic,
        from: kafkaSettings,
        range,
        ...(partitions === undefined ? {} : { partitions }),
        isolation: 'read_committed',
        copies: 'one-event',
        value: 'json',
        key: [{ field: { text: 'key', root: 'key' }, fold: false }],
        where: [],
      },
      kinds: [],
      entries: [],
      report: { directory: '/nowhere', ledger: false },
      memory: '1GB',
      configDigest: '',
    };
  }

  interface ReplayOptions {
    readonly partitions?: readonly number[];
    readonly fetchMemory?: number;
    readonly meanwhile?: () => Promise<unknown>;
  }

  async function replayed(
    topic: string,
    range: RangeSettings,
    options: ReplayOptions = {},
  ): Promise<Replayed> {
    const hooks = { progress: () => {}, signal, digestKey: randomBytes(16) };
    const source = kafkaMessages(settings(topic, range, options), hooks);
    try {
      const fixed = await source.fix();
      await options.meanwhile?.();
      const rows: (Row & { partition: number; as: number })[] = [];
      const replay = await source.replay(fixed, (batch) => {
        rows.push(...rowsOf(batch));
      });
      return {
        range: fixed,
        replay,
        rows: (partition, as) =>
          rows.filter((row) => row.partition === partition && row.as === MESSAGE_CLASS[as]),
        classes: (partition = 0) => replay.classes.get(partition)!,
      };
    } finally {
      await source.close();
    }
  }

  function* rowsOf(batch: MessageBatch) {
    const keys = textValues(batch.key);
    for (let i = 0; i < batch.rows; i++) {
      yield {
        partition: batch.partition[i]!,
        offset: Number(batch.offset[i]),
        key: keys[i]!,
        inRange: batch.inRange[i] === 1,
        as: batch.class[i]!,
      };
    }
  }

  it('is read whole from several partitions, compressed and not', async () => {
    const topic = await newTopic('orders', 4);
    const expected = new Map<number, string[]>();
    for (let batch = 0; batch < 40; batch++) {
      const partition = batch % 4;
      const messages = orders(batch * 50, 50).map((message) => ({ ...message, partition }));
      const compression = batch % 3 === 0 ? CompressionTypes.None : CompressionTypes.GZIP;
      await producer.send({ topic, messages, compression });
      expected.set(partition, [...(expected.get(partition) ?? []), ...messages.map((m) => String(m.key))]);
    }
    const found = await replayed(topic, ALL);
    for (const partition of numbers(0, 4)) {
      expect(found.rows(partition, 'audited').map((row) => row.key)).toEqual(expected.get(partition));
      expect(found.rows(partition, 'audited').map((row) => row.offset)).toEqual(numbers(0, 500));
      expect(found.classes(partition)).toEqual({ ...NONE, audited: 500 });
    }
    expect(found.replay).toMatchObject({
      messages: 2000,
      holes: [],
      unread: [],
      readTo: found.range.fixedAt,
    });

    const some = await replayed(topic, ALL, { partitions: [1, 3] });
    expect([...some.replay.classes.keys()]).toEqual([1, 3]);
    expect(some.range.unreadPartitions).toEqual([0, 2]);
  });

  it('may begin and end inside batches', async () => {
    const topic = await newTopic('orders');
    for (const first of [0, 100, 200]) {
      await producer.send({ topic, messages: orders(first, 100), compression: CompressionTypes.GZIP });
    }
    const found = await replayed(topic, offsets([37, 251]));
    expect(found.rows(0, 'audited').map((row) => row.offset)).toEqual(numbers(37, 251));
    expect(found.classes()).toEqual({ ...NONE, audited: 214 });
  });

  it('is cut by time, with padding', async () => {
    const topic = await newTopic('orders');
    const start = Date.now() - 3_600_000;
    const at = (order: number) => start + order * 1000;
    for (const first of [0, 25, 50, 75]) await producer.send({ topic, messages: orders(first, 25, at) });
    const found = await replayed(topic, { by: 'time', from: at(30), to: at(60), padding: 5000 });
    const rows = found.rows(0, 'audited');
    expect(rows.filter((row) => row.inRange).map((row) => row.offset)).toEqual(numbers(30, 60));
    expect(rows.map((row) => row.offset)).toEqual(numbers(25, 65));
    expect(found.classes()).toEqual({ ...NONE, audited: 30 });
    expect(found.replay).toMatchObject({
      firstAt: at(30),
      lastAt: at(59),
      unread: [{ to: at(25) - 1 }, { from: at(65) }],
      readTo: at(65),
      stragglers: 0,
    });

    const byOffsets = await replayed(topic, offsets([30, 60], 5000));
    expect(byOffsets.rows(0, 'audited').map((row) => row.offset)).toEqual(numbers(25, 64));
    const empty = await replayed(topic, { by: 'time', from: start - 5000, to: start - 1000, padding: 0 });
    expect(empty.classes()).toEqual(NONE);
    expect(empty.replay.messages).toBe(0);
  });

  it('counts stragglers, whose time is not where their offset is', async () => {
    const topic = await newTopic('orders');
    const start = Date.now() - 3_600_000;
    const at = (order: number) => start + (order === 45 ? -1 : order) * 1000;
    await producer.send({ topic, messages: orders(0, 100, at) });
    const found = await replayed(topic, { by: 'time', from: at(30), to: at(60), padding: 0 });
    expect(found.classes()).toEqual({ ...NONE, audited: 30 });
    expect(found.replay.stragglers).toBe(1);
  });

  it('has the broker’s times where the broker dates messages', async () => {
    const topic = await newTopic('orders', 1, { 'message.timestamp.type': 'LogAppendTime' });
    const start = Date.now();
    await producer.send({ topic, messages: orders(0, 10, () => 1000), compression: CompressionTypes.GZIP });
    const found = await replayed(topic, { by: 'time', from: start, to: Date.now() + 1, padding: 0 });
    expect(found.classes()).toEqual({ ...NONE, audited: 10 });
    expect(found.replay.firstAt).toBeGreaterThanOrEqual(start);
    expect(found.replay.stragglers).toBe(0);
  });

  it('keeps apart what interleaved transactions committed and aborted', async () => {
    const topic = await newTopic('orders');
    const producers = await Promise.all(numbers(0, 3).map((n) => transactional(`${topic}-${n}`)));
    const truth = { audited: [] as string[], aborted: [] as string[] };
    const transactions = await Promise.all(producers.map((one) => one.transaction()));
    let markers = 0;
    for (let turn = 0; turn < 60; turn++) {
      const n = turn % 3;
      const compression = turn % 2 === 0 ? CompressionTypes.GZIP : CompressionTypes.None;
      // A key of four zero bytes looks like the marker of an abort to careless clients.
      const messages = [{ key: '\0\0\0\0', value: '{}' }, ...orders(turn * 10, 3)];
      await transactions[n]!.send({ topic, messages, compression });
      const keys = messages.map((message) => String(message.key));
      const aborts = (turn * 7) % 5 < 2;
      truth[aborts ? 'aborted' : 'audited'].push(...keys);
      await (aborts ? transactions[n]!.abort() : transactions[n]!.commit());
      markers++;
      transactions[n] = await producers[n]!.transaction();
      if (turn % 4 === 0) {
        const plain = orders(10_000 + turn, 1);
        await producer.send({ topic, messages: plain });
        truth.audited.push(String(plain[0]!.key));
      }
    }
    await Promise.all(transactions.map((transaction) => transaction.abort()));
    await Promise.all(producers.map((one) => one.disconnect()));
    const found = await replayed(topic, ALL);
    const keys = (as: 'audited' | 'aborted') => found.rows(0, as).map((row) => row.key);
    expect(keys('audited')).toEqual(truth.audited);
    expect(keys('aborted')).toEqual(truth.aborted);
    expect(found.classes()).toEqual({
      ...NONE,
      audited: truth.audited.length,
      aborted: truth.aborted.length,
      control: markers,
    });
    expect(found.replay.holes).toEqual([]);
  });

  it('keeps apart transactions that overlap', async () => {
    const topic = await newTopic('orders');
    const [anna, bert, cleo] = (await Promise.all(
      ['anna', 'bert', 'cleo'].map((name) => transactional(`${topic}-${name}`)),
    )) as [Producer, Producer, Producer];
    const [first, second, third] = [
      await anna.transaction(),
      await bert.transaction(),
      await cleo.transaction(),
    ];
    for (const turn of numbers(0, 8)) {
      for (const [n, transaction] of [first, second, third].entries()) {
        await transaction.send({ topic, messages: orders(turn * 100 + n * 10, 2) });
      }
    }
    await second.abort();
    const fourth = await bert.transaction();
    await fourth.send({ topic, messages: orders(9000, 2) });
    await third.commit();
    await first.abort();
    await fourth.commit();
    await Promise.all([anna, bert, cleo].map((one) => one.disconnect()));
    const found = await replayed(topic, ALL);
    const committed = [...numbers(0, 8).flatMap((turn) => [turn * 100 + 20, turn * 100 + 21]), 9000, 9001];
    expect(found.rows(0, 'audited').map((row) => row.key)).toEqual(committed.map((order) => `ORD-${order}`));
    expect(found.classes()).toEqual({ ...NONE, audited: 18, aborted: 32, control: 4 });
    // The same in a cut that sees neither the beginnings nor the ends of the transactions.
    const cut = await replayed(topic, offsets([10, 40]));
    expect(cut.classes()).toEqual({ ...NONE, audited: 10, aborted: 20 });
  });

  it('ends before an open transaction, and is short', async () => {
    const topic = await newTopic('orders');
    await producer.send({ topic, messages: orders(0, 5) });
    const anna = await transactional(`${topic}-anna`);
    const transaction = await anna.transaction();
    await transaction.send({ topic, messages: orders(5, 3) });
    await producer.send({ topic, messages: orders(8, 2) });
    const found = await replayed(topic, ALL);
    expect(found.range.partitions[0]).toMatchObject({ end: 5, short: 5 });
    expect(found.range.notes).toEqual([
      expect.stringMatching(/^open transaction: partition 0 ends at 5, 5 short/),
    ]);
    expect(found.replay.readTo).toBeLessThan(found.range.fixedAt);
    expect(found.classes()).toEqual({ ...NONE, audited: 5 });
    expect((await replayed(topic, offsets([0, 7]))).range.partitions[0]).toMatchObject({ end: 5, short: 2 });
    await transaction.abort();
    await anna.disconnect();
    const after = await replayed(topic, ALL);
    expect(after.classes()).toEqual({ ...NONE, audited: 7, aborted: 3, control: 1 });
    expect(after.range).toMatchObject({ notes: [], partitions: [{ short: 0 }] });
  });

  it('is short where it was asked for beyond the end', async () => {
    const topic = await newTopic('orders');
    await producer.send({ topic, messages: orders(0, 10) });
    const found = await replayed(topic, offsets([4, 25]));
    expect(found.range.partitions).toEqual([
      { partition: 0, asked: { first: 4, end: 25 }, first: 4, end: 10, readFirst: 4, readEnd: 10, short: 15 },
    ]);
    expect(found.classes()).toEqual({ ...NONE, audited: 6 });
    const future = await replayed(topic, { by: 'time', to: Date.now() + 3_600_000, padding: 0 });
    expect(future.range.notes).toEqual([expect.stringMatching(/^short: .* still to come/)]);
    expect(future.classes()).toEqual({ ...NONE, audited: 10 });
  });

  it('names what was deleted, before it was fixed and while it is read', async () => {
    const topic = await newTopic('orders');
    for (const first of [0, 25, 50, 75]) await producer.send({ topic, messages: orders(first, 25) });
    const deleteTo = async (offset: number) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
    };
    await deleteTo(40);
    const found = await replayed(topic, offsets([10, 90]));
    expect(found.classes()).toEqual({ ...NONE, audited: 50, deleted: 30 });
    expect(found.rows(0, 'audited').map((row) => row.offset)).toEqual(numbers(40, 90));
    expect(found.replay.holes).toEqual([
      { partition: 0, class: 'deleted', first: 10, end: 40, to: expect.any(Number) },
    ]);
    expect(found.replay.unread[0]).toEqual({ to: expect.any(Number) });

    const meanwhile = await replayed(topic, ALL, { meanwhile: () => deleteTo(60) });
    expect(meanwhile.range.partitions[0]).toMatchObject({ first: 40, end: 100 });
    expect(meanwhile.classes()).toEqual({ ...NONE, audited: 40, deleted: 20 });
    expect((await replayed(topic, offsets([0, 30]))).classes()).toEqual({ ...NONE, deleted: 30 });
  });

  it('passes what compaction removed, a batch of nothing alone in its segment too', async (context) => {
    if (kafka.dataDir === undefined) context.skip('a broker that was there before compacts when it likes');
    const topic = await newTopic('orders', 1, {
      'cleanup.policy': 'compact',
      'segment.bytes': 1 << 20,
      'segment.ms': 1000,
      'min.cleanable.dirty.ratio': 0.01,
    });
    // The last batch of a living idempotent producer stays as an empty header.
    const idempotent = client.producer({ idempotent: true, maxInFlightRequests: 1 });
    await idempotent.connect();
    await idempotent.send({ topic, messages: orders(0, 900, undefined, 950) });
    await sleep(1100);
    await producer.send({ topic, messages: orders(0, 900, undefined, 950) });
    await sleep(1100);
    await producer.send({ topic, messages: orders(900, 1) });

    let found = await replayed(topic, ALL);
    for (const deadline = Date.now() + 60_000; found.classes().absent < 900 && Date.now() < deadline; ) {
      await sleep(500);
      found = await replayed(topic, ALL);
    }
    await idempotent.disconnect();
    expect(found.classes()).toEqual({ ...NONE, audited: 901, absent: 900 });
    expect(found.rows(0, 'audited').map((row) => row.offset)).toEqual(numbers(900, 1801));
    expect(found.replay.holes).toEqual([
      { partition: 0, class: 'absent', first: 0, end: 900, to: expect.any(Number) },
    ]);
    expect(await firstBatch(topic)).toEqual({ baseOffset: 0, lastOffset: 899, count: 0 });
    // An end inside the emptied batch: nothing will ever be read there.
    expect((await replayed(topic, offsets([10, 500]))).classes()).toEqual({ ...NONE, absent: 490 });
    expect((await replayed(topic, offsets([890, 910]))).classes()).toEqual({
      ...NONE,
      audited: 10,
      absent: 10,
    });
  });

  it('is read exactly once though connections break', async () => {
    const topic = await newTopic('orders', 2);
    for (const first of numbers(0, 20)) {
      await producer.send({ topic, messages: orders(first * 5000, 5000, undefined, 200) });
    }
    let breaks = 0;
    const cutInTime = (message: unknown) => {
      const { socket } = message as { socket: Socket };
      socket.on('data', () => {
        if (breaks > 3 || socket.bytesRead < 2 << 20) return;
        breaks++;
        socket.destroy(new Error('cut by the test'));
      });
    };
    subscribe('net.client.socket', cutInTime);
    // Answers of 2 MB: connections are cut at an answer.
    const found = await replayed(topic, ALL, { fetchMemory: 6 << 20 });
    unsubscribe('net.client.socket', cutInTime);
    expect(breaks).toBeGreaterThan(3);
    for (const { partition, end } of found.range.partitions) {
      expect(found.classes(partition)).toEqual({ ...NONE, audited: end });
      expect(found.rows(partition, 'audited').map((row) => row.offset)).toEqual(numbers(0, end));
    }
  });

  it('of a topic that does not exist is an error, and creates nothing', async () => {
    const before = await admin.listTopics();
    const topic = `ordres-${randomBytes(4).toString('hex')}`;
    const hooks = { progress: () => {}, signal, digestKey: randomBytes(16) };
    const source = kafkaMessages(settings(topic, ALL), hooks);
    await expect(source.fix()).rejects.toMatchObject({
      code: 'ONCEOVER_AUDIT_ERROR',
      status: 4,
      message: `Topic ${topic} does not exist on ${kafka.bootstrap}; nothing was created.`,
    });
    await source.close();
    await sleep(1000);
    expect(await admin.listTopics()).toEqual(before);
  });

  it('leaves no group, no commit and no topic behind', async () => {
    const topic = await newTopic('orders');
    await producer.send({ topic, messages: orders(0, 100) });
    const state = async () => ({
      topics: await admin.listTopics(),
      groups: (await admin.listGroups()).groups,
    });
    const before = await state();
    expect((await replayed(topic, ALL)).classes().audited).toBe(100);
    expect(
      (await replayed(topic, { by: 'last', length: 60_000, settle: 0, padding: 1000 })).replay.messages,
    ).toBe(100);
    await sleep(500);
    expect(await state()).toEqual(before);
    // The broker makes this topic when the first group commits; only a broker that was there before may have it.
    if (kafka.dataDir !== undefined) expect(before.topics).not.toContain('__consumer_offsets');
  });

  it('of 200 000 messages is read at a good rate', async () => {
    const topic = await newTopic('orders', 4);
    for (const first of numbers(0, 20)) {
      await producer.send({ topic, messages: orders(first * 10_000, 10_000, undefined, 160) });
    }
    const hooks = { progress: () => {}, signal, digestKey: randomBytes(16) };
    const source = kafkaMessages(settings(topic, ALL), hooks);
    const range = await source.fix();
    const start = performance.now();
    let rows = 0;
    const replay = await source.replay(range, (batch) => {
      rows += batch.rows;
    });
    const seconds = (performance.now() - start) / 1000;
    await source.close();
    const rate = (count: number) => Math.round(count / seconds).toLocaleString('en');
    process.stdout.write(
      `replay: ${rows} messages, ${replay.bytes} bytes in ${seconds.toFixed(2)} s: ${rate(rows)} messages/s, ${rate(replay.bytes)} bytes/s\n`,
    );
    expect(rows).toBe(200_000);
    expect([...replay.classes.values()].reduce((sum, classes) => sum + classes.audited, 0)).toBe(200_000);
  });

  async function transactional(transactionalId: string): Promise<Producer> {
    const made = client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
    await made.connect();
    return made;
  }

  async function firstBatch(topic: string) {
    const from = { source: 'kafka', bootstrap: [kafka.bootstrap], clientId: 'onceover-test' } as const;
    const transport = new KafkaJsTransport(from, topic, signal);
    try {
      await transport.partitions();
      const [leader] = transport.leaders([0]).keys();
      const partitions = [{ partition: 0, offset: 0, maxBytes: 1 << 20 }];
      const request = { isolation: ISOLATION.committed, maxWaitMs: 100, maxBytes: 1 << 20, partitions };
      const response = await transport.fetch(leader!, request);
      const batch = new BatchCursor({ topic, partition: 0 }, response.partitions[0]!.records);
      batch.next();
      return { baseOffset: batch.baseOffset, lastOffset: batch.lastOffset, count: batch.count };
    } finally {
      await transport.close();
    }
  }
});
