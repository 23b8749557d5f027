/** The account of one partition: every offset of the range in exactly one class, and the holes with their times. */
import type { MessageClass } from '../../columns.ts';
import type { MessageHole, OffsetClasses, PartitionRange, TopicRange } from '../../model.ts';
import type { BlockBounds, BlockRun } from './block.ts';
import { refuseHole } from './gaps.ts';
import { Holes, type HolesState } from './holes.ts';

/** The class of offset (DESIGN rule 2) of each class of message. */
const OFFSET_CLASS = {
  audited: 'audited',
  skipped: 'skipped',
  aborted: 'aborted',
  abortedAudited: 'aborted',
  openAudited: 'audited',
} as const satisfies Record<MessageClass, keyof OffsetClasses>;

type Asked = Pick<TopicRange, 'topic' | 'from' | 'to' | 'onGap'>;

/** An account that is not closed yet, as JSON. */
export interface TallyState {
  readonly at: number;
  readonly classes: OffsetClasses;
  readonly messages: number;
  readonly stragglers: number;
  readonly firstAt?: number;
  readonly lastAt?: number;
  readonly holes: HolesState;
}

/** Told of offsets [first, end) of a partition that have no record, in the order in which they are accounted for. */
export type OnPassed = (
  partition: number,
  first: number,
  end: number,
  as: MessageHole['class'] | 'control',
) => void;

/** Filled in ascending order of offsets, from the range's readFirst to its readEnd. */
export class PartitionTally {
  readonly #range: PartitionRange;
  readonly #asked: Asked;
  readonly #between: MessageHole['class'];
  readonly #classes = { audited: 0, skipped: 0, control: 0, aborted: 0, absent: 0, deleted: 0, unseen: 0 };
  readonly #holes: Holes;
  #at: number;
  /** Smallest and largest timestamp of the range's messages. */
  firstAt = Number.POSITIVE_INFINITY;
  lastAt = Number.NEGATIVE_INFINITY;
  /** Records that were read, of the padding too. */
  messages = 0;
  /** Messages of the range whose timestamp lies outside the time that was asked for. */
  stragglers = 0;
  onPassed: OnPassed | undefined;

  /**
   * @param saved what state() answered where the partition was left off
   * @param between the class of offsets between two records that nothing else is known of
   */
  constructor(range: PartitionRange, asked: Asked, between: MessageHole['class'], saved?: TallyState) {
    this.#range = range;
    this.#between = between;
    this.#asked = asked;
    this.#holes = new Holes(range.partition, saved?.holes);
    this.#at = saved?.at ?? range.readFirst;
    if (saved === undefined) return;
    Object.assign(this.#classes, saved.classes);
    this.messages = saved.messages;
    this.stragglers = saved.stragglers;
    this.firstAt = saved.firstAt ?? this.firstAt;
    this.lastAt = saved.lastAt ?? this.lastAt;
  }

  /** Where it stands, as JSON. */
  state(): TallyState {
    const { messages, stragglers, firstAt, lastAt } = this;
    return {
      at: this.#at,
      classes: { ...this.#classes },
      messages,
      stragglers,
      ...(firstAt <= lastAt ? { firstAt, lastAt } : {}),
      holes: this.#holes.state(),
    };
  }

  /** The first offset that is not accounted for yet. */
  get at(): number {
    return this.#at;
  }

  /** How many offsets are accounted for. */
  get done(): number {
    return this.#at - this.#range.readFirst;
  }

  /** What records added at once must know of the range. */
  get bounds(): BlockBounds {
    const { first, end, readEnd } = this.#range;
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = this.#asked;
    return { from: this.#at, to: readEnd, first, end, askedFrom: from, askedTo: to };
  }

  inRange(offset: number): boolean {
    return offset >= this.#range.first && offset < this.#range.end;
  }

  /**
   * Accounts for the offsets up to `offset` (exclusive) that no record was found for; none where it is not ahead.
   * @throws AuditError(4) where the range must be whole and is not
   */
  passTo(offset: number, as: MessageHole['class'] | 'control'): void {
    const end = Math.min(offset, this.#range.readEnd);
    if (end <= this.#at) return;
    const { partition } = this.#range;
    const [first, ofRange] = [Math.max(this.#at, this.#range.first), Math.min(end, this.#range.end)];
    if (first < ofRange && as !== 'control')
      refuseHole(this.#asked, { class: as, partition, first, end: ofRange });
    this.#classes[as] += Math.max(0, ofRange - first);
    if (as !== 'control') this.#holes.add(as, this.#at, end);
    this.onPassed?.(partition, this.#at, end, as);
    this.#at = end;
  }

  /** Accounts for one record, and for the offsets before it that nothing was said of. */
  record(as: MessageClass, offset: number, timestamp: number): void {
    this.passTo(offset, this.#between);
    this.#at = offset + 1;
    this.messages++;
    this.#holes.seen(timestamp);
    if (!this.inRange(offset)) return;
    this.#classes[OFFSET_CLASS[as]]++;
    if (as !== 'aborted' && timestamp >= 0) this.#date(timestamp);
  }

  /** Accounts for a dense run of records that were added at once, and for the offsets before it that nothing was said of. */
  run(run: BlockRun): void {
    if (run.rows === 0) return;
    this.passTo(run.firstOffset, this.#between);
    this.#at = run.lastOffset + 1;
    this.messages += run.rows;
    this.#holes.seen(run.firstTimestamp);
    this.#holes.seen(run.lastTimestamp);
    this.#classes.audited += run.audited;
    this.#classes.skipped += run.skipped;
    this.#classes.aborted += run.aborted;
    this.firstAt = Math.min(this.firstAt, run.earliest);
    this.lastAt = Math.max(this.lastAt, run.latest);
    this.stragglers += run.stragglers;
  }

  /** The sums, once everything was accounted for. @throws Error where they do not add up: a defect */
  close(): { classes: OffsetClasses; holes: MessageHole[] } {
    const { partition, first, end, readEnd } = this.#range;
    const sum = Object.values(this.#classes).reduce((total, count) => total + count, 0);
    if (this.#at !== readEnd || sum !== end - first) {
      throw new Error(
        `partition ${partition}: ${sum} offsets of [${first}, ${end}) are in a class, and ${this.#at} of ${readEnd} was reached`,
      );
    }
    return { classes: this.#classes, holes: this.#holes.close() };
  }

  #date(timestamp: number): void {
    this.firstAt = Math.min(this.firstAt, timestamp);
    this.lastAt = Math.max(this.lastAt, timestamp);
    const { from = timestamp, to = timestamp + 1 } = this.#asked;
    if (timestamp < from || timestamp >= to) this.stragglers++;
  }
}
