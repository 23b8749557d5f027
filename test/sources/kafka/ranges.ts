/** Ranges of a topic of orders, as they are once they are fixed. */
import type { PartitionRange, TopicRange } from '../../../src/model.ts';

/** The range of the partitions in order, each [first, end) or [readFirst, first, end, readEnd). */
export function rangeOf(...bounds: readonly (readonly number[])[]): TopicRange {
  const partitions = bounds.map((bound, partition): PartitionRange => {
    const [readFirst, first, end, readEnd] =
      bound.length === 4 ? bound : [bound[0], bound[0], bound[1], bound[1]];
    return { partition, first: first!, end: end!, readFirst: readFirst!, readEnd: readEnd!, short: 0 };
  });
  return {
    topic: 'orders',
    source: 'kafka-1:9092',
    asked: 'the whole log',
    isolation: 'read_committed',
    partitions,
    unreadPartitions: [],
    fixedAt: 0,
    notes: [],
  };
}
