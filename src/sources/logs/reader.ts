/** Reads sets of rotated mail logs as one sequence of dated lines, and notices what cannot be read. */
import { Damage, type Reading, readBytes, type SourceFile } from '../bytes.ts';
import { Clock } from './clock.ts';
import type { Sight } from './coverage.ts';
import { missingBefore } from './dating.ts';
import type { Point } from './email.ts';
import { type Lines, splitLines } from './lines.ts';
import { type MailEvent, parsePostfix } from './postfix.ts';
import type { RotatedSet } from './rotation.ts';
import { Trail } from './trail.ts';
import type { Zone } from './zones.ts';

/** A line of a readable time; without an event if it is of another program or about no email. */
export interface DatedLine extends Point {
  readonly event: MailEvent | undefined;
}

interface Part extends Lines {
  readonly file: SourceFile;
}

export class SetReader {
  readonly #set: RotatedSet<SourceFile>;
  readonly #starts: readonly (number | undefined)[];
  readonly #sight: Sight;
  readonly #trail: Trail;
  readonly #parts: AsyncGenerator<Part>;
  readonly clock: Clock;
  /** The line to look at next; undefined: `fill` first, or nothing is left. */
  line: DatedLine | undefined;
  /** Lines of Postfix per file, by its place. */
  readonly postfixLines = new Map<number, number>();
  #part: Part | undefined;
  #index = 0;

  /** @param starts about when each file of the set begins */
  constructor(
    set: RotatedSet<SourceFile>,
    starts: readonly (number | undefined)[],
    zone: Zone | undefined,
    sight: Sight,
    reading: Reading,
  ) {
    this.#set = set;
    this.#starts = starts;
    this.#sight = sight;
    this.#trail = new Trail(sight);
    this.clock = new Clock(zone, () => this.#where());
    this.#parts = this.#read(reading);
  }

  /** About when the set begins, epoch microseconds: a day early, for want of its zone. */
  get start(): number {
    const start = this.#starts.find((one) => one !== undefined);
    return start === undefined ? Number.NEGATIVE_INFINITY : start - 86_400e6;
  }

  /** Reads on in the file. @returns whether there is a line */
  async fill(): Promise<boolean> {
    while (!this.step()) {
      const next = await this.#parts.next();
      if (next.done === true) {
        this.#trail.end();
        return false;
      }
      this.#part = next.value;
      this.#index = 0;
    }
    return true;
  }

  /** Leaves the file that is being read. */
  async close(): Promise<void> {
    await this.#parts.return(undefined);
  }

  /** Goes to the next readable line of what is in memory. @returns whether there is one */
  step(): boolean {
    this.line = undefined;
    if (this.#part === undefined) return false;
    const { texts, file, first } = this.#part;
    while (this.#index < texts.length) {
      const index = this.#index++;
      this.#sight.read++;
      this.line = this.#dated(texts[index], file, first + index);
      if (this.line !== undefined) return true;
    }
    return false;
  }

  /** Undefined: the line is empty, or cannot be read. */
  #dated(text: string | undefined, file: SourceFile, line: number): DatedLine | undefined {
    if (text === '') return undefined;
    const time = text === undefined ? undefined : this.clock.read(text);
    const event = time === undefined ? 'torn' : parsePostfix(text!, this.clock.rest);
    if (event === 'torn') {
      this.#trail.unreadable(file.label, line, text ?? '(longer than any log line)');
      return undefined;
    }
    if (event !== 'foreign') this.postfixLines.set(file.place, (this.postfixLines.get(file.place) ?? 0) + 1);
    this.#trail.readable(time!, file.label, line);
    return { time: time!, place: file.place, line, event: typeof event === 'string' ? undefined : event };
  }

  async *#read(reading: Reading): AsyncGenerator<Part> {
    for (const [i, file] of this.#set.files.entries()) {
      const start = this.#starts[i];
      if (start !== undefined) this.clock.begin(start);
      this.#trail.begin();
      const missing = missingBefore(this.#set, i);
      if (missing !== undefined) this.#trail.missing(missing);
      try {
        for await (const lines of splitLines(readBytes(file, reading))) yield { ...lines, file };
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        this.#trail.damaged(file.label, error);
      }
    }
  }

  #where(): string {
    const part = this.#part;
    return part === undefined ? 'a log' : `${part.file.label} line ${part.first + this.#index - 1}`;
  }
}

/**
 * Walks all sets in order of time, as if their lines had been in one file: one set for each host, say. A set is opened
 * when its time comes.
 *
 * @param look is given every readable line
 * @param pause is awaited now and then
 */
export async function readInOrder(
  readers: readonly SetReader[],
  look: (line: DatedLine) => void,
  pause: () => Promise<void>,
): Promise<void> {
  const waiting = [...readers].sort((a, b) => b.start - a.start || readers.indexOf(b) - readers.indexOf(a));
  const open: SetReader[] = [];
  for (;;) {
    let next = earliest(open);
    while (waiting.length > 0 && (next === undefined || waiting.at(-1)!.start <= next.line!.time)) {
      const reader = waiting.pop()!;
      if (await reader.fill()) open.push(reader);
      next = earliest(open);
    }
    if (next === undefined) return;
    look(next.line!);
    if (next.step()) continue;
    await pause();
    if (!(await next.fill())) open.splice(open.indexOf(next), 1);
  }
}

function earliest(readers: readonly SetReader[]): SetReader | undefined {
  let first = readers[0];
  for (const reader of readers) if (reader.line!.time < first!.line!.time) first = reader;
  return first;
}
