/** Reads the logs or dumps of one effect kind: from files to effects, and to what their records prove. */
import { basename } from 'node:path';
import { NO_TIME } from '../../columns.ts';
import type { Coverage, EffectBatch, EffectEntry, LogSettings, SourceHooks } from '../../model.ts';
import { Damage, type Reading, readingOf, type SourceFile } from '../bytes.ts';
import { compileTest, type Passes } from '../conditions.ts';
import { exactText, KeyMaker, plainText } from '../keys.ts';
import { type Asked, askedOf, type Cell, type LogFormat, type LogRecord } from './asked.ts';
import { zoneNeeded } from './clock.ts';
import { Sight } from './coverage.ts';
import { byStart, type Ends, missingBefore, noteClock, noteYears, yearsOf } from './dating.ts';
import { LineIdentity } from './identity.ts';
import { jsonFormat } from './json-lines.ts';
import { type RotatedSet, rotatedSets, rotationOf } from './rotation.ts';
import { EffectRows, isWantedAt, type Wanted } from './rows.ts';
import type { Stamp } from './stamps.ts';
import { lookUp, withoutTwins } from './survey.ts';
import { csvFormat, tsvFormat } from './tables.ts';
import { TextFormat } from './text.ts';
import { LineTimes, RowTimes, stampReader, type Times } from './times.ts';
import { Trail } from './trail.ts';
import { Zone } from './zones.ts';

/** Records of each file that are looked at before anything is read. */
const CHECKED = 100_000;

export type LogEntry = EffectEntry<LogSettings>;

/**
 * Whether the files can be read, have the columns that are asked for, and a zone is there if their first times need one.
 * @throws AuditError
 */
export async function checkLog(
  entry: LogEntry,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { source } = entry;
  if (source.zone !== undefined) new Zone(source.zone);
  const asked = askedOf(source);
  const format = formatOf(asked, source);
  for (const file of await lookUp(paths)) {
    const first = await firstDated(file, format, asked, source, signal, CHECKED);
    const needed = source.zone === undefined && first !== undefined && first.stamp.form !== 'moment';
    if (needed) throw zoneNeeded(`${file.label} line ${first.line}, ${source.at}`);
  }
}

/**
 * Hands over the records that pass `only` and are wanted by their time; without a time, all that pass, with NO_TIME. A
 * second look hands over none without a time, and those that may have had two at the one for which they were left out.
 * @param topic of the messages: effects that carry the coordinates of other topics' messages are none
 * @throws AuditError 2: a time needs a zone and none is configured; 4: a file cannot be read, or lacks a column
 */
export async function gatherLog(
  entry: LogEntry,
  topic: string,
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
  const asked = askedOf(entry.source);
  const format = formatOf(asked, entry.source);
  if (format instanceof TextFormat) await format.learn(files, hooks.signal);
  const rows = new EffectRows(take, wanted.keys);
  const counter = new Counter({ settings: entry.source, asked, topic, wanted }, sight, rows);
  const reading = readingOf(entry.name, files, hooks);
  if (format.inOrder) await readSets(rotatedSets(files, all), all, format, counter, reading);
  else await readRows(files, format, counter, reading);
  await rows.end();
  counter.note();
  return sight.coverage(entry, all, readAt);
}

function formatOf(asked: Asked, settings: LogSettings): LogFormat {
  switch (settings.format) {
    case 'csv':
      return csvFormat(asked);
    case 'tsv':
      return tsvFormat(asked);
    case 'json':
      return jsonFormat(asked, settings);
    case 'text':
      return new TextFormat(asked, settings);
  }
}

/** All files as one heap of rows. */
async function readRows(
  files: readonly SourceFile[],
  format: LogFormat,
  counter: Counter,
  reading: Reading,
): Promise<void> {
  const { settings, sight } = counter;
  const trail = new Trail(sight);
  const order = new Order();
  const times = new RowTimes(settings, sight);
  const idOf = (file: SourceFile, { line }: LogRecord) => `${file.label}:${line}`;
  for (const file of files) await readFile(file, format, counter, { trail, order, times, idOf }, reading);
  trail.end();
  sight.blur(order.disorder);
}

/** Every set from its oldest file to the one being written. */
async function readSets(
  sets: readonly RotatedSet<SourceFile>[],
  all: readonly SourceFile[],
  format: LogFormat,
  counter: Counter,
  reading: Reading,
): Promise<void> {
  const { settings, sight, asked, bounds } = counter;
  const ends = endsOf(format, asked, settings, reading.signal);
  let disorder = 0;
  for (const one of sets) {
    const years = await yearsOf(one, bounds, ends);
    noteYears(one, years, sight);
    const { set, starts } = byStart(one, years.starts);
    const times = new LineTimes(settings);
    const identity = new LineIdentity(nameOf(one, all));
    const [trail, order] = [new Trail(sight), new Order()];
    const idOf = (_: SourceFile, { text }: LogRecord) => identity.of(text);
    for (const [i, file] of set.files.entries()) {
      if (starts[i] !== undefined) times.clock.begin(starts[i]);
      const missing = missingBefore(set, i);
      if (missing !== undefined) trail.missing(missing);
      await readFile(file, format, counter, { trail, order, times, idOf }, reading);
    }
    trail.end();
    noteClock(times.clock, sight);
    disorder = Math.max(disorder, order.disorder);
  }
  sight.blur(disorder);
}

/** What a set is called whichever of its files are there: the name of the one being written, or all of its path. */
function nameOf({ files }: RotatedSet<SourceFile>, all: readonly SourceFile[]): string {
  const { base } = rotationOf(files[0]!.path);
  const others = all.map(({ path }) => rotationOf(path).base).filter((other) => other !== base);
  return others.some((other) => basename(other) === basename(base)) ? base : basename(base);
}

interface Passage {
  readonly trail: Trail;
  readonly order: Order;
  readonly times: Times;
  /** The identity of a record that carries none. */
  readonly idOf: (file: SourceFile, record: LogRecord) => string;
}

async function readFile(
  file: SourceFile,
  format: LogFormat,
  counter: Counter,
  passage: Passage,
  reading: Reading,
): Promise<void> {
  passage.trail.begin();
  try {
    for await (const records of format.records(file, reading)) {
      for (const record of records) counter.add(record, file, passage);
      await counter.flush();
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    passage.trail.damaged(file.label, error);
  }
}

interface Told {
  readonly settings: LogSettings;
  readonly asked: Asked;
  readonly topic: string;
  readonly wanted: Wanted;
}

/** Decides what each record is: an effect that is wanted, one that is left out, or nothing that can be read. */
class Counter {
  readonly settings: LogSettings;
  readonly asked: Asked;
  readonly sight: Sight;
  readonly #topic: string;
  readonly #wanted: Wanted;
  readonly #rows: EffectRows;
  readonly #maker: KeyMaker;
  readonly #tests: readonly Passes[];
  #keyless = 0;
  #idless = 0;
  #matching = 0;
  #foreign = 0;

  constructor({ settings, asked, topic, wanted }: Told, sight: Sight, rows: EffectRows) {
    this.settings = settings;
    this.asked = asked;
    this.sight = sight;
    this.#topic = topic;
    this.#wanted = wanted;
    this.#rows = rows;
    this.#maker = new KeyMaker(settings.key);
    this.#tests = settings.only.map(({ test }) => compileTest(test));
  }

  get bounds(): Wanted['bounds'] {
    return this.#wanted.bounds;
  }

  flush(): Promise<void> {
    return this.#rows.flush();
  }

  add(record: LogRecord, file: SourceFile, passage: Passage): void {
    this.sight.read++;
    const { cells, line, text } = record;
    if (cells === undefined) passage.trail.unreadable(file.label, line, text);
    else if (cells === 'foreign') this.#pass(record, file, passage);
    else this.#decide(record, cells, file, passage);
  }

  /** What the records show that is no count. */
  note(): void {
    const { at, id, key, coordinates } = this.settings;
    const noun = this.settings.format === 'text' || this.settings.format === 'json' ? 'lines' : 'rows';
    if (at === undefined)
      this.sight.note(
        `the ${noun} have no time (no \`at\`): they show nothing about the time they cover, only \`covers\` does`,
      );
    if (this.#keyless > 0) {
      const what = coordinates === undefined ? 'a readable key' : 'readable coordinates';
      const names = key.map(({ name }) => name).join(', ');
      this.sight.note(`${noun} without ${what} in ${names}: ${this.#keyless}`);
    }
    if (this.#idless > 0)
      this.sight.note(`${noun} without ${id}: ${this.#idless}, each an effect of its own`);
    if (this.#foreign > 0 && this.#matching > 0)
      this.sight.note(
        `lines of other programs or events, which the pattern does not match: ${this.#foreign}`,
      );
    else if (this.#foreign > 0)
      this.sight.note(`NOT ONE LINE matches the pattern, of ${this.#foreign}: is it right?`);
  }

  /** A line of another program shows no more than that the log went on. */
  #pass({ at, line }: LogRecord, file: SourceFile, passage: Passage): void {
    this.#foreign++;
    const time = at === undefined ? undefined : passage.times.read(at, file.label, line);
    if (time !== undefined) dated(time, file, line, passage);
  }

  #decide(record: LogRecord, cells: readonly Cell[], file: SourceFile, passage: Passage): void {
    const { line, text } = record;
    this.#matching++;
    const written = this.asked.at === undefined ? undefined : cells[this.asked.at];
    const hasTime = written !== undefined && written !== '';
    const time =
      hasTime && written !== null ? passage.times.read(plainText(written), file.label, line) : undefined;
    const { doubtful } = passage.times;
    if (time !== undefined) dated(time, file, line, passage);
    if (!this.#passes(cells)) this.sight.exclude('only');
    else if (this.#isOfOtherTopic(cells)) this.sight.exclude('other topic');
    else if (hasTime && time === undefined) passage.trail.unreadable(file.label, line, text);
    else this.#hand(record, cells, file, { time, doubtful: hasTime && doubtful, id: passage.idOf });
  }

  #hand(
    record: LogRecord,
    cells: readonly Cell[],
    file: SourceFile,
    seen: { readonly time: number | undefined; readonly doubtful: boolean; readonly id: Passage['idOf'] },
  ): void {
    const { time, doubtful } = seen;
    // Numbered also where it is not wanted, so that equal lines have the same numbers whatever is asked for.
    const id = this.#idOf(record, cells, file, seen.id);
    if (this.#outOfTime(time)) {
      this.sight.exclude('out-of-time');
      return;
    }
    const key = this.#maker.make(this.asked.key.map((place) => cells[place] ?? undefined));
    if (key === undefined) this.#keyless++;
    const isSure = time !== undefined && !(doubtful && this.#wanted.keys === undefined);
    this.#rows.add(key ?? '', id, isSure ? BigInt(time) : NO_TIME, { place: file.place, line: record.line });
    this.sight.effects++;
  }

  #passes(cells: readonly Cell[]): boolean {
    return this.asked.only.every((place, i) => {
      const cell = cells[place];
      if (cell === undefined || cell === null) return this.#tests[i]!(undefined, cell === null);
      return this.#tests[i]!(plainText(cell));
    });
  }

  #isOfOtherTopic(cells: readonly Cell[]): boolean {
    return this.asked.topic !== undefined && cells[this.asked.topic] !== this.#topic;
  }

  #idOf(record: LogRecord, cells: readonly Cell[], file: SourceFile, otherwise: Passage['idOf']): string {
    if (this.asked.id === undefined) return otherwise(file, record);
    const id = exactText(cells[this.asked.id] ?? '');
    if (id !== '') return id;
    this.#idless++;
    return otherwise(file, record);
  }

  #outOfTime(time: number | undefined): boolean {
    return time === undefined ? this.#wanted.keys !== undefined : !isWantedAt(time, this.#wanted);
  }
}

function dated(time: number, file: SourceFile, line: number, { trail, order }: Passage): void {
  trail.readable(time, file.label, line);
  order.add(time);
}

/** How far records are from being sorted by time, one way or the other: so much less do the neighbours of one tell. */
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

/** A time as it is written, and the number of its line. */
interface DatedRecord {
  readonly stamp: Stamp;
  readonly line: number;
}

/** Read from a file from its beginning on; one that breaks off has what came before. */
async function* stampsOf(
  file: SourceFile,
  format: LogFormat,
  asked: Asked,
  settings: LogSettings,
  signal: AbortSignal,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<DatedRecord> {
  const stampOf = stampReader(settings);
  let seen = 0;
  try {
    for await (const records of format.records(file, { signal })) {
      for (const { cells, at, line } of records) {
        const cell = cells === 'foreign' ? at : asked.at === undefined ? undefined : cells?.[asked.at];
        const stamp = typeof cell === 'string' ? stampOf(cell) : undefined;
        if (stamp !== undefined) yield { stamp, line };
      }
      seen += records.length;
      // Without a time only the format is looked at.
      if (asked.at === undefined || seen >= most) return;
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
  }
}

async function firstDated(
  file: SourceFile,
  format: LogFormat,
  asked: Asked,
  settings: LogSettings,
  signal: AbortSignal,
  most?: number,
): Promise<DatedRecord | undefined> {
  for await (const one of stampsOf(file, format, asked, settings, signal, most)) return one;
  return undefined;
}

function endsOf(format: LogFormat, asked: Asked, settings: LogSettings, signal: AbortSignal): Ends {
  return {
    first: async (file) => (await firstDated(file, format, asked, settings, signal))?.stamp,
    async last(file) {
      let last: Stamp | undefined;
      for await (const { stamp } of stampsOf(file, format, asked, settings, signal)) last = stamp;
      return last;
    },
  };
}
