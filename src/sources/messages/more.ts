/** What a replay comes to when messages were read on beyond it: more padding, while the account of the range stays. */
import type { Further, MessageHole, PartitionRange, Replay, SourceHooks } from '../../model.ts';

/** What is to be read of one partition that reaches further than before: none of it is of the range. */
export function pieceOf(before: PartitionRange, wider: PartitionRange, further: Further): PartitionRange {
  const [readFirst, readEnd] =
    'from' in further ? [wider.readFirst, before.readFirst] : [before.readEnd, wider.readEnd];
  return { partition: before.partition, first: readEnd, end: readEnd, readFirst, readEnd, short: 0 };
}

/** @param more of the pieces alone; its `readTo` and `unread` are those of all */
export function withMore(before: Replay, more: Replay, further: Further): Replay {
  return {
    ...before,
    holes: [...before.holes, ...more.holes.map((hole) => boundedBy(before, hole, further))],
    readTo: more.readTo,
    unread: more.unread,
    references: before.references.map((one, i) => ({
      ...one,
      seen: one.seen + (more.references[i]?.seen ?? 0),
    })),
    messages: before.messages + more.messages,
    bytes: before.bytes + more.bytes,
  };
}

/** A hole at the seam has a message on one side only in its own piece; the time of the seam stands in for the other. */
function boundedBy({ readTo, unread }: Replay, hole: MessageHole, further: Further): MessageHole {
  if ('to' in further) return { from: Math.min(readTo, hole.to ?? readTo), ...hole };
  const seam = unread.find((span) => span.from === undefined)?.to;
  return seam === undefined ? hole : { to: Math.max(seam + 1, hole.from ?? seam + 1), ...hole };
}

/** The hooks of reading on: its progress has a name of its own, and no total, as nobody knows how much there is. */
export function hooksOfMore(hooks: SourceHooks): SourceHooks {
  return {
    ...hooks,
    progress: ({ total: _, ...progress }) => hooks.progress({ ...progress, stage: 'more padding' }),
  };
}
