/** Turns records into the columns of messages: classes, keys, ids and expectations, without an object per row. */
import { EXPECT, type MessageClass } from '../../columns.ts';
import type { MessageBatch, Replay, Settings, SourceHooks, Take } from '../../model.ts';
import { exactText, KeyMaker, type KeyValue } from '../keys.ts';
import { Scanner } from '../scan/scanner.ts';
import { BlockReader } from './block.ts';
import { MessageColumns } from './columns.ts';
import { Conditions, KindExpectation } from './expectations.ts';
import { type Field, Fields, type ValueState } from './fields.ts';
import { Program } from './program.ts';
import type { RecordView } from './record.ts';
import { ReferenceCounts } from './references.ts';

export type { BlockReader, BlockRun, RecordBlock, RecordPlace } from './block.ts';
export type { RecordView } from './record.ts';

const MAX_SAMPLES = 5;

/**
 * Judges each record by the settings (DESIGN rules 2 to 4) and gathers them into batches. A source adds records, awaits
 * flush() whenever the writer is full, and once more at the end.
 */
export class MessageWriter {
  readonly #fields: Fields;
  readonly #counts = new ReferenceCounts();
  readonly #key: readonly Field[];
  readonly #keyParts: (KeyValue | undefined)[];
  readonly #keyMaker: KeyMaker;
  readonly #id: Field | undefined;
  readonly #where: Conditions;
  readonly #judgesAborted: boolean;
  readonly #kinds: readonly KindExpectation[];
  readonly #scanner = new Scanner();
  readonly #columns: MessageColumns;
  readonly #program: Program | undefined;
  /** Batches that filled up before flush() was called. */
  readonly #waiting: MessageBatch[] = [];
  readonly #take: Take<MessageBatch>;
  readonly #undecodable: Replay['undecodable'][number][] = [];

  /** False: nothing refers to a header, so that sources need not read them. */
  readonly needsHeaders: boolean;
  /** Adds whole batches; undefined: some setting needs every record to be added by itself. */
  readonly blocks: BlockReader | undefined;

  constructor(
    settings: Settings,
    hooks: Pick<SourceHooks, 'digestKey' | 'signal'>,
    take: Take<MessageBatch>,
  ) {
    const { key, id, where, isolation, copies } = settings.messages;
    this.#fields = new Fields(settings.messages, hooks.signal);
    const declareFor = (setting: string) => this.#counts.declarer(setting, this.#fields);
    this.#key = key.map((part) => declareFor('messages.key')(part.field));
    this.#keyParts = key.map(() => undefined);
    this.#keyMaker = new KeyMaker(key);
    this.#id = id === undefined ? undefined : declareFor('messages.id')(id);
    this.#where = new Conditions(where, declareFor('messages.where'));
    this.#judgesAborted = isolation === 'read_uncommitted';
    this.#kinds = settings.kinds.map(
      (kind) =>
        new KindExpectation(kind.expect, kind.where, (setting) =>
          declareFor(`effects.${kind.name}.${setting}`),
        ),
    );
    const digestKey = copies === 'one-event' ? hooks.digestKey : undefined;
    this.#columns = new MessageColumns(this.#scanner, settings.kinds.length, digestKey);
    this.#program = Program.of(this.#scanner, settings);
    this.blocks = this.#program && new BlockReader(this.#scanner, this.#columns);
    this.#take = take;
    this.needsHeaders = this.#fields.needsHeaders;
  }

  /** Goes on from what {@link references} and {@link undecodable} answered for the same settings. */
  restore(saved: Pick<Replay, 'references' | 'undecodable'>): void {
    this.#counts.restore(saved.references);
    this.#undecodable.push(...saved.undecodable);
    this.#tellSampling();
  }

  /**
   * To be awaited before a record is added whose value has a schema that was not met before; undefined: nothing to wait
   * for. Rejects with AuditError (2 or 4) where schemas cannot be had.
   */
  learn(record: RecordView): Promise<void> | undefined {
    return this.#fields.learn(record);
  }

  /** Adds one record; its bytes are copied, so the view may be reused at once. */
  add(record: RecordView): MessageClass {
    if (this.#columns.full) this.#putAside();
    const value = this.#fields.read(record);
    const unjudged = record.aborted && !this.#judgesAborted;
    const where = unjudged ? 'hold' : this.#where.test(value);
    const messageClass = classOf(record, !unjudged && where !== 'fail');
    const audited = messageClass !== 'skipped' && messageClass !== 'aborted';
    const eventId = exactText(this.#id?.value() ?? '');
    this.#columns.add(record, messageClass, this.#keyText(), eventId);

    const nobody = where === 'undecodable' || (value === 'broken' && this.#identityInValue());
    const expectsUnknown = audited && this.#addExpectations(value, nobody);
    if (nobody || expectsUnknown) this.#columns.markUndecodable();
    if (audited && (nobody || expectsUnknown)) this.#sample(record);
    if (!unjudged) this.#counts.count(audited ? 'audited' : 'skipped');
    return messageClass;
  }

  /** Whether it is time to await flush(). */
  get full(): boolean {
    return this.#columns.full || this.#waiting.length > 0;
  }

  /** Hands over what is gathered; does nothing when that is nothing. */
  async flush(): Promise<void> {
    for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
      await this.#take(batch);
    }
    if (this.#columns.rows === 0) return;
    await this.#take(this.#columns.view());
    this.#columns.clear();
  }

  /** How many messages, not skipped, had something at each reference; conditions on messages count them all. */
  references(): Replay['references'] {
    return this.#counts.all(this.#program);
  }

  /** A few audited messages whose value could not be read, and why. */
  undecodable(): Replay['undecodable'] {
    return this.#undecodable;
  }

  /** Whether key or id lie in the value, so that a broken one leaves nobody to expect effects of. */
  #identityInValue(): boolean {
    return this.#id?.ofValue === true || this.#key.some((field) => field.ofValue);
  }

  /** The empty text: no key. */
  #keyText(): string {
    for (const [i, field] of this.#key.entries()) this.#keyParts[i] = field.value();
    return this.#keyMaker.make(this.#keyParts) ?? '';
  }

  /**
   * @param nobody whether it cannot be told who the message is about, so that nothing can be expected of any kind
   * @returns whether some kind's expectation could not be told because the value is broken
   */
  #addExpectations(value: ValueState, nobody: boolean): boolean {
    let broken = false;
    for (const [i, kind] of this.#kinds.entries()) {
      if (nobody) {
        this.#columns.expect(i, EXPECT.undecodable, EXPECT.undecodable);
        continue;
      }
      kind.tell(value);
      this.#columns.expect(i, kind.min, kind.max);
      broken ||= kind.min === EXPECT.undecodable;
    }
    return broken;
  }

  /** Nobody asked whether the columns are full: their rows wait elsewhere. */
  #putAside(): void {
    this.#waiting.push(copyOf(this.#columns.view()));
    this.#columns.clear();
  }

  #sample({ partition, offset }: RecordView): void {
    if (this.#undecodable.length === MAX_SAMPLES) return;
    this.#undecodable.push({ partition, offset, why: this.#fields.fault });
    this.#tellSampling();
  }

  /** Undecodable messages are only left to be added by themselves as long as it is asked why. */
  #tellSampling(): void {
    this.#scanner.calls.setSampling(this.#undecodable.length < MAX_SAMPLES);
  }
}

function classOf({ aborted, ofOpenTransaction }: RecordView, audited: boolean): MessageClass {
  if (aborted) return audited ? 'abortedAudited' : 'aborted';
  if (!audited) return 'skipped';
  return ofOpenTransaction ? 'openAudited' : 'audited';
}

function copyOf(batch: MessageBatch): MessageBatch {
  return {
    rows: batch.rows,
    partition: batch.partition.slice(),
    offset: batch.offset.slice(),
    timestamp: batch.timestamp.slice(),
    class: batch.class.slice(),
    inRange: batch.inRange.slice(),
    undecodable: batch.undecodable.slice(),
    key: Uint8Array.from(batch.key),
    eventId: Uint8Array.from(batch.eventId),
    digest: Uint8Array.from(batch.digest),
    expectMin: batch.expectMin.map((column) => column.slice()),
    expectMax: batch.expectMax.map((column) => column.slice()),
  };
}
