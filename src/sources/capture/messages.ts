/** The messages of a topic from files that a tool such as kcat wrote earlier, instead of from a broker. */
import { basename } from 'node:path';
import { AuditError } from '../../error.ts';
import type {
  AskedOffsets,
  Further,
  MessageHole,
  MessageSettings,
  MessageSource,
  Replay,
  Settings,
  SourceHooks,
  TopicRange,
} from '../../model.ts';
import { expandFiles } from '../files.ts';
import { askedText, plainOffsets } from '../messages/asked.ts';
import { refuseShort } from '../messages/gaps.ts';
import { hooksOfMore, pieceOf, withMore } from '../messages/more.ts';
import { offsetsNotes } from './connect.ts';
import { FORM_NAMES, type FormedFile, formed } from './format.ts';
import { captureFile } from './lines.ts';
import {
  askedTime,
  endingEarly,
  type FixedPartition,
  fixByOffsets,
  fixByTime,
  lateNotes,
  paddedTime,
  partitionsOf,
  questionsOf,
  readSpan,
  type TimeSpan,
  widened,
} from './range.ts';
import { type CapturePart, captureOf, type FixedCapture, replayCapture } from './replay.ts';
import { type CaptureSurvey, type Questions, survey } from './survey.ts';
import { fixWritten } from './written-range.ts';

const NAMED_FILES = 5;

/**
 * Reads captures of any form, packed or not, in any order, also where files overlap. Offsets that no line has are `unseen`:
 * a file does not tell a transaction's marker from a message that compaction or a careless copy removed, unless
 * `onceover capture` wrote it.
 *
 * @throws AuditError (4), when used: a pattern that matches no file; a file that is not whole; none of the topic's messages;
 *   a gap in a range that must be whole
 */
export function captureMessages(settings: Settings, hooks: SourceHooks): MessageSource {
  let fixed: FixedCapture | undefined;
  let replayed: Replay | undefined;
  return {
    async fix() {
      fixed = await fixCapture(settings, hooks);
      return fixed.range;
    },
    async resume() {
      throw new Error('reading a capture offers no state to go on from');
    },
    async replay(range, take) {
      if (fixed === undefined || range !== fixed.range)
        throw new Error('replay of a range that was not fixed here');
      replayed = await replayCapture(settings, hooks, fixed, take);
      return replayed;
    },
    async readOn(further, take) {
      if (fixed === undefined || replayed === undefined) throw new Error('nothing was replayed yet');
      const wider = await fixed.widen(further);
      const piece = partBetween(fixed, wider, further);
      const more = await replayCapture(settings, hooksOfMore(hooks), piece, take);
      replayed = withMore(replayed, more, further);
      fixed = wider;
      return { range: wider.range, replay: replayed };
    },
    async close() {},
  };
}

/** What a wider part of a capture holds more. */
function partBetween(before: CapturePart, wider: CapturePart, further: Further): CapturePart {
  const partitions = wider.partitions.map((one, i) => ({
    ...one,
    range: pieceOf(before.partitions[i]!.range, one.range, further),
  }));
  const range = { ...wider.range, partitions: partitions.map((one) => one.range) };
  return { ...wider, range, partitions, reach: { ...wider.reach, holes: [] } };
}

async function fixCapture(settings: Settings, hooks: SourceHooks): Promise<FixedCapture> {
  const { files: patterns, format, timestamp } = captureOf(settings);
  const { topic } = settings.messages;
  const files = await Promise.all(
    expandFiles(patterns).map((path, i) => formed(captureFile(path, i), format, hooks.signal)),
  );
  const look: Look = (ask) => survey({ files, topic, timestamp, hooks }, ask);
  for (const file of files) refuseOther(settings.messages, file);
  const [only] = files;
  const fixed =
    files.length === 1 && only?.header !== undefined
      ? await fixWritten(settings.messages, only, only.header, look)
      : await fixFound(settings.messages, files, look);
  refuseShort(fixed.range);
  return fixed;
}

/** What was captured of another topic, or as another kind of consumer sees it, is not what was asked for. */
function refuseOther({ topic, isolation }: MessageSettings, { path, header }: FormedFile): void {
  if (header === undefined) return;
  const { range } = header;
  if (range.topic !== topic) {
    throw new AuditError(4, `${path}: a capture of topic ${range.topic}, not of ${topic}`, {
      hint: 'Check messages.topic and messages.capture.',
    });
  }
  if (range.isolation === isolation) return;
  throw new AuditError(2, `messages.isolation is ${isolation}, and ${path} was captured ${range.isolation}`, {
    hint: `Say --isolation ${range.isolation}, or take the capture again.`,
  });
}

/** Fixes a range by what files hold, which say nothing of the log that they were taken from. */
async function fixFound(
  messages: MessageSettings,
  files: readonly FormedFile[],
  look: Look,
): Promise<FixedCapture> {
  const { topic, range, partitions: wanted, isolation, onGap } = messages;
  const fixedAt = Date.now();
  const asked = askedTime(range, fixedAt);
  const offsets = range.by === 'offsets' ? await plainRanges(range.offsets, look) : undefined;
  const found = await look((partition) =>
    offsets === undefined
      ? questionsOf(asked, range.padding)
      : { times: [], within: offsets.get(partition)?.bounds ?? [0, 0] },
  );
  refuseOtherTopics(topic, found, files.length);
  refuseTimeless(found, asked);
  const { read, unread, missing } = partitionsOf(found, bothOf(offsets && [...offsets.keys()], wanted));
  const partitions =
    offsets !== undefined
      ? await fixOffsets([...read, ...missing], { offsets, padding: range.padding }, found, look)
      : read.map((partition) => fixByTime(partition, found.partitions.get(partition)!, asked, range.padding));
  const early = endingEarly(partitions, asked);
  const topicRange: TopicRange = {
    topic,
    source: `capture ${namesOf(files)}`,
    asked: askedText(messages),
    isolation,
    ...(onGap === undefined ? {} : { onGap }),
    partitions: partitions.map((partition) => partition.range),
    unreadPartitions: offsets !== undefined ? unread : [...unread, ...missing].sort((a, b) => a - b),
    fixedAt,
    ...asked,
    notes: [
      ...notesOf(found, missing),
      ...(range.by === 'offsets' ? [] : lateNotes(partitions, asked)),
      ...earlyNotes(early, asked),
      ...offsetsNotes(found.runs),
      ...[...(offsets?.values() ?? [])].flatMap(({ note }) => note ?? []),
    ],
  };
  // Behind the end of the capture nobody can say how many messages there were.
  const holes = early.map(({ partition, readEnd, lastAt }): MessageHole => {
    return { partition, class: 'unseen', first: readEnd, end: readEnd, from: lastAt };
  });
  const fixed = {
    range: topicRange,
    files: found.files,
    partitions,
    reach: { ...readSpan(partitions, fixedAt), holes },
  };
  return { ...fixed, widen: (further) => widenFound(fixed, further, look) };
}

async function widenFound(fixed: CapturePart, further: Further, look: Look): Promise<FixedCapture> {
  const found = await look(() => questionsOf(further, 0));
  const partitions = fixed.partitions.map((one) =>
    widened(one, found.partitions.get(one.range.partition), further),
  );
  const range = { ...fixed.range, partitions: partitions.map((one) => one.range) };
  const reach = { ...readSpan(partitions, fixed.range.fixedAt), holes: fixed.reach.holes };
  const wider = { range, files: found.files, partitions, reach };
  return { ...wider, widen: (more) => widenFound(wider, more, look) };
}

interface PlainRange {
  readonly bounds: readonly [first: number, end: number];
  readonly note: string | undefined;
}

type Look = (ask: (partition: number) => Questions) => Promise<CaptureSurvey>;

/** Looks for the ends of the capture first, where something counts from them. */
async function plainRanges(
  offsets: ReadonlyMap<number, AskedOffsets>,
  look: Look,
): Promise<ReadonlyMap<number, PlainRange>> {
  const counts = [...offsets.values()].flat().some((bound) => bound === undefined || bound < 0);
  const ends = counts ? (await look(() => ({ times: [] }))).partitions : undefined;
  return new Map(
    [...offsets].map(([partition, asked]) => {
      const { first: start, last } = ends?.get(partition) ?? { first: 0, last: -1 };
      const { first, end, note } = plainOffsets(partition, asked, { start, end: last + 1 });
      return [partition, { bounds: [first, end], note }];
    }),
  );
}

/** Looks once more: how far the padding reaches is known only now that the messages of the range were seen. */
async function fixOffsets(
  partitions: readonly number[],
  range: { readonly offsets: ReadonlyMap<number, PlainRange>; readonly padding: number },
  found: CaptureSurvey,
  look: Look,
): Promise<readonly FixedPartition[]> {
  const wider = new Map<number, TimeSpan>(
    partitions.map((partition) => [partition, paddedTime(found.partitions.get(partition), range.padding)]),
  );
  const again = await look((partition) => questionsOf(wider.get(partition) ?? {}, 0));
  return partitions
    .toSorted((a, b) => a - b)
    .map((partition) =>
      fixByOffsets(
        partition,
        range.offsets.get(partition)!.bounds,
        again.partitions.get(partition),
        wider.get(partition)!,
      ),
    );
}

function refuseOtherTopics(topic: string, found: CaptureSurvey, files: number): void {
  if (found.partitions.size > 0 || found.otherMessages === 0) return;
  throw new AuditError(
    4,
    `no message of topic ${topic} in the capture (${files} ${files === 1 ? 'file' : 'files'}), but of ${[...found.otherTopics].sort().join(', ')}`,
    { hint: 'Check messages.topic and messages.capture.' },
  );
}

function notesOf(found: CaptureSurvey, missing: readonly number[]): string[] {
  const notes: string[] = [];
  if (found.partitions.size === 0) notes.push('short: the capture holds no message at all');
  for (const { path, partition, first } of found.empty) {
    notes.push(
      `${basename(path)} holds nothing: partition ${partition}, offset ${first} and what came behind it are not in the capture`,
    );
  }
  for (const partition of missing)
    notes.push(`short: the capture holds no message of partition ${partition}`);
  if (found.otherMessages > 0) {
    const topics = [...found.otherTopics].sort().join(', ');
    notes.push(`messages of other topics in the capture (${topics}), left out: ${found.otherMessages}`);
  }
  return notes;
}

function earlyNotes(early: ReturnType<typeof endingEarly>, { to }: TimeSpan): string[] {
  if (to === undefined || early.length === 0) return [];
  const ends = early.map(({ partition, lastAt }) => `partition ${partition} of ${iso(lastAt)}`);
  const last = early.length === 1 ? 'message' : 'messages';
  return [
    `short: the range was asked to reach to ${iso(to)}, and the capture's last ${last} before that are of: ${ends.join(', ')}`,
  ];
}

/** Without a time no message is inside or outside of one. */
function refuseTimeless({ partitions }: CaptureSurvey, { from, to }: TimeSpan): void {
  if (partitions.size === 0 || (from === undefined && to === undefined)) return;
  if ([...partitions.values()].some(({ lastAt }) => lastAt !== undefined)) return;
  throw new AuditError(2, 'messages.range: no message of the capture has a time that a range could go by', {
    hint: 'Ask for offsets or for everything, or say where in the value the time is: capture: { files, timestamp: value.… }.',
  });
}

/** The files, and what each was taken for. */
function namesOf(files: readonly FormedFile[]): string {
  const more = files.length - NAMED_FILES;
  const names = files.slice(0, NAMED_FILES).map(({ path }) => basename(path));
  const forms = [...new Set(files.map(({ format }) => FORM_NAMES[format]))].sort();
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} (${forms.join(', ')})`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** What both lists have; undefined: no list, so everything. */
function bothOf(
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
): readonly number[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((partition) => b.includes(partition));
}
