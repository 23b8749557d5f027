/**
 * Logs written at random, read by us and by others that share no code with us: kcat says which messages there are, and
 * Kafka's own DumpLogSegments what lies between them. Every offset's class and every message's bytes must be the same.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka as Client, ConfigResourceTypes, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskedOffsets, OffsetClasses, Settings } from '../../src/model.ts';
import { KafkaJsTransport } from '../../src/sources/kafka/kafkajs-transport.ts';
import type { RecordSink } from '../../src/sources/kafka/lane.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { fixRange } from '../../src/sources/kafka/range.ts';
import { readRange } from '../../src/sources/kafka/replay.ts';
import type { RecordView } from '../../src/sources/messages/record.ts';
import { javaCompilerUnavailable, writeRandomLogs } from '../support/random-logs/random-logs.ts';
import { type DumpedBatch, dumpLogs } from '../support/servers/dump-log.ts';
import { type Kafka, type KafkaVersion, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { type KcatMessage, kcatMessages, kcatUnavailable } from '../support/servers/kcat.ts';
import { skipUnless } from '../support/servers/skip.ts';

const SEED = Number(process.env.ONCEOVER_SEED ?? randomBytes(4).readUInt32BE());

/** How many logs of each kind: what happens to them is the first word of their topic's name. */
const LOGS: Readonly<Record<KafkaVersion, Readonly<Record<Kind, number>>>> = {
  '4': { plain: 100, appended: 20, compacted: 50, trimmed: 20, retained: 20 },
  '3.9': { plain: 12, appended: 4, compacted: 8, trimmed: 4, retained: 4 },
};
type Kind = 'plain' | 'appended' | 'compacted' | 'trimmed' | 'retained';

const CONFIG: Readonly<Record<Kind, Readonly<Record<string, string | number>>>> = {
  plain: {},
  appended: { 'message.timestamp.type': 'LogAppendTime' },
  compacted: {
    'cleanup.policy': 'compact',
    'segment.ms': 200,
    'min.cleanable.dirty.ratio': 0.001,
    'max.compaction.lag.ms': 500,
    'delete.retention.ms': 100,
  },
  trimmed: {},
  retained: { 'segment.ms': 200 },
};
/** What most logs of a kind must have. */
const MET: Readonly<Record<Kind, readonly (keyof OffsetClasses)[]>> = {
  plain: ['audited', 'aborted', 'control'],
  appended: ['audited', 'aborted', 'control'],
  compacted: ['audited', 'absent'],
  trimmed: ['audited', 'deleted'],
  retained: ['audited', 'deleted'],
};
const FROZEN = { 'cleanup.policy': 'delete', 'retention.ms': -1 };

const signal = new AbortController().signal;

/** What to read of a partition. */
type Cut = (partition: number) => AskedOffsets;
const WHOLE: Cut = () => [0, undefined];

/** The same piece for the same seed. */
function pieceOf(partition: number, length: number): readonly [first: number, end: number] {
  const chance = createHash('sha256').update(`${SEED} ${partition}`).digest();
  const first = chance.readUInt32BE(0) % length;
  return [first, first + 1 + (chance.readUInt32BE(4) % (length - first))];
}

describe.each(Object.keys(LOGS) as KafkaVersion[])('Kafka %s', (version) => {
  skipUnless([kafkaUnavailable(version), kcatUnavailable(), javaCompilerUnavailable()], 'random logs', () => {
    const topics = new Map(
      Object.keys(LOGS[version]).map((kind) => [kind as Kind, `${kind}-${randomBytes(3).toString('hex')}`]),
    );
    const met: DumpedBatch[] = [];
    let kafka: Kafka;
    let admin: Admin;

    beforeAll(async () => {
      process.stdout.write(`random logs on Kafka ${version}: ONCEOVER_SEED=${SEED}\n`);
      // Hundreds of logs with some segments each: their indexes need not take 10 MB.
      kafka = await startKafka({ version, properties: { 'log.index.size.max.bytes': 1 << 16 } });
      const client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
      admin = client.admin();
      await admin.connect();
      await createTopics();
      const sizes = new Map([...topics].map(([kind, topic]) => [topic, LOGS[version][kind]]));
      await writeRandomLogs(kafka.bootstrap, version, SEED, sizes);
      await trim(topics.get('trimmed')!);
      await retain(topics.get('retained')!);
      await compact(topics.get('compacted')!);
    });

    afterAll(async () => {
      await admin?.disconnect();
      await kafka?.stop();
    });

    it.each(Object.keys(CONFIG) as Kind[])('%s: every offset and every byte', async (kind) => {
      const topic = topics.get(kind)!;
      const ours = await readByUs(topic, WHOLE);
      const logs = await dumpLogs(kafka.dataDir!, topic, version);
      const theirs = await readByOthers(topic, logs);
      expect(theirs.size).toBe(LOGS[version][kind]);
      for (const [partition, account] of theirs) {
        expect(ours.accounts.get(partition), `${topic}, partition ${partition}, seed ${SEED}`).toEqual(
          account,
        );
      }
      expect(await classesByAudit(topic)).toEqual(ours.classes);

      // A piece of each log, which begins and ends inside of batches and of transactions.
      const piece = (partition: number) => pieceOf(partition, theirs.get(partition)!.length);
      const pieces = await readByUs(topic, piece);
      for (const [partition, account] of theirs) {
        const [first, end] = piece(partition);
        const where = `${topic}, partition ${partition}, [${first}, ${end}), seed ${SEED}`;
        expect(pieces.accounts.get(partition), where).toEqual(account.slice(first, end));
      }
      // A log in which nothing happened would prove nothing.
      const classes = [...ours.classes.values()];
      for (const needed of MET[kind]) {
        expect(classes.filter((counts) => counts[needed] > 0).length, needed).toBeGreaterThan(
          classes.length / 2,
        );
      }
      met.push(...[...logs.values()].flat());
    });

    it('there was every codec inside of transactions and outside, and batches of all sizes', () => {
      const kinds = met
        .filter((batch) => !batch.control)
        .map((batch) => `${batch.codec}${batch.transactional ? ', transactional' : ''}`);
      const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
      expect(new Set(kinds)).toEqual(new Set(codecs.flatMap((codec) => [codec, `${codec}, transactional`])));
      const sizes = met.map((batch) => batch.offsets.length);
      // What the cleaner leaves of the last batch of a producer.
      expect(sizes).toContain(0);
      expect(sizes).toContain(1);
      expect(Math.max(...sizes)).toBeGreaterThan(50);
    });

    async function createTopics() {
      await admin.createTopics({
        waitForLeaders: true,
        topics: [...topics].map(([kind, topic]) => ({
          topic,
          numPartitions: LOGS[version][kind],
          configEntries: entries(CONFIG[kind]),
        })),
      });
    }

    /** Deletes the heads of logs as an administrator does, in the middle of batches too. */
    async function trim(topic: string) {
      const ends = await admin.fetchTopicOffsets(topic);
      const partitions = ends.map(({ partition, high }) => ({
        partition,
        offset: String(Math.floor((Number(high) * (partition % 5)) / 5)),
      }));
      await admin.deleteTopicRecords({ topic, partitions });
    }

    /** Lets retention delete what is too old. */
    async function retain(topic: string) {
      await configure(topic, { ...CONFIG.retained, 'retention.ms': 2 * 3_600_000 });
      await until(async () => (await admin.fetchTopicOffsets(topic)).every(({ low }) => Number(low) > 0));
      await freeze(topic);
    }

    /** Waits until the cleaner has seen every log of the topic. */
    async function compact(topic: string) {
      const checkpoint = join(kafka.dataDir!, 'cleaner-offset-checkpoint');
      await until(async () => {
        const lines = (await readFile(checkpoint, 'utf8').catch(() => '')).split('\n');
        return lines.filter((line) => line.startsWith(`${topic} `)).length === LOGS[version].compacted;
      });
      await freeze(topic);
    }

    /** Nothing is cleaned or deleted any more, so that all readers see the same. */
    async function freeze(topic: string) {
      await configure(topic, FROZEN);
      // What is being cleaned or deleted at this moment.
      await sleep(2000);
    }

    async function configure(topic: string, config: Readonly<Record<string, string | number>>) {
      const type = ConfigResourceTypes.TOPIC;
      const resources = [{ type, name: topic, configEntries: entries(config) }];
      await admin.alterConfigs({ validateOnly: false, resources });
    }

    async function readByUs(topic: string, cut: Cut): Promise<Reader> {
      const from = { source: 'kafka', bootstrap: [kafka.bootstrap], clientId: 'onceover-test' } as const;
      const transport = new KafkaJsTransport(from, topic, signal);
      try {
        const { range } = await fixRange(transport, settings(topic, cut).messages, signal);
        const sink = new Listing();
        const { tallies } = await readRange(transport, range, sink, { progress: () => {}, signal });
        const accounts = new Map<number, string[]>();
        const classes = new Map<number, OffsetClasses>();
        for (const [i, { partition, first, end }] of range.partitions.entries()) {
          const closed = tallies[i]!.close();
          classes.set(partition, closed.classes);
          const lines = sink.lines.get(partition) ?? [];
          for (const hole of closed.holes) {
            for (let offset = hole.first; offset < hole.end; offset++)
              lines[offset] = `${offset} ${hole.class}`;
          }
          // What is neither a message nor a hole can only be a marker.
          accounts.set(
            partition,
            Array.from({ length: end - first }, (_, i) => lines[first + i] ?? `${first + i} control`),
          );
        }
        return { accounts, classes };
      } finally {
        await transport.close();
      }
    }

    /** The same by the audit's own way, which takes whole batches at once where it can. */
    async function classesByAudit(topic: string): Promise<ReadonlyMap<number, OffsetClasses>> {
      const hooks = { progress: () => {}, signal, digestKey: randomBytes(16) };
      const source = kafkaMessages(settings(topic, WHOLE), hooks);
      try {
        const range = await source.fix();
        const offsets = new Map<string, number>();
        const replay = await source.replay(range, (batch) => {
          for (let row = 0; row < batch.rows; row++) {
            const at = `${batch.partition[row]}:${batch.offset[row]}`;
            expect(offsets.has(at), at).toBe(false);
            offsets.set(at, row);
          }
        });
        expect(offsets.size).toBe(replay.messages);
        return replay.classes;
      } finally {
        await source.close();
      }
    }

    async function readByOthers(
      topic: string,
      logs: ReadonlyMap<number, readonly DumpedBatch[]>,
    ): Promise<ReadonlyMap<number, readonly string[]>> {
      const committed = byPartition(await kcatMessages(kafka.bootstrap, topic, 'read_committed'));
      const all = byPartition(await kcatMessages(kafka.bootstrap, topic, 'read_uncommitted'));
      const starts = await admin.fetchTopicOffsets(topic);
      return new Map(
        starts.map(({ partition, low }) => {
          const batches = logs.get(partition) ?? [];
          const messages = all.get(partition) ?? new Map();
          const seen = committed.get(partition) ?? new Map();
          return [partition, accountOf(Number(low), batches, messages, seen)];
        }),
      );
    }

    function settings(topic: string, cut: Cut): Settings {
      const numbers = Array.from({ length: LOGS[version][topic.split('-')[0] as Kind] }, (_, i) => i);
      const offsets = new Map(numbers.map((partition) => [partition, cut(partition)]));
      return {
        name: 'random',
        messages: {
          topic,
          from: { source: 'kafka', bootstrap: [kafka.bootstrap], clientId: 'onceover-test' },
          range: { by: 'offsets', padding: 0, offsets },
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
  });
});

/** What a reader says of each offset of each partition: its class and, of a message, all that is in it. */
interface Reader {
  readonly accounts: ReadonlyMap<number, readonly string[]>;
  readonly classes: ReadonlyMap<number, OffsetClasses>;
}

/** Takes records as they come, bytes and all. */
class Listing implements RecordSink {
  readonly needsHeaders = true;
  readonly full = false;
  /** By partition and offset. */
  readonly lines = new Map<number, string[]>();

  add(record: RecordView): 'audited' | 'aborted' {
    const as = record.aborted ? 'aborted' : 'audited';
    const lines = this.lines.get(record.partition) ?? [];
    this.lines.set(record.partition, lines);
    expect(lines[record.offset], 'an offset told twice').toBeUndefined();
    lines[record.offset] = messageLine(as, record);
    return as;
  }

  async flush() {}
}

function accountOf(
  low: number,
  batches: readonly DumpedBatch[],
  all: ReadonlyMap<number, KcatMessage>,
  committed: ReadonlyMap<number, KcatMessage>,
): string[] {
  const lines: string[] = [];
  const aborted = abortedOffsets(batches);
  for (const batch of batches) {
    for (let offset = batch.base; offset <= batch.last; offset++) {
      lines[offset] = batch.control ? `${offset} control` : `${offset} absent`;
    }
    if (batch.control) continue;
    for (const offset of batch.offsets.filter((offset) => offset >= low)) {
      const message = all.get(offset);
      if (message === undefined) throw new Error(`kcat does not see offset ${offset}`);
      const as = aborted.has(offset) ? 'aborted' : 'audited';
      lines[offset] = messageLine(as, message);
    }
  }
  const end = firstOpen(batches) ?? (batches.at(-1)?.last ?? low - 1) + 1;
  // The two of them must agree with each other.
  const visible = [...all.keys()].filter((offset) => offset < end && !aborted.has(offset));
  expect([...committed.keys()]).toEqual(visible);
  return Array.from({ length: end }, (_, offset) =>
    offset < low ? `${offset} deleted` : (lines[offset] ?? `${offset} absent`),
  );
}

/** The offsets of records whose producer's next marker aborts. */
function abortedOffsets(batches: readonly DumpedBatch[]): ReadonlySet<number> {
  const open = new Map<number, number[]>();
  const aborted = new Set<number>();
  for (const { control, transactional, producerId, marker, offsets } of batches) {
    if (control) {
      if (marker === 'ABORT') for (const offset of open.get(producerId) ?? []) aborted.add(offset);
      open.delete(producerId);
    } else if (transactional) open.set(producerId, [...(open.get(producerId) ?? []), ...offsets]);
  }
  return aborted;
}

/** Where the first transaction begins that no marker ends. */
function firstOpen(batches: readonly DumpedBatch[]): number | undefined {
  const open = new Map<number, number>();
  for (const { control, transactional, producerId, base } of batches) {
    if (control) open.delete(producerId);
    else if (transactional && !open.has(producerId)) open.set(producerId, base);
  }
  return open.size === 0 ? undefined : Math.min(...open.values());
}

type Message = Pick<RecordView, 'offset' | 'timestamp' | 'key' | 'value' | 'headers'>;

function messageLine(as: string, { offset, timestamp, key, value, headers }: Message): string {
  const pairs = headers.map(([name, header]) => `${name}=${hex(header)}`);
  return [offset, as, timestamp, hex(key), hex(value), ...pairs].join(' ');
}

function hex(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : `x${Buffer.from(bytes).toString('hex')}`;
}

function byPartition(messages: readonly KcatMessage[]): ReadonlyMap<number, Map<number, KcatMessage>> {
  const partitions = new Map<number, Map<number, KcatMessage>>();
  for (const message of messages) {
    const partition = partitions.get(message.partition) ?? new Map<number, KcatMessage>();
    partitions.set(message.partition, partition.set(message.offset, message));
  }
  return partitions;
}

function entries(config: Readonly<Record<string, string | number>>) {
  return Object.entries(config).map(([name, value]) => ({ name, value: String(value) }));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(200)) {
    if (await condition()) return;
  }
  throw new Error('the broker did not clean up within a minute');
}
