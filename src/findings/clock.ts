/** What effects that are dated before their messages say of a source's clock. */
import type { PairLatency } from '../model.ts';
import { counted, duration } from '../words.ts';

/** With fewer pairs, a few odd effects would be the majority. */
const ENOUGH = 20;

/** Logs and tables keep whole seconds: up to that much an effect may seem to be early. */
const RESOLUTION = 1000;

/**
 * By how much the source's clock is behind Kafka's at least, as a negative number of milliseconds; undefined: nothing
 * is proven. An effect follows its message, so that one dated before it shows how far the clock is behind. A clock that is
 * ahead only makes everything seem slower, and is never told. The lowest percent are left out: they may be of others.
 */
export function clockOffset(pairs: PairLatency | undefined): number | undefined {
  if (pairs === undefined || pairs.pairs < ENOUGH || pairs.p50 > -RESOLUTION) return undefined;
  return pairs.p01 + RESOLUTION;
}

/** Undefined: effects follow their messages. */
export function clockNote(latency: PairLatency | undefined): string | undefined {
  if (latency === undefined || latency.pairs < ENOUGH || latency.p01 > -RESOLUTION) return undefined;
  const { pairs, p01, p50, lead } = latency;
  const reach =
    -p01 > lead
      ? `lead (${duration(lead)}) does not reach that far: widen it to ${duration(-p01)} or more`
      : `lead (${duration(lead)}) reaches that far`;
  const offset = clockOffset(latency);
  const of = `of ${counted(pairs, 'message')} with one effect`;
  if (offset === undefined) {
    return `1% ${of} have it ${duration(-p01)} or more before them: clocks differ, or it happens before the message is produced; ${reach}`;
  }
  return `its clock is at least ${duration(-offset)} behind Kafka's, or effects happen before their message is produced: half ${of} have it ${duration(-p50)} or more before them; ${reach}`;
}
