/**
 * The judgement (DESIGN section 4) as SQL over what was seen: plain statements, the same text on DuckDB and on Spark.
 *
 * It reads the views `messages` and `effects` and the small tables `kinds`, `gaps`, `holes`, `read_offsets` and
 * `audit_time`, and leaves the tables `facts`, one short line for each key, `judged`, one line for each (event, kind) of
 * the keys that are not plainly as expected (`odd_keys`), `contested_groups` and `orphans`. Configured names and values never stand in the text: kinds go by number.
 *
 * Time is BIGINT microseconds (`_us`), but milliseconds where a column is called `_ts` and belongs to a message.
 * An absent bound is FAR_PAST or FAR_FUTURE, so that no comparison meets a NULL.
 *
 *   sightings ──▶ facts ──▶ odd_keys ──▶ events, windows ──▶ walk: whose effect ──▶ interval, trade, verdict ──▶ judged
 *                                                                                └─▶ orphans                        └─▶ groups
 */
import { eventStatements } from './events.ts';
import { groupStatements } from './groups.ts';
import { orphanStatement } from './orphans.ts';
import type { Shape, Statement } from './statement.ts';
import { verdictStatements } from './verdicts.ts';
import { walkStatements } from './walk.ts';

/** The full rules, for the keys in `odd_keys`. */
export function judgeStatements(shape: Shape): readonly Statement[] {
  return [
    ...eventStatements(shape),
    ...walkStatements(shape),
    ...verdictStatements(),
    ...groupStatements(),
    orphanStatement(shape),
  ];
}
