/**
 * Reads a fixed range to its end. It ends by offsets only: every answer moves a partition towards its fixed end or is one
 * of the tries of a bounded time, and nothing ever waits for a message to come.
 */
import { isAuditError } from '../../error.ts';
import type { Checkpoint, KafkaSettings, Progress, TopicRange } from '../../model.ts';
import type { PartitionTally, TallyState } from '../messages/tally.ts';
import { CODE, PassingError } from './failures.ts';
import { type FetchedPartition, type FetchResponse, ISOLATION } from './fetch.ts';
import { type LogIdentity, refuseAnotherLog, refuseAnotherLogEarly } from './identity.ts';
import { Lane, type RecordSink, type Telling } from './lane.ts';
import { Pace } from './pace.ts';
import { abortable, pause } from './patience.ts';
import { RecordCursor } from './records.ts';
import { EARLIEST, type Transport } from './transport.ts';
import { type TailState, UnstableTail } from './unstable.ts';

/** What was read: the tallies are complete, one for each partition of the range. */
export interface Reading {
  readonly tallies: readonly PartitionTally[];
  /** Bytes of record batches, as they came. */
  readonly bytes: number;
}

/** Where a reading stands, as JSON. */
export interface ReadingState {
  readonly tallies: readonly TallyState[];
  readonly bytes: number;
}

interface Hooks {
  readonly progress: (progress: Progress) => void;
  readonly signal: AbortSignal;
  readonly checkpoint?: Checkpoint<ReadingState>;
}

/** How to read, where it is not the usual way. */
export interface ReadingOptions extends Pick<KafkaSettings, 'maxRate' | 'fetchMemory'> {
  /** What the topic was known by when the range was fixed: it must be that still when all was read. */
  readonly identity?: LogIdentity;
  /** What is known of transactions behind the stable offset. */
  readonly tails?: readonly TailState[];
  /** Where an earlier reading of the same range was left off: it goes on behind that. */
  readonly saved?: ReadingState;
}

/** One request under way. */
interface Flight {
  readonly leader: string;
}

/** The end of one request to one server. */
interface Arrival {
  readonly flight: Flight;
  readonly lanes: readonly Lane[];
  /** Bytes of the batches that came. */
  readonly bytes: number;
  readonly outcome: FetchResponse | { readonly error: unknown };
}

const MAX_WAIT_MS = 500;
/** Requests that a server may have at once, each for its share of the partitions: it is at one answer while another is told. */
const AT_ONCE = 2;
/** Answers of 10 MB are up to a tenth faster, but a long replay then takes a quarter more of memory than a short one. */
const RESPONSE_BYTES = 4 << 20;
/** What fetches may take of memory by default: all that was asked for, or came and was not told yet. */
const FETCH_MEMORY = 64 << 20;
const PROGRESS_MS = 100;

/**
 * Tells every record of [readFirst, readEnd) of every partition to `sink`, and flushes it at the end.
 * @throws AuditError(4) where reading fails for good; the signal's reason when the user interrupts
 */
export async function readRange(
  transport: Transport,
  range: TopicRange,
  sink: RecordSink,
  hooks: Hooks,
  options: ReadingOptions = {},
): Promise<Reading> {
  const { identity } = options;
  const replay = new Replay(transport, range, sink, hooks, options);
  try {
    await replay.run();
  } catch (error) {
    // What failed may have failed for that reason only.
    if (isAuditError(error) && identity) await refuseAnotherLogEarly(transport, range, identity);
    throw error;
  }
  if (identity) await refuseAnotherLog(transport, range, identity, hooks.signal);
  return { tallies: replay.lanes.map((lane) => lane.tally), bytes: replay.bytes };
}

class Replay {
  readonly lanes: readonly Lane[];
  bytes = 0;
  readonly #transport: Transport;
  readonly #hooks: Hooks;
  readonly #telling: Telling;
  readonly #total: number;
  readonly #pace: Pace;
  readonly #fetchMemory: number;
  readonly #refuseAnotherLog: () => Promise<void>;
  /** Bytes of it that are taken. */
  #taken = 0;
  readonly #inFlight = new Map<Flight, Promise<Arrival>>();
  #turn = 0;
  #progressAt = 0;

  constructor(
    transport: Transport,
    range: TopicRange,
    sink: RecordSink,
    hooks: Hooks,
    { tails = [], saved, identity, maxRate = {}, fetchMemory = FETCH_MEMORY }: ReadingOptions,
  ) {
    const tailOf = new Map(tails.map((tail) => [tail.partition, new UnstableTail(tail)]));
    this.lanes = range.partitions.map(
      (one, i) => new Lane(one, range, tailOf.get(one.partition), saved?.tallies[i], transport.patience),
    );
    for (const { tally } of this.lanes) tally.onPassed = sink.passed;
    this.bytes = saved?.bytes ?? 0;
    this.#transport = transport;
    this.#hooks = hooks;
    this.#pace = new Pace(maxRate, hooks.signal);
    this.#fetchMemory = fetchMemory;
    this.#refuseAnotherLog = async () => {
      if (identity) await refuseAnotherLogEarly(transport, range, identity);
    };
    this.#total = range.partitions.reduce((sum, { readFirst, readEnd }) => sum + readEnd - readFirst, 0);
    const rest = async () => {
      hooks.signal.throwIfAborted();
      await this.#flush();
      this.#tellProgress();
    };
    // One answer, told slowly, may take minutes.
    const meanwhile = async () => {
      if (hooks.checkpoint?.due()) await this.#flush();
      this.#tellProgress();
    };
    const pace = (messages: number) => this.#pace.toTell(messages, meanwhile);
    this.#telling = { sink, rest, pace, record: new RecordCursor(sink.needsHeaders) };
  }

  async run(): Promise<void> {
    while (this.lanes.some((lane) => !lane.done)) {
      this.#hooks.signal.throwIfAborted();
      this.#send();
      if (this.#inFlight.size === 0) {
        await this.#waitForLeaders();
        continue;
      }
      const arrival = await abortable(Promise.race(this.#inFlight.values()), this.#hooks.signal);
      this.#inFlight.delete(arrival.flight);
      await this.#receive(arrival);
      if (this.#hooks.checkpoint?.due()) await this.#flush();
      this.#tellProgress();
    }
    await this.#flush();
    this.#tellProgress(true);
  }

  async #flush(): Promise<void> {
    await this.#telling.sink.flush();
    await this.#hooks.checkpoint?.offer(() => ({
      tallies: this.lanes.map((lane) => lane.tally.state()),
      bytes: this.bytes,
    }));
  }

  /** Requests to every server that leads a partition which waits, as many as it may have at once. */
  #send(): void {
    const unread = this.lanes.filter((lane) => !lane.done);
    const leaders = this.#transport.leaders(unread.map((lane) => lane.partition));
    const maxBytes = this.#share(leaders.size * AT_ONCE);
    for (const [leader, partitions] of leaders) {
      const led = new Set(partitions);
      const most = Math.ceil(partitions.length / AT_ONCE);
      for (;;) {
        const waiting = unread.filter((lane) => led.has(lane.partition) && !(lane.inFlight || lane.held));
        const flights = [...this.#inFlight.keys()].filter((flight) => flight.leader === leader);
        if (waiting.length === 0 || flights.length >= AT_ONCE) break;
        // A batch larger than its share may have taken what another needs; a single request is always sent.
        if (this.#taken > 0 && this.#taken + maxBytes > this.#fetchMemory) return;
        this.#taken += maxBytes;
        const flight = { leader };
        this.#inFlight.set(flight, this.#fetch(flight, lanesOfOne(waiting, most), maxBytes));
      }
    }
  }

  /** The most that one request may ask for: what may be under way altogether, and one answer that is being told. */
  #share(requests: number): number {
    const share = Math.floor(this.#fetchMemory / (Math.max(1, requests) + 1));
    return Math.max(1, Math.min(RESPONSE_BYTES, share, this.#pace.fetchBytes(requests)));
  }

  /** Never rejects: an error is the outcome. */
  async #fetch(flight: Flight, lanes: readonly Lane[], maxBytes: number): Promise<Arrival> {
    for (const lane of lanes) lane.inFlight = true;
    const request = {
      isolation: lanes[0]!.isolation,
      maxWaitMs: MAX_WAIT_MS,
      maxBytes,
      partitions: lanes.map((lane) => lane.position(Math.floor(maxBytes / lanes.length))),
    };
    let bytes = 0;
    try {
      await this.#pace.toFetch(maxBytes);
      const outcome = await this.#transport.fetch(flight.leader, request);
      bytes = outcome.partitions.reduce((sum, { records }) => sum + records.length, 0);
      return { flight, lanes, bytes, outcome };
    } catch (error) {
      return { flight, lanes, bytes, outcome: { error } };
    } finally {
      this.#pace.fetched(maxBytes, bytes);
      this.#taken += bytes - maxBytes;
    }
  }

  /** Sends the next request before the records of this answer are told; lanes with trouble are kept back until then. */
  async #receive({ lanes, bytes, outcome }: Arrival): Promise<void> {
    const current = new Set(lanes.filter((lane) => lane.arrived()));
    if ('error' in outcome) {
      await this.#retry([...current], (lane) => lane.failed(outcome.error));
      return;
    }
    const answers = new Map(outcome.partitions.map((fetched) => [fetched.partition, fetched]));
    const ends = new Map<Lane, number>();
    const stuck: Lane[] = [];
    for (const [i, lane] of lanes.entries()) {
      if (!current.has(lane)) continue;
      const fetched = answers.get(lane.partition);
      const moved = this.#advance(lane, fetched);
      if (moved === true) ends.set(lane, lane.next);
      else if (moved === false && !(i > 0 && hadNoRoom(fetched))) stuck.push(lane);
    }
    for (const lane of lanes) lane.held = stuck.includes(lane);
    this.#send();
    for (const [lane, end] of ends) {
      const fetched = answers.get(lane.partition)!;
      this.bytes += fetched.records.length;
      await lane.tell(fetched, end, this.#telling);
    }
    this.#taken -= bytes;
    this.#transport.release(outcome);
    const settle = (lane: Lane) => this.#settle(lane, answers.get(lane.partition), outcome.errorCode);
    if (await this.#retry(stuck, settle)) await this.#refuseAnotherLog();
  }

  #advance(lane: Lane, fetched: FetchedPartition | undefined): boolean | 'again' {
    if (fetched?.errorCode !== CODE.none) return false;
    const moved = lane.advance(fetched.records);
    if (moved === true) lane.served = ++this.#turn;
    return moved;
  }

  /** Deals with a partition that did not move on. @returns milliseconds to wait before the next try */
  async #settle(lane: Lane, fetched: FetchedPartition | undefined, errorCode: number): Promise<number> {
    if (errorCode !== CODE.none) return lane.failed(lane.error(errorCode));
    if (fetched === undefined) return lane.failed(new PassingError('Kafka did not answer for it.'));
    if (fetched.errorCode === CODE.none) return lane.empty(fetched);
    if (fetched.errorCode !== CODE.offsetOutOfRange) return lane.failed(lane.error(fetched.errorCode));
    const { partition } = lane;
    const starts = await this.#transport.offsets(new Map([[partition, EARLIEST]]), ISOLATION.uncommitted);
    return lane.skipDeleted(starts.get(partition) ?? 0)
      ? 0
      : lane.failed(new PassingError(lane.error(fetched.errorCode).message));
  }

  /** Lets lanes be asked again, after the longest wait that one of them needs. @returns whether one did */
  async #retry(lanes: readonly Lane[], settle: (lane: Lane) => number | Promise<number>): Promise<boolean> {
    let wait = 0;
    for (const lane of lanes) {
      wait = Math.max(wait, await settle(lane));
      lane.held = false;
    }
    if (wait === 0) return false;
    await pause(wait, this.#hooks.signal);
    await this.#transport.recover();
    return true;
  }

  async #waitForLeaders(): Promise<void> {
    const waiting = this.lanes.filter((lane) => !lane.done);
    await this.#retry(waiting, (lane) => lane.failed(new PassingError('It has no leader.')));
  }

  #tellProgress(atOnce = false): void {
    const now = Date.now();
    if (!atOnce && now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    const done = this.lanes.reduce((sum, lane) => sum + lane.tally.done, 0);
    this.#hooks.progress({ stage: 'replay', done, total: this.#total, unit: 'messages', bytes: this.bytes });
  }
}

/** The lanes of one request, of those that wait. */
function lanesOfOne(waiting: readonly Lane[], most: number): readonly Lane[] {
  const alone = waiting.find((lane) => lane.alone);
  if (alone !== undefined) return [alone];
  // Who waited longest comes first, where at least one batch is certain.
  const inTurn = waiting.toSorted((one, other) => one.served - other.served);
  // A request has one isolation level: the lanes of the other have their turn next.
  return inTurn.filter((lane) => lane.isolation === inTurn[0]!.isolation).slice(0, most);
}

/** Nothing came although nothing is wrong: behind the first partition of a request, the answer may have been full. */
function hadNoRoom(fetched: FetchedPartition | undefined): boolean {
  return fetched?.errorCode === CODE.none && fetched.records.length === 0;
}
