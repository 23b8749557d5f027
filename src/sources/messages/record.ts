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
