/** Batches larger than producers make them by default, in every codec: 130 000 records in one, and messages of 10 MB. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Admin, Kafka as Client, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OffsetClasses, Settings } from '../../src/model.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { temporaryDirectory } from '../support/servers/child.ts';
import { dumpLogs } from '../support/servers/dump-log.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { kcatUnavailable, kcatWrite } from '../support/servers/kcat.ts';
import { skipUnless } from '../support/servers/skip.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const MANY = 130_000;
const LARGE = 10 << 20;
/** As few batches as it can. */
const BATCHED = {
  'message.max.bytes': 30 << 20,
  'batch.num.messages': MANY,
  'batch.size': 30 << 20,
  'queue.buffering.max.messages': 2 * MANY,
};

skipUnless([kafkaUnavailable('4'), kcatUnavailable()], 'large batches', () => {
  let kafka: Kafka;
  let admin: Admin;
  let work: Awaited<ReturnType<typeof temporaryDirectory>>;
  const signal = new AbortController().signal;

  beforeAll(async () => {
    kafka = await startKafka({ version: '4', properties: { 'message.max.bytes': 40 << 20 } });
    work = await temporaryDirectory('large');
    admin = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const order = (i: number) => JSON.stringify({ order: i });
    await writeFile(
      join(work.path, 'many'),
      Array.from({ length: MANY }, (_, i) => `${order(i)}\n`),
    );
    const large = (i: number) => JSON.stringify({ order: i, note: randomBytes(LARGE / 2).toString('hex') });
    await writeFile(join(work.path, 'large'), `${large(MANY)}\n${large(MANY + 1)}\n`);
  });

  afterAll(async () => {
    await admin?.disconnect();
    await kafka?.stop();
    await work?.remove();
  });

  it.each(CODECS)('with %s are read whole', async (codec) => {
    const topic = `orders-${codec}`;
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    // A batch goes when it is full, which many small ones are and large ones are not.
    for (const [file, linger] of Object.entries({ many: 10_000, large: 100 })) {
      const options = { ...BATCHED, 'compression.codec': codec, 'linger.ms': linger };
      await kcatWrite(kafka.bootstrap, topic, join(work.path, file), options);
    }
    const batches = (await dumpLogs(kafka.dataDir!, topic, '4')).get(0)!;
    expect(batches.map((batch) => batch.codec)).toContain(codec);
    expect(Math.max(...batches.map((batch) => batch.offsets.length))).toBeGreaterThanOrEqual(125_000);

    const { classes, keys } = await audited(topic);
    expect(classes).toMatchObject({ audited: MANY + 2, control: 0, absent: 0 });
    expect(keys).toBe(MANY + 2);
  });

  async function audited(topic: string): Promise<{ classes: OffsetClasses; keys: number }> {
    const hooks = { progress: () => {}, signal, digestKey: randomBytes(16) };
    const source = kafkaMessages(settings(topic), hooks);
    try {
      const range = await source.fix();
      let next = 0;
      let inOrder = true;
      const replay = await source.replay(range, (batch) => {
        for (let row = 0; row < batch.rows; row++) {
          inOrder &&= Number(batch.offset[row]) === next++;
        }
      });
      expect(inOrder).toBe(true);
      return { classes: replay.classes.get(0)!, keys: replay.references[0]!.seen };
    } finally {
      await source.close();
    }
  }

  function settings(topic: string): Settings {
    return {
      name: 'large',
      messages: {
        topic,
        from: { source: 'kafka', bootstrap: [kafka.bootstrap], clientId: 'onceover-test' },
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
});
