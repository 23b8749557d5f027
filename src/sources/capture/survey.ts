/** What a capture holds of each partition: found out in one pass, before any of it is handed over. */
import type { CaptureFile } from './lines.ts';
import { type Pass, walk } from './walk.ts';

/** What is asked about a partition besides its ends. */
export interface Questions {
  /** For each of these times: which is the first offset whose message is not older? */
  readonly times: readonly number[];
  /** Of messages with offsets in [first, end): what are the smallest and largest timestamp? */
  readonly within?: readonly [first: number, end: number];
}

/** What a capture holds of one partition. It is never empty. */
export class PartitionSurvey {
  readonly #questions: Questions;
  readonly #firstNotOlder: (number | undefined)[];
  /** Messages, those that are there twice counted twice. */
  messages = 0;
  /** Smallest and largest offset. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
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
  }

  see(offset: number, timestamp: number): void {
    this.messages++;
    if (offset < this.first) this.first = offset;
    if (offset > this.last) this.last = offset;
    if (timestamp >= 0) this.#seeTime(offset, timestamp);
  }

  /** The first offset whose message is not older than one of the times asked about, as a broker would answer. */
  firstNotOlder(time: number): number | undefined {
    const asked = this.#questions.times.indexOf(time);
    if (asked < 0) throw new Error(`the capture was not asked about ${time}`);
    return this.#firstNotOlder[asked];
  }

  #seeTime(offset: number, timestamp: number): void {
    if (offset < this.#firstTimed) [this.#firstTimed, this.firstAt] = [offset, timestamp];
    if (offset > this.#lastTimed) [this.#lastTimed, this.lastAt] = [offset, timestamp];
    const { times, within } = this.#questions;
    for (let i = 0; i < times.length; i++) {
      if (timestamp < times[i]!) continue;
      this.#firstNotOlder[i] = Math.min(this.#firstNotOlder[i] ?? offset, offset);
    }
    if (within === undefined || offset < within[0] || offset >= within[1]) return;
    this.withinFrom = Math.min(this.withinFrom ?? timestamp, timestamp);
    this.withinTo = Math.max(this.withinTo ?? timestamp, timestamp);
  }
}

export interface CaptureSurvey {
  readonly partitions: ReadonlyMap<number, PartitionSurvey>;
  /** The files by the time of their first messages, which is the order to read them in. */
  readonly files: readonly CaptureFile[];
  readonly otherTopics: ReadonlySet<string>;
  readonly otherMessages: number;
}

/** How one file holds one partition. */
interface Run {
  readonly first: number;
  last: number;
  ascends: boolean;
}

interface FileRuns {
  readonly file: CaptureFile;
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
  const others = await walk(whole, ({ record: { partition, offset, timestamp } }, file) => {
    let found = partitions.get(partition);
    if (found === undefined) {
      found = new PartitionSurvey(ask(partition));
      partitions.set(partition, found);
    }
    found.see(offset, timestamp);
    addToRuns(byFile.get(file)!, partition, offset, timestamp);
  });
  const inOrder = files.sort((a, b) => (a.earliest === b.earliest ? 0 : a.earliest - b.earliest));
  for (const [partition, found] of partitions) found.ascends = ascends(inOrder, partition);
  return {
    partitions,
    files: inOrder.map(({ file }) => file),
    otherTopics: others.topics,
    otherMessages: others.messages,
  };
}

function addToRuns(file: FileRuns, partition: number, offset: number, timestamp: number): void {
  if (timestamp >= 0 && timestamp < file.earliest) file.earliest = timestamp;
  const run = file.runs.get(partition);
  if (run === undefined) {
    file.runs.set(partition, { first: offset, last: offset, ascends: true });
    return;
  }
  if (offset <= run.last) run.ascends = false;
  run.last = offset;
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
