/** The CSV files of a report: their columns are the contract that reports/README.md explains. Alone knows csv-stringify. */
import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { LedgerLine, OrphanLine } from '../model.ts';
import { expectedText } from '../words.ts';

export const LEDGER_COLUMNS = [
  'topic',
  'partition',
  'offset',
  'timestamp',
  'key',
  'event_id',
  'copies',
  'effect_kind',
  'expected',
  'count',
  'most',
  'outcome',
  'verdict',
  'reason',
  'first_effect_at',
  'last_effect_at',
  'gap_ms',
  'effect_ids',
  'finding',
] as const;

export const ORPHAN_COLUMNS = [
  'effect_kind',
  'effect_id',
  'effect_at',
  'key',
  'reason',
  'source',
  'location',
] as const;

/** A cell: text is guarded against being read as a formula, a number is not. */
export type Cell = string | number | bigint | undefined;

/** What a ledger line needs from around it: the topic, and the names of the kinds by their number. */
export interface Names {
  readonly topic: string;
  readonly kinds: readonly string[];
}

export function ledgerCells(line: LedgerLine, names: Names): readonly Cell[] {
  const { firstEffectAt: first, lastEffectAt: last } = line;
  return [
    names.topic,
    line.partition,
    line.offset,
    line.timestamp < 0n ? undefined : isoOfMillis(line.timestamp),
    line.key,
    line.eventId,
    line.copies,
    names.kinds[line.kind],
    line.expected && expectedText(line.expected),
    line.count,
    line.most,
    line.outcome,
    line.verdict,
    line.reason,
    first === undefined ? undefined : isoOfMicros(first),
    last === undefined ? undefined : isoOfMicros(last),
    first === undefined || last === undefined ? undefined : Number((last - first) / 1000n),
    listText(line.effectIds),
    undefined,
  ];
}

export function orphanCells(orphan: OrphanLine): readonly Cell[] {
  return [orphan.kind, orphan.id, orphan.at, orphan.key, orphan.reason, orphan.source, orphan.location];
}

/** A list in one cell: items joined by spaces, with a space or `%` inside an item %-encoded. */
export function listText(items: readonly string[]): string {
  return items.map((item) => item.replaceAll('%', '%25').replaceAll(' ', '%20')).join(' ');
}

/**
 * RFC 4180 text of any length: a header line, then the rows, CRLF behind each. A text cell that a spreadsheet would
 * take for a formula (it begins with = + - @, a tab or a line end) gets an apostrophe in front, csv-stringify's guard.
 */
export function csvText(columns: readonly string[], rows: AsyncIterable<readonly Cell[]>): Readable {
  const stringifier = stringify({
    header: true,
    columns: [...columns],
    record_delimiter: '\r\n',
    escape_formulas: true,
    cast: { bigint: (value) => String(value) },
  });
  const source = Readable.from(rows);
  source.on('error', (error) => stringifier.destroy(error));
  return source.pipe(stringifier);
}

function isoOfMillis(ms: bigint): string {
  return new Date(Number(ms)).toISOString();
}

function isoOfMicros(us: bigint): string {
  const ms = us / 1000n;
  return isoOfMillis(us < 0n && us % 1000n !== 0n ? ms - 1n : ms);
}
