import { describe, expect, it } from 'vitest';
import { AbortedTransactions } from '../../../src/sources/kafka/aborted.ts';
import { BatchCursor } from '../../../src/sources/kafka/record-batch.ts';
import { batch, marker } from './encoder.ts';

const ANNA = 1;
const BERT = 2;

function order(offset: number, producerId: number, key = `ORD-${offset}`, transactional = true): Buffer {
  return batch({ base: offset, records: [{ offset, key, value: '{}' }], producerId, transactional });
}

/** Base offsets of the batches that are aborted. */
function aborted(
  batches: readonly Buffer[],
  list: readonly (readonly [producerId: number, first: number])[],
) {
  const transactions = new AbortedTransactions(
    list.map(([producerId, firstOffset]) => ({ producerId: BigInt(producerId), firstOffset })),
  );
  const cursor = new BatchCursor({ topic: 'orders', partition: 0 }, Buffer.concat(batches));
  const found: number[] = [];
  while (cursor.next()) if (transactions.include(cursor)) found.push(cursor.baseOffset);
  return found;
}

describe('aborted transactions', () => {
  it('end with their marker', () => {
    const log = [order(0, ANNA), marker(1, ANNA, 'abort'), order(2, ANNA), marker(3, ANNA, 'commit')];
    expect(aborted(log, [[ANNA, 0]])).toEqual([0]);
  });

  it('are told apart where producers interleave, though the list is in the order of their ends', () => {
    const log = [
      order(0, ANNA),
      order(1, BERT),
      order(2, ANNA),
      marker(3, BERT, 'abort'),
      order(4, BERT),
      marker(5, ANNA, 'abort'),
      marker(6, BERT, 'commit'),
    ];
    const list = [
      [BERT, 1],
      [ANNA, 0],
    ] as const;
    expect(aborted(log, list)).toEqual([0, 1, 2]);
  });

  it('may begin several within one batch', () => {
    // Compaction left one batch that spans both beginnings.
    const wide = batch({ base: 0, last: 9, records: [{ offset: 9 }], producerId: BERT, transactional: true });
    const log = [wide, order(10, ANNA), marker(11, ANNA, 'abort'), marker(12, BERT, 'abort')];
    const list = [
      [ANNA, 0],
      [BERT, 5],
    ] as const;
    expect(aborted(log, list)).toEqual([0, 10]);
  });

  it('do not end with a message whose key looks like a marker', () => {
    const log = [order(0, ANNA, '\0\0\0\0'), order(1, ANNA), marker(2, ANNA, 'abort')];
    expect(aborted(log, [[ANNA, 0]])).toEqual([0, 1]);
  });

  it('do not end with a commit, nor with another producer’s marker', () => {
    const log = [order(0, ANNA), marker(1, BERT, 'abort'), marker(2, ANNA, 'commit'), order(3, ANNA)];
    expect(aborted(log, [[ANNA, 0]])).toEqual([0, 3]);
  });

  it('leave messages outside of transactions alone', () => {
    const log = [order(0, ANNA), order(1, ANNA, 'ORD-1', false), marker(2, ANNA, 'abort')];
    expect(aborted(log, [[ANNA, 0]])).toEqual([0]);
  });

  it('bear a marker that compaction emptied', () => {
    const emptied = batch({ base: 1, last: 1, records: [], producerId: ANNA, control: true });
    expect(aborted([order(0, ANNA), emptied, order(2, ANNA)], [[ANNA, 0]])).toEqual([0, 2]);
  });
});
