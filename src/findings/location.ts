/** Where an effect was seen, for a person who wants to look: a file and its line, or a table and the row's id. */
import type { AuditRecord, Orphan } from '../model.ts';

export function locationOf(
  record: AuditRecord,
  effect: Pick<Orphan, 'entry' | 'place' | 'line' | 'id'>,
): string {
  const place = record.coverage[effect.entry]!.places[effect.place] ?? '';
  return effect.line > 0n ? `${place}:${effect.line}` : `${place} ${effect.id}`;
}
