import { describe, expect, it } from 'vitest';
import type { SettingFlags } from '../../src/config/flags.ts';
import { load, mistakes, SMALLEST, smallest } from './configurations.ts';

const inFile = (lines: string) => smallest({ line: 3, to: `  topic: orders\n  ${lines}` });
const messages = (file: string, flags: SettingFlags) => load(inFile(file), { flags }).messages;
const DAY = 86_400_000;
const FROM = '2025-11-22T00:00:00Z';
const [from, to] = [Date.UTC(2025, 10, 22), Date.UTC(2025, 10, 23)];

describe('a flag for the range', () => {
  it.each<[string, string, SettingFlags, object]>([
    [
      'begins it elsewhere',
      `range: { from: 2025-11-20T00:00:00Z, to: 2025-11-23T00:00:00Z }`,
      { from: FROM },
      { by: 'time', from, to },
    ],
    ['takes the place of hours', 'range: { last: 1h }', { from: FROM }, { by: 'time', from }],
    ['takes the place of hours beside it', 'last: 1h', { from: FROM }, { by: 'time', from }],
    ['takes the place of times', `range: { from: ${FROM} }`, { last: '24h' }, { by: 'last', length: DAY }],
    ['takes the place of offsets', 'offsets: { 0: [1, 2] }', { last: '24h' }, { by: 'last', length: DAY }],
    ['keeps the padding', 'range: { last: 1h, padding: 7ms }', { last: '24h' }, { length: DAY, padding: 7 }],
    ['keeps a padding beside it', 'last: 1h\n  padding: 7ms', { last: '24h' }, { length: DAY, padding: 7 }],
    [
      'names offsets',
      'range: { last: 1h }',
      { offsets: '0:100..2000, 1:-1000..,2:..500,3:-9..-1' },
      {
        by: 'offsets',
        offsets: new Map([
          [0, [100, 2000]],
          [1, [-1000, undefined]],
          [2, [undefined, 500]],
          [3, [-9, -1]],
        ]),
      },
    ],
  ])('%s', (_, file, flags, range) => {
    expect(messages(file, flags).range).toMatchObject(range);
  });

  it('that names offsets says which partitions', () => {
    expect(messages('partitions: [4, 5]', { offsets: '0:1..2' })).not.toHaveProperty('partitions');
    expect(messages('partitions: [4]', { partitions: '0, 1' }).partitions).toEqual([0, 1]);
  });

  it('beats --set', () => {
    const settings = load(SMALLEST, { set: ['messages.range.last=1h'], flags: { last: '24h' } });
    expect(settings.messages.range).toMatchObject({ length: DAY });
  });

  it('counts in the digest', () => {
    const digest = (flags: SettingFlags) => load(SMALLEST, { flags }).configDigest;
    expect(digest({ last: '24h' })).not.toBe(digest({ last: '23h' }));
  });
});

it('flags say how the topic is read', () => {
  expect(
    messages('on-gap: report', {
      isolation: 'read_uncommitted',
      onGap: 'fail',
      maxRate: ['20MB/s', '5000 messages/s'],
    }),
  ).toMatchObject({
    isolation: 'read_uncommitted',
    onGap: 'fail',
    from: { maxRate: { bytes: 20_000_000, messages: 5000 } },
  });
});

describe('a flag that is wrong', () => {
  it.each<[SettingFlags, string]>([
    [
      { last: 'a day' },
      '--last messages.range.last: expected a duration above zero, such as 24h; got "a day"',
    ],
    [{ offsets: '100..2000' }, '--offsets expected partition:first..end, such as 0:100..2000'],
    [
      { offsets: '0:-1000' },
      '--offsets expected partition:first..end, such as 0:100..2000, 0:-1000.. or several with commas between; write 0:-1000..',
    ],
    [{ offsets: '0:100' }, '--offsets expected partition:first..end, such as 0:100..2000'],
    [
      { offsets: '0:9..8' },
      '--offsets messages.range.offsets.0: expected the first offset to be at most the end',
    ],
    [{ offsets: '0:1..2,0:3..4' }, '--offsets expected each partition once'],
    [{ last: '1h', offsets: '0:1..2' }, '--offsets expected only one of --from and --to, --last, --offsets'],
    [
      { partitions: '0,one' },
      '--partitions messages.partitions[1]: expected the number of a partition; got "one"',
    ],
    [{ onGap: 'stop' }, '--on-gap messages.on-gap: expected report or fail; got "stop"'],
    [{ maxRate: ['fast'] }, '--max-rate messages.kafka.max-rate[0]: expected a rate such as'],
  ])('%o is named', (flags, mistake) => {
    const told = mistakes(SMALLEST, { flags });
    expect(told.map((line) => line.slice(0, mistake.length))).toContain(mistake);
  });

  it('is a rate for a capture', () => {
    const capture = smallest({ line: 4, to: '  capture: orders.jsonl' });
    expect(mistakes(capture, { flags: { maxRate: ['1MB/s'] } })).toEqual([
      '--max-rate only messages from Kafka have a rate',
    ]);
  });
});
