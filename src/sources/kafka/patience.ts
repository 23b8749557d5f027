/** How long something that may pass is tried again, and how a wait ends when the user interrupts. */
import { AuditError } from '../../error.ts';
import { counted, duration } from '../../words.ts';
import { PassingError } from './failures.ts';

/** A broker that is restarted is away for 30 to 60 s, and a lone one has nobody to take over. */
export const PATIENCE_MS = 120_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** Bounds the time in which one thing fails again and again. */
export class Patience {
  readonly #what: string;
  readonly #longest: number;
  #failures = 0;
  /** When the first of these failures was, in epoch milliseconds. */
  #since = 0;

  /**
   * @param what is being tried, as the beginning of a sentence
   * @param longest milliseconds from the first failure in a row to the last try. One try may take long by itself: kafkajs
   *   looks for all brokers again, or waits for an answer for 30 s
   */
  constructor(what: string, longest = PATIENCE_MS) {
    this.#what = what;
    this.#longest = longest;
  }

  /**
   * Takes a failure. @returns how many milliseconds to wait before the next try
   * @throws the error itself where it will not pass; AuditError(4) with the last cause when it was tried for long enough
   */
  failed(error: unknown): number {
    if (!(error instanceof PassingError)) throw error;
    if (this.#failures++ === 0) this.#since = Date.now();
    const passed = Date.now() - this.#since;
    if (passed >= this.#longest) {
      const tried = `${counted(this.#failures, 'try', 'tries')} in ${duration(passed)}`;
      throw new AuditError(4, `${this.#what}: given up after ${tried}. ${error.message}`, {
        hint: 'Nothing was changed; run the audit again when Kafka answers. How long to wait for that: messages.kafka.patience.',
        cause: error,
      });
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    // The last try is when all is over.
    return Math.min(pause * (0.75 + Math.random() / 2), this.#longest - passed);
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
