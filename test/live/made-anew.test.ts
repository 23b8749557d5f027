/** A topic that is deleted while it is replayed, and made anew under the same name: two logs must never be told as one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka as Client, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Checkpoint, Progress, ReplayState, Settings } from '../../src/model.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { type Kafka, type KafkaVersion, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { skipUnless } from '../support/servers/skip.ts';

const PARTITIONS = 2;
const EACH = 4000;
const REFUSED = { status: 4, message: expect.stringContaining('was deleted and made anew') };

for (const version of ['4', '3.9'] satisfies KafkaVersion[]) {
  skipUnless([kafkaUnavailable(version)], `a topic of Kafka ${version} that is made anew`, () => {
    let kafka: Kafka;
    let admin: Admin;
    let producer: Producer;

    beforeAll(async () => {
      kafka = await startKafka({ version });
      const client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
      admin = client.admin();
      producer = client.producer();
      await admin.connect();
      await producer.connect();
    });

    afterAll(async () => {
      await producer?.disconnect();
      await admin?.disconnect();
      await kafka?.stop();
    });

    /** A topic of that name that nobody has read before. */
    async function make(topic: string): Promise<void> {
      if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
      while ((await admin.listTopics()).includes(topic)) await sleep(20);
      await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: PARTITIONS }] });
      await admin.fetchTopicMetadata({ topics: [topic] });
      for (let first = 0; first < EACH; first += 500) {
        const messages = Array.from({ length: PARTITIONS * 500 }, (_, i) => ({
          partition: i % PARTITIONS,
          value: JSON.stringify({ order: `ORD-${first + i}`, note: 'x'.repeat(200) }),
        }));
        await producer.send({ topic, messages });
      }
    }

    /** A slow replay; `meanwhile` is begun when a quarter was told. */
    async function replay(
      topic: string,
      meanwhile: () => Promise<void>,
      { resumed, checkpoint }: { resumed?: ReplayState; checkpoint?: Checkpoint } = {},
      signal = new AbortController().signal,
    ) {
      let disturbance: Promise<void> | undefined;
      const progress = ({ done, total = 0 }: Progress) => {
        if (done > total / 4) disturbance ??= meanwhile();
      };
      const source = kafkaMessages(settings(topic, kafka.bootstrap), {
        progress,
        signal,
        digestKey: Buffer.alloc(16),
      });
      try {
        const range = await (resumed === undefined ? source.fix() : source.resume(resumed));
        return await source.replay(range, () => {}, checkpoint);
      } finally {
        await disturbance;
        await source.close();
      }
    }

    it('is no part of a replay that began before', async () => {
      await make('orders');
      await expect(replay('orders', () => make('orders'))).rejects.toMatchObject(REFUSED);
      expect(await replay('orders', async () => {})).toMatchObject({ messages: PARTITIONS * EACH });
    });

    it('is not what an interrupted replay is gone on with', async () => {
      await make('payments');
      let kept: ReplayState | undefined;
      const checkpoint: Checkpoint = {
        due: () => true,
        offer: (state) => {
          kept = JSON.parse(JSON.stringify(state()));
        },
      };
      const interruption = new AbortController();
      const interrupted = replay(
        'payments',
        async () => interruption.abort(new Error('interrupted')),
        { checkpoint },
        interruption.signal,
      );
      await expect(interrupted).rejects.toThrow('interrupted');
      expect(await replay('payments', async () => {}, { resumed: kept! })).toMatchObject({
        messages: PARTITIONS * EACH,
      });
      await make('payments');
      await expect(replay('payments', async () => {}, { resumed: kept! })).rejects.toMatchObject(REFUSED);
    });
  });
}

function settings(topic: string, bootstrap: string): Settings {
  return {
    name: 'made-anew',
    messages: {
      topic,
      from: {
        source: 'kafka',
        bootstrap: [bootstrap],
        clientId: 'onceover-test',
        // Little at a time, and slowly, so that much is still to be read when something happens.
        fetchMemory: 300_000,
        maxRate: { messages: 2500 },
      },
      range: { by: 'all', padding: 0 },
      isolation: 'read_committed',
      copies: 'one-event',
      value: 'json',
      key: [{ field: { text: 'value.order', root: 'value', path: ['order'] }, fold: false }],
      where: [],
    },
    kinds: [],
    entries: [],
    report: { directory: '/nowhere', ledger: false },
    memory: '1GB',
    configDigest: '',
  };
}
