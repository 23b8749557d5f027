/** The moment up to which a database shows its rows. */

const CLOCK_DIFFERENCE_MS = 2_000;

export interface Snapshot {
  /** Epoch milliseconds: what was committed and dated before it can be seen. */
  readonly readAt: number;
  /** What a reader must know about the moment, in sentences. */
  readonly notes: readonly string[];
}

/** @param difference milliseconds that the database's clock is ahead of this machine's */
export function clockNotes(difference: number): string[] {
  if (Math.abs(difference) <= CLOCK_DIFFERENCE_MS) return [];
  const seconds = (Math.abs(difference) / 1000).toFixed(1);
  return [`the database's clock is ${seconds} s ${difference > 0 ? 'ahead of' : 'behind'} this machine's`];
}
