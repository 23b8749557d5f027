/** The range of what `onceover capture` wrote: as it was fixed then, or less of it. */
import type { AskedOffsets, MessageSettings, PartitionRange, Replay, TopicRange } from '../../model.ts';
import { askedText, plainOffsets } from '../messages/asked.ts';
import type { FormedFile } from './format.ts';
import {
  askedTime,
  type FixedPartition,
  padded,
  paddedTime,
  questionsOf,
  type TimeSpan,
  widened,
} from './range.ts';
import type { CapturePart, FixedCapture } from './replay.ts';
import type { CaptureSurvey, PartitionSurvey, Questions } from './survey.ts';
import type { WrittenHeader } from './written.ts';

type Look = (ask: (partition: number) => Questions) => Promise<CaptureSurvey>;

/** What of the file is read, and why that is less than was asked for. */
interface Cut {
  readonly partitions: readonly FixedPartition[];
  readonly from?: number;
  readonly to?: number;
  readonly notes: readonly string[];
}

/**
 * The moment of the capture stands in for now: `last` ends there, and what was to come is cut there. Without a range, or
 * asked for the same one, it is the range of then to the offset. What the file does not hold of what is asked is short.
 */
export async function fixWritten(
  settings: MessageSettings,
  file: FormedFile,
  header: WrittenHeader,
  look: Look,
): Promise<FixedCapture> {
  const { range } = settings;
  const named = range.by === 'offsets' ? [...range.offsets.keys()] : undefined;
  const wanted = settings.partitions ?? named;
  const then = header.range.partitions.filter(({ partition }) => wanted?.includes(partition) ?? true);
  const asked = askedText(settings);
  const isSame = range.by === 'all' || asked === header.range.asked;
  const cut = isSame
    ? await asThen(then, header, look)
    : range.by === 'offsets'
      ? await cutByOffsets(then, range, look)
      : await cutByTime(
          then,
          header,
          { asked: askedTime(range, header.range.fixedAt), padding: range.padding },
          look,
        );
  const { partitions, notes, ...time } = cut;
  const there = [...header.range.partitions.map((one) => one.partition), ...header.range.unreadPartitions];
  const unread = there.filter((partition) => !then.some((one) => one.partition === partition));
  const missing = (wanted ?? []).filter((partition) => !then.some((one) => one.partition === partition));
  const topicRange: TopicRange = {
    ...withoutTime(header.range),
    ...time,
    source: `${file.label} (onceover capture of ${header.range.source})`,
    asked: range.by === 'all' ? header.range.asked : asked,
    ...(settings.onGap === undefined ? {} : { onGap: settings.onGap }),
    partitions: partitions.map((one) => one.range),
    unreadPartitions: unread.sort((a, b) => a - b),
    notes: [
      ...notes,
      ...missing.map((partition) => `short: the capture holds no message of partition ${partition}`),
    ],
  };
  const reach = reachOf(header, partitions, then);
  return widening({ range: topicRange, files: [file], partitions, reach }, header, then, look);
}

/** The file holds what was read then, and no more. */
function widening(
  fixed: CapturePart,
  header: WrittenHeader,
  then: readonly PartitionRange[],
  look: Look,
): FixedCapture {
  return {
    ...fixed,
    async widen(further) {
      const found = await look(() => questionsOf(further, 0));
      const partitions = fixed.partitions.map((one, i) =>
        widened(one, found.partitions.get(one.range.partition), further, then[i]!.readEnd),
      );
      const range = { ...fixed.range, partitions: partitions.map((one) => one.range) };
      const reach = reachOf(header, partitions, then);
      return widening({ ...fixed, range, partitions, reach }, header, then, look);
    },
  };
}

function withoutTime({ from: _from, to: _to, ...range }: TopicRange): Omit<TopicRange, 'from' | 'to'> {
  return range;
}

async function asThen(then: readonly PartitionRange[], { range }: WrittenHeader, look: Look): Promise<Cut> {
  const found = await look(() => ({ times: [] }));
  const { from, to, notes } = range;
  return {
    partitions: then.map((one) => ({ range: one, padded: {}, survey: found.partitions.get(one.partition) })),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    notes,
  };
}

async function cutByTime(
  then: readonly PartitionRange[],
  { range, reach }: WrittenHeader,
  { asked, padding }: { readonly asked: TimeSpan; readonly padding: number },
  look: Look,
): Promise<Cut> {
  const [from, to] = [asked.from, asked.to].map((time) =>
    time === undefined ? undefined : Math.min(time, range.fixedAt),
  );
  const span = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const same = {
    from: from === undefined || from === range.from,
    to: to === undefined || to === range.to,
  };
  const found = await look(() => questionsOf(span, padding));
  const partitions = then.map((one) =>
    cutPartition(one, found.partitions.get(one.partition), span, padding, same),
  );
  return {
    partitions,
    // An end that was not asked for is the one of then.
    ...(from === undefined ? timeOf('from', range.from) : { from }),
    ...(to === undefined ? timeOf('to', range.to) : { to }),
    notes: [...(same.from || same.to ? range.notes : []), ...shortNotes(span, same, reach)],
  };
}

function timeOf(name: 'from' | 'to', time: number | undefined): TimeSpan {
  return time === undefined ? {} : { [name]: time };
}

function cutPartition(
  then: PartitionRange,
  survey: PartitionSurvey | undefined,
  span: TimeSpan,
  padding: number,
  same: { readonly from: boolean; readonly to: boolean },
): FixedPartition {
  const at = (time: number | undefined) => {
    const offset = time === undefined ? undefined : survey?.firstNotOlder(time);
    return Math.min(Math.max(offset ?? then.readEnd, then.readFirst), then.readEnd);
  };
  const wider = padded(span, padding);
  const first = same.from ? then.first : at(span.from);
  const end = Math.max(first, same.to ? then.end : at(span.to));
  const readFirst = same.from ? then.readFirst : Math.min(first, at(wider.from));
  const readEnd = same.to ? then.readEnd : Math.max(end, at(wider.to));
  const { partition } = then;
  const range = { partition, first, end, readFirst, readEnd, short: same.to ? then.short : 0 };
  return { range, padded: wider, survey };
}

function shortNotes(
  { from, to }: TimeSpan,
  same: { readonly from: boolean; readonly to: boolean },
  { readTo, unread }: WrittenHeader['reach'],
): string[] {
  const notes: string[] = [];
  const begins = Math.max(
    ...unread.filter((one) => one.from === undefined).map((one) => (one.to ?? readTo) + 1),
  );
  if (!same.from && from !== undefined && begins > from) {
    notes.push(`short: the capture begins at ${iso(begins)}, the range was asked to begin at ${iso(from)}`);
  }
  if (!same.to && to !== undefined && to > readTo) {
    notes.push(`short: the capture ends at ${iso(readTo)}, the range was asked to reach to ${iso(to)}`);
  }
  return notes;
}

/** Offsets stay as asked; those that the file does not hold are unseen. */
async function cutByOffsets(
  then: readonly PartitionRange[],
  { offsets, padding }: { readonly offsets: ReadonlyMap<number, AskedOffsets>; readonly padding: number },
  look: Look,
): Promise<Cut> {
  const plain = new Map(
    then.map((one) => {
      const log = { start: one.readFirst, end: one.readEnd };
      return [one.partition, plainOffsets(one.partition, offsets.get(one.partition)!, log)] as const;
    }),
  );
  const found = await look((partition) => {
    const { first, end } = plain.get(partition) ?? { first: 0, end: 0 };
    return { times: [], within: [first, end] };
  });
  const wider = new Map(
    then.map(({ partition }) => [partition, paddedTime(found.partitions.get(partition), padding)] as const),
  );
  const again = await look((partition) => questionsOf(wider.get(partition) ?? {}, 0));
  const partitions = then.map((one): FixedPartition => {
    const survey = again.partitions.get(one.partition);
    const { first, end } = plain.get(one.partition)!;
    const { from, to } = wider.get(one.partition)!;
    const at = (time: number) => Math.max(one.readFirst, survey?.firstNotOlder(time) ?? one.readEnd);
    const readFirst = from === undefined ? first : Math.min(first, at(from));
    const readEnd = to === undefined ? end : Math.max(end, Math.min(one.readEnd, at(to)));
    const { partition } = one;
    const range = { partition, first, end, readFirst, readEnd, short: 0, asked: { first, end } };
    return { range, padded: wider.get(one.partition)!, survey };
  });
  return { partitions, notes: [...plain.values()].flatMap(({ note }) => note ?? []) };
}

/** What was never read stays so, and what the file holds but is not read now adds to it. */
function reachOf(
  { reach }: WrittenHeader,
  partitions: readonly FixedPartition[],
  then: readonly PartitionRange[],
): Pick<Replay, 'readTo' | 'unread' | 'holes'> {
  const unread = [...reach.unread];
  let { readTo } = reach;
  for (const [i, { range, padded: span }] of partitions.entries()) {
    const { readFirst, readEnd } = then[i]!;
    if (range.readFirst > readFirst) unread.push(span.from === undefined ? {} : { to: span.from - 1 });
    if (range.readEnd >= readEnd) continue;
    unread.push(span.to === undefined ? {} : { from: span.to });
    readTo = Math.min(readTo, span.to ?? readTo);
  }
  return { readTo, unread, holes: reach.holes };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
