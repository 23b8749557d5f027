/** Shows on stderr how far an audit is: one line that rewrites itself on a terminal, a plain line now and then elsewhere. */
import type { WriteStream } from 'node:tty';
import type { Progress } from '../model.ts';
import { duration, grouped } from '../words.ts';

const REWRITE_MS = 100;
const PLAIN_MS = 5000;

export class ProgressDisplay {
  readonly #stream: WriteStream;
  readonly #quiet: boolean;
  #stage = '';
  #stageStarted = 0;
  #shown = 0;
  #open = false;

  constructor(stream: WriteStream, quiet: boolean) {
    this.#stream = stream;
    this.#quiet = quiet;
  }

  readonly update = (progress: Progress): void => {
    if (this.#quiet) return;
    const now = performance.now();
    if (progress.stage !== this.#stage) {
      this.#stage = progress.stage;
      this.#stageStarted = now;
      this.#shown = this.#stream.isTTY ? 0 : now;
    }
    if (now - this.#shown < (this.#stream.isTTY ? REWRITE_MS : PLAIN_MS)) return;
    this.#shown = now;
    this.#write(describe(progress, now - this.#stageStarted));
  };

  /** A line that stays. */
  say(line: string): void {
    if (this.#quiet) return;
    this.clear();
    this.#stream.write(`${line}\n`);
  }

  /** Takes the rewriting line away, so that something else can be printed. */
  clear(): void {
    if (this.#open) this.#stream.write('\r\x1b[K');
    this.#open = false;
  }

  #write(line: string): void {
    if (!this.#stream.isTTY) this.#stream.write(`${line}\n`);
    else {
      this.#stream.write(`\r\x1b[K${line.slice(0, Math.max(20, this.#stream.columns - 1))}`);
      this.#open = true;
    }
  }
}

function describe({ stage, done, total, unit }: Progress, ms: number): string {
  const rate = ms < 500 ? '' : `  ${grouped(Math.round((done * 1000) / ms))} ${unit}/s`;
  if (total === undefined || total === 0) return `${stage}  ${grouped(done)} ${unit}${rate}`;
  const share = Math.min(1, done / total);
  const left = ms < 500 || done === 0 ? '' : `  ${duration((ms * (1 - share)) / share)} left`;
  return `${stage}  ${Math.floor(share * 100)}%  ${grouped(done)} of ${grouped(total)} ${unit}${rate}${left}`;
}
