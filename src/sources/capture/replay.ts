/** Hands over the messages of a capture that are in a fixed range, each once, and accounts for every offset of it. */
import type { MessageClass } from '../../columns.ts';
import { AuditError } from '../../error.ts';
import type {
  CaptureSettings,
  Further,
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
import type { EntryReader, WithoutMessage } from './entry.ts';
import type { FormedFile } from './format.ts';
import type { FixedPartition } from './range.ts';
import { SeenMessages } from './seen.ts';
import { walk } from './walk.ts';

/** What is read of a capture. */
export interface CapturePart {
  readonly range: TopicRange;
  /** In the order to read them in. */
  readonly files: readonly FormedFile[];
  readonly partitions: readonly FixedPartition[];
  /** How far the reading reaches, and what is known to be missing besides the offsets that the files leave out. */
  readonly reach: Pick<Replay, 'readTo' | 'unread' | 'holes'>;
}

export interface FixedCapture extends CapturePart {
  /** Fixes the same range with more padding, as far as the capture has it. */
  readonly widen: (further: Further) => Promise<FixedCapture>;
}

/** What is kept of a partition while it is read. */
interface Track {
  readonly range: FixedPartition['range'];
  readonly tally: PartitionTally;
  /** Undefined: its offsets ascend, each once, so that the tally follows them directly. */
  readonly seen: SeenMessages<MessageClass> | undefined;
  /** Runs of offsets that have no message, as files say, where the tally does not follow them directly. */
  readonly without: (WithoutMessage & { readonly first: number })[];
}

/** @throws AuditError (4) where two lines tell one offset differently, and for whatever is no whole capture */
export async function replayCapture(
  settings: Settings,
  hooks: SourceHooks,
  fixed: CapturePart,
  take: Take<MessageBatch>,
): Promise<Replay> {
  const { range, files, partitions, reach } = fixed;
  const writer = new MessageWriter(settings, hooks, take);
  const tracks = new Map(
    partitions.map((partition) => [partition.range.partition, trackOf(partition, range, hooks)]),
  );
  const total = partitions.reduce((sum, { survey }) => sum + (survey?.messages ?? 0), 0);
  let messages = 0;
  let bytes = 0;
  const meet = (entry: EntryReader, file: FormedFile, line: number) => {
    const { record, without } = entry;
    const track = tracks.get(record.partition);
    if (track !== undefined && without !== undefined) {
      pass(track, { ...without, first: record.offset });
      return;
    }
    if (track === undefined || record.offset < track.range.readFirst || record.offset >= track.range.readEnd)
      return;
    if (!isNew(track, entry, file, line)) return;
    record.inRange = track.tally.inRange(record.offset);
    const learning = writer.learn(record);
    return learning === undefined ? add(track, record) : learning.then(() => add(track, record));
  };
  const add = (track: Track, record: EntryReader['record']) => {
    const as = writer.add(record);
    if (track.seen === undefined) track.tally.record(as, record.offset, record.timestamp);
    else track.seen.classify(record.offset, as);
    messages++;
    bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
  };
  const { timestamp } = captureOf(settings);
  const whole = { files, topic: range.topic, timestamp, hooks, stage: 'replay', total };
  await walk({ ...whole, content: true, needsHeaders: writer.needsHeaders }, meet, async () => {
    if (writer.full) await writer.flush();
  });
  await writer.flush();
  const accounted = account([...tracks.values()]);
  return {
    ...accounted,
    ...reach,
    holes: [...reach.holes, ...accounted.holes],
    references: writer.references(),
    undecodable: writer.undecodable(),
    messages,
    bytes,
  };
}

function trackOf({ range, survey }: FixedPartition, asked: TopicRange, hooks: SourceHooks): Track {
  const tally = new PartitionTally(range, asked, 'unseen');
  if (survey === undefined || survey.ascends) return { range, tally, seen: undefined, without: [] };
  return { range, tally, seen: new SeenMessages(survey.messages, hooks.digestKey), without: [] };
}

/** The settings say that messages come from a capture. */
export function captureOf({ messages: { from } }: Settings): CaptureSettings {
  if (from.source !== 'capture') throw new Error('the settings name no capture');
  return from;
}

/** Accounts for offsets that have no message, as a file says. */
function pass({ tally, seen, without }: Track, run: WithoutMessage & { readonly first: number }): void {
  if (seen !== undefined) without.push(run);
  else passRun(tally, run);
}

function passRun(tally: PartitionTally, run: WithoutMessage & { readonly first: number }): void {
  tally.passTo(run.first, 'unseen');
  tally.passTo(run.end, run.class);
}

/** Whether the message was not there before. */
function isNew({ tally, seen }: Track, entry: EntryReader, file: FormedFile, line: number): boolean {
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

function account(
  tracks: readonly Track[],
): Pick<Replay, 'classes' | 'holes' | 'firstAt' | 'lastAt' | 'stragglers'> {
  const classes = new Map<number, OffsetClasses>();
  const holes: MessageHole[] = [];
  for (const { range, tally, seen, without } of tracks) {
    without.sort((a, b) => a.first - b.first);
    const passUpTo = (offset: number) => {
      for (; without[0] !== undefined && without[0].first < offset; without.shift())
        passRun(tally, without[0]);
    };
    seen?.inOrder((as, offset, timestamp) => {
      passUpTo(offset);
      tally.record(as, offset, timestamp);
    });
    passUpTo(range.readEnd);
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
