/** How often and how long something that may pass is tried again, and how a wait ends when the user interrupts. */
import { AuditError } from '../../error.ts';
import { PassingError } from './failures.ts';

// 0.1, 0.2, ... 3.2, 5 s: about 11 s in all, longer than a broker's session timeout of 9 s, after which others take over.
const TRIES = 8;
// One try may take long by itself: kafkajs looks for all brokers again, or waits for an answer for 30 s. With several
// brokers away, each of them costs that; so what has failed for so long gets no more than a few tries.
const LONG_MS = 30_000;
const TRIES_AFTER_LONG = 3;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** Counts failures in a row of one thing. */
export class Patience {
  readonly #what: string;
  #failures = 0;
  /** When the first of these failures was, in epoch milliseconds. */
  #since = 0;

  /** @param what is being tried, as the beginning of a sentence */
  constructor(what: string) {
    this.#what = what;
  }

  /**
   * Takes a failure. @returns how many milliseconds to wait before the next try
   * @throws the error itself where it will not pass; AuditError(4) with the last cause when it was tried often enough
   */
  failed(error: unknown): number {
    if (!(error instanceof PassingError)) throw error;
    if (this.#failures++ === 0) this.#since = Date.now();
    const most = Date.now() - this.#since >= LONG_MS ? TRIES_AFTER_LONG : TRIES;
    if (this.#failures >= most) {
      throw new AuditError(4, `${this.#what}: given up after ${this.#failures} tries. ${error.message}`, {
        hint: 'Nothing was changed; run the audit again when Kafka answers.',
        cause: error,
      });
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    return pause * (0.75 + Math.random() / 2);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}

/** @throws the signal's reason when it is aborted before the time is over */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await abortable(over, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a promise, but no longer than until the signal. @throws the signal's reason when it is aborted first */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
