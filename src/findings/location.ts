/** Where an effect was seen, for a person who wants to look: file and line, partition and offset, or table and row. */
import type { AuditRecord, Orphan } from '../model.ts';

export function locationOf(
  record: AuditRecord,
  effect: Pick<Orphan, 'entry' | 'place' | 'line' | 'id'>,
): string {
  const place = record.coverage[effect.entry]!.places[effect.place] ?? '';
  // The place of messages: `invoices/3@`, behind which the offset stands, also 0.
  if (place.endsWith('@')) return `${place}${effect.line}`;
  return effect.line > 0n ? `${place}:${effect.line}` : `${place} ${effect.id}`;
}
