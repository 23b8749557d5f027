/** Any log: random steps of producers and compaction, and what they leave at each offset. */
import fc from 'fast-check';
import { MemoryLog } from './memory-log.ts';

export type Step =
  | { readonly is: 'plain'; readonly keep: readonly boolean[]; readonly codec: number }
  | { readonly is: 'transaction'; readonly keep: readonly boolean[]; readonly producerId: number }
  | { readonly is: 'finish'; readonly producerId: number; readonly type: 'abort' | 'commit' }
  | { readonly is: 'gap'; readonly count: number };

const keep = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 });
const producerId = fc.integer({ min: 1, max: 3 });
export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ is: fc.constant('plain'), keep, codec: fc.constantFrom(0, 1) } as const),
  fc.record({ is: fc.constant('transaction'), keep, producerId } as const),
  fc.record({ is: fc.constant('finish'), producerId, type: fc.constantFrom('abort', 'commit') } as const),
  fc.record({ is: fc.constant('gap'), count: fc.integer({ min: 1, max: 5 }) } as const),
);

/** A log of these steps, and independently of it the class of each offset, `open` of what no marker follows. */
export function build(
  steps: readonly Step[],
  atTheEnd: 'commit' | 'leave open' = 'commit',
): { log: MemoryLog; truth: string[] } {
  const log = new MemoryLog();
  const truth: string[] = [];
  const open = new Map<number, number[]>();
  const write = (step: Extract<Step, { keep: unknown }>) => {
    const records = step.keep.flatMap((kept, offset) => (kept ? [{ offset, timestamp: 100 }] : []));
    truth.push(...step.keep.map((kept) => (kept ? 'audited' : 'absent')));
    return { records, span: step.keep.length };
  };
  for (const step of steps) {
    const base = log.end;
    if (step.is === 'gap') {
      log.gap(step.count);
      truth.push(...Array<string>(step.count).fill('absent'));
    } else if (step.is === 'plain') {
      log.append({ ...write(step), codec: step.codec });
    } else if (step.is === 'transaction') {
      log.append({ ...write(step), transactional: true, producerId: step.producerId });
      const written = open.get(step.producerId) ?? [];
      open.set(step.producerId, [...written, ...step.keep.map((_, i) => base + i)]);
    } else {
      for (const offset of open.get(step.producerId) ?? []) {
        if (step.type === 'abort' && truth[offset] === 'audited') truth[offset] = 'aborted';
      }
      open.delete(step.producerId);
      log.finish(step.producerId, step.type);
      truth.push('control');
    }
  }
  for (const [producer, offsets] of open) {
    if (atTheEnd === 'leave open') {
      for (const offset of offsets) if (truth[offset] === 'audited') truth[offset] = 'open';
      continue;
    }
    log.finish(producer, 'commit');
    truth.push('control');
  }
  return { log, truth };
}
