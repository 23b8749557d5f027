/** The flags for what an audit reads: the same for every command that replays a topic range. */
import type { SettingFlags } from '../config/flags.ts';

// With `nargs`, -24h is the value of its flag, and told to be no duration; without, it would be the flags 2, 4 and h.
export const RANGE_FLAGS = {
  from: {
    type: 'string',
    nargs: 1,
    describe: 'begin of the range, such as 2026-11-22T00:00:00Z (messages.range.from)',
  },
  to: { type: 'string', nargs: 1, describe: 'its end, exclusive (messages.range.to)' },
  last: { type: 'string', nargs: 1, describe: 'the last 24h, 30m … instead (messages.range.last)' },
  offsets: {
    type: 'string',
    nargs: 1,
    describe:
      'or 0:100..2000,1:-1000.. partition:first..end; negative: from the end (messages.range.offsets)',
  },
  partitions: { type: 'string', nargs: 1, describe: 'only these, such as 0,1 (messages.partitions)' },
  isolation: {
    type: 'string',
    nargs: 1,
    describe: 'read_committed or read_uncommitted (messages.isolation)',
  },
  'on-gap': {
    type: 'string',
    nargs: 1,
    describe: 'report, or fail as soon as part of the range cannot be had (messages.on-gap)',
  },
  'max-rate': {
    type: 'string',
    array: true,
    nargs: 1,
    describe: 'read no more than 20MB/s, 5000 messages/s (messages.kafka.max-rate)',
  },
} as const;

type Argv = { readonly [Flag in keyof SettingFlags]: SettingFlags[Flag] | undefined };

/** What was given of them; of a flag that was given twice, the later. */
export function rangeFlags(argv: Argv): SettingFlags {
  const { from, to, last, offsets, partitions, isolation, onGap, maxRate } = argv;
  const all = { from, to, last, offsets, partitions, isolation, onGap, maxRate };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  const one = (flag: string, value: unknown) =>
    Array.isArray(value) && flag !== 'maxRate' ? value.at(-1) : value;
  return Object.fromEntries(given.map(([flag, value]) => [flag, one(flag, value)]));
}
