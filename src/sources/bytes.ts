/** The bytes of a log or capture as it was when the audit first looked at it, unpacked if it is gzip or zstd. */
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip, constants as zlib } from 'node:zlib';
import { AuditError } from '../error.ts';
import type { SourceHooks } from '../model.ts';
import { isZstd, loadZstd, ZstdError, ZstdStream } from './zstd.ts';

/** Small enough that the text made of it is short-lived garbage, which the larger kind is not. */
const CHUNK = 1 << 16;

/** A file and the part of it that is read: what is appended later belongs to a later audit. */
export interface SourceFile {
  readonly path: string;
  /** How reports name it: the last part of the path, or all of it where that is not enough. */
  readonly label: string;
  /** Index into Coverage.places. */
  readonly place: number;
  readonly size: number;
  /** Device and inode, so that a rotation in the middle of the audit is noticed. */
  readonly inode: string;
}

export interface Reading {
  readonly signal: AbortSignal;
  /** Where to begin; only in a file that is not packed. */
  readonly from?: number;
  /** Told how many bytes of the file itself were read. */
  readonly onBytes?: (count: number) => void;
}

/** Reports how far the files of a kind have been read. */
export function readingOf(kind: string, files: readonly SourceFile[], hooks: SourceHooks): Reading {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  return {
    signal: hooks.signal,
    onBytes: (count) => {
      done += count;
      hooks.progress({ stage: `files of ${kind}`, done, total, unit: 'bytes' });
    },
  };
}

/** The file cannot be read to its end: what came before this error is good, unless `all` of it is doubtful. */
export class Damage extends Error {
  readonly all: boolean;

  constructor(why: string, all: boolean) {
    super(why);
    this.all = all;
  }
}

/**
 * @throws Damage where the content breaks off or is broken
 * @throws AuditError 4 where the file cannot be opened, or was moved since it was first looked at
 */
export async function* readBytes(file: SourceFile, reading: Reading): AsyncGenerator<Buffer> {
  const handle = await openAsSeen(file);
  try {
    const packing = await packingOf(handle, file.size);
    const raw = rawBytes(file, handle, reading);
    if (packing === 'gzip') yield* gunzipped(raw, file.size);
    else if (packing === 'zstd') yield* unzstd(raw);
    else yield* raw;
  } finally {
    await handle.close();
  }
}

export async function isPacked(file: SourceFile): Promise<boolean> {
  const handle = await openAsSeen(file);
  try {
    return (await packingOf(handle, file.size)) !== undefined;
  } finally {
    await handle.close();
  }
}

async function openAsSeen(file: SourceFile): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(file.path);
  } catch (cause) {
    throw cannotRead(file.path, cause);
  }
  const { dev, ino } = await handle.stat();
  if (inodeOf({ dev, ino }) === file.inode) return handle;
  await handle.close();
  throw new AuditError(4, `${file.path}: another file took its place while the audit was running`, {
    hint: 'The logs were rotated meanwhile: run the audit again.',
  });
}

export function inodeOf(stats: { readonly dev: number; readonly ino: number }): string {
  return `${stats.dev}:${stats.ino}`;
}

export function cannotRead(path: string, cause: unknown): AuditError {
  const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const rights = why === 'EACCES' || why === 'EPERM';
  return new AuditError(4, `${path}: cannot be read (${why})`, {
    hint: rights ? 'Run as a user who may read it (on Debian: group adm), or copy it.' : 'Is it still there?',
    cause,
  });
}

/** By content: names lie. Undefined: not packed. */
async function packingOf(handle: FileHandle, size: number): Promise<'gzip' | 'zstd' | undefined> {
  const start = Buffer.alloc(Math.min(4, size));
  await handle.read(start, 0, start.length, 0);
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  return isZstd(start) ? 'zstd' : undefined;
}

async function* rawBytes(file: SourceFile, handle: FileHandle, reading: Reading): AsyncGenerator<Buffer> {
  for (let at = reading.from ?? 0; at < file.size; ) {
    reading.signal.throwIfAborted();
    const length = Math.min(CHUNK, file.size - at);
    const { bytesRead, buffer } = await handle
      .read(Buffer.allocUnsafe(length), 0, length, at)
      .catch((error: NodeJS.ErrnoException) => {
        throw new Damage(`the file cannot be read any further (${error.code})`, false);
      });
    if (bytesRead === 0) throw new Damage('the file was cut short while it was read', false);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
    reading.onBytes?.(bytesRead);
  }
}

/**
 * Unpacks member after member. A stream would throw away what it had unpacked when it meets an error, so it is fed by
 * hand and emptied after every piece. (zlib itself keeps back up to 16 KB of what it unpacked just before an error.)
 */
async function* gunzipped(raw: AsyncGenerator<Buffer>, size: number): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ flush: zlib.Z_SYNC_FLUSH });
  const ready: Buffer[] = [];
  let failure: Error | undefined;
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true;
      resolve();
    };
    gunzip.once('end', end).once('close', end);
  });
  gunzip.on('data', (chunk: Buffer) => ready.push(chunk));
  gunzip.on('error', (error) => {
    failure = error;
  });
  try {
    for await (const piece of raw) {
      // A piece in which the packed data ends, but the file does not, is never acknowledged.
      await Promise.race([ended, new Promise<void>((resolve) => gunzip.write(piece, () => resolve()))]);
      yield* ready.splice(0);
      if (over || failure !== undefined) break;
    }
    if (!over && failure === undefined) gunzip.end();
    await ended;
    yield* ready.splice(0);
  } finally {
    gunzip.destroy();
  }
  if (failure !== undefined) throw damageOf(failure);
  if (gunzip.bytesWritten < size)
    throw new Damage('something that is not gzip follows the packed data', false);
}

/** A wrong checksum is found at the end of a member, when all of it has been handed over. */
function damageOf(failure: Error): Damage {
  if (failure.message.includes('unexpected end')) return new Damage('the gzip data breaks off', false);
  const wrongSum = /incorrect (data|length) check/.test(failure.message);
  return new Damage(`the gzip data is broken (${failure.message})`, wrongSum);
}

/** Unpacks frame after frame; what came before damage is handed over first. */
async function* unzstd(raw: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  await loadZstd();
  const stream = new ZstdStream();
  try {
    for await (const piece of raw) yield* stream.decode(piece);
    if (!stream.complete) throw new Damage('the zstd data breaks off', false);
  } catch (error) {
    throw error instanceof ZstdError ? new Damage(error.message, error.all) : error;
  } finally {
    stream.free();
  }
}
