/** Which offsets of a capture are the range, and which are its padding. */
import type { PartitionRange, RangeSettings } from '../../model.ts';
import { SHORT } from '../../words.ts';
import type { CaptureSurvey, PartitionSurvey, Questions } from './survey.ts';

/** Epoch milliseconds [from, to); undefined: as far as the capture goes. */
export interface TimeSpan {
  readonly from?: number;
  readonly to?: number;
}

/** One partition of the range, with the time that its padding reaches over where that was asked for. */
export interface FixedPartition {
  readonly range: PartitionRange;
  readonly padded: TimeSpan;
  /** Undefined: the capture has nothing of it. */
  readonly survey: PartitionSurvey | undefined;
}

/** The time that was asked for; empty where offsets were, or everything. */
export function askedTime(range: RangeSettings, now: number): TimeSpan {
  if (range.by === 'last') {
    const to = now - range.settle;
    return { from: to - range.length, to };
  }
  if (range.by !== 'time') return {};
  return withoutUndefined(range.from, range.to);
}

export function padded({ from, to }: TimeSpan, padding: number): TimeSpan {
  return withoutUndefined(
    from === undefined ? undefined : from - padding,
    to === undefined ? undefined : to + padding,
  );
}

/** The questions whose answers `fixByTime` needs. */
export function questionsOf(asked: TimeSpan, padding: number): Questions {
  const wider = padded(asked, padding);
  return { times: [wider.from, asked.from, asked.to, wider.to].filter((time) => time !== undefined) };
}

/** As a broker turns times into offsets: to the first message that is not older; to the end where there is none. */
export function fixByTime(
  partition: number,
  survey: PartitionSurvey,
  asked: TimeSpan,
  padding: number,
): FixedPartition {
  const behind = survey.last + 1;
  const offsetOf = (time: number | undefined, otherwise: number) =>
    time === undefined ? otherwise : (survey.firstNotOlder(time) ?? behind);
  const wider = padded(asked, padding);
  const first = offsetOf(asked.from, survey.first);
  const end = offsetOf(asked.to, behind);
  const readFirst = offsetOf(wider.from, survey.first);
  // Messages that came late, or behind one that is dated wrongly, are read to explain effects.
  const lastOlder = wider.to === undefined ? undefined : survey.lastOlder(wider.to);
  const readEnd = Math.max(offsetOf(wider.to, behind), (lastOlder ?? -1) + 1);
  return { range: { partition, first, end, readFirst, readEnd, short: 0 }, padded: wider, survey };
}

/**
 * The same partition, read further.
 * @param survey what was found of it, asked about the times @param behind where it ends
 */
export function widened(
  { range, padded, survey: before }: FixedPartition,
  survey: PartitionSurvey | undefined,
  { from, to }: TimeSpan,
  behind = (survey?.last ?? -1) + 1,
): FixedPartition {
  const offsetOf = (time: number) => survey?.firstNotOlder(time) ?? behind;
  const lastOlder = to === undefined ? undefined : survey?.lastOlder(to);
  const readFirst = from === undefined ? range.readFirst : Math.min(range.readFirst, offsetOf(from));
  const readEnd =
    to === undefined ? range.readEnd : Math.max(range.readEnd, offsetOf(to), (lastOlder ?? -1) + 1);
  return {
    range: { ...range, readFirst, readEnd },
    padded: { ...padded, ...withoutUndefined(from, to) },
    survey: survey ?? before,
  };
}

/** A note for each partition with messages from before the end of the time that lie behind the offset it became. */
export function lateNotes(partitions: readonly FixedPartition[], { to }: TimeSpan): string[] {
  if (to === undefined) return [];
  return partitions.flatMap(({ range: { partition, end }, survey }) => {
    const last = survey?.lastOlder(to);
    if (last === undefined || last < end) return [];
    return `${SHORT}partition ${partition}: messages of the time asked for lie behind offset ${end}, the first dated after it; they are not judged, which a range of offsets up to ${last + 1} would.`;
  });
}

/** The time of the padding around offsets: from the oldest to the newest message among them, and `padding` more. */
export function paddedTime(survey: PartitionSurvey | undefined, padding: number): TimeSpan {
  return padded(withoutUndefined(survey?.withinFrom, survey?.withinTo), padding);
}

/** The offsets are as asked, also where the capture does not hold them. `survey` was asked about `wider`. */
export function fixByOffsets(
  partition: number,
  [first, end]: readonly [number, number],
  survey: PartitionSurvey | undefined,
  wider: TimeSpan,
): FixedPartition {
  const offsetOf = (time: number | undefined, otherwise: number) =>
    time === undefined || survey === undefined ? otherwise : (survey.firstNotOlder(time) ?? survey.last + 1);
  const readFirst = Math.min(first, offsetOf(wider.from, first));
  const readEnd = Math.max(end, offsetOf(wider.to, end));
  const range = { partition, first, end, readFirst, readEnd, short: 0, asked: { first, end } };
  return { range, padded: wider, survey };
}

/**
 * The time up to which messages were read in full, padding included, and the times in which they were not. Where a
 * partition is read to the capture's end, nothing says how far behind it the topic went on in silence, so that its last
 * message is the limit. A partition that begins at offset 0 has nothing before it.
 */
export function readSpan(
  partitions: readonly FixedPartition[],
  fixedAt: number,
): { readonly readTo: number; readonly unread: { readonly from?: number; readonly to?: number }[] } {
  const surveyed = partitions.filter(isInCapture);
  if (surveyed.length === 0) return { readTo: fixedAt, unread: [{}] };
  const begins = surveyed.map(({ range, survey, padded: { from } }) => {
    if (range.readFirst > survey.first) return from ?? survey.firstAt;
    return survey.first === 0 ? undefined : survey.firstAt;
  });
  const cutEnds = surveyed
    .filter(({ range, survey }) => range.readEnd <= survey.last)
    .map(({ padded: { to } }) => to);
  // Also of a partition whose last message lies before the range: whether it fell silent nobody can tell.
  const ends = surveyed.map(({ range, survey, padded: { to } }) => {
    return to === undefined || range.readEnd > survey.last ? survey.lastAt : to;
  });
  const [from, cutTo, readTo] = [
    Math.max(...known(begins)),
    Math.min(...known(cutEnds)),
    Math.min(...known(ends)),
  ];
  return {
    readTo: Number.isFinite(readTo) ? readTo : fixedAt,
    unread: [
      ...(Number.isFinite(from) ? [{ to: from - 1 }] : []),
      ...(Number.isFinite(cutTo) ? [{ from: cutTo }] : []),
    ],
  };
}

function known(times: readonly (number | undefined)[]): number[] {
  return times.filter((time) => time !== undefined);
}

type SurveyedPartition = FixedPartition & { readonly survey: PartitionSurvey };

function isInCapture(partition: FixedPartition): partition is SurveyedPartition {
  return partition.survey !== undefined;
}

/**
 * The partitions whose last message is of a time before the one that was asked for, and that time. Whether they fell silent
 * or the capture broke off, it does not tell: the end that was asked for was not seen.
 */
export function endingEarly(
  partitions: readonly FixedPartition[],
  { to }: TimeSpan,
): readonly { readonly partition: number; readonly lastAt: number; readonly readEnd: number }[] {
  if (to === undefined) return [];
  return partitions.flatMap(({ range: { partition, readEnd }, survey }) =>
    survey?.lastAt === undefined || survey.lastAt >= to
      ? []
      : [{ partition, readEnd, lastAt: survey.lastAt }],
  );
}

/** The partitions of the capture and of the settings: those to read, those to leave, those that are not there. */
export function partitionsOf(
  survey: CaptureSurvey,
  wanted: readonly number[] | undefined,
): {
  readonly read: readonly number[];
  readonly unread: readonly number[];
  readonly missing: readonly number[];
} {
  const there = [...survey.partitions.keys()].sort((a, b) => a - b);
  return {
    read: there.filter((partition) => wanted?.includes(partition) ?? true),
    unread: there.filter((partition) => wanted !== undefined && !wanted.includes(partition)),
    missing: [...new Set(wanted)]
      .filter((partition) => !survey.partitions.has(partition))
      .sort((a, b) => a - b),
  };
}

function withoutUndefined(from: number | undefined, to: number | undefined): TimeSpan {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
