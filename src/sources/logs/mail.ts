/** Reads the mail logs of one effect kind: from files to emails, and to what the files prove. */
import type {
  Coverage,
  EffectBatch,
  EffectBounds,
  EffectEntry,
  EmailSettings,
  SourceHooks,
} from '../../model.ts';
import { type Reading, readingOf, type SourceFile } from '../bytes.ts';
import { Carriers } from './carriers.ts';
import { zoneNeeded } from './clock.ts';
import { acceptedAt, countedAt, effectId } from './counting.ts';
import { Sight } from './coverage.ts';
import { byStart, noteClock, noteYears, yearsOf } from './dating.ts';
import type { QueuedMail } from './email.ts';
import { Emails } from './emails.ts';
import { type DatedLine, readInOrder, SetReader } from './reader.ts';
import { rotatedSets } from './rotation.ts';
import { EffectRows, type Wanted } from './rows.ts';
import { firstSeen, lastSeen, lookUp, withoutTwins } from './survey.ts';
import { Zone } from './zones.ts';

export type EmailEntry = EffectEntry<EmailSettings>;

/**
 * Whether the files can be read, and whether a zone is there if their first lines need one.
 * @throws AuditError
 */
export async function checkMail(
  entry: EmailEntry,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (entry.source.zone !== undefined) new Zone(entry.source.zone);
  for (const file of await lookUp(paths)) {
    const first = await firstSeen(file, signal);
    if (entry.source.zone === undefined && first !== undefined && first.stamp.form !== 'moment')
      throw zoneNeeded(`${file.label} line ${first.line}`);
  }
}

/**
 * Hands over the emails that count and are wanted.
 * @throws AuditError 2: a line needs a zone and none is configured; 4: a file cannot be read
 */
export async function gatherMail(
  entry: EmailEntry,
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
  const count = new MailCount(entry.source, wanted, sight, new EffectRows(take, wanted.keys));
  const readers = await openSets(
    entry.source,
    files,
    all,
    wanted.bounds,
    sight,
    readingOf(entry.name, files, hooks),
  );
  try {
    await readInOrder(
      readers,
      (line) => count.look(line),
      () => count.hand(),
    );
  } finally {
    for (const reader of readers) await reader.close();
  }
  await count.end();
  for (const reader of readers) noteClock(reader.clock, sight);
  noteSilentFiles(files, readers, sight);
  count.note();
  return sight.coverage(entry, all, readAt);
}

async function openSets(
  settings: EmailSettings,
  files: readonly SourceFile[],
  all: readonly SourceFile[],
  bounds: EffectBounds,
  sight: Sight,
  reading: Reading,
): Promise<SetReader[]> {
  const zone = settings.zone === undefined ? undefined : new Zone(settings.zone);
  const readers: SetReader[] = [];
  const ends = {
    first: async (file: SourceFile) => (await firstSeen(file, reading.signal))?.stamp,
    last: async (file: SourceFile) => (await lastSeen(file, reading.signal))?.stamp,
  };
  for (const set of rotatedSets(files, all)) {
    const years = await yearsOf(set, bounds, ends);
    const order = byStart(set, years.starts);
    readers.push(new SetReader(order.set, order.starts, zone, sight, reading));
    noteYears(set, years, sight);
  }
  return readers;
}

/** Counts emails as the lines of all files go by, and hands them over as soon as they are finished. */
class MailCount {
  readonly #settings: EmailSettings;
  readonly #wanted: Wanted;
  readonly #sight: Sight;
  readonly #rows: EffectRows;
  readonly #carriers: Carriers;
  readonly #emails: Emails;
  #keyless = 0;
  /** Emails with a key of which the log does not show what `only` asks for. */
  #unseen = 0;

  constructor(settings: EmailSettings, wanted: Wanted, sight: Sight, rows: EffectRows) {
    this.#settings = settings;
    this.#wanted = wanted;
    this.#sight = sight;
    this.#rows = rows;
    this.#carriers = new Carriers(settings);
    this.#emails = new Emails(this.#carriers);
  }

  look(line: DatedLine): void {
    this.#emails.advance(line.time);
    // The event holds pieces of the file: only its place may be kept.
    const point = { time: line.time, place: line.place, line: line.line };
    if (line.event !== undefined) this.#emails.add(line.event, point);
  }

  async hand(): Promise<void> {
    for (const root of this.#emails.take()) {
      const counted = countedAt(root, this.#settings, this.#carriers, this.#wanted);
      if (typeof counted === 'string') {
        this.#sight.exclude(counted);
        if (counted === 'only-unseen') this.#doubt(root);
        continue;
      }
      const keys = this.#carriers.keys(root);
      if (keys.length === 0) this.#keyless++;
      const id = effectId(root);
      for (const key of keys.length === 0 ? [''] : keys)
        this.#rows.add(key, id, BigInt(counted.time), counted);
      this.#sight.effects++;
      await this.#rows.flush();
    }
  }

  /**
   * An email that may be one of the kind: around it, nothing is known to be missing. Not so without a key: it would be
   * of no event (DESIGN rule 6), and may be the mail of any other program on that server.
   */
  #doubt(root: QueuedMail): void {
    if (this.#carriers.keys(root).length === 0) return;
    this.#unseen++;
    const { time } = acceptedAt(root);
    const detail = `${effectId(root)}: the log does not show its ${this.#carriers.testedHeaders}`;
    this.#sight.hole(time, time, 'unreadable', detail);
  }

  async end(): Promise<void> {
    this.#emails.end();
    await this.hand();
    await this.#rows.end();
  }

  note(): void {
    const { seen, cut, cutTested } = this.#carriers;
    const headers = [...new Set(this.#settings.key.map(({ name }) => name))].join(', ');
    if (this.#sight.effects > 0 && seen === 0) {
      this.#sight.note(
        `no line names the header ${headers}: Postfix logs it only where header_checks says so, as in /^${headers}:/ INFO`,
      );
    } else if (this.#keyless > 0)
      this.#sight.note(`emails without a readable key in ${headers}: ${this.#keyless}`);
    if (this.#unseen > 0) {
      const asked = this.#carriers.testedHeaders;
      this.#sight.note(
        `emails with a key whose ${asked} the log does not show, though \`only\` asks for it: ${this.#unseen}. Postfix logs it only where header_checks says so, as in /^${asked}:/ INFO`,
      );
    }
    if (cut > 0)
      this.#sight.note(`${cut} headers with the key are cut at 200 bytes in the log and were not read`);
    if (cutTested > 0)
      this.#sight.note(
        `${cutTested} headers that \`only\` asks for are cut at 200 bytes: their beginning was tested`,
      );
  }
}

function noteSilentFiles(files: readonly SourceFile[], readers: readonly SetReader[], sight: Sight): void {
  for (const { label, place, size } of files) {
    if (readers.some((reader) => reader.postfixLines.has(place))) continue;
    sight.note(
      size === 0 ? `${label} is empty` : `NOT A POSTFIX LOG: not one line of ${label} was written by Postfix`,
    );
  }
}
