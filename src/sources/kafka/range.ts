/** Turns what was asked for into offsets, once, by the broker (DESIGN rule 1). */
import { AuditError } from '../../error.ts';
import type { Isolation, MessageSettings, TopicRange } from '../../model.ts';
import { counted } from '../../words.ts';
import { askedText } from '../messages/asked.ts';
import { refuseShort } from '../messages/gaps.ts';
import { askLogs, type Piece } from './log.ts';
import { cutByOffsets } from './range-by-offsets.ts';
import { cutByTime } from './range-by-time.ts';
import { deletedNotes, type Reach, reachOf } from './reach.ts';
import type { Transport } from './transport.ts';
import { surveyTail, type TailState } from './unstable.ts';

/** A range, and what only the moment of fixing it could tell about the time that is read. */
export interface FixedRange extends Reach {
  readonly range: TopicRange;
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
  const logs = await askLogs(transport, selected, isolation);
  const cutting =
    settings.range.by === 'offsets'
      ? await cutByOffsets(transport, logs, settings.range, isolation, signal)
      : await cutByTime(transport, logs, settings.range, fixedAt, isolation);
  const { pieces, from, to } = cutting;
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
    notes: [...cutting.notes, ...deletedNotes(reach.holes, from), ...unstableNotes(tails)],
  };
  refuseShort(range);
  return { range, tails, ...reach };
}

async function surveyTails(
  transport: Transport,
  pieces: readonly Piece[],
  isolation: Isolation,
  signal: AbortSignal,
): Promise<readonly TailState[]> {
  const tails: TailState[] = [];
  if (isolation === 'read_committed') return tails;
  for (const { log, cut } of pieces) {
    if (cut.readEnd > log.stable) tails.push(await surveyTail(transport, log, cut, signal));
  }
  return tails;
}

/** How far the stable offset lies behind, and how much of what is read may still be aborted. */
function unstableNotes(tails: readonly TailState[]): string[] {
  if (tails.length === 0) return [];
  const unstable = tails.map(({ partition, stable, high, open }) => {
    const lag = `is stable up to ${stable}, ${counted(high - stable, 'offset')} before its end`;
    return `partition ${partition} ${lag}, with ${counted(open.length, 'open transaction')} in what is read`;
  });
  return [`uncommitted: ${unstable.join('; ')}. What open transactions wrote may still be aborted.`];
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
