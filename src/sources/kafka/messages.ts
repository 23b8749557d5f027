/** Messages from Kafka's servers: a range fixed by the broker, and its replay. */
import type {
  MessageBatch,
  MessageSource,
  Replay,
  Settings,
  SourceHooks,
  Take,
  TopicRange,
} from '../../model.ts';
import { MessageWriter } from '../messages/writer.ts';
import { KafkaJsTransport } from './kafkajs-transport.ts';
import { type FixedRange, fixRange } from './range.ts';
import { type Reading, readRange } from './replay.ts';

/**
 * @param settings `messages.from` must be Kafka's
 * @returns a source that connects when the range is fixed. It joins no group, commits nothing and creates nothing; to be
 *   closed also after it failed. Its errors are AuditErrors, or the reason of `hooks.signal`
 */
export function kafkaMessages(settings: Settings, hooks: SourceHooks): MessageSource {
  const { from, topic } = settings.messages;
  if (from.source !== 'kafka') throw new Error(`messages come from ${from.source}, not from Kafka`);
  const transport = new KafkaJsTransport(from, topic, hooks.signal);
  let fixed: FixedRange | undefined;

  return {
    async fix(): Promise<TopicRange> {
      fixed = await fixRange(transport, settings.messages, hooks.signal);
      return fixed.range;
    },

    async replay(range: TopicRange, take: Take<MessageBatch>): Promise<Replay> {
      if (fixed?.range !== range) throw new Error('only the range that was fixed here can be replayed');
      const writer = new MessageWriter(settings, hooks, take);
      const reading = await readRange(transport, range, writer, hooks);
      return account(fixed, reading, writer);
    },

    close: () => transport.close(),
  };
}

function account(fixed: FixedRange, { tallies, bytes }: Reading, writer: MessageWriter): Replay {
  const closed = tallies.map((tally) => tally.close());
  const firstAt = Math.min(...tallies.map((tally) => tally.firstAt));
  const lastAt = Math.max(...tallies.map((tally) => tally.lastAt));
  return {
    classes: new Map(fixed.range.partitions.map(({ partition }, i) => [partition, closed[i]!.classes])),
    holes: [...fixed.holes, ...closed.flatMap((tally) => tally.holes)],
    ...(Number.isFinite(firstAt) ? { firstAt, lastAt } : {}),
    readTo: fixed.readTo,
    unread: unreadTimes(fixed),
    stragglers: sum(tallies.map((tally) => tally.stragglers)),
    references: writer.references(),
    messages: sum(tallies.map((tally) => tally.messages)),
    bytes,
    undecodable: writer.undecodable(),
  };
}

/** What lies before the first message that was read, and behind the last where the log goes on. */
function unreadTimes({ readFrom, readTo, range }: FixedRange): Replay['unread'] {
  const before = readFrom > 0 ? [{ to: readFrom - 1 }] : [];
  return readTo < range.fixedAt ? [...before, { from: readTo }] : before;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
