/** What a range that must be whole (`on-gap: fail`) is refused for. */
import { AuditError } from '../../error.ts';
import type { MessageHole, TopicRange } from '../../model.ts';
import { counted, SHORT } from '../../words.ts';

const HINT = 'Ask for what there is, or let `on-gap: report` judge that and name the rest.';

/** @throws AuditError(4) where the fixed range must be whole, and is less than what was asked for */
export function refuseShort({ topic, partitions, notes, onGap }: TopicRange): void {
  if (onGap !== 'fail') return;
  const short = [
    ...partitions
      .filter((one) => one.short > 0)
      .map(
        (one) =>
          `partition ${one.partition} ends at offset ${one.end}, ${counted(one.short, 'offset')} short`,
      ),
    ...notes.filter((note) => note.startsWith(SHORT)).map((note) => note.slice(SHORT.length)),
  ];
  if (short.length === 0) return;
  throw new AuditError(4, `Topic ${topic}: not all that was asked for is there: ${short.join('; ')}`, {
    hint: HINT,
  });
}

/** What became of one offset, and of several. */
const FATES: Readonly<Record<Exclude<MessageHole['class'], 'absent'>, readonly [string, string]>> = {
  deleted: ['has been deleted from the log', 'have been deleted from the log'],
  unseen: ['is not in the capture', 'are not in the capture'],
};

/** @throws AuditError(4) where the range must be whole, and offsets [first, end) of it cannot be had any more */
export function refuseHole(
  { topic, onGap }: Pick<TopicRange, 'topic' | 'onGap'>,
  { class: as, partition, first, end }: Pick<MessageHole, 'class' | 'partition' | 'first' | 'end'>,
): void {
  // What compaction removed was meant to go: it is no gap of the log.
  if (onGap !== 'fail' || as === 'absent') return;
  const [one, several] = FATES[as];
  const fate =
    end - first === 1
      ? `offset ${first}, which was asked for, ${one}`
      : `offsets ${first} to ${end - 1}, which were asked for, ${several}`;
  throw new AuditError(4, `Topic ${topic}, partition ${partition}: ${fate}.`, { hint: HINT });
}
