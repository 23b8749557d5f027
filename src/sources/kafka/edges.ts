/** When the messages at given offsets were written: what turns a padding of minutes into offsets. */

import { CODE, PassingError, partitionError } from './failures.ts';
import { ISOLATION } from './fetch.ts';
import { Patience, pause } from './patience.ts';
import { BatchCursor, offsetBehind, type Place } from './record-batch.ts';
import { RecordCursor } from './records.ts';
import type { Transport } from './transport.ts';

// Enough for the batches at one offset: a first batch that is larger is sent whole all the same (KIP-74).
const FETCH_BYTES = 1 << 16;
const WAIT_MS = 100;

/**
 * The timestamp (epoch milliseconds) of the first record at or after an offset, be it of a message, of an aborted or of an
 * open transaction. Undefined: there is none, or it carries no timestamp.
 * @throws AuditError(4)
 */
export async function timeAt(
  transport: Transport,
  partition: number,
  offset: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const place = { topic: transport.topic, partition };
  for (let from = offset; ; ) {
    const bytes = await fetchPatiently(transport, partition, from, FETCH_BYTES, signal);
    const time = firstTime(place, bytes, from);
    if (time !== undefined) return time < 0 ? undefined : time;
    const behind = offsetBehind(place, bytes);
    if (behind === undefined) return undefined;
    from = behind;
  }
}

/**
 * The batches from an offset on, committed or not; none where there are none, or where they have been deleted.
 * @throws AuditError(4)
 */
export async function fetchPatiently(
  transport: Transport,
  partition: number,
  offset: number,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const what = `Topic ${transport.topic}, partition ${partition}, offset ${offset}`;
  const patience = new Patience(what, transport.patience);
  for (;;) {
    try {
      return await fetchAt(transport, partition, offset, maxBytes);
    } catch (error) {
      await pause(patience.failed(error), signal);
      await transport.recover();
    }
  }
}

async function fetchAt(
  transport: Transport,
  partition: number,
  offset: number,
  maxBytes: number,
): Promise<Buffer> {
  const [leader] = transport.leaders([partition]).keys();
  if (leader === undefined) throw new PassingError(`Partition ${partition} has no leader.`);
  const { partitions } = await transport.fetch(leader, {
    isolation: ISOLATION.uncommitted,
    maxWaitMs: WAIT_MS,
    maxBytes,
    partitions: [{ partition, offset, maxBytes }],
  });
  const answer = partitions[0];
  if (answer === undefined) throw new PassingError(`Partition ${partition} is missing in the answer.`);
  // Deleted while the range is being fixed: the replay will say so.
  if (answer.errorCode === CODE.offsetOutOfRange) return Buffer.alloc(0);
  if (answer.errorCode !== CODE.none) {
    throw partitionError(transport.topic, partition, offset, answer.errorCode);
  }
  return answer.records;
}

function firstTime(place: Place, bytes: Buffer, offset: number): number | undefined {
  const batches = new BatchCursor(place, bytes);
  while (batches.next()) {
    if (batches.lastOffset < offset) continue;
    batches.verify();
    const record = new RecordCursor(false);
    record.open(batches);
    while (record.next()) {
      if (record.offset >= offset) return record.timestamp;
    }
  }
  return undefined;
}
