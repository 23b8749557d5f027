/** Files that may be the standard input, which is copied aside: a log is read more than once. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isatty } from 'node:tty';
import { AuditError } from '../../error.ts';
import { expandFiles } from '../files.ts';

const STANDARD_INPUT = '-';
const DESCRIPTOR = 0;

export class InputFiles {
  readonly #patterns: readonly string[];
  readonly #signal: AbortSignal;
  /** Directory of the copy. */
  #aside: string | undefined;

  /** @param patterns paths and glob patterns; `-` is the standard input */
  constructor(patterns: readonly string[], signal: AbortSignal) {
    this.#patterns = patterns;
    this.#signal = signal;
  }

  /**
   * The files there are. The standard input is read to its end when this is first asked.
   * @throws AuditError 2: nobody writes to the standard input; 4 as {@link expandFiles}
   */
  async paths(): Promise<string[]> {
    const files = expandFiles(this.#patterns.filter((pattern) => pattern !== STANDARD_INPUT));
    return this.#patterns.includes(STANDARD_INPUT) ? [...files, await this.#copied()] : files;
  }

  /** Removes the copy. */
  async close(): Promise<void> {
    if (this.#aside !== undefined) await rm(this.#aside, { recursive: true, force: true });
  }

  async #copied(): Promise<string> {
    const isFirst = this.#aside === undefined;
    if (isFirst && isatty(DESCRIPTOR))
      throw new AuditError(2, 'files: - is the standard input, and nothing is piped into it', {
        hint: 'Such as: zcat access.log.*.gz | onceover audit onceover.yaml',
      });
    this.#aside ??= await mkdtemp(join(tmpdir(), 'onceover-input-'));
    const copy = join(this.#aside, 'standard-input');
    if (isFirst) await this.#copyTo(copy);
    return copy;
  }

  async #copyTo(copy: string): Promise<void> {
    const input = createReadStream('', { fd: DESCRIPTOR, autoClose: false });
    try {
      await pipeline(input, createWriteStream(copy, { mode: 0o600 }), { signal: this.#signal });
    } catch (cause) {
      this.#signal.throwIfAborted();
      const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new AuditError(4, `the standard input cannot be copied to ${copy} (${why})`, {
        hint: 'Is there room for it? TMPDIR says where else it may be put.',
        cause,
      });
    }
  }
}
