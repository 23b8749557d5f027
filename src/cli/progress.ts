/** Shows on stderr how far an audit is: one line that rewrites itself on a terminal, a plain line now and then elsewhere. */
import type { WriteStream } from 'node:tty';
import type { Progress } from '../model.ts';
import { barLine, plainLine, type Speed } from './progress-line.ts';

const REWRITE_MS = 100;
const PLAIN_MS = 5000;
/** Speed is that of so long back: an average since the beginning would not notice a server that has become slow. */
const WINDOW_MS = 10_000;
/** Less says nothing of a speed. */
const LEAST_MS = 500;

interface Sample {
  readonly at: number;
  readonly done: number;
  readonly bytes: number | undefined;
}

export class ProgressDisplay {
  readonly #stream: WriteStream;
  readonly #quiet: boolean;
  readonly #env: NodeJS.ProcessEnv;
  #progress: Progress | undefined;
  #samples: Sample[] = [];
  #shown = 0;
  /** Characters of the line that stands there to be rewritten. */
  #open = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: WriteStream, quiet: boolean, env: NodeJS.ProcessEnv = process.env) {
    this.#stream = stream;
    this.#quiet = quiet;
    this.#env = env;
  }

  readonly update = (progress: Progress): void => {
    if (this.#quiet) return;
    if (progress.stage !== this.#progress?.stage) this.#begin(progress);
    this.#progress = progress;
    this.#show();
    // Nothing new is news too: the speed sinks.
    this.#timer ??= setInterval(() => this.#show(), this.#interval).unref();
  };

  /** A line that stays. */
  say(line: string): void {
    if (this.#quiet) return;
    this.clear();
    this.#stream.write(`${line}\n`);
  }

  /** Takes the rewriting line away, so that something else can be printed, until the next update. */
  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stream.write(this.#erasure());
    this.#open = 0;
  }

  get #interval(): number {
    return this.#stream.isTTY ? REWRITE_MS : PLAIN_MS;
  }

  get #isDumb(): boolean {
    return this.#env.TERM === 'dumb';
  }

  #begin({ done, bytes }: Progress): void {
    const now = performance.now();
    this.#samples = [{ at: now, done, bytes }];
    this.#shown = this.#stream.isTTY ? Number.NEGATIVE_INFINITY : now;
  }

  #show(): void {
    const progress = this.#progress!;
    const now = performance.now();
    if (now - this.#shown < this.#interval - 1) return;
    this.#shown = now;
    const speed = this.#speed(progress, now);
    if (!this.#stream.isTTY) {
      this.#stream.write(`${plainLine(progress, speed)}\n`);
      return;
    }
    const columns = this.#columns;
    const color = !this.#env.NO_COLOR && !this.#isDumb;
    const line = barLine(progress, speed, { columns, blocks: showsBlocks(this.#env), color });
    this.#stream.write(`${this.#erasure()}${line}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours take no room
    this.#open = line.replace(/\x1b\[\d*m/g, '').length;
  }

  #speed({ done, bytes }: Progress, now: number): Speed {
    this.#samples.push({ at: now, done, bytes });
    while (now - this.#samples[1]!.at > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    const seconds = (now - first.at) / 1000;
    if (seconds * 1000 < LEAST_MS) return {};
    const bytesPerSecond =
      bytes === undefined || first.bytes === undefined ? undefined : (bytes - first.bytes) / seconds;
    return {
      perSecond: (done - first.done) / seconds,
      ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    };
  }

  get #columns(): number {
    return this.#stream.columns || 80;
  }

  /** What takes the line away. In a terminal that was made narrower meanwhile, it stands in several. */
  #erasure(): string {
    if (this.#open === 0) return '';
    if (this.#isDumb) return `\r${' '.repeat(this.#open)}\r`;
    const above = Math.ceil(this.#open / this.#columns) - 1;
    return `${above > 0 ? `\x1b[${above}A` : ''}\r\x1b[J`;
  }
}

/** Whether the terminal shows what is beyond ASCII; the console of Linux has no font for it. */
function showsBlocks({ TERM, LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return TERM !== 'dumb' && TERM !== 'linux' && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
