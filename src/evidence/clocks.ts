/** How the clock of each source stands to Kafka's, as far as pairs of one message and one effect show it. */
import type { PairLatency, Settings } from '../model.ts';
import type { Engine } from './engine.ts';

/**
 * Effect minus message, of every key that has one message and one effect, whatever was judged of it: where a clock is
 * wrong by more than a window is long, nothing is plainly as expected any more.
 */
export async function readPairLatencies(
  engine: Engine,
  { kinds, entries }: Settings,
): Promise<readonly PairLatency[]> {
  const found: PairLatency[] = [];
  for (const [kind, { lead }] of kinds.entries()) {
    const ofKind = entries.flatMap((entry, number) => (entry.kind === kind ? [number] : []));
    const entry = ofKind.length > 1 ? `a.entry_${kind}` : String(ofKind[0]);
    const rows =
      await engine.rows(`SELECT ${entry} AS entry_no, count(*), quantile_disc(CAST(a.latency_${kind} AS BIGINT), 0.01),
        quantile_disc(CAST(a.latency_${kind} AS BIGINT), 0.5)
      FROM facts AS a WHERE a.copies = 1 AND a.seen_${kind} = 1 AND a.latency_${kind} IS NOT NULL GROUP BY 1`);
    for (const row of rows) {
      const [entryNo, pairs, p01, p50] = row.map(Number) as [number, number, number, number];
      found.push({ entry: entryNo, pairs, p01, p50, lead });
    }
  }
  return found.sort((a, b) => a.entry - b.entry);
}
