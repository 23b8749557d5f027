/**
 * Segments written before Kafka 0.11 on a broker of today, which serves them as they are. No client writes them any more,
 * so they are put in place of the files of a broker that is down. kcat must see the same messages.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Admin, Kafka as Client, CompressionTypes, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textValues } from '../../src/columns.ts';
import type { AskedOffsets, Settings } from '../../src/model.ts';
import { KafkaJsTransport } from '../../src/sources/kafka/kafkajs-transport.ts';
import type { RecordSink } from '../../src/sources/kafka/lane.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { fixRange } from '../../src/sources/kafka/range.ts';
import { readRange } from '../../src/sources/kafka/replay.ts';
import type { RecordView } from '../../src/sources/messages/record.ts';
import { message, messageSet, type RecordSpec } from '../sources/kafka/encoder.ts';
import { dumpLogs } from '../support/servers/dump-log.ts';
import {
  type KafkaCluster,
  type KafkaVersion,
  kafkaUnavailable,
  startCluster,
} from '../support/servers/kafka.ts';
import { kcatMessages, kcatUnavailable } from '../support/servers/kcat.ts';
import { skipUnless } from '../support/servers/skip.ts';

const TOPIC = 'orders';
const HOUR = 3_600_000;
const now = Date.now();

const order = (offset: number): RecordSpec => ({
  offset,
  timestamp: now - HOUR + offset,
  key: offset % 7 === 3 ? null : `ORD-${offset}`,
  value: offset % 5 === 4 ? null : `{"order":${offset},"note":"grün"}`,
});
const orders = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, i) => order(first + i));
const undated = (records: readonly RecordSpec[]) => records.map((record) => ({ ...record, timestamp: -1 }));

/** What a log holds, and what must be read of it. */
interface Log {
  readonly what: string;
  readonly segment: Buffer;
  readonly records: readonly RecordSpec[];
}

const CODECS = [
  [1, 'gzip'],
  [2, 'snappy'],
  [3, 'lz4'],
] as const;

const LOGS: readonly Log[] = [
  {
    what: 'messages alone, of both formats',
    segment: Buffer.concat([
      ...orders(0, 5).map((record) => message({ magic: 0, ...record })),
      ...orders(5, 10).map((record) => message({ magic: 1, ...record })),
    ]),
    records: [...undated(orders(0, 5)), ...orders(5, 10)],
  },
  ...CODECS.map(([codec, name]) => ({
    what: `sets of both formats with ${name}`,
    segment: Buffer.concat([
      messageSet({ magic: 0, codec, records: orders(0, 300) }),
      message({ magic: 0, ...order(300) }),
      messageSet({ magic: 1, codec, records: orders(301, 700) }),
      messageSet({ magic: 1, codec, records: [order(700)] }),
    ]),
    records: [...undated(orders(0, 301)), ...orders(301, 701)],
  })),
  {
    what: 'sets that were cleaned',
    segment: Buffer.concat([
      messageSet({ magic: 0, codec: 1, records: [order(3), order(5)] }),
      messageSet({ magic: 1, codec: 2, records: [order(12), order(17)], base: 10 }),
      messageSet({ magic: 1, codec: 3, records: [order(23)], base: 20 }),
    ]),
    records: [...undated([order(3), order(5)]), order(12), order(17), order(23)],
  },
  {
    what: 'a set that the broker dated',
    segment: messageSet({ magic: 1, codec: 1, records: orders(0, 10), appendedAt: now - 5 }),
    records: orders(0, 10).map((record) => ({ ...record, timestamp: now - 5 })),
  },
];

const signal = new AbortController().signal;

describe.each(['4', '3.9'] as KafkaVersion[])('Kafka %s', (version) => {
  skipUnless([kafkaUnavailable(version), kcatUnavailable()], 'logs of before Kafka 0.11', () => {
    let cluster: KafkaCluster;
    let admin: Admin;
    /** Where the old messages end and those of today begin. */
    const ends = LOGS.map(({ records }) => records.at(-1)!.offset + 1);

    beforeAll(async () => {
      cluster = await startCluster({ version }, 1);
      const [broker] = cluster.nodes;
      const client = new Client({ brokers: [cluster.bootstrap], logLevel: logLevel.NOTHING });
      admin = client.admin();
      await admin.connect();
      await admin.createTopics({
        topics: [{ topic: TOPIC, numPartitions: LOGS.length }],
        waitForLeaders: true,
      });
      await broker!.stop();
      for (const [partition, { segment }] of LOGS.entries()) {
        await putInPlace(join(broker!.dataDir, `${TOPIC}-${partition}`), segment);
      }
      // What it knows of its logs is no longer true: it must look at them.
      for (const name of await readdir(broker!.dataDir)) {
        if (/^\.kafka_cleanshutdown$|-checkpoint$/.test(name)) await rm(join(broker!.dataDir, name));
      }
      await broker!.start();
      const producer = client.producer();
      await producer.connect();
      for (const [partition, end] of ends.entries()) {
        const messages = orders(end, end + 3).map(({ key, value, timestamp }) => ({
          partition,
          key: key as string | null,
          value: value as string | null,
          timestamp: String(timestamp),
        }));
        await producer.send({ topic: TOPIC, messages, compression: CompressionTypes.GZIP });
      }
      await producer.disconnect();
    });

    afterAll(async () => {
      await admin?.disconnect();
      await cluster?.stop();
    });

    it('still lie there as they were written', async () => {
      const logs = await dumpLogs(cluster.nodes[0]!.dataDir, TOPIC, version);
      for (const [partition, { segment }] of LOGS.entries()) {
        const formats = logs.get(partition)!.map((batch) => batch.magic);
        expect(formats.at(0)).toBe(segment[16]);
        expect(formats.at(-1)).toBe(2);
      }
    });

    it('are read as they were written, and as kcat reads them', async () => {
      const found = await read([0, undefined]);
      const kcat = await kcatMessages(cluster.bootstrap, TOPIC, 'read_committed');
      for (const [partition, { what, records }] of LOGS.entries()) {
        const expected = [...records, ...orders(ends[partition]!, ends[partition]! + 3)].map(textOf);
        expect(found.get(partition)!.told, what).toEqual(expected);
        expect(kcat.filter((one) => one.partition === partition).map(textOf), what).toEqual(expected);
        const end = ends[partition]! + 3;
        expect(found.get(partition)!.classes, what).toMatchObject({
          audited: expected.length,
          absent: end - expected.length,
        });
      }
    });

    it('are cut in the middle of a set', async () => {
      const found = await read([4, 15]);
      for (const [partition, { what, records }] of LOGS.entries()) {
        const expected = [...records, ...orders(ends[partition]!, ends[partition]! + 3)]
          .filter(({ offset }) => offset >= 4 && offset < 15)
          .map(textOf);
        expect(found.get(partition)!.told, what).toEqual(expected);
      }
    });

    it('are audited like others', async () => {
      const hooks = { progress: () => {}, signal, digestKey: randomBytes(16) };
      const source = kafkaMessages(settings([0, undefined]), hooks);
      try {
        const range = await source.fix();
        const keys: string[] = [];
        const replay = await source.replay(range, (batch) => {
          keys.push(...textValues(batch.key));
        });
        const expected = LOGS.flatMap(({ records }, partition) =>
          [...records, ...orders(ends[partition]!, ends[partition]! + 3)].map(({ offset, value }) =>
            value === null ? '' : `${offset}`,
          ),
        );
        expect(keys.toSorted()).toEqual(expected.toSorted());
        expect(replay.undecodable).toEqual([]);
        expect(replay.messages).toBe(expected.length);
      } finally {
        await source.close();
      }
    });

    async function read(asked: AskedOffsets) {
      const { messages } = settings(asked);
      const transport = new KafkaJsTransport(from(), TOPIC, signal);
      try {
        const { range } = await fixRange(transport, messages, signal);
        const told = new Map<number, string[]>(LOGS.map((_, partition) => [partition, []]));
        const sink: RecordSink = {
          needsHeaders: true,
          full: false,
          add: (record) => {
            told.get(record.partition)!.push(textOf(record));
            return 'audited';
          },
          flush: async () => {},
        };
        const { tallies } = await readRange(transport, range, sink, { progress: () => {}, signal });
        return new Map(
          range.partitions.map(({ partition }, i) => [
            partition,
            { told: told.get(partition)!, classes: tallies[i]!.close().classes },
          ]),
        );
      } finally {
        await transport.close();
      }
    }

    function from() {
      return { source: 'kafka', bootstrap: [cluster.bootstrap], clientId: 'onceover-test' } as const;
    }

    function settings(asked: AskedOffsets): Settings {
      const offsets = new Map(LOGS.map((_, partition) => [partition, asked]));
      return {
        name: 'old',
        messages: {
          topic: TOPIC,
          from: from(),
          range: { by: 'offsets', padding: 0, offsets },
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
});

/** Where the broker had an empty log. */
async function putInPlace(directory: string, segment: Buffer): Promise<void> {
  for (const name of await readdir(directory)) {
    if (/\.(index|timeindex|snapshot)$/.test(name)) await rm(join(directory, name));
  }
  await writeFile(join(directory, '00000000000000000000.log'), segment);
}

type Telling = Pick<RecordSpec, 'offset' | 'timestamp'> & {
  readonly key?: RecordView['key'] | string;
  readonly value?: RecordView['value'] | string;
};

function textOf({ offset, timestamp, key, value }: Telling): string {
  const text = (bytes: Telling['key']) =>
    bytes == null ? 'null' : `"${Buffer.from(bytes as string).toString()}"`;
  return `${offset} at ${timestamp}: ${text(key)} ${text(value)}`;
}
