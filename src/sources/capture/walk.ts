/** One pass over the files of a capture, message after message. */
import { AuditError } from '../../error.ts';
import type { FieldReference, SourceHooks } from '../../model.ts';
import { ConnectEntry } from './connect.ts';
import { BadLine, CaptureEntry, type EntryReader } from './entry.ts';
import { type FormedFile, isBlank } from './format.ts';
import { linesOf } from './lines.ts';
import { WrittenProof } from './written.ts';

const PROGRESS_MS = 100;
/** More names than this help nobody. */
const MAX_TOPICS = 20;

export interface Pass {
  readonly files: readonly FormedFile[];
  readonly topic: string;
  /** CaptureSettings.timestamp */
  readonly timestamp: FieldReference | undefined;
  readonly hooks: SourceHooks;
  /** What the progress is called, and how many messages there will be where that is known. */
  readonly stage: string;
  readonly total?: number;
  /** Whether keys, payloads and headers are read too, or only where each message was. */
  readonly content: boolean;
  readonly needsHeaders: boolean;
}

/**
 * What the tasks of a pass are told of each line about the topic; a promise is awaited before the entry is reused for the
 * next.
 */
export type OnEntry = (entry: EntryReader, file: FormedFile, line: number) => Promise<void> | void;

/**
 * Tells every message of the topic, and every run of its offsets that a capture says has none, file after file; `rest` is
 * awaited between pieces of a file.
 *
 * @returns other topics in the files, the first of them by name, and how many messages they have
 * @throws AuditError (4) naming file and line of whatever is no message
 */
export async function walk(
  pass: Pass,
  onEntry: OnEntry,
  rest: () => Promise<void> = async () => {},
): Promise<{ readonly topics: ReadonlySet<string>; readonly messages: number }> {
  const kcat = new CaptureEntry(pass.needsHeaders);
  const others: Others = { topics: new Set(), messages: 0 };
  let done = 0;
  const tellProgress = everyNowAndThen(() =>
    pass.hooks.progress({
      stage: pass.stage,
      done,
      unit: 'messages',
      ...(pass.total === undefined ? {} : { total: pass.total }),
    }),
  );
  for (const file of pass.files) {
    const walker = new FileWalker(
      file,
      pass,
      isConnect(file) ? new ConnectEntry(file, pass.timestamp) : kcat,
    );
    for await (const { first, lines } of linesOf(file, pass.hooks.signal)) {
      for (const [i, line] of lines.entries()) {
        if (!walker.read(line, first + i, others)) continue;
        const waiting = onEntry(walker.entry, file, first + i);
        if (waiting !== undefined) await waiting;
        if (walker.entry.without === undefined) done++;
      }
      await rest();
      tellProgress();
    }
    walker.close();
  }
  return others;
}

const BEHEADED =
  'a line of `onceover capture`, whose first line is not the first of the file: it is torn, or several are joined';
const FRAME = Buffer.from('{"onceover":');

interface Others {
  readonly topics: Set<string>;
  messages: number;
}

function isConnect({ format }: FormedFile): boolean {
  return format === 'connect-json' || format === 'avro';
}

/** Reads the lines of one file in one pass. */
class FileWalker {
  readonly #file: FormedFile;
  readonly #pass: Pass;
  readonly entry: EntryReader;
  readonly #proof: WrittenProof | undefined;
  #number = 0;

  constructor(file: FormedFile, pass: Pass, entry: EntryReader) {
    this.#file = file;
    this.#pass = pass;
    this.entry = entry;
    this.#proof = file.format === 'onceover' ? new WrittenProof() : undefined;
  }

  /** @returns whether the line is about the topic, so that `entry` is what it says */
  read(line: Buffer, number: number, others: Others): boolean {
    if (isBlank(line)) return false;
    this.#number = number;
    try {
      if (this.#proof?.isEntry(line) === false) return false;
      this.entry.readPlace(line);
      if (this.entry.topic !== this.#pass.topic) return this.#skip(others);
      if (this.#pass.content) this.entry.readContent();
    } catch (cause) {
      if (!this.#isFrame(line)) throw this.#named(cause);
      if (!this.#file.isWanted) throw this.#named(new BadLine(BEHEADED));
      return false;
    }
    return true;
  }

  close(): void {
    try {
      this.#proof?.close();
    } catch (cause) {
      throw this.#named(cause);
    }
  }

  /** First or last line of `onceover capture`, in a file that is read as kcat's: which it is not, unless somebody says so. */
  #isFrame(line: Buffer): boolean {
    return this.#file.format === 'kcat' && line.subarray(0, FRAME.length).equals(FRAME);
  }

  #skip(others: Others): false {
    if (this.entry.without !== undefined) return false;
    others.messages++;
    if (others.topics.size < MAX_TOPICS) others.topics.add(this.entry.topic);
    return false;
  }

  #named(cause: unknown): unknown {
    if (!(cause instanceof BadLine)) return cause;
    return new AuditError(4, `${this.#file.path}:${this.#number}: ${cause.message}`, {
      hint: cause.message === BEHEADED ? HINTS.onceover : HINTS[this.#file.format],
      cause,
    });
  }
}

const HINTS: Readonly<Record<FormedFile['format'], string>> = {
  kcat: 'A capture must be whole, one message a line in the form of kcat -J.',
  'connect-json': 'A capture must be whole, one value in JSON a line, as the sink connector wrote it.',
  avro: 'A capture must be whole, as the sink connector wrote it.',
  onceover: 'Take the capture again, or audit what there is as lines of kcat -J (format: kcat).',
};

function everyNowAndThen(tell: () => void): () => void {
  let told = performance.now();
  return () => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    tell();
  };
}
