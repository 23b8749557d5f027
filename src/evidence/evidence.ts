/**
 * The evidence of one audit: a folder that takes in what the sources saw, judges it, and gives it back, offline too.
 *
 *   segments/*.parquet   messages and effects as they were seen, text and all
 *   evidence.duckdb      the list of them, the range, the coverage, what is exceptional, and views over the segments
 */
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AuditError } from '../error.ts';
import type {
  AuditRecord,
  EffectBatch,
  Judgement,
  LedgerLine,
  MessageBatch,
  Orphan,
  Settings,
} from '../model.ts';
import { keepFurther, keysInDoubt, type Side, type WantedReach, wantedReach } from './again.ts';
import { Engine } from './engine.ts';
import { type JudgeInput, writeInput, writeReach } from './input.ts';
import { checkInventory, refuseMiscount, takeInventory } from './inventory.ts';
import { factStatements } from './judgement/facts.ts';
import { judgeStatements } from './judgement/rules.ts';
import { sightingStatements } from './judgement/sightings.ts';
import type { Shape, Statement } from './judgement/statement.ts';
import { lineQuery, orphanQuery, toLine, toOrphan } from './lines.ts';
import type { FileSeal } from './parquet.ts';
import { refuseUnmatchedKeys } from './sanity.ts';
import {
  checkSegments,
  EFFECT_COLUMNS,
  effectPages,
  messageColumns,
  messagePages,
  SegmentSeries,
  segmentName,
} from './segments.ts';
import { countRange, type RangeCount, readJudgement } from './totals.ts';

const FILE = 'evidence.duckdb';
/** Raised when the layout changes in a way that an older onceover could not read. */
const FORMAT = 4;

/** So many messages are read again after an interruption at worst. */
const CHECKPOINT_ROWS = 2_000_000;

export interface EvidenceOptions {
  /** The files of messages that an interrupted audit left whole in the folder, to be gone on with; undefined: a new folder. */
  readonly resume?: readonly FileSeal[];
  /** How often to keep how far a replay is, in milliseconds. */
  readonly checkpointMs?: number;
  /** Judge every key by the full rules, not only those that are not plainly as expected: slower, the same answers. */
  readonly exact?: boolean;
}

export class Evidence {
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #shape: Shape;
  readonly #exact: boolean;
  readonly #checkpointMs: number;
  #messages: SegmentSeries | undefined;
  #securedRows = 0;
  #securedAt = performance.now();
  #effects: readonly SegmentSeries[] = [];
  /** Messages read further than the padding, until {@link addFurther} keeps what is wanted of them. */
  #further: SegmentSeries | undefined;
  #input: JudgeInput | undefined;
  /** Effects of the range, counted once: before judging, which needs them, and told afterwards. */
  #counts: readonly RangeCount[] = [];
  /** How many messages were read of the range and its first padding. */
  #read = 0;
  /** What the first judgement warned of. */
  #notes: readonly string[] = [];

  private constructor(engine: Engine, folder: string, shape: Shape, options: EvidenceOptions) {
    this.#engine = engine;
    this.#folder = folder;
    this.#shape = shape;
    this.#exact = options.exact ?? false;
    this.#checkpointMs = options.checkpointMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Begins an audit's evidence, or goes on with that of an interrupted one.
   * @param folder must not exist, unless it is gone on with; its parent must. Directories become 0700, files 0600.
   */
  static async create(folder: string, settings: Settings, options: EvidenceOptions = {}): Promise<Evidence> {
    const segments = join(folder, 'segments');
    mkdirSync(segments, { recursive: true, mode: 0o700 });
    if (options.resume !== undefined) removeUnfinished(folder, options.resume.length);
    const engine = await openEngine(folder, settings.memory, false);
    chmodSync(join(folder, FILE), 0o600);
    const shape = shapeOf(settings);
    const evidence = new Evidence(engine, folder, shape, options);
    evidence.#messages = new SegmentSeries(segments, 'messages', messageColumns(shape.kinds), options.resume);
    evidence.#effects = settings.entries.map(
      (_, entry) => new SegmentSeries(segments, `effects-${entry}`, EFFECT_COLUMNS),
    );
    return evidence;
  }

  /** Checks, before it is gone on with, what an interrupted audit left. @throws AuditError 4: it is not what it was */
  static checkKept(folder: string, files: readonly FileSeal[]): Promise<void> {
    return checkSegments(join(folder, 'segments'), 'messages', files);
  }

  /** Opens finished evidence to read it; nothing in it is changed. */
  static async open(folder: string, memory: string): Promise<Evidence> {
    const engine = await openEngine(folder, memory, true);
    const [row] = await engine.rows('SELECT a.format FROM audit AS a');
    if (Number(row?.[0]) !== FORMAT) {
      throw new AuditError(
        4,
        `${folder} was written by another version of onceover (format ${String(row?.[0])})`,
      );
    }
    const evidence = new Evidence(engine, folder, await readShape(engine), {});
    await checkInventory(engine, join(folder, 'segments'));
    await evidence.#createViews('TEMPORARY VIEW', `${folder}/segments`);
    await evidence.#run(sightingStatements(evidence.#shape));
    return evidence;
  }

  /** The batch may be used again when the promise is fulfilled. */
  takeMessages(batch: MessageBatch): Promise<void> {
    return this.#messages!.append(batch.rows, messagePages(batch));
  }

  /** Whether so much was taken, or so long ago, that {@link secure} is worth its while. */
  get checkpointIsDue(): boolean {
    if (performance.now() - this.#securedAt >= this.#checkpointMs) return true;
    return this.#messages!.rows - this.#securedRows >= CHECKPOINT_ROWS;
  }

  /** Makes the messages taken so far durable. @returns their files, for {@link EvidenceOptions.resume} */
  async secure(): Promise<readonly FileSeal[]> {
    const files = await this.#messages!.secure();
    this.#securedRows = this.#messages!.rows;
    this.#securedAt = performance.now();
    return files;
  }

  /** @param entry index into Settings.entries */
  takeEffects(entry: number, batch: EffectBatch): Promise<void> {
    return this.#effects[entry]!.append(batch.rows, effectPages(batch));
  }

  /** Ends the gathering: the segments become whole, and what is known about them is written beside them. */
  async seal(input: JudgeInput): Promise<void> {
    for (const series of [this.#messages!, ...this.#effects]) await series.finish();
    await this.#engine.run(
      'CREATE TABLE audit (format INTEGER, kinds INTEGER, each_message BOOLEAN, record VARCHAR, judgement VARCHAR)',
    );
    const { kinds, eachMessage, entries } = this.#shape;
    await this.#engine.run('INSERT INTO audit VALUES (?, ?, ?, NULL, NULL)', [FORMAT, kinds, eachMessage]);
    await this.#engine.run(
      'CREATE TABLE entries (entry_no INTEGER, effect_kind INTEGER, coordinates BOOLEAN)',
    );
    for (const [entry, { kind, coordinates }] of entries.entries()) {
      await this.#engine.run('INSERT INTO entries VALUES (?, ?, ?)', [entry, kind, coordinates]);
    }
    // The views in the file are relative to it, so that the folder can be moved: DuckDB binds them when they are made.
    await this.#engine.run(`SET file_search_path = '${quoted(this.#folder)}'`);
    await this.#createViews('VIEW', 'segments');
    await this.#createViews('TEMPORARY VIEW', `${this.#folder}/segments`);
    this.#input = input;
    this.#read = input.replay.messages;
    await writeInput(this.#engine, input);
    this.#counts = await countRange(this.#engine, input.settings);
    for (const [kind, { keylessOver }] of this.#counts.entries()) {
      await this.#engine.run(
        `UPDATE kinds SET keyless_over = ${keylessOver ? 1 : 0} WHERE effect_kind = ${kind}`,
      );
    }
  }

  /**
   * Judges what was gathered (DESIGN section 4).
   * @throws AuditError 4 where judging would claim what was not seen: no readable key at all, or keys that never meet
   */
  async judge(): Promise<Judgement> {
    const input = this.#input!;
    await this.#run(sightingStatements(this.#shape));
    await this.#run(factStatements(this.#shape, this.#exact));
    const notes = await refuseUnmatchedKeys(this.#engine, input);
    this.#notes = notes;
    return this.#judgeOdd();
  }

  /**
   * The keys whose `missing` of a kind is not to be believed before they were looked for once more (DESIGN rule 11), in
   * portions. After {@link judge}; what is found goes to {@link takeEffects}.
   * @param late also those that would lack an effect if their late ones turned out to be another message's
   * @param by `coordinates`: for a source whose effects carry those of their message, `PARTITION OFFSET`
   */
  keysInDoubt(
    kind: number,
    late: boolean,
    by: 'key' | 'coordinates' = 'key',
  ): AsyncGenerator<ReadonlySet<string>> {
    return keysInDoubt(this.#engine, kind, late, by);
  }

  /** How much further it would pay to read messages, as {@link judge} left it (DESIGN rules 8 and 15). */
  wantedReach(): Promise<WantedReach> {
    const { kinds } = this.#input!.settings;
    return wantedReach(
      this.#engine,
      kinds.map(({ orphans, after }) => (orphans === 'finding' ? after : undefined)),
    );
  }

  /** A message from further than the padding; which of them are kept, {@link addFurther} knows. */
  takeFurther(batch: MessageBatch): Promise<void> {
    this.#further ??= new SegmentSeries(this.#segments, 'further', messageColumns(this.#shape.kinds));
    return this.#further.append(batch.rows, messagePages(batch));
  }

  /**
   * Adds those messages read further that can change something.
   * @param read range and replay with them @returns how many
   */
  async addFurther(side: Side, read: Pick<JudgeInput, 'range' | 'replay'>): Promise<number> {
    this.#input = { ...this.#input!, ...read };
    if (this.#further === undefined) return 0;
    await this.#further.finish();
    this.#further = undefined;
    const at = quoted(this.#segments);
    const target = `${at}/messages-${side}.parquet`;
    const added = await keepFurther(this.#engine, side, `${at}/further-*.parquet`, target);
    for (const name of readdirSync(this.#segments)) {
      if (name.startsWith('further-')) rmSync(join(this.#segments, name));
      else chmodSync(join(this.#segments, name), 0o600);
    }
    return added;
  }

  /**
   * Judges once more, with what was added since. That is of keys only that the full rules were needed for already, so
   * that the others need not be looked at again.
   */
  async judgeAgain(): Promise<Judgement> {
    for (const series of this.#effects) await series.finish();
    await writeReach(this.#engine, this.#input!);
    return this.#judgeOdd();
  }

  /** Keeps the record of the audit, and leaves nothing in the folder that was only needed while judging. */
  async keep(record: AuditRecord): Promise<void> {
    const rows = await takeInventory(this.#engine, join(this.#folder, 'segments'));
    refuseMiscount(rows, this.#read);
    await this.#engine.run('UPDATE audit SET record = ?', [JSON.stringify(record, mapsAsArrays)]);
    for (const name of ['takers', 'fates', 'weighed']) await this.#engine.run(`DROP TABLE ${name}`);
    await this.#engine.run('CHECKPOINT');
  }

  async record(): Promise<AuditRecord> {
    return JSON.parse(await this.#document('record'), arraysAsMaps) as AuditRecord;
  }

  async judgement(): Promise<Judgement> {
    return JSON.parse(await this.#document('judgement')) as Judgement;
  }

  /** The ledger, or only the lines that are not `ok` or `exempt`, by (partition, offset, kind). */
  async *lines(which: 'all' | 'exceptions'): AsyncGenerator<readonly LedgerLine[]> {
    for await (const rows of this.#engine.stream(lineQuery(this.#shape, which))) yield rows.map(toLine);
  }

  /** Effects that no message explains, by (kind, time, id, key). */
  async *orphans(): AsyncGenerator<readonly Orphan[]> {
    for await (const rows of this.#engine.stream(orphanQuery())) yield rows.map(toOrphan);
  }

  /** Bytes that lie on disk at this moment because they do not fit into the engine's memory. */
  spilledBytes(): number {
    return this.#engine.spilledBytes();
  }

  /** Ends a statement that is running, so that {@link close} need not wait for it. */
  interrupt(): void {
    this.#engine.interrupt();
  }

  close(): void {
    for (const series of [this.#messages, this.#further, ...this.#effects]) series?.abandon();
    this.#engine.close();
    rmSync(spillFolder(this.#folder), { recursive: true, force: true });
  }

  get #segments(): string {
    return join(this.#folder, 'segments');
  }

  async #document(column: 'record' | 'judgement'): Promise<string> {
    const [row] = await this.#engine.rows(`SELECT a.${column} FROM audit AS a`);
    if (typeof row?.[0] !== 'string')
      throw new AuditError(4, `${this.#folder} is not the evidence of a finished audit`);
    return row[0];
  }

  async #createViews(what: 'VIEW' | 'TEMPORARY VIEW', segments: string): Promise<void> {
    const at = quoted(segments);
    await this.#engine.run(
      `CREATE ${what} messages AS SELECT * FROM read_parquet('${at}/messages-*.parquet')`,
    );
    const entries = this.#shape.entries.map(
      ({ kind }, entry) =>
        `SELECT CAST(${kind} AS INTEGER) AS effect_kind, CAST(${entry} AS INTEGER) AS entry_no, * FROM read_parquet('${at}/effects-${entry}-*.parquet')`,
    );
    await this.#engine.run(`CREATE ${what} effects AS ${entries.join(' UNION ALL ')}`);
  }

  async #judgeOdd(): Promise<Judgement> {
    await this.#run(judgeStatements(this.#shape));
    const judgement = await readJudgement(this.#engine, this.#input!, this.#counts, this.#notes);
    await this.#engine.run('UPDATE audit SET judgement = ?', [JSON.stringify(judgement)]);
    return judgement;
  }

  async #run(statements: readonly Statement[]): Promise<void> {
    for (const { name, kind, select } of statements) {
      // `facts` is as long as the data: it must not stay in the file.
      const what = kind === 'view' ? 'TEMPORARY VIEW' : name === 'facts' ? 'TEMPORARY TABLE' : 'TABLE';
      await this.#engine.run(`CREATE OR REPLACE ${what} ${name} AS ${select}`);
    }
  }
}

function shapeOf({ messages, kinds, entries }: Settings): Shape {
  return {
    kinds: kinds.length,
    eachMessage: messages.copies === 'each-message',
    entries: entries.map(({ kind, source }) => ({ kind, coordinates: source.coordinates !== undefined })),
  };
}

async function readShape(engine: Engine): Promise<Shape> {
  const [row] = await engine.rows('SELECT a.kinds, a.each_message FROM audit AS a');
  const entries = await engine.rows(
    'SELECT e.effect_kind, e.coordinates FROM entries AS e ORDER BY e.entry_no',
  );
  return {
    kinds: Number(row?.[0]),
    eachMessage: row?.[1] === true,
    entries: entries.map(([kind, coordinates]) => ({
      kind: Number(kind),
      coordinates: coordinates === true,
    })),
  };
}

/** Leaves nothing but the first `files` files of messages: all else is made again. */
function removeUnfinished(folder: string, files: number): void {
  const segments = join(folder, 'segments');
  const kept = new Set(Array.from({ length: files }, (_, number) => segmentName('messages', number)));
  for (const name of readdirSync(segments)) if (!kept.has(name)) rmSync(join(segments, name));
  for (const name of readdirSync(folder)) {
    if (name !== 'segments') rmSync(join(folder, name), { recursive: true });
  }
}

function quoted(path: string): string {
  return path.replaceAll("'", "''");
}

function openEngine(folder: string, memory: string, readOnly: boolean): Promise<Engine> {
  return Engine.open({ file: join(folder, FILE), memory, spill: spillFolder(folder), readOnly });
}

function spillFolder(folder: string): string {
  return join(folder, 'spill');
}

/** JSON has no maps: they travel as their entries, under a name that no record of ours has. */
const MAP_ENTRIES = '$entries';

function mapsAsArrays(_key: string, value: unknown): unknown {
  return value instanceof Map ? { [MAP_ENTRIES]: [...value] } : value;
}

function arraysAsMaps(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(MAP_ENTRIES in value)) return value;
  return new Map(value[MAP_ENTRIES] as [unknown, unknown][]);
}
