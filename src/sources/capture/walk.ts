/** One pass over the files of a capture, message after message. */
import { AuditError } from '../../error.ts';
import type { SourceHooks } from '../../model.ts';
import { BadLine, CaptureEntry } from './entry.ts';
import { type CaptureFile, linesOf } from './lines.ts';

const PROGRESS_MS = 100;
/** More names than this help nobody. */
const MAX_TOPICS = 20;

export interface Pass {
  readonly files: readonly CaptureFile[];
  readonly topic: string;
  readonly hooks: SourceHooks;
  /** What the progress is called, and how many messages there will be where that is known. */
  readonly stage: string;
  readonly total?: number;
  /** Whether keys, payloads and headers are read too, or only where each message was. */
  readonly content: boolean;
  readonly needsHeaders: boolean;
}

/** What a pass tells each message of the topic to; a promise is awaited before the entry is reused for the next. */
export type OnMessage = (entry: CaptureEntry, file: CaptureFile, line: number) => Promise<void> | void;

/**
 * Tells every message of the topic, file after file; `rest` is awaited between pieces of a file.
 *
 * @returns other topics in the files, the first of them by name, and how many messages they have
 * @throws AuditError (4) naming file and line of whatever is no message
 */
export async function walk(
  pass: Pass,
  onMessage: OnMessage,
  rest: () => Promise<void> = async () => {},
): Promise<{ readonly topics: ReadonlySet<string>; readonly messages: number }> {
  const entry = new CaptureEntry(pass.needsHeaders);
  const topics = new Set<string>();
  let others = 0;
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
    for await (const { first, lines } of linesOf(file, pass.hooks.signal)) {
      for (const [i, line] of lines.entries()) {
        if (line.length === 0) continue;
        readLine(entry, line, pass, file, first + i);
        if (entry.topic === pass.topic) {
          const waiting = onMessage(entry, file, first + i);
          if (waiting !== undefined) await waiting;
          done++;
        } else {
          others++;
          if (topics.size < MAX_TOPICS) topics.add(entry.topic);
        }
      }
      await rest();
      tellProgress();
    }
  }
  return { topics, messages: others };
}

function readLine(entry: CaptureEntry, line: Buffer, pass: Pass, file: CaptureFile, number: number): void {
  try {
    entry.readPlace(line);
    if (pass.content && entry.topic === pass.topic) entry.readContent();
  } catch (cause) {
    if (!(cause instanceof BadLine)) throw cause;
    throw new AuditError(4, `${file.path}:${number}: ${cause.message}`, {
      hint: 'A capture must be whole, one message a line in the form of kcat -J.',
      cause,
    });
  }
}

function everyNowAndThen(tell: () => void): () => void {
  let told = performance.now();
  return () => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    tell();
  };
}
