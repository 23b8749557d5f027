/** What a capture holds of each partition: found out in one pass, before any of it is handed over. */
import { type ConnectName, connectName, type FormedFile } from './format.ts';
import { type Pass, walk } from './walk.ts';

/** What is asked about a partition besides its ends. */
export interface Questions {
  /** For each of these times: which is the first offset whose message is not older, and which the last that is? */
  readonly times: readonly number[];
  /** Of messages with offsets in [first, end): what are the smallest and largest timestamp? */
  readonly within?: readonly [first: number, end: number];
}

/** What a capture holds of one partition. It is never empty. */
export class PartitionSurvey {
  readonly #questions: Questions;
  readonly #firstNotOlder: (number | undefined)[];
  readonly #lastOlder: (number | undefined)[];
  /** Messages, those that are there twice counted twice. */
  messages = 0;
  /** Smallest and largest offset that is proven: of a message, or in the name of a file that lacks it. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  /** Smallest offset of a message. */
  #firstSeen = Number.POSITIVE_INFINITY;
  #firstTimed = Number.POSITIVE_INFINITY;
  #lastTimed = Number.NEGATIVE_INFINITY;
  /** Timestamps of the first and the last message that have one. */
  firstAt: number | undefined;
  lastAt: number | undefined;
  /** Smallest and largest timestamp of the messages asked about. */
  withinFrom: number | undefined;
  withinTo: number | undefined;
  /** Whether the files, read in the survey's order, hold its messages by ascending offset, each once. */
  ascends = true;

  constructor(questions: Questions) {
    this.#questions = questions;
    this.#firstNotOlder = questions.times.map(() => undefined);
    this.#lastOlder = questions.times.map(() => undefined);
  }

  see(offset: number, timestamp: number): void {
    this.messages++;
    this.reach(offset);
    if (offset < this.#firstSeen) this.#firstSeen = offset;
    if (timestamp >= 0) this.#seeTime(offset, timestamp);
  }

  /** An offset of which no message may be there. */
  reach(offset: number): void {
    if (offset < this.first) this.first = offset;
    if (offset > this.last) this.last = offset;
  }

  /**
   * The first offset whose message is not older than one of the times asked about, as a broker would answer; where none is
   * older, those that lack their messages before it may be of that time, too.
   */
  firstNotOlder(time: number): number | undefined {
    const first = this.#firstNotOlder[this.#indexOf(time)];
    if (first === undefined || this.first === this.#firstSeen) return first;
    return this.lastOlder(time) === undefined ? this.first : first;
  }

  /** The last offset whose message is older than one of the times asked about. */
  lastOlder(time: number): number | undefined {
    return this.#lastOlder[this.#indexOf(time)];
  }

  #indexOf(time: number): number {
    const asked = this.#questions.times.indexOf(time);
    if (asked < 0) throw new Error(`the capture was not asked about ${time}`);
    return asked;
  }

  #seeTime(offset: number, timestamp: number): void {
    if (offset < this.#firstTimed) [this.#firstTimed, this.firstAt] = [offset, timestamp];
    if (offset > this.#lastTimed) [this.#lastTimed, this.lastAt] = [offset, timestamp];
    const { times, within } = this.#questions;
    for (let i = 0; i < times.length; i++) {
      if (timestamp < times[i]!) this.#lastOlder[i] = Math.max(this.#lastOlder[i] ?? offset, offset);
      else this.#firstNotOlder[i] = Math.min(this.#firstNotOlder[i] ?? offset, offset);
    }
    if (within === undefined || offset < within[0] || offset >= within[1]) return;
    this.withinFrom = Math.min(this.withinFrom ?? timestamp, timestamp);
    this.withinTo = Math.max(this.withinTo ?? timestamp, timestamp);
  }
}

export interface CaptureSurvey {
  readonly partitions: ReadonlyMap<number, PartitionSurvey>;
  /** The files by the time of their first messages, which is the order to read them in. */
  readonly files: readonly FormedFile[];
  /** What of the topic each of the files holds, in that order. */
  readonly runs: readonly FileRuns[];
  /** Offsets in the names of files that hold nothing: a sink connector makes no file without a message. */
  readonly empty: readonly EmptyFile[];
  readonly otherTopics: ReadonlySet<string>;
  readonly otherMessages: number;
}

/** How one file holds one partition: its first and last offsets in the order of its lines. */
interface Run {
  readonly first: number;
  last: number;
  ascends: boolean;
}

export interface FileRuns {
  readonly file: FormedFile;
  readonly runs: Map<number, Run>;
  earliest: number;
}

/** @throws AuditError (4) where a file is not whole */
export async function survey(
  pass: Omit<Pass, 'content' | 'needsHeaders' | 'stage'>,
  ask: (partition: number) => Questions,
): Promise<CaptureSurvey> {
  const partitions = new Map<number, PartitionSurvey>();
  const files: FileRuns[] = pass.files.map((file) => ({ file, runs: new Map(), earliest: Infinity }));
  const byFile = new Map(files.map((runs) => [runs.file, runs]));
  const whole: Pass = { ...pass, stage: 'survey of the capture', content: false, needsHeaders: false };
  const surveyOf = (partition: number): PartitionSurvey => {
    const found = partitions.get(partition) ?? new PartitionSurvey(ask(partition));
    partitions.set(partition, found);
    return found;
  };
  const others = await walk(whole, ({ record: { partition, offset, timestamp }, without }, file) => {
    if (without !== undefined) {
      addToRuns(byFile.get(file)!, partition, offset, without.end - 1, -1);
      return;
    }
    surveyOf(partition).see(offset, timestamp);
    addToRuns(byFile.get(file)!, partition, offset, offset, timestamp);
  });
  const empty = files.flatMap((held) => emptyOf(held, pass.topic));
  for (const { partition, first } of empty) surveyOf(partition).reach(first);
  const inOrder = files.sort(byTimeOrName);
  for (const [partition, found] of partitions) found.ascends = ascends(inOrder, partition);
  return {
    partitions,
    files: inOrder.map(({ file }) => file),
    runs: inOrder,
    empty,
    otherTopics: others.topics,
    otherMessages: others.messages,
  };
}

interface EmptyFile extends ConnectName {
  readonly path: string;
}

function emptyOf({ file: { path, format }, runs }: FileRuns, topic: string): EmptyFile[] {
  const name = format === 'connect-json' || format === 'avro' ? connectName(path) : undefined;
  return name === undefined || runs.size > 0 || name.topic !== topic ? [] : [{ ...name, path }];
}

/** Without times, by the first offsets that sink connectors put into the names. */
function byTimeOrName(a: FileRuns, b: FileRuns): number {
  if (a.earliest !== b.earliest) return a.earliest - b.earliest;
  return (connectName(a.file.path)?.first ?? 0) - (connectName(b.file.path)?.first ?? 0);
}

/** Adds offsets first to last, both included. */
function addToRuns(file: FileRuns, partition: number, first: number, last: number, timestamp: number): void {
  if (timestamp >= 0 && timestamp < file.earliest) file.earliest = timestamp;
  const run = file.runs.get(partition);
  if (run === undefined) {
    file.runs.set(partition, { first, last, ascends: true });
    return;
  }
  if (first <= run.last) run.ascends = false;
  run.last = last;
}

function ascends(files: readonly FileRuns[], partition: number): boolean {
  let last = -1;
  for (const { runs } of files) {
    const run = runs.get(partition);
    if (run === undefined) continue;
    if (!run.ascends || run.first <= last) return false;
    last = run.last;
  }
  return true;
}
