/** Times the stages of an audit and watches how much memory, and how much disk beside it, each takes at its peak. */
import type { Stage } from '../model.ts';

/** Often enough to see a peak, rarely enough to cost nothing. */
const SAMPLE_MS = 25;

export class Stages {
  readonly #done: Stage[] = [];
  readonly #onEnd: () => void;
  #spilled: () => number = () => 0;

  /** @param onEnd called when a stage is over, however it ended */
  constructor(onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
  }

  /** @param spilled how many bytes lie on disk just now because they did not fit into memory */
  watchSpill(spilled: () => number): void {
    this.#spilled = spilled;
  }

  /** Runs one stage; `counted` says afterwards how much it did. */
  async run<T>(name: string, work: () => Promise<T>, counted?: (result: T) => number): Promise<T> {
    const started = performance.now();
    const peak = { peakBytes: 0, spilledBytes: 0 };
    const look = (): void => {
      peak.peakBytes = Math.max(peak.peakBytes, process.memoryUsage.rss());
      peak.spilledBytes = Math.max(peak.spilledBytes, this.#spilled());
    };
    look();
    const watch = setInterval(look, SAMPLE_MS);
    try {
      const result = await work();
      look();
      const ms = Math.round(performance.now() - started);
      this.#done.push({ name, ms, ...peak, ...(counted && { done: counted(result) }) });
      return result;
    } finally {
      clearInterval(watch);
      this.#onEnd();
    }
  }

  list(): readonly Stage[] {
    return [...this.#done];
  }
}
