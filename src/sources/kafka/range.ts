/** Turns what was asked for into offsets, once, by the broker (DESIGN rule 1). */
import { AuditError } from '../../error.ts';
import type { MessageSettings, TopicRange } from '../../model.ts';
import { askedText } from '../messages/asked.ts';
import { refuseShort } from '../messages/gaps.ts';
import { askTopicId, identityOf, type LogIdentity } from './identity.ts';
import { askLogs, type Cutting } from './log.ts';
import { cutByOffsets } from './range-by-offsets.ts';
import { cutByTime } from './range-by-time.ts';
import { deletedNotes, type Reach, reachOf } from './reach.ts';
import type { Transport } from './transport.ts';
import { surveyTails, type TailState, unstableNotes } from './unstable.ts';

/** A range, and what only the moment of fixing it could tell about the time that is read. */
export interface FixedRange extends Reach {
  readonly range: TopicRange;
  /** To know it again by. */
  readonly identity: LogIdentity;
  /** Of partitions that are read behind their stable offset. */
  readonly tails: readonly TailState[];
}

/**
 * @throws AuditError(2) for partitions that the topic does not have, AuditError(4) where Kafka does not answer, or where the
 *   range must be whole and is not
 */
export async function fixRange(
  transport: Transport,
  settings: MessageSettings,
  signal: AbortSignal,
): Promise<FixedRange> {
  const existing = await transport.partitions();
  const selected = select(transport.topic, existing, settings);
  // Before the ends are asked for, so that "read up to then" holds whatever is being appended meanwhile.
  const fixedAt = Date.now();
  const { isolation } = settings;
  const topicId = await askTopicId(transport, selected, signal);
  const { pieces, from, to, notes } = await cut(transport, settings, selected, fixedAt, signal);
  const reach = await reachOf(transport, pieces, fixedAt, signal);
  const tails = await surveyTails(transport, pieces, isolation, signal);
  const range: TopicRange = {
    topic: transport.topic,
    source: transport.servers,
    asked: askedText(settings),
    isolation,
    ...(settings.onGap === undefined ? {} : { onGap: settings.onGap }),
    partitions: pieces.map((piece) => piece.cut),
    unreadPartitions: existing.filter((partition) => !selected.includes(partition)),
    fixedAt,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    notes: [...notes, ...deletedNotes(reach.holes, from), ...unstableNotes(tails)],
  };
  refuseShort(range);
  return { range, identity: identityOf(topicId, pieces), tails, ...reach };
}

async function cut(
  transport: Transport,
  { range, isolation }: MessageSettings,
  partitions: readonly number[],
  fixedAt: number,
  signal: AbortSignal,
): Promise<Cutting> {
  const logs = await askLogs(transport, partitions, isolation);
  return range.by === 'offsets'
    ? cutByOffsets(transport, logs, range, isolation, signal)
    : cutByTime(transport, logs, range, fixedAt, isolation, signal);
}

/** The partitions to read, ascending. @throws AuditError(2) naming those that do not exist */
function select(topic: string, existing: readonly number[], settings: MessageSettings): readonly number[] {
  const { range, partitions } = settings;
  const named = range.by === 'offsets' ? [...range.offsets.keys()] : (partitions ?? existing);
  const unknown = [...named, ...(partitions ?? [])].filter((partition) => !existing.includes(partition));
  if (unknown.length > 0) {
    throw new AuditError(
      2,
      `Topic ${topic} has no partition ${[...new Set(unknown)].join(', ')}; it has ${existing.length}: 0 to ${existing.at(-1)}.`,
      { hint: 'Correct messages.partitions or messages.range.offsets.' },
    );
  }
  return existing.filter((p) => named.includes(p) && (partitions === undefined || partitions.includes(p)));
}
