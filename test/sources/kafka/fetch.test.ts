import { describe, expect, it } from 'vitest';
import { decodeFetch, encodeFetch, FETCH_VERSIONS, ISOLATION } from '../../../src/sources/kafka/fetch.ts';
import { fetchResponse, int } from './encoder.ts';

const REQUEST = {
  isolation: ISOLATION.committed,
  maxWaitMs: 500,
  maxBytes: 10_000_000,
  partitions: [
    { partition: 2, offset: 2 ** 40, maxBytes: 1_000_000 },
    { partition: 0, offset: 7, maxBytes: 2_000_000 },
  ],
};

describe('a fetch request', () => {
  it.each(FETCH_VERSIONS)('has the fields of version %i', (version) => {
    const from = (since: number, ...fields: Buffer[]) => (version >= since ? fields : []);
    const position = (partition: number, offset: number, maxBytes: number) => [
      int(4, partition),
      ...from(9, int(4, -1)),
      int(8, offset),
      ...from(5, int(8, -1)),
      int(4, maxBytes),
    ];
    const expected = Buffer.concat([
      int(4, -1),
      int(4, 500),
      int(4, 1),
      int(4, 10_000_000),
      int(1, 1),
      ...from(7, int(4, 0), int(4, -1)),
      int(4, 1),
      int(2, 6),
      Buffer.from('orders'),
      int(4, 2),
      ...position(2, 2 ** 40, 1_000_000),
      ...position(0, 7, 2_000_000),
      ...from(7, int(4, 0)),
      ...from(11, int(2, 0)),
    ]);
    expect(encodeFetch(version, 'orders', REQUEST)).toEqual(expected);
  });
});

describe('a fetch response', () => {
  it.each(FETCH_VERSIONS)('is read in version %i', (version) => {
    const records = Buffer.from('batches');
    const aborted = [
      { producerId: 9, firstOffset: 3 },
      { producerId: 8, firstOffset: 2 ** 41 },
    ];
    const bytes = fetchResponse(
      version,
      'orders',
      [
        { partition: 2, high: 2 ** 42, stable: 2 ** 42 - 1, aborted, records },
        { partition: 0, errorCode: 6, high: -1, stable: -1 },
      ],
      250,
    );
    expect(decodeFetch(version, bytes)).toEqual({
      throttleMs: 250,
      errorCode: 0,
      partitions: [
        {
          partition: 2,
          errorCode: 0,
          highWatermark: 2 ** 42,
          lastStableOffset: 2 ** 42 - 1,
          aborted: aborted.map(({ producerId, firstOffset }) => ({
            producerId: BigInt(producerId),
            firstOffset,
          })),
          records,
        },
        {
          partition: 0,
          errorCode: 6,
          highWatermark: -1,
          lastStableOffset: -1,
          aborted: [],
          records: Buffer.alloc(0),
        },
      ],
    });
  });

  it('that ends too early is no answer', () => {
    const bytes = fetchResponse(11, 'orders', [{ partition: 0, records: Buffer.from('batches') }]);
    expect(() => decodeFetch(11, bytes.subarray(0, bytes.length - 1))).toThrow(RangeError);
  });
});
