/** A first look at the files of one entry: what they are called, where they begin, and which are the same twice. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { cannotRead, Damage, inodeOf, isPacked, readBytes, type SourceFile } from '../bytes.ts';
import { splitLines } from './lines.ts';
import { leadingStamp, type Stamp } from './stamps.ts';

/** Files that differ at all nearly always differ in their first bytes; only the others are compared as a whole. */
const HEAD = 1 << 16;
/** How much of the end of an unpacked file is searched for its last time. */
const TAIL = 1 << 18;

/** A time found in a file, and the number of its line (0: counted from the end, not known). */
export interface Seen {
  readonly stamp: Stamp;
  readonly line: number;
}

/**
 * Looks the files up. Labels are the last part of each path, or the whole path where two files share it.
 * @throws AuditError 4 for a file that is gone or may not be read
 */
export async function lookUp(paths: readonly string[]): Promise<SourceFile[]> {
  const names = paths.map((path) => basename(path));
  const files: SourceFile[] = [];
  for (const [place, path] of paths.entries()) {
    const stats = await stat(path).catch((cause: unknown) => {
      throw cannotRead(path, cause);
    });
    const name = names[place]!;
    const label = names.indexOf(name) === names.lastIndexOf(name) ? name : path;
    files.push({ path, label, place, size: stats.size, inode: inodeOf(stats) });
  }
  return files;
}

/** Leaves out files whose unpacked content is that of an earlier one, or that are the same file under another name. */
export async function withoutTwins(
  files: readonly SourceFile[],
  signal: AbortSignal,
): Promise<{ readonly files: SourceFile[]; readonly notes: string[] }> {
  const heads = new Map<string, SourceFile[]>();
  const kept: SourceFile[] = [];
  const notes: string[] = [];
  for (const file of files) {
    const head = await digest(file, signal, HEAD);
    const alike = file.size === 0 ? [] : (heads.get(head) ?? []);
    const twin = await sameAs(file, alike, signal);
    if (twin === undefined) {
      kept.push(file);
      heads.set(head, [...alike, file]);
    } else notes.push(`${file.label} has the same content as ${twin.label} and counts once`);
  }
  return { files: kept, notes };
}

async function sameAs(
  file: SourceFile,
  others: readonly SourceFile[],
  signal: AbortSignal,
): Promise<SourceFile | undefined> {
  for (const other of others) {
    if (other.inode === file.inode) return other;
    const [one, two] = [await digest(file, signal), await digest(other, signal)];
    if (one === two) return other;
  }
  return undefined;
}

/** Digest of the unpacked content, or of its first `limit` bytes. A file that breaks off equals only its like. */
async function digest(
  file: SourceFile,
  signal: AbortSignal,
  limit = Number.POSITIVE_INFINITY,
): Promise<string> {
  const hash = createHash('sha256');
  let left = limit;
  try {
    for await (const chunk of readBytes(file, { signal })) {
      hash.update(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) break;
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    hash.update(error.message);
  }
  return hash.digest('hex');
}

/** The first readable time of a file; undefined: it has none. */
export async function firstSeen(file: SourceFile, signal: AbortSignal): Promise<Seen | undefined> {
  for await (const seen of stampsOf(file, signal, 0)) return seen;
  return undefined;
}

/** The last readable time of a file; undefined: none was found. */
export async function lastSeen(file: SourceFile, signal: AbortSignal): Promise<Seen | undefined> {
  const from = (await isPacked(file)) ? 0 : Math.max(0, file.size - TAIL);
  let last: Seen | undefined;
  for await (const seen of stampsOf(file, signal, from)) last = seen;
  return last;
}

async function* stampsOf(file: SourceFile, signal: AbortSignal, from: number): AsyncGenerator<Seen> {
  try {
    for await (const { first, texts } of splitLines(readBytes(file, { signal, from }))) {
      for (const [i, text] of texts.entries()) {
        const leading = text === undefined ? undefined : leadingStamp(text);
        if (leading !== undefined) yield { stamp: leading.stamp, line: from === 0 ? first + i : 0 };
      }
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
  }
}
