/** Reads the dump of a table for one effect kind: from CSV files to effects, and to what the rows prove. */
import { NO_TIME } from '../../columns.ts';
import type { Coverage, EffectBatch, EffectEntry, LogSettings, SourceHooks } from '../../model.ts';
import { Damage, type Reading, readBytes, readingOf, type SourceFile } from '../bytes.ts';
import { compileTest, type Passes } from '../conditions.ts';
import { exactText, KeyMaker } from '../keys.ts';
import { zoneNeeded } from './clock.ts';
import { type Columns, columnsOf, keyValue, textOf } from './columns.ts';
import { Sight } from './coverage.ts';
import { splitLines } from './lines.ts';
import { type CsvRecord, CsvRecords } from './records.ts';
import { EffectRows, isWantedAt, type Wanted } from './rows.ts';
import { type Stamp, wholeStamp } from './stamps.ts';
import { lookUp, withoutTwins } from './survey.ts';
import { Trail } from './trail.ts';
import { Zone } from './zones.ts';

export type DumpEntry = EffectEntry<LogSettings>;

/**
 * Whether the files can be read and have the columns that are asked for.
 * @throws AuditError
 */
export async function checkDump(
  entry: DumpEntry,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (entry.source.zone !== undefined) new Zone(entry.source.zone);
  for (const file of await lookUp(paths)) {
    columnsOf(await headerOf(file, signal), file.label, entry.source);
  }
}

/**
 * Hands over the rows that pass `only` and are wanted by their time; without a time, all that pass, with NO_TIME. A
 * second look hands over no row without a time, and those that may have had two at the one for which they were left out.
 * @throws AuditError 2: a time needs a zone and none is configured; 4: a file cannot be read, or lacks a column
 */
export async function gatherDump(
  entry: DumpEntry,
  paths: readonly string[],
  wanted: Wanted,
  hooks: SourceHooks,
  take: (batch: EffectBatch) => Promise<void> | void,
): Promise<Coverage> {
  const readAt = Date.now();
  const all = await lookUp(paths);
  const sight = new Sight(entry.source.gap);
  const { files, notes } = await withoutTwins(all, hooks.signal);
  for (const note of notes) sight.note(note);
  const rows = new EffectRows(take, wanted.keys);
  const dump = new Dump(entry.source, wanted, sight, rows);
  const reading = readingOf(entry.name, files, hooks);
  for (const file of files) await dump.read(file, reading);
  await rows.end();
  dump.end();
  return sight.coverage(entry, all, readAt);
}

async function headerOf(file: SourceFile, signal: AbortSignal): Promise<CsvRecord | undefined> {
  for await (const records of recordsOf(file, { signal })) return records[0];
  return undefined;
}

/** Records in portions: one for each piece of the file that is in memory. */
async function* recordsOf(file: SourceFile, reading: Reading): AsyncGenerator<CsvRecord[]> {
  const records = new CsvRecords();
  for await (const lines of splitLines(readBytes(file, reading), true)) {
    const complete = [...records.add(lines)];
    if (complete.length > 0) yield complete;
  }
  const rest = [...records.end()];
  if (rest.length > 0) yield rest;
}

class Dump {
  readonly #settings: LogSettings;
  readonly #wanted: Wanted;
  readonly #sight: Sight;
  readonly #rows: EffectRows;
  readonly #zone: Zone | undefined;
  readonly #maker: KeyMaker;
  readonly #tests: readonly Passes[];
  readonly #order = new Order();
  readonly #trail: Trail;
  #keyless = 0;
  /** Whether the row at hand has a wall-clock time that may be either of two. */
  #doubtful = false;
  #idless = 0;

  constructor(settings: LogSettings, wanted: Wanted, sight: Sight, rows: EffectRows) {
    this.#settings = settings;
    this.#wanted = wanted;
    this.#sight = sight;
    this.#rows = rows;
    this.#trail = new Trail(sight);
    this.#zone = settings.zone === undefined ? undefined : new Zone(settings.zone);
    this.#maker = new KeyMaker(settings.key);
    this.#tests = settings.only.map(({ test }) => compileTest(test));
  }

  async read(file: SourceFile, reading: Reading): Promise<void> {
    let columns: Columns | undefined;
    this.#trail.begin();
    try {
      for await (const records of recordsOf(file, reading)) {
        if (columns === undefined) columns = columnsOf(records.shift(), file.label, this.#settings);
        for (const record of records) this.#row(record, columns, file);
        await this.#rows.flush();
      }
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      this.#trail.damaged(file.label, error);
      if (columns === undefined) return;
    }
    if (columns === undefined) columnsOf(undefined, file.label, this.#settings);
  }

  /** After the last file. */
  end(): void {
    this.#trail.end();
    this.#sight.blur(this.#order.disorder);
    if (this.#settings.at === undefined)
      this.#sight.note(
        'the rows have no time (no `at`): they show nothing about the time they cover, only `covers` does',
      );
    if (this.#keyless > 0) {
      const names = this.#settings.key.map(({ name }) => name).join(', ');
      this.#sight.note(`rows without a readable key in ${names}: ${this.#keyless}`);
    }
    if (this.#idless > 0)
      this.#sight.note(`rows without ${this.#settings.id}: ${this.#idless}, each an effect of its own`);
  }

  #row(record: CsvRecord, columns: Columns, file: SourceFile): void {
    this.#sight.read++;
    const { fields, line } = record;
    if (fields?.length !== columns.count) {
      this.#trail.unreadable(file.label, line, record.text);
      return;
    }
    const passes = columns.only.every((column, i) => this.#tests[i]!(filled(fields[column]!)));
    this.#doubtful = false;
    const time = columns.at === undefined ? undefined : this.#time(fields[columns.at]!, file, line);
    if (columns.at !== undefined && time !== undefined) this.#dated(time, file, line);
    if (!passes) this.#sight.exclude('only');
    else if (columns.at !== undefined && time === undefined && fields[columns.at] !== '')
      this.#trail.unreadable(file.label, line, record.text);
    else if (this.#outOfTime(time)) this.#sight.exclude('out-of-time');
    else
      this.#add(fields, columns, this.#doubtful && this.#wanted.keys === undefined ? undefined : time, {
        label: file.label,
        place: file.place,
        line,
      });
  }

  #add(
    fields: readonly string[],
    columns: Columns,
    time: number | undefined,
    where: { readonly label: string; readonly place: number; readonly line: number },
  ): void {
    const key = this.#maker.make(columns.key.map((column) => keyValue(fields[column]!)));
    if (key === undefined) this.#keyless++;
    let id = columns.id === undefined ? '' : exactText(keyValue(fields[columns.id]!));
    if (columns.id !== undefined && id === '') this.#idless++;
    if (id === '') id = `${where.label}:${where.line}`;
    this.#rows.add(key ?? '', id, time === undefined ? NO_TIME : BigInt(time), where);
    this.#sight.effects++;
  }

  #outOfTime(time: number | undefined): boolean {
    return time === undefined ? this.#wanted.keys !== undefined : !isWantedAt(time, this.#wanted);
  }

  /** Epoch microseconds; undefined: the cell holds no time. */
  #time(cell: string, file: SourceFile, line: number): number | undefined {
    const stamp = wholeStamp(cell);
    if (stamp === undefined || stamp.form === 'yearless') return undefined;
    return stamp.form === 'moment' ? stamp.at : this.#onWall(stamp, cell, file, line);
  }

  /**
   * Rows come in no order that could tell the two hours apart when the clock is put back: either hour would be a claim,
   * so such a row has no time, and the hours are a hole.
   */
  #onWall(stamp: Extract<Stamp, { form: 'wall' }>, cell: string, file: SourceFile, line: number): number {
    if (this.#zone === undefined) throw zoneNeeded(`${file.label} line ${line}, ${this.#settings.at}`);
    const { at, or, never } = this.#zone.moment(stamp.wall);
    this.#doubtful = or !== undefined;
    if (or !== undefined) {
      const often = never ? 'never' : 'twice';
      this.#sight.hole(
        at,
        or,
        'unreadable',
        `${file.label} line ${line}: ${this.#zone.name} had ${cell} ${often}`,
      );
    }
    return at;
  }

  #dated(time: number, file: SourceFile, line: number): void {
    this.#trail.readable(time, file.label, line);
    this.#order.add(time);
  }
}

/** How far rows are from being sorted by time, one way or the other: so much less do the neighbours of one tell. */
class Order {
  #highest = Number.NEGATIVE_INFINITY;
  #lowest = Number.POSITIVE_INFINITY;
  #back = 0;
  #forth = 0;

  add(time: number): void {
    if (time > this.#highest) this.#highest = time;
    if (time < this.#lowest) this.#lowest = time;
    this.#back = Math.max(this.#back, this.#highest - time);
    this.#forth = Math.max(this.#forth, time - this.#lowest);
  }

  /** Microseconds. */
  get disorder(): number {
    return Math.min(this.#back, this.#forth);
  }
}

/** An empty cell is an absent one. */
function filled(cell: string): string | undefined {
  return cell === '' ? undefined : textOf(cell);
}
