/** Times the stages of an audit and watches how much memory each takes at its peak. */
import type { Stage } from '../model.ts';

/** Often enough to see a peak, rarely enough to cost nothing. */
const SAMPLE_MS = 25;

export class Stages {
  readonly #done: Stage[] = [];
  readonly #onEnd: () => void;

  /** @param onEnd called when a stage is over, however it ended */
  constructor(onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
  }

  /** Runs one stage; `counted` says afterwards how much it did. */
  async run<T>(name: string, work: () => Promise<T>, counted?: (result: T) => number): Promise<T> {
    const started = performance.now();
    let peakBytes = process.memoryUsage.rss();
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    }, SAMPLE_MS);
    try {
      const result = await work();
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
      const ms = Math.round(performance.now() - started);
      this.#done.push({ name, ms, peakBytes, ...(counted && { done: counted(result) }) });
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
