/** The `orders` topic as the shop's other services fill it: in Kafka, or as the capture file that stands in for it. */
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Admin, Kafka as Client, logLevel } from 'kafkajs';
import type { Kafka } from '../servers/kafka.ts';
import type { ShopEvent } from './events.ts';
import type { FeedSettings } from './feed.ts';

export const PARTITIONS = 3;
const SLICE = 5000;

export interface Topic {
  readonly name: string;
  /** Where the order service reads it. */
  readonly feed: FeedSettings;
  /** The `messages` of an audit's configuration, without range and key. */
  readonly source: Readonly<Record<string, unknown>>;
  /** Appends events, dealt out to the partitions in turn, and stamps them with the present time. */
  publish(events: readonly ShopEvent[]): Promise<void>;
  /** The end offset of every partition. */
  ends(): readonly number[];
  /** Leaves nothing of the topic and of its consumer group behind. */
  remove(): Promise<void>;
}

/** Creates the topic with three partitions; `name` must be new on the broker. */
export async function kafkaTopic(kafka: Kafka, name: string, group = 'order-service'): Promise<Topic> {
  const client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
  const topics = [{ topic: name, numPartitions: PARTITIONS, replicationFactor: 1 }];
  await administer(client, (admin) => admin.createTopics({ topics }));
  const dealer = new Dealer();
  return {
    name,
    feed: {
      from: 'kafka',
      bootstrap: kafka.bootstrap,
      topic: name,
      group,
      sessionMs: Math.max(2000, kafka.minSessionMs),
    },
    source: { topic: name, kafka: { bootstrap: kafka.bootstrap } },
    ends: () => dealer.ends(),
    publish: async (events) => {
      const producer = client.producer();
      await producer.connect();
      const messages = events.map((event) => ({
        partition: dealer.deal().partition,
        key: event.order.id,
        value: JSON.stringify(event),
      }));
      // A request holds one batch a partition, and a broker takes none of more than a megabyte.
      for (let from = 0; from < messages.length; from += SLICE) {
        await producer.send({ topic: name, messages: messages.slice(from, from + SLICE) });
      }
      await producer.disconnect();
    },
    remove: () =>
      administer(client, async (admin) => {
        const { groups } = await admin.listGroups();
        if (groups.some(({ groupId }) => groupId === group)) await admin.deleteGroups([group]);
        await admin.deleteTopics({ topics: [name] });
      }),
  };
}

async function administer(client: Client, act: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  try {
    await act(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A file of messages in `kcat -J` form in `directory`, one a line. */
export async function captureTopic(directory: string, name: string): Promise<Topic> {
  const file = join(directory, `${name}.jsonl`);
  await writeFile(file, '');
  const dealer = new Dealer();
  return {
    name,
    feed: { from: 'capture', file, committed: join(directory, 'committed.json') },
    source: { topic: name, capture: [file] },
    ends: () => dealer.ends(),
    publish: async (events) => {
      const lines = events.map((event) => captureLine(name, event, dealer.deal()));
      await appendFile(file, lines.join(''));
    },
    remove: () => rm(file),
  };
}

/** The form of kcat 1.7: these fields in this order, key and payload as text. */
function captureLine(topic: string, event: ShopEvent, { partition, offset }: Place): string {
  const key = event.order.id;
  const payload = JSON.stringify(event);
  return `${JSON.stringify({ topic, partition, offset, tstype: 'create', ts: Date.now(), broker: 1, key, payload })}\n`;
}

interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** Deals messages out to the partitions in turn and knows where each will lie. */
class Dealer {
  #dealt = 0;
  readonly #ends: number[] = new Array<number>(PARTITIONS).fill(0);

  deal(): Place {
    const partition = this.#dealt++ % PARTITIONS;
    return { partition, offset: this.#ends[partition]!++ };
  }

  ends(): readonly number[] {
    return this.#ends;
  }
}
