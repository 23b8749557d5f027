/** How the order service gets its messages and remembers how far it got: as a Kafka consumer, or along a capture file. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

export type FeedSettings =
  | {
      readonly from: 'kafka';
      readonly bootstrap: string;
      readonly topic: string;
      readonly group: string;
      readonly sessionMs: number;
    }
  | { readonly from: 'capture'; readonly file: string; readonly committed: string };

export type Handle = (partition: number, offset: number, value: string) => Promise<void>;

/** The next offset to read, by partition. */
export type Positions = ReadonlyMap<number, number>;

export interface Feed {
  /**
   * Hands over one message at a time, in the order of each partition, from where the last commit left off, until it is
   * closed. Rejects when it cannot go on.
   */
  start(handle: Handle): Promise<void>;
  commit(positions: Positions): Promise<void>;
  close(): Promise<void>;
}

export function openFeed(settings: FeedSettings): Feed {
  return settings.from === 'kafka' ? kafkaFeed(settings) : captureFeed(settings);
}

function kafkaFeed(settings: FeedSettings & { from: 'kafka' }): Feed {
  const { bootstrap, topic, group, sessionMs } = settings;
  const consumer = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR }).consumer({
    groupId: group,
    sessionTimeout: sessionMs,
    heartbeatInterval: sessionMs / 4,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  });
  return {
    start: async (handle) => {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) =>
          handle(partition, Number(message.offset), message.value?.toString('utf8') ?? ''),
      });
      return new Promise((_, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      });
    },
    commit: (positions) =>
      consumer.commitOffsets(
        [...positions].map(([partition, next]) => ({ topic, partition, offset: String(next) })),
      ),
    close: () => consumer.disconnect(),
  };
}

function captureFeed({ file, committed }: FeedSettings & { from: 'capture' }): Feed {
  let open = true;
  return {
    start: async (handle) => {
      const positions = readPositions(committed);
      for (let at = 0; open; await sleep(20)) {
        const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
        for (; at < lines.length && open; at++) await handleLine(lines[at]!, positions, handle);
      }
    },
    commit: async (positions) => {
      const all = new Map([...readPositions(committed), ...positions]);
      writeFileSync(`${committed}.new`, JSON.stringify([...all]));
      renameSync(`${committed}.new`, committed);
    },
    close: async () => {
      open = false;
    },
  };
}

async function handleLine(line: string, positions: Positions, handle: Handle): Promise<void> {
  const message = JSON.parse(line) as { partition: number; offset: number; payload: string };
  const isCommitted = message.offset < (positions.get(message.partition) ?? 0);
  if (!isCommitted) await handle(message.partition, message.offset, message.payload);
}

function readPositions(committed: string): Positions {
  if (!existsSync(committed)) return new Map();
  return new Map(JSON.parse(readFileSync(committed, 'utf8')) as [number, number][]);
}
