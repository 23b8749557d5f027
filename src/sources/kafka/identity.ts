/** Tells a topic from another one of the same name, made after the first was deleted: its offsets are other messages. */
import { AuditError } from '../../error.ts';
import type { TopicRange } from '../../model.ts';
import { PassingError } from './failures.ts';
import { askLogs, type Piece } from './log.ts';
import { Patience, pause } from './patience.ts';
import type { Transport } from './transport.ts';

/** What a topic is known by, as JSON. */
export interface LogIdentity {
  /** Its id; undefined: its servers are too old to tell (before 2.8, KIP-516), and only where its logs stand can speak. */
  readonly topicId?: string;
  /** Where the log of each partition of the range began. */
  readonly starts: readonly number[];
}

/**
 * The id of a topic, to be asked before anything of its offsets; undefined: it has none.
 * @throws AuditError(4); the signal's reason
 */
export async function askTopicId(
  transport: Transport,
  partitions: readonly number[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const patience = new Patience(`The id of topic ${transport.topic}`, transport.patience);
  for (;;) {
    try {
      const ids = await transport.topicIds(partitions);
      if (ids.size <= 1) return [...ids][0];
      throw new PassingError('Its servers know it by several: it is being made anew.');
    } catch (error) {
      await pause(patience.failed(error), signal);
      await transport.recover();
    }
  }
}

export function identityOf(topicId: string | undefined, pieces: readonly Piece[]): LogIdentity {
  return { ...(topicId === undefined ? {} : { topicId }), starts: pieces.map(({ log }) => log.start) };
}

/** @throws AuditError(4) where the topic is another by now, or does not answer; the signal's reason */
export async function refuseAnotherLog(
  transport: Transport,
  range: TopicRange,
  known: LogIdentity,
  signal: AbortSignal,
): Promise<void> {
  const isKnown = known.topicId !== undefined;
  const topicId = isKnown ? await askTopicId(transport, partitionsOf(range), signal) : undefined;
  if (topicId === undefined) return refuseMovedLog(transport, range, known);
  if (topicId !== known.topicId) throw anotherLog(range.topic, true);
}

/** The same, if it can be told at once: for the midst of a replay, whose end will tell in any case. */
export async function refuseAnotherLogEarly(
  transport: Transport,
  range: TopicRange,
  known: LogIdentity,
): Promise<void> {
  if (known.topicId === undefined) return;
  let ids: ReadonlySet<string>;
  try {
    ids = await transport.topicIds(partitionsOf(range));
  } catch (error) {
    if (error instanceof PassingError) return;
    throw error;
  }
  if ([...ids].some((id) => id !== known.topicId)) throw anotherLog(range.topic, true);
}

/** A log only ever loses its beginning and gains at its end. */
async function refuseMovedLog(transport: Transport, range: TopicRange, known: LogIdentity): Promise<void> {
  const logs = await askLogs(transport, partitionsOf(range), range.isolation);
  const moved = logs.some(
    ({ start, high }, i) => start < known.starts[i]! || high < range.partitions[i]!.readEnd,
  );
  // A new leader may be behind for a moment: what was read is not thrown away for that.
  if (moved) throw anotherLog(range.topic, false);
}

function partitionsOf(range: TopicRange): readonly number[] {
  return range.partitions.map(({ partition }) => partition);
}

/** @param isCertain its id is another */
function anotherLog(topic: string, isCertain: boolean): AuditError {
  return new AuditError(
    4,
    `Topic ${topic} was deleted and made anew while it was read: its offsets are other messages now.`,
    {
      hint: 'Run the audit again, without --resume. What the deleted topic held cannot be read any more.',
      voidsReading: isCertain,
    },
  );
}
