/** One Kafka record in the form every message source hands it to the writer, wherever it was read. */

/** One record as its source holds it; sources reuse one object for every record. */
export interface RecordView {
  partition: number;
  offset: number;
  /** Epoch milliseconds; negative: none. */
  timestamp: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  /** In the record's own order; names may repeat. Left empty where MessageWriter.needsHeaders is false. */
  headers: readonly (readonly [name: string, value: Uint8Array | null])[];
  /** Of the range, or only of its padding. */
  inRange: boolean;
  /** Of an aborted transaction: judged only where uncommitted messages are, but its key still explains an orphan. */
  aborted: boolean;
  /** Of a transaction that was neither committed nor aborted when the range was fixed. */
  ofOpenTransaction: boolean;
}

/** The last of several headers of one name is the one that counts; null: it has no value, or there is none. */
export function lastHeader(headers: RecordView['headers'], name: string): Uint8Array | null {
  for (let i = headers.length - 1; i >= 0; i--) if (headers[i]![0] === name) return headers[i]![1];
  return null;
}

/** The last millisecond of the year 9999: what is dated later was not meant in milliseconds. */
export const LATEST_TIMESTAMP = 253_402_300_799_999;

/** A timestamp as records carry it, in epoch milliseconds: -1 for none, and for one that can be none. */
export function messageTime(timestamp: number): number {
  return timestamp >= 0 && timestamp <= LATEST_TIMESTAMP ? timestamp : -1;
}

/** A record to be filled in by a source that makes its own. */
export function emptyRecord(): RecordView {
  return {
    partition: 0,
    offset: 0,
    timestamp: -1,
    key: null,
    value: null,
    headers: [],
    inRange: false,
    aborted: false,
    ofOpenTransaction: false,
  };
}
