/** How fast a replay may read: bytes and messages per second, each from a bucket of its own. */
import type { MaxRate } from '../../model.ts';
import { pause } from './patience.ts';

/** How much of a second may come at once: small enough to look steady. */
const BURST_SECONDS = 0.25;
/** Less would be mostly overhead. */
const LEAST_FETCH_BYTES = 1 << 14;
/** Who waits long looks up now and then. */
const MEANWHILE_MS = 1000;

/** Tokens that come in steadily; more may be taken than there are, and are waited for. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #at = performance.now();

  /** @param most how many may gather */
  constructor(perSecond: number, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#tokens = most;
  }

  /** @returns milliseconds to wait before what was taken may be used */
  take(tokens: number): number {
    const now = performance.now();
    const fresh = ((now - this.#at) / 1000) * this.#perSecond;
    this.#at = now;
    this.#tokens = Math.min(this.#tokens + fresh, this.#most) - tokens;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }

  /** Gives back what was not used; a negative number takes what was used beyond. */
  giveBack(tokens: number): void {
    this.#tokens += tokens;
  }
}

/** Waits end with the signal's reason when it is aborted. */
export class Pace {
  readonly #bytes: TokenBucket | undefined;
  readonly #messages: TokenBucket | undefined;
  readonly #signal: AbortSignal;
  /** The most that all fetches together should ask for. */
  readonly #fetchBytes: number;

  constructor({ bytes, messages }: MaxRate, signal: AbortSignal) {
    const burst = (bytes ?? Number.POSITIVE_INFINITY) * BURST_SECONDS;
    this.#fetchBytes = Math.max(LEAST_FETCH_BYTES, burst);
    this.#bytes = bytes === undefined ? undefined : new TokenBucket(bytes, this.#fetchBytes);
    this.#messages = messages === undefined ? undefined : new TokenBucket(messages, messages * BURST_SECONDS);
    this.#signal = signal;
  }

  /** The most that a fetch should ask for, where so many servers are asked at once: what is asked for is waited for. */
  fetchBytes(servers: number): number {
    return Math.max(LEAST_FETCH_BYTES, Math.floor(this.#fetchBytes / servers));
  }

  /** Waits until so many bytes may be asked for. */
  async toFetch(bytes: number): Promise<void> {
    const wait = this.#bytes?.take(bytes) ?? 0;
    if (wait > 0) await pause(wait, this.#signal);
  }

  /** Settles what was asked for against what came. */
  fetched(asked: number, came: number): void {
    this.#bytes?.giveBack(asked - came);
  }

  /** Waits until so many messages may be told, and does `meanwhile` about every second; undefined: nothing to wait for. */
  toTell(messages: number, meanwhile: () => Promise<void>): Promise<void> | undefined {
    const wait = this.#messages?.take(messages) ?? 0;
    return wait > 0 ? this.#waitFor(wait, meanwhile) : undefined;
  }

  async #waitFor(wait: number, meanwhile: () => Promise<void>): Promise<void> {
    const until = performance.now() + wait;
    for (let left = wait; left > 0; left = until - performance.now()) {
      await pause(Math.min(left, MEANWHILE_MS), this.#signal);
      await meanwhile();
    }
  }
}
