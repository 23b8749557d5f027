/** What the rows that were read prove about the time they cover, and what a reader must be told about them. */
import type { Coverage } from '../../model.ts';
import type { EffectRows } from './rows.ts';
import type { Snapshot } from './snapshot.ts';
import type { RowTable } from './table.ts';

/** Columns of this name usually move when a row is changed. */
const CHANGES = /(^|_)(updated|modified|changed|last_?(update|modif|change|edit)\w*)(_|$|at$|on$|time$)/i;

/**
 * @param place the database for the report, such as `postgres db:5432/shop`
 * @param oldest epoch milliseconds of the oldest row of the kind that is known of; undefined: none with a time
 */
export function coverageOf(
  place: string,
  table: RowTable,
  rows: EffectRows,
  snapshot: Snapshot,
  oldest: number | undefined,
): Coverage {
  const span = spanOf(table, rows.effects, snapshot.readAt, oldest);
  return {
    kind: table.kind,
    source: `${place} ${table.shown}`,
    places: [table.shown],
    ...(span === undefined ? {} : { span }),
    gaps: rows.gaps(),
    readAt: snapshot.readAt,
    read: rows.read,
    effects: rows.effects,
    distinct: true,
    excluded: excludedOf(table, rows),
    unreadable: rows.unreadable,
    samples: rows.samples,
    notes: [
      ...snapshot.notes,
      ...table.notes,
      ...(table.looseId === undefined ? [] : [table.looseId]),
      ...notesOf(table, rows),
    ],
    ...(table.blind === undefined ? {} : { blind: table.blind }),
  };
}

function excludedOf(table: RowTable, rows: EffectRows): Record<string, number> {
  return {
    ...(table.settings.only.length === 0 ? {} : { only: rows.failedOnly }),
    ...(table.topic === undefined ? {} : { 'other topic': rows.otherTopic }),
  };
}

/** DESIGN rule 10: up to the snapshot, from the oldest row on; what `covers` declares goes before what rows show. */
export function spanOf(
  table: RowTable,
  effects: number,
  readAt: number,
  oldest: number | undefined,
): Coverage['span'] {
  const { covers } = table.settings;
  const shows = table.at === undefined ? effects > 0 : oldest !== undefined;
  if (covers === undefined && (!shows || table.hides !== undefined)) return undefined;
  const from = covers?.from ?? oldest;
  const to = Math.min(readAt, covers?.to ?? readAt);
  if (from !== undefined && from > to) return undefined;
  // A beginning that was declared says that there is nothing before it; the oldest row says only that it is the oldest.
  const edge = covers?.from === undefined ? 'row' : 'line';
  return { ...(from === undefined ? {} : { from }), to, edge };
}

function notesOf(table: RowTable, rows: EffectRows): string[] {
  return [...timeNotes(table, rows), ...countNotes(table, rows), ...hidingNotes(table)];
}

function timeNotes(table: RowTable, rows: EffectRows): string[] {
  const { at, shown } = table;
  if (at === undefined) {
    return [
      `the rows of ${shown} have no time (no \`at\`): all were read, and one that was deleted looks as if it had never been`,
    ];
  }
  const notes: string[] = [];
  if (at.movedBy !== undefined)
    notes.push(`${at.movedBy} sets ${at.shown} when a row is changed: an update moves the effect`);
  else if (CHANGES.test(at.name))
    notes.push(`${at.shown} looks like the time of the last change: an update moves the effect`);
  if (rows.timeless > 0) notes.push(`rows without a readable time in ${at.shown}: ${rows.timeless}`);
  return notes;
}

function countNotes(table: RowTable, rows: EffectRows): string[] {
  const keys = table.key.map((column) => column.shown).join(', ');
  const ids = table.id.map((column) => column.shown).join(', ');
  const notes: string[] = [];
  if (rows.keyless > 0) notes.push(`rows without a readable key in ${keys}: ${rows.keyless}`);
  if (rows.idless > 0) notes.push(`rows without an id in ${ids}: ${rows.idless}, each an effect of its own`);
  return notes;
}

function hidingNotes({ hides, settings }: RowTable): string[] {
  if (hides === undefined) return [];
  const proof = settings.covers === undefined ? 'no zero is claimed' : '`covers` is taken at its word';
  return [`${hides}: ${proof}`];
}
