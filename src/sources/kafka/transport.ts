/** What replaying needs of Kafka's servers: partitions, offsets, fetches. */
import type { FetchRequest, FetchResponse, IsolationLevel } from './fetch.ts';

/** The times that ListOffsets answers in a way of its own. */
export const LATEST = -1;
export const EARLIEST = -2;

/** One topic on its servers. Waits end when the audit's signal is aborted, with its reason. */
export interface Transport {
  readonly topic: string;
  /** host:port of the servers that were named, for the report and for errors. */
  readonly servers: string;
  /** How long something that may pass is tried again, in milliseconds. */
  readonly patience: number;
  /** Connects, and answers the topic's partitions in ascending order. @throws AuditError, also when there is no topic */
  partitions(): Promise<readonly number[]>;
  /**
   * For each partition the offset of the first message at or after a time (epoch milliseconds, EARLIEST or LATEST);
   * undefined: there is none. Tries again by itself. @throws AuditError(4)
   */
  offsets(
    times: ReadonlyMap<number, number>,
    isolation: IsolationLevel,
  ): Promise<ReadonlyMap<number, number | undefined>>;
  /** The partitions by the server that leads them, as last heard. Those without a leader are missing. */
  leaders(partitions: readonly number[]): ReadonlyMap<string, readonly number[]>;
  /** One try. @throws PassingError where another may succeed, after recover() */
  fetch(leader: string, request: FetchRequest): Promise<FetchResponse>;
  /**
   * The ids that the leaders of partitions know the topic by: one, unless it is being made anew; none where a leader is too
   * old to tell (before 2.8). One try. @throws PassingError, as fetch()
   */
  topicIds(partitions: readonly number[]): Promise<ReadonlySet<string>>;
  /** The bytes of an answer are not looked at any more. */
  release(answer: FetchResponse): void;
  /** Hears again who leads what. Never throws. */
  recover(): Promise<void>;
  /** Leaves no connection and no timer behind, whatever is going on. */
  close(): Promise<void>;
}
