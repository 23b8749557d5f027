/** Messages from Kafka's servers: a range fixed by the broker, and its replay. */
import { AuditError } from '../../error.ts';
import type {
  Checkpoint,
  Further,
  MessageBatch,
  MessageSource,
  Replay,
  ReplayState,
  Settings,
  SourceHooks,
  Take,
  TopicRange,
} from '../../model.ts';
import { hooksOfMore, pieceOf, withMore } from '../messages/more.ts';
import { MessageWriter } from '../messages/writer.ts';
import { refuseAnotherLog } from './identity.ts';
import { KafkaJsTransport } from './kafkajs-transport.ts';
import { askLogs } from './log.ts';
import { type FixedRange, fixRange } from './range.ts';
import { widen } from './read-on.ts';
import { type Reading, type ReadingState, readRange } from './replay.ts';
import type { Transport } from './transport.ts';

/** What is kept of a replay in ReplayState.source: the range with its reach, and how far it was read. */
interface Saved {
  readonly fixed: FixedRange;
  readonly reading: ReadingState;
  readonly told: Pick<Replay, 'references' | 'undecodable'>;
}

/**
 * @param settings `messages.from` must be Kafka's
 * @returns a source that connects when the range is fixed. It joins no group, commits nothing and creates nothing; to be
 *   closed also after it failed. Its errors are AuditErrors, or the reason of `hooks.signal`
 */
export function kafkaMessages(settings: Settings, hooks: SourceHooks): MessageSource {
  const { from, topic } = settings.messages;
  if (from.source !== 'kafka') throw new Error(`messages come from ${from.source}, not from Kafka`);
  let transport = new KafkaJsTransport(from, topic, hooks.signal);
  let fixed: FixedRange | undefined;
  let saved: Saved | undefined;
  let replayed: Replay | undefined;

  return {
    async fix(): Promise<TopicRange> {
      fixed = await fixRange(transport, settings.messages, hooks.signal);
      return fixed.range;
    },

    async resume(state: ReplayState): Promise<TopicRange> {
      saved = state.source as Saved;
      fixed = saved.fixed;
      await refuseOtherLog(transport, fixed, hooks.signal);
      return fixed.range;
    },

    async replay(range: TopicRange, take: Take<MessageBatch>, checkpoint?: Checkpoint): Promise<Replay> {
      if (fixed?.range !== range) throw new Error('only the range that was fixed here can be replayed');
      const known = fixed;
      const writer = new MessageWriter(settings, hooks, take);
      if (saved !== undefined) writer.restore(saved.told);
      const offer = (reading: () => ReadingState) =>
        checkpoint?.offer(() => {
          const told = { references: writer.references(), undecodable: [...writer.undecodable()] };
          return { range, source: { fixed: known, reading: reading(), told } satisfies Saved };
        });
      const due = () => checkpoint?.due() ?? false;
      const reading = await readRange(
        transport,
        range,
        writer,
        { ...hooks, checkpoint: { due, offer } },
        {
          ...from,
          tails: known.tails,
          identity: known.identity,
          ...(saved === undefined ? {} : { saved: saved.reading }),
        },
      );
      replayed = account(known, reading, writer);
      return replayed;
    },

    async readOn(further: Further, take: Take<MessageBatch>): Promise<{ range: TopicRange; replay: Replay }> {
      if (fixed === undefined || replayed === undefined) throw new Error('nothing was replayed yet');
      // Judging lies between: servers end connections that are silent for so long.
      await transport.close();
      transport = new KafkaJsTransport(from, topic, hooks.signal);
      await transport.partitions();
      const wider = await widen(transport, fixed, further, hooks.signal);
      const writer = new MessageWriter(settings, hooks, take);
      const pieces = fixed.range.partitions.map((one, i) =>
        pieceOf(one, wider.range.partitions[i]!, further),
      );
      const range = { ...wider.range, partitions: pieces };
      const options = { ...from, tails: wider.tails };
      const reading = await readRange(transport, range, writer, hooksOfMore(hooks), options);
      const known = new Set(fixed.holes);
      const holes = wider.holes.filter((hole) => !known.has(hole));
      replayed = withMore(replayed, account({ ...wider, range, holes }, reading, writer), further);
      fixed = wider;
      return { range: wider.range, replay: replayed };
    },

    close: () => transport.close(),
  };
}

/** A topic that was made anew, or cut, has other messages at the offsets that are still to be read. */
async function refuseOtherLog(
  transport: Transport,
  { range, identity }: FixedRange,
  signal: AbortSignal,
): Promise<void> {
  const existing = await transport.partitions();
  const gone = range.partitions.filter(({ partition }) => !existing.includes(partition));
  const logs = await askLogs(
    transport,
    range.partitions.map(({ partition }) => partition).filter((partition) => existing.includes(partition)),
    range.isolation,
  );
  const cut = logs.filter(({ partition, high }) => {
    const asked = range.partitions.find((one) => one.partition === partition)!;
    return high < asked.readEnd;
  });
  const changed = [...gone, ...cut].map(({ partition }) => partition);
  if (changed.length === 0) return refuseAnotherLog(transport, range, identity, signal);
  throw new AuditError(
    4,
    `Topic ${range.topic}: partition ${changed.join(', ')} no longer reaches to where the interrupted audit saw it end; it is another log.`,
    { hint: 'Run the audit again without --resume.' },
  );
}

/** What a reading comes to. */
export function account(fixed: FixedRange, { tallies, bytes }: Reading, writer: MessageWriter): Replay {
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
export function unreadTimes({ readFrom, readTo, range }: FixedRange): Replay['unread'] {
  const before = readFrom > 0 ? [{ to: readFrom - 1 }] : [];
  return readTo < range.fixedAt ? [...before, { from: readTo }] : before;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
