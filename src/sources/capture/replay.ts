/** Hands over the messages of a capture that are in a fixed range, each once, and accounts for every offset of it. */
import type { MessageClass } from '../../columns.ts';
import { AuditError } from '../../error.ts';
import type {
  MessageBatch,
  MessageHole,
  OffsetClasses,
  Replay,
  Settings,
  SourceHooks,
  Take,
  TopicRange,
} from '../../model.ts';
import { PartitionTally } from '../messages/tally.ts';
import { MessageWriter } from '../messages/writer.ts';
import type { CaptureEntry } from './entry.ts';
import type { CaptureFile } from './lines.ts';
import { captureEnd, type FixedPartition, readSpan } from './range.ts';
import { SeenMessages } from './seen.ts';
import { walk } from './walk.ts';

export interface FixedCapture {
  readonly range: TopicRange;
  /** In the order to read them in. */
  readonly files: readonly CaptureFile[];
  readonly partitions: readonly FixedPartition[];
}

/** What is kept of a partition while it is read. */
interface Track {
  readonly range: FixedPartition['range'];
  readonly tally: PartitionTally;
  /** Undefined: its offsets ascend, each once, so that the tally follows them directly. */
  readonly seen: SeenMessages<MessageClass> | undefined;
}

/** @throws AuditError (4) where two lines tell one offset differently, and for whatever is no whole capture */
export async function replayCapture(
  settings: Settings,
  hooks: SourceHooks,
  fixed: FixedCapture,
  take: Take<MessageBatch>,
): Promise<Replay> {
  const { range, files, partitions } = fixed;
  const writer = new MessageWriter(settings, hooks, take);
  const tracks = new Map(
    partitions.map((partition) => [partition.range.partition, trackOf(partition, range, hooks)]),
  );
  const total = partitions.reduce((sum, { survey }) => sum + (survey?.messages ?? 0), 0);
  let messages = 0;
  let bytes = 0;
  const meet = (entry: CaptureEntry, file: CaptureFile, line: number) => {
    const { record } = entry;
    const track = tracks.get(record.partition);
    if (track === undefined || record.offset < track.range.readFirst || record.offset >= track.range.readEnd)
      return;
    if (!isNew(track, entry, file, line)) return;
    record.inRange = track.tally.inRange(record.offset);
    const learning = writer.learn(record);
    return learning === undefined ? add(track, record) : learning.then(() => add(track, record));
  };
  const add = (track: Track, record: CaptureEntry['record']) => {
    const as = writer.add(record);
    if (track.seen === undefined) track.tally.record(as, record.offset, record.timestamp);
    else track.seen.classify(record.offset, as);
    messages++;
    bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
  };
  const pass = { files, topic: range.topic, hooks, stage: 'replay', total };
  await walk({ ...pass, content: true, needsHeaders: writer.needsHeaders }, meet, async () => {
    if (writer.full) await writer.flush();
  });
  await writer.flush();
  const accounted = account([...tracks.values()]);
  return {
    ...accounted,
    holes: [...accounted.holes, ...behindTheEnd(partitions, range)],
    ...readSpan(partitions, range.fixedAt),
    references: writer.references(),
    undecodable: writer.undecodable(),
    messages,
    bytes,
  };
}

function trackOf({ range, survey }: FixedPartition, asked: TopicRange, hooks: SourceHooks): Track {
  const tally = new PartitionTally(range, asked, 'unseen');
  if (survey === undefined || survey.ascends) return { range, tally, seen: undefined };
  return { range, tally, seen: new SeenMessages(survey.messages, hooks.digestKey) };
}

/** Whether the message was not there before. */
function isNew({ tally, seen }: Track, entry: CaptureEntry, file: CaptureFile, line: number): boolean {
  const { partition, offset } = entry.record;
  const met = seen?.meet(entry.record, entry.writtenHeaders) ?? (offset >= tally.at ? 'new' : 'changed');
  if (met === 'full' || met === 'changed') {
    throw new AuditError(4, `${file.path}:${line}: the file was changed while the audit was running`, {
      hint: 'Run the audit again when nothing writes to it any more.',
    });
  }
  if (met !== 'different') return met === 'new';
  throw new AuditError(
    4,
    `${file.path}:${line}: partition ${partition}, offset ${offset} is there twice, with different content`,
    { hint: 'The files are of different topics of one name, or one of them was edited: keep the right one.' },
  );
}

/** Where the capture ends before the time that was asked for, nothing says that the topic does too. */
function behindTheEnd(partitions: readonly FixedPartition[], { to }: TopicRange): MessageHole[] {
  const from = captureEnd(partitions.flatMap(({ survey }) => survey ?? []));
  if (to === undefined || from === undefined || from >= to) return [];
  return partitions.map(({ range: { partition, readEnd } }) => {
    return { partition, class: 'unseen', first: readEnd, end: readEnd, from };
  });
}

function account(
  tracks: readonly Track[],
): Pick<Replay, 'classes' | 'holes' | 'firstAt' | 'lastAt' | 'stragglers'> {
  const classes = new Map<number, OffsetClasses>();
  const holes: MessageHole[] = [];
  for (const { range, tally, seen } of tracks) {
    seen?.inOrder((as, offset, timestamp) => tally.record(as, offset, timestamp));
    tally.passTo(range.readEnd, 'unseen');
    const closed = tally.close();
    classes.set(range.partition, closed.classes);
    holes.push(...closed.holes);
  }
  const tallies = tracks.map(({ tally }) => tally);
  const firstAt = Math.min(...tallies.map((tally) => tally.firstAt));
  const lastAt = Math.max(...tallies.map((tally) => tally.lastAt));
  return {
    classes,
    holes,
    ...(firstAt <= lastAt ? { firstAt, lastAt } : {}),
    stragglers: tallies.reduce((sum, tally) => sum + tally.stragglers, 0),
  };
}
