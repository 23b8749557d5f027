/** Writes records as a capture, packed on the way; what is not finished leaves nothing behind. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { AuditError } from '../../error.ts';
import type { MessageHole } from '../../model.ts';
import type { RecordView } from '../messages/record.ts';
import {
  endLine,
  headerLine,
  messageLine,
  type WrittenEnd,
  type WrittenHeader,
  withoutLine,
} from './written.ts';

/** Text that waits to be written; more than this, and the reading rests. */
const WAITING = 1 << 20;
/** Twice as fast as the default, and a tenth larger. */
const LEVEL = 3;

export interface CaptureTarget {
  readonly path: string;
  /** Whether a file that is there may be replaced. */
  readonly force: boolean;
}

/** Takes what a replay tells (a RecordSink of the Kafka source), line by line. */
export class CaptureWriter {
  readonly needsHeaders = true;
  readonly #target: CaptureTarget;
  readonly #topic: string;
  readonly #aside: string;
  readonly #file: Writable;
  readonly #out: Writable;
  readonly #sha256 = createHash('sha256');
  #waiting: string[] = [];
  #waitingLength = 0;
  #lines = 0;
  #messages = 0;
  /** A file that fails never drains what is piped into it, but it closes. */
  readonly #closed: Promise<unknown>;
  #failure: NodeJS.ErrnoException | undefined;

  /** @throws AuditError 2 where the name cannot be used or a file of that name is there, 4 where none can be made */
  constructor(topic: string, target: CaptureTarget) {
    checkTarget(target);
    this.#topic = JSON.stringify(topic);
    this.#target = target;
    this.#aside = join(dirname(target.path), `.${basename(target.path)}-${randomBytes(4).toString('hex')}`);
    this.#file = createWriteStream(this.#aside, { fd: this.#create(), flush: true });
    this.#out = this.#file;
    if (target.path.endsWith('.gz')) {
      const gzip = createGzip({ level: LEVEL });
      gzip.pipe(this.#file);
      this.#out = gzip;
    }
    this.#file.on('error', (error) => {
      this.#failure = error;
    });
    this.#closed = new Promise((resolve) => this.#file.once('close', resolve));
  }

  begin(header: WrittenHeader): void {
    this.#push(headerLine(header));
  }

  add(record: RecordView): 'audited' | 'aborted' {
    this.#push(messageLine(this.#topic, record));
    this.#messages++;
    return record.aborted ? 'aborted' : 'audited';
  }

  readonly passed = (partition: number, first: number, end: number, as: MessageHole['class'] | 'control') => {
    if (as === 'unseen') throw new Error('nothing is unseen to a replay');
    this.#push(withoutLine(this.#topic, partition, first, { class: as, end }));
  };

  get full(): boolean {
    return this.#waitingLength > WAITING;
  }

  /** @throws AuditError (4) where the file cannot be written */
  async flush(): Promise<void> {
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#refuseFailure();
    if (bytes.length === 0) return;
    this.#sha256.update(bytes);
    if (!this.#out.write(bytes)) {
      await Promise.race([once(this.#out, 'drain').catch(() => {}), this.#closed]);
    }
    this.#refuseFailure();
  }

  /** Proves the capture whole and gives it its name. @returns what its last line says */
  async finish(): Promise<WrittenEnd> {
    await this.flush();
    const end = { messages: this.#messages, lines: this.#lines, sha256: this.#sha256.digest('hex') };
    this.#out.end(endLine(end));
    await finished(this.#file).catch(() => {});
    this.#refuseFailure();
    checkTarget(this.#target);
    renameSync(this.#aside, this.#target.path);
    return end;
  }

  /** Takes away what is not finished; nothing where it is. */
  discard(): void {
    this.#out.destroy();
    this.#file.destroy();
    rmSync(this.#aside, { force: true });
  }

  #push(line: string): void {
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    this.#lines++;
  }

  #create(): number {
    try {
      return openSync(this.#aside, 'wx', 0o600);
    } catch (cause) {
      throw this.#cannotWrite(cause as NodeJS.ErrnoException);
    }
  }

  #refuseFailure(): void {
    if (this.#failure !== undefined) throw this.#cannotWrite(this.#failure);
  }

  #cannotWrite(cause: NodeJS.ErrnoException): AuditError {
    return new AuditError(4, `${this.#target.path}: cannot be written (${cause.code ?? cause.message})`, {
      hint: 'Is there room, does the directory exist, and may it be written to?',
      cause,
    });
  }
}

function checkTarget({ path, force }: CaptureTarget): void {
  if (!/\.(?:gz|jsonl)$/.test(path)) {
    throw new AuditError(2, `${path}: a capture is written as .gz, or unpacked as .jsonl`, {
      hint: `Name it ${unpacked(basename(path))}.jsonl.gz, for instance.`,
    });
  }
  if (!force && existsSync(path)) {
    throw new AuditError(2, `${path} is there already`, {
      hint: 'Choose another name, or replace it with --force.',
    });
  }
}

/** A name without what it says of form and packing. */
function unpacked(name: string): string {
  return name.replace(/(?<=.)(?:\.(?:jsonl?|ndjson|zstd?|lz4|bz2|xz|zip))+$/i, '');
}
