/** The lines of a capture file, packed or not; a capture must be whole, so whatever breaks it off ends the audit. */
import { statSync } from 'node:fs';
import { AuditError } from '../../error.ts';
import { cannotRead, Damage, inodeOf, readBytes, type SourceFile } from '../bytes.ts';
import { avroRecords } from './avro.ts';
import type { FormedFile } from './format.ts';

/** No Kafka message comes near it; it is the run of zeros a crash leaves. */
const LONGEST_LINE = 1 << 28;
const NEWLINE = 0x0a;

/** Some lines in a row, without their newlines. Empty lines are kept, so that the numbers hold. */
export interface Lines {
  /** Number of the first of them, counted from 1. */
  readonly first: number;
  /** Views of what was read, good until the next lines are asked for. */
  readonly lines: readonly Buffer[];
}

/** The file as it is now; what is appended to it later is not read. @throws AuditError (4) if it is not there */
export function captureFile(path: string, place: number): SourceFile {
  try {
    const stats = statSync(path);
    return { path, label: path, place, size: stats.size, inode: inodeOf(stats) };
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

/**
 * Of an Avro container, whose records have no lines: each as a line of JSON.
 * @throws AuditError (4) naming the file, and the last good line where the content breaks off
 */
export async function* linesOf(file: FormedFile, signal: AbortSignal): AsyncGenerator<Lines> {
  if (file.format === 'avro') yield* recordsOf(file, signal);
  else yield* textLines(file, signal);
}

async function* recordsOf(file: FormedFile, signal: AbortSignal): AsyncGenerator<Lines> {
  let first = 1;
  try {
    for await (const records of avroRecords(readBytes(file, { signal }))) {
      yield { first, lines: records.map((record) => Buffer.from(record)) };
      first += records.length;
    }
  } catch (cause) {
    throw cause instanceof Damage ? damaged(file, cause, first - 1) : cause;
  }
}

async function* textLines(file: FormedFile, signal: AbortSignal): AsyncGenerator<Lines> {
  let first = 1;
  /** Pieces of a line that has not ended yet. */
  let open: Buffer[] = [];
  try {
    for await (const chunk of readBytes(file, { signal })) {
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        lines.push(whole(open, chunk.subarray(start, end)));
        open = [];
        start = end + 1;
      }
      if (start < chunk.length) open.push(chunk.subarray(start));
      refuseEndless(file, first + lines.length, open);
      if (lines.length > 0) yield { first, lines };
      first += lines.length;
    }
  } catch (cause) {
    throw cause instanceof Damage ? damaged(file, cause, first - 1) : cause;
  }
  if (open.length > 0) yield { first, lines: [whole(open)] };
}

function whole(open: readonly Buffer[], last?: Buffer): Buffer {
  if (last !== undefined && open.length === 0) return last;
  return Buffer.concat(last === undefined ? open : [...open, last]);
}

function refuseEndless(file: FormedFile, line: number, open: readonly Buffer[]): void {
  const length = open.reduce((sum, piece) => sum + piece.length, 0);
  if (length <= LONGEST_LINE) return;
  throw new AuditError(4, `${file.path}:${line}: the line has no end within ${LONGEST_LINE} bytes`, {
    hint: 'Is it a capture, one message a line?',
  });
}

function damaged(file: FormedFile, damage: Damage, good: number): AuditError {
  const what = file.format === 'avro' ? 'record' : 'line';
  const far = damage.all ? `none of its ${what}s can be trusted` : `it is good up to ${what} ${good}`;
  return new AuditError(4, `${file.path}: ${damage.message}; ${far}`, {
    hint: 'A capture must be whole: take it again, or cut it there.',
    cause: damage,
  });
}
