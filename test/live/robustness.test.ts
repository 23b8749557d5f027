/** A replay on a cluster that is not well: every offset exactly once all the same, or a clear failure. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka as Client, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MaxRate, MessageBatch, Progress, Replay, Settings } from '../../src/model.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { type CuttingProxy, startCuttingProxy } from '../support/servers/cutting-proxy.ts';
import { Endings } from '../support/servers/endings.ts';
import {
  type KafkaCluster,
  type KafkaNode,
  kafkaUnavailable,
  runKafkaTool,
  startCluster,
} from '../support/servers/kafka.ts';
import { skipUnless } from '../support/servers/skip.ts';

const PARTITIONS = 6;
const EACH = 8000;
const NOTE = 'x'.repeat(900);
const CLIENT = 'onceover-robustness';

/** Each connection through a proxy carries so many bytes: more than one answer, far less than all. */
const LIFETIME = { least: 3 << 20, spread: 3 << 20 };

/** Messages per second: a whole replay takes 4 s. */
const SLOWLY: MaxRate = { messages: 12_000 };

/** How long a broker is away that is restarted in good order, at least. */
const AWAY_MS = 15_000;

/** How a topic is replayed. */
interface Way {
  readonly topic?: string;
  readonly bootstrap?: readonly string[];
  readonly maxRate?: MaxRate;
  /** Milliseconds; default: the usual ones. */
  readonly patience?: number;
}

skipUnless([kafkaUnavailable('4')], 'a replay on a cluster that is not well', () => {
  const endings = new Endings();
  const proxies: CuttingProxy[] = [];
  let cluster: KafkaCluster;

  beforeAll(async () => {
    for (let i = 0; i < 3; i++) {
      const proxy = await startCuttingProxy(() => LIFETIME.least + Math.random() * LIFETIME.spread);
      endings.add(() => proxy.stop());
      proxies.push(proxy);
    }
    cluster = await startCluster({
      version: '4',
      listeners: { CUT: { protocol: 'PLAINTEXT', advertisedPort: (id) => proxies[id - 1]!.port } },
      // A quota is kept within seconds.
      properties: { 'quota.window.num': 2 },
    });
    endings.add(() => cluster.stop());
    for (const [i, node] of cluster.nodes.entries()) proxies[i]!.to(node.listeners.CUT!);
    await fill();
  });
  afterAll(() => endings.run());

  function newClient(): Client {
    return new Client({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.NOTHING });
  }

  /** On connections of its own: those of before may be to brokers that were killed since. */
  async function asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = newClient().admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** `orders`: three replicas of each partition; `single-orders`: partition 0, led by node 1, with one replica. */
  async function fill(): Promise<void> {
    const single = { topic: 'single-orders', replicaAssignment: [{ partition: 0, replicas: [1] }] };
    const whole = { topic: 'orders', numPartitions: PARTITIONS, replicationFactor: 3 };
    await asAdmin((admin) => admin.createTopics({ waitForLeaders: true, topics: [whole, single] }));
    const producer = newClient().producer();
    await producer.connect();
    const messages = Array.from({ length: 500 }, (_, i) => ({
      value: JSON.stringify({ order: { id: `ORD-${i}` }, NOTE }),
    }));
    for (let first = 0; first < EACH; first += messages.length) {
      const partitions = Array.from({ length: PARTITIONS }, (_, partition) =>
        messages.map((message) => ({ ...message, partition })),
      );
      await producer.send({ topic: 'orders', messages: partitions.flat() });
      await producer.send({ topic: 'single-orders', messages });
    }
    await producer.disconnect();
  }

  async function partitionsOf(topic: string) {
    const { topics } = await asAdmin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    return topics[0]!.partitions;
  }

  async function leaderOf(topic: string, partition: number): Promise<KafkaNode> {
    const partitions = await partitionsOf(topic);
    const { leader } = partitions.find(({ partitionId }) => partitionId === partition)!;
    return cluster.nodes.find(({ id }) => id === leader)!;
  }

  /** Replays a topic, slowly enough for `disturb` to come in the middle: when a quarter was told, it begins. */
  async function replay(
    disturb: () => Promise<unknown>,
    { topic = 'orders', bootstrap = cluster.bootstrap.split(','), maxRate = SLOWLY, patience }: Way = {},
  ): Promise<{ replay: Replay; seconds: number }> {
    const start = Date.now();
    const told = new Map<number, Uint8Array>();
    let disturbance: Promise<unknown> | undefined;
    const take = (batch: MessageBatch) => {
      for (let i = 0; i < batch.rows; i++) {
        const offsets = told.get(batch.partition[i]!) ?? new Uint8Array(EACH);
        told.set(batch.partition[i]!, offsets);
        offsets[Number(batch.offset[i])]!++;
      }
    };
    const progress = ({ done, total = 0 }: Progress) => {
      if (done > total / 4) disturbance ??= disturb();
    };
    const hooks = { progress, signal: new AbortController().signal, digestKey: Buffer.alloc(16) };
    const source = kafkaMessages(settings(topic, bootstrap, maxRate, patience), hooks);
    try {
      const replayed = await source.replay(await source.fix(), take);
      expect(disturbance).toBeDefined();
      expect(told.size).toBe(topic === 'orders' ? PARTITIONS : 1);
      for (const [partition, offsets] of told) {
        expect(offsets.every((times) => times === 1)).toBe(true);
        expect(replayed.classes.get(partition)).toMatchObject({ audited: EACH, absent: 0, deleted: 0 });
      }
      return { replay: replayed, seconds: (Date.now() - start) / 1000 };
    } finally {
      await disturbance;
      await source.close();
    }
  }

  it('is whole though connections are cut in the middle of answers', async () => {
    const before = proxies.reduce((sum, { cuts }) => sum + cuts, 0);
    await replay(async () => {}, { bootstrap: proxies.map(({ port }) => `127.0.0.1:${port}`) });
    expect(proxies.reduce((sum, { cuts }) => sum + cuts, 0) - before).toBeGreaterThan(3);
  });

  it('is whole though a quota throttles it', async () => {
    const maxRate: MaxRate = {};
    const { seconds: free } = await replay(async () => {}, { maxRate });
    await setQuota(`--add-config=consumer_byte_rate=${3 << 20}`);
    const { seconds } = await replay(async () => {}, { maxRate });
    await setQuota('--delete-config=consumer_byte_rate');
    expect(seconds).toBeGreaterThan(free + 1.5);
  });

  async function setQuota(change: string): Promise<void> {
    const entity = ['--entity-type', 'clients', '--entity-name', CLIENT];
    const [option, value] = [change.slice(0, change.indexOf('=')), change.slice(change.indexOf('=') + 1)];
    await runKafkaTool('kafka.admin.ConfigCommand', [
      '--bootstrap-server',
      cluster.bootstrap,
      '--alter',
      option,
      value,
      ...entity,
    ]);
  }

  it('is whole though the only replica moves to another broker', async () => {
    const topic = 'single-orders';
    await replay(
      async () => {
        const partitionAssignment = [{ partition: 0, replicas: [2] }];
        const topics = [{ topic, partitionAssignment }];
        await asAdmin((admin) => admin.alterPartitionReassignments({ topics }));
        while ((await leaderOf(topic, 0)).id !== 2) await sleep(50);
      },
      { topic, maxRate: { messages: 4000 } },
    );
  });

  it('is whole though a leader leaves in good order', async () => {
    const leader = await leaderOf('orders', 0);
    await replay(() => leader.stop());
    await leader.start();
  });

  it('is whole though a leader is killed', async () => {
    const leader = await leaderOf('orders', 0);
    await replay(() => leader.kill());
    await leader.start();
  });

  it('is whole though leaders go back to the preferred replicas', async () => {
    const before = await partitionsOf('orders');
    // Who was killed in the test before leads nothing.
    expect(before.some(({ leader, replicas }) => leader !== replicas[0])).toBe(true);
    while ((await partitionsOf('orders')).some(({ isr }) => isr.length < 3)) await sleep(50);
    await replay(() => electPreferredLeaders(before.map(({ partitionId }) => partitionId)), {
      maxRate: { messages: 5000 },
    });
    const after = await partitionsOf('orders');
    expect(after.every(({ leader, replicas }) => leader === replicas[0])).toBe(true);
  });

  async function electPreferredLeaders(partitions: readonly number[]): Promise<void> {
    const wanted = join(cluster.nodes[0]!.dataDir, '..', 'election.json');
    const topic = 'orders';
    await writeFile(
      wanted,
      JSON.stringify({ partitions: partitions.map((partition) => ({ topic, partition })) }),
    );
    await runKafkaTool('org.apache.kafka.tools.LeaderElectionCommand', [
      ...['--bootstrap-server', cluster.bootstrap],
      ...['--election-type', 'preferred', '--path-to-json-file', wanted],
    ]);
  }

  it('is whole though all brokers are killed, and come again a while later', async () => {
    await replay(async () => {
      await Promise.all(cluster.nodes.map((node) => node.kill()));
      await sleep(AWAY_MS);
      await Promise.all(cluster.nodes.map((node) => node.start()));
    });
  });

  it('ends with a failure that says who does not answer, where all brokers stay away', async () => {
    const start = Date.now();
    const killAll = () => Promise.all(cluster.nodes.map((node) => node.kill()));
    const failure: unknown = await replay(killAll, { patience: 5000 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      status: 4,
      message: expect.stringMatching(
        /^Topic orders, partition \d: given up after \d+ tries in \d.*s\. .*127\.0\.0\.1:\d+/,
      ),
    });
    expect(Date.now() - start).toBeLessThan(60_000);
  });
});

function settings(
  topic: string,
  bootstrap: readonly string[],
  maxRate: MaxRate,
  patience: number | undefined,
): Settings {
  return {
    name: 'robustness',
    messages: {
      topic,
      // Little at a time, so that much is still to be read when something happens.
      from: {
        source: 'kafka',
        bootstrap,
        clientId: CLIENT,
        fetchMemory: 2 << 20,
        maxRate,
        ...(patience && { patience }),
      },
      range: { by: 'all', padding: 0 },
      isolation: 'read_committed',
      copies: 'one-event',
      value: 'json',
      key: [{ field: { text: 'value.order.id', root: 'value', path: ['order', 'id'] }, fold: false }],
      where: [],
    },
    kinds: [],
    entries: [],
    report: { directory: '/nowhere', ledger: false },
    memory: '1GB',
    configDigest: '',
  };
}
