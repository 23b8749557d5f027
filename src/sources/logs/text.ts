/** Logs of plain lines, taken apart by a pattern with named groups. */
import { createContext, Script } from 'node:vm';
import { AuditError } from '../../error.ts';
import type { LogSettings } from '../../model.ts';
import { Damage, type Reading, readBytes, type SourceFile } from '../bytes.ts';
import { valueOfBytes } from '../keys.ts';
import { type Asked, type Cell, keyValue, type LogFormat, type LogRecord } from './asked.ts';
import { type Lines, splitLines } from './lines.ts';

/** No line of a log is longer, and a pattern may take the square of its length. */
const LONGEST = 1 << 16;
/** Milliseconds. A pattern takes a few of them for as many lines as there are in memory at once. */
const PATIENCE = 20_000;

/** Where a line that matches has its time: other lines of the log have theirs there as well. */
interface TimePlace {
  /** The characters around it; undefined: the beginning or the end of the line. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly length: number;
}

/** To be opened with the files that are read, so that it is known where their lines have their times. */
export class TextFormat implements LogFormat {
  readonly inOrder = true;
  readonly #pattern: RegExp;
  readonly #asked: Asked;
  readonly #watch = new Watch();
  #time: TimePlace | undefined;
  #learnt = false;

  constructor(asked: Asked, { pattern }: LogSettings) {
    if (pattern === undefined) throw new Error('a text log has a pattern');
    this.#pattern = new RegExp(pattern, 'u');
    this.#asked = asked;
  }

  /** Looks for the first line that matches: where its time is, lines of other events have theirs. */
  async learn(files: readonly SourceFile[], signal: AbortSignal): Promise<void> {
    if (this.#learnt || this.#asked.at === undefined) return;
    this.#learnt = true;
    const { name } = this.#asked.names[this.#asked.at]!;
    const places = new RegExp(this.#pattern.source, 'ud');
    for (const file of files) {
      try {
        for await (const records of this.records(file, { signal })) {
          const found = records.find(({ cells }) => cells !== undefined && cells !== 'foreign');
          if (found === undefined) continue;
          const text = decoded(found.text);
          this.#time = placeOf(text, places.exec(text)?.indices?.groups?.[name]);
          return;
        }
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
      }
    }
  }

  async *records(file: SourceFile, reading: Reading): AsyncGenerator<readonly LogRecord[]> {
    for await (const lines of splitLines(readBytes(file, reading))) {
      yield this.#watch.run(
        () => this.#recordsOf(lines),
        () => `${file.label} lines ${lines.first} to ${lines.first + lines.texts.length - 1}`,
      );
    }
  }

  #recordsOf({ first, texts }: Lines): LogRecord[] {
    return texts.flatMap((text, i): LogRecord[] => (text === '' ? [] : [this.#record(first + i, text)]));
  }

  #record(line: number, written: string | undefined): LogRecord {
    if (written === undefined || written.length > LONGEST)
      return { line, text: `(a line of more than ${LONGEST} bytes)`, cells: undefined };
    const text = decoded(written);
    const groups = this.#pattern.exec(text)?.groups;
    if (groups === undefined) return { line, text: written, cells: 'foreign', at: this.#timeIn(text) };
    const cells = this.#asked.names.map(({ name }): Cell => {
      const group = groups[name];
      // Of a line that is not UTF-8 each character is a byte.
      return group === undefined || group === '' ? undefined : text === written ? keyValue(group) : group;
    });
    return { line, text: written, cells };
  }

  #timeIn(text: string): string | undefined {
    const place = this.#time;
    if (place === undefined) return undefined;
    const start = place.before === undefined ? 0 : text.indexOf(place.before) + 1;
    if (start === 0 && place.before !== undefined) return undefined;
    const end = start + place.length;
    return text[end] === place.after ? text.slice(start, end) : undefined;
  }
}

/** Undefined where the character before it may well be elsewhere in other lines. */
function placeOf(
  text: string,
  [start, end]: readonly [number, number] | readonly [] = [],
): TimePlace | undefined {
  if (start === undefined || end === undefined) return undefined;
  const before = start === 0 ? undefined : text[start - 1]!;
  if (before !== undefined && text.indexOf(before) !== start - 1) return undefined;
  return { before, after: text[end], length: end - start };
}

const BEYOND_ASCII = /[^\0-\x7f]/;

/** The text that bytes are; bytes that are no UTF-8 stay one character each. */
function decoded(bytes: string): string {
  if (!BEYOND_ASCII.test(bytes)) return bytes;
  const value = valueOfBytes(Buffer.from(bytes, 'latin1'));
  return typeof value === 'string' ? value : bytes;
}

/**
 * Bounds the time of work that cannot be interrupted from within: some patterns take longer than anyone lives for a line
 * that all but matches. Only a script of its own can be told to end (https://nodejs.org/api/vm.html#scriptrunincontextcontextifiedobject-options).
 */
class Watch {
  readonly #script = new Script('work()');
  readonly #world = createContext({ work: () => {} });

  run<Result>(work: () => Result, where: () => string): Result {
    this.#world.work = work;
    try {
      return this.#script.runInContext(this.#world, { timeout: PATIENCE }) as Result;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new AuditError(2, `${where()}: the pattern took more than ${PATIENCE / 1000} s for them`, {
        hint: 'Repetitions inside repetitions, such as (\\S+ ?)+, and several .* in a row do that: say what is between them, such as [^"]*.',
        cause: error,
      });
    }
  }
}
