/** Takes a capture of a topic range: everything that an audit of it would read, written to one file. */
import { AuditError } from '../../error.ts';
import type { MessageSettings, OffsetClasses, Settings, SourceHooks, TopicRange } from '../../model.ts';
import { KafkaJsTransport } from '../kafka/kafkajs-transport.ts';
import { unreadTimes } from '../kafka/messages.ts';
import { fixRange } from '../kafka/range.ts';
import { type ReadingOptions, readRange } from '../kafka/replay.ts';
import type { Transport } from '../kafka/transport.ts';
import type { CaptureWriter } from './writer.ts';

export interface TakenCapture {
  readonly range: TopicRange;
  /** Records of the range and its padding, aborted ones too. */
  readonly messages: number;
  /** Of the range, by partition; `audited` stands for every message that is not of an aborted transaction. */
  readonly classes: ReadonlyMap<number, OffsetClasses>;
  readonly sha256: string;
}

/**
 * @param writer is to be discarded by the caller, whatever happens
 * @param onRange told the range as soon as it is fixed
 * @throws AuditError 2 where the settings name no Kafka, 4 where reading or writing fails; the reason of `hooks.signal`
 *   when interrupted
 */
export async function takeCapture(
  { messages }: Pick<Settings, 'messages'>,
  hooks: Pick<SourceHooks, 'progress' | 'signal'>,
  writer: CaptureWriter,
  onRange: (range: TopicRange) => void,
): Promise<TakenCapture> {
  const { from, topic } = messages;
  if (from.source !== 'kafka') {
    throw new AuditError(2, 'messages.capture names files already: there is nothing to read from Kafka', {
      hint: 'Give messages.kafka, or copy the files.',
    });
  }
  const transport = new KafkaJsTransport(from, topic, hooks.signal);
  try {
    return await takeFrom(transport, messages, hooks, writer, onRange, from);
  } finally {
    await transport.close();
  }
}

export async function takeFrom(
  transport: Transport,
  messages: MessageSettings,
  hooks: Pick<SourceHooks, 'progress' | 'signal'>,
  writer: CaptureWriter,
  onRange: (range: TopicRange) => void,
  bounds: Pick<ReadingOptions, 'maxRate' | 'fetchMemory'> = {},
): Promise<TakenCapture> {
  const fixed = await fixRange(transport, messages, hooks.signal);
  const { range, readTo, holes, tails, identity } = fixed;
  onRange(range);
  writer.begin({ range, reach: { readTo, unread: unreadTimes(fixed), holes } });
  const { tallies } = await readRange(transport, range, writer, hooks, { ...bounds, tails, identity });
  const classes = new Map(tallies.map((tally, i) => [range.partitions[i]!.partition, tally.close().classes]));
  const { messages: count, sha256 } = await writer.finish();
  return { range, messages: count, classes, sha256 };
}
