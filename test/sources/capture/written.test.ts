import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MESSAGE_CLASS, textValues } from '../../../src/columns.ts';
import { isAuditError } from '../../../src/error.ts';
import type {
  FieldReference,
  Isolation,
  MessageBatch,
  MessageSettings,
  RangeSettings,
  Replay,
  TopicRange,
} from '../../../src/model.ts';
import { captureMessages } from '../../../src/sources/capture/messages.ts';
import { takeFrom } from '../../../src/sources/capture/take.ts';
import { CaptureWriter } from '../../../src/sources/capture/writer.ts';
import { account } from '../../../src/sources/kafka/messages.ts';
import { fixRange } from '../../../src/sources/kafka/range.ts';
import { readRange } from '../../../src/sources/kafka/replay.ts';
import { MessageWriter } from '../../../src/sources/messages/writer.ts';
import { MemoryLog, MemoryTransport } from '../kafka/memory-log.ts';
import { kindSettings, messageSettings, settingsOf } from '../messages/settings.ts';
import { filesOf } from './captures.ts';

const HOOKS = {
  progress: () => {},
  signal: new AbortController().signal,
  digestKey: Buffer.alloc(16, 7),
};

const BINARY = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0a, 0x22]);

/** Two logs with all that a log can hold, at the seconds 100 to 900. */
function orders(): MemoryTransport {
  const first = new MemoryLog()
    .messages(3, 100_000)
    .append({
      records: [
        {
          offset: 0,
          timestamp: 200_000,
          key: BINARY,
          value: BINARY,
          headers: [
            ['id', BINARY],
            ['id', null],
          ],
        },
        {
          offset: 1,
          timestamp: 201_000,
          key: null,
          value: null,
          headers: [
            ['id', 'a'],
            ['trace', '"\\\n'],
          ],
        },
        { offset: 4, timestamp: 202_000, key: '', value: '', headers: [['id', '']] },
        { offset: 5, timestamp: 203_000, key: 'ORD-"\\\u2028😀\0', value: '{"id": 12345678901234567890}' },
      ],
    })
    .messages(2, 300_000, { transactional: true, producerId: 7 })
    .finish(7, 'abort', 301_000)
    .gap(5)
    .messages(2, 400_000, { transactional: true, producerId: 7 })
    .finish(7, 'commit', 401_000)
    .append({ records: [], span: 3 })
    .messages(4, 800_000)
    .messages(2, 900_000);
  const second = new MemoryLog().messages(2, 150_000).messages(3, 500_000).messages(1, 850_000);
  second.start = 2;
  return new MemoryTransport(first, second);
}

interface Read {
  readonly range: TopicRange;
  readonly replay: Replay;
  readonly messages: readonly unknown[];
}

const HEADER: FieldReference = { text: 'headers.id', root: 'headers', name: 'id' };
const KEY: FieldReference = { text: 'key', root: 'key' };

function settings(
  range: RangeSettings,
  files: readonly string[],
  partitions?: readonly number[],
  isolation: Isolation = 'read_committed',
) {
  const messages = messageSettings({
    isolation,
    key: [KEY],
    id: HEADER,
    range,
    from: { source: 'capture', files },
    ...(partitions === undefined ? {} : { partitions }),
  });
  return settingsOf(messages, [kindSettings('order-row', {})]);
}

/** Every message as its columns, by place. */
function rowsOf(batches: readonly MessageBatch[]): unknown[] {
  return batches
    .flatMap((batch) => {
      const [keys, ids, digests] = [batch.key, batch.eventId, batch.digest].map(textValues);
      return Array.from({ length: batch.rows }, (_, i) => ({
        at: `${batch.partition[i]}:${batch.offset[i]}`,
        time: Number(batch.timestamp[i]),
        class: batch.class[i],
        inRange: batch.inRange[i],
        key: keys![i],
        id: ids![i],
        digest: digests![i],
      }));
    })
    .sort((a, b) => a.at.localeCompare(b.at));
}

async function direct(
  transport: MemoryTransport,
  range: RangeSettings,
  isolation?: Isolation,
): Promise<Read> {
  const asked = settings(range, [], undefined, isolation);
  const fixed = await fixRange(transport, asked.messages, HOOKS.signal);
  const batches: MessageBatch[] = [];
  const writer = new MessageWriter(asked, HOOKS, (batch) => void batches.push(batch));
  const replay = account(fixed, await readRange(transport, fixed.range, writer, HOOKS, fixed), writer);
  return { range: fixed.range, replay, messages: rowsOf(batches) };
}

async function captured(
  files: readonly string[],
  range: RangeSettings,
  partitions?: readonly number[],
  isolation?: Isolation,
): Promise<Read> {
  const source = captureMessages(settings(range, files, partitions, isolation), HOOKS);
  const fixed = await source.fix();
  const batches: MessageBatch[] = [];
  const replay = await source.replay(fixed, (batch) => void batches.push(batch));
  return { range: fixed, replay, messages: rowsOf(batches) };
}

async function take(
  transport: MemoryTransport,
  range: RangeSettings,
  name = 'orders.jsonl.gz',
  isolation?: Isolation,
) {
  const [place] = filesOf({ 'a directory': '' });
  const path = join(dirname(place!), name);
  const writer = new CaptureWriter('orders', { path, force: false });
  try {
    await takeFrom(transport, settings(range, [], undefined, isolation).messages, HOOKS, writer, () => {});
  } finally {
    writer.discard();
  }
  return path;
}

/** All but what differs by nature: where it was read, when, and how many bytes that took. */
function comparable({ range, replay, messages }: Read) {
  const { source: _source, fixedAt: _fixedAt, ...rangeRest } = range;
  const { bytes: _bytes, readTo, unread, ...replayRest } = replay;
  const now = readTo === range.fixedAt ? 'now' : readTo;
  return { range: rangeRest, replay: { ...replayRest, readTo: now, unread }, messages };
}

const RANGES: readonly (readonly [string, RangeSettings])[] = [
  ['everything', { by: 'all', padding: 0 }],
  ['a time', { by: 'time', from: 200_000, to: 500_000, padding: 100_000 }],
  ['a time with an open end', { by: 'time', from: 150_000, padding: 50_000 }],
  ['a time that goes on', { by: 'time', from: 200_000, to: Date.now() + 1e9, padding: 1000 }],
  [
    'offsets',
    {
      by: 'offsets',
      offsets: new Map([
        [0, [3, 18]],
        [1, [0, 99]],
      ]),
      padding: 150_000,
    },
  ],
  ['the last of a partition', { by: 'offsets', offsets: new Map([[0, [-4, undefined]]]), padding: 0 }],
];

// Two readings of one moment.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describe('a capture', () => {
  it.each(RANGES)('of %s says the same as the topic', async (_, range) => {
    const transport = orders();
    const topic = comparable(await direct(transport, range));
    const file = await take(transport, range);
    expect(comparable(await captured([file], range))).toEqual(topic);
    // Without a range of its own, the configuration takes the file's.
    expect(comparable(await captured([file], { by: 'all', padding: 5 }))).toEqual(topic);
  });

  it.each(RANGES)('of everything, cut to %s, says no more than the topic', async (_, range) => {
    const transport = orders();
    const topic = await direct(transport, range);
    const file = await take(transport, { by: 'all', padding: 0 });
    const cut = await captured([file], range);
    const audited = ({ replay }: Read) => [...replay.classes.values()].map((one) => one.audited);
    expect(audited(cut)).toEqual(audited(topic));
    expect(cut.messages).toEqual(topic.messages);
    expect(cut.replay.readTo).toBeLessThanOrEqual(Math.max(topic.replay.readTo, cut.range.fixedAt));
  });

  it('that is asked for more than it holds says what is missing', async () => {
    const transport = orders();
    transport.logs[1]!.start = 0;
    const file = await take(transport, { by: 'time', from: 200_000, to: 400_000, padding: 1000 });
    const wider = await captured([file], { by: 'time', from: 100_000, to: 500_000, padding: 0 });
    expect(wider.range.notes).toEqual([
      'short: the capture begins at 1970-01-01T00:03:19.000Z, the range was asked to begin at 1970-01-01T00:01:40.000Z',
      'short: the capture ends at 1970-01-01T00:06:41.000Z, the range was asked to reach to 1970-01-01T00:08:20.000Z',
    ]);
    const offsets = new Map([[0, [0, 99] as const]]);
    const { replay } = await captured([file], { by: 'offsets', offsets, padding: 0 });
    const { unseen, audited, control, aborted, absent } = replay.classes.get(0)!;
    expect([unseen > 0, unseen + audited + control + aborted + absent]).toEqual([true, 99]);
  });

  it('of which one partition is read leaves the other', async () => {
    const file = await take(orders(), { by: 'all', padding: 0 });
    const { range } = await captured([file], { by: 'all', padding: 0 }, [1, 5]);
    expect(range.partitions.map(({ partition }) => partition)).toEqual([1]);
    expect(range.unreadPartitions).toEqual([0]);
    expect(range.notes).toContain('short: the capture holds no message of partition 5');
  });

  it('of what was not committed says which messages those are', async () => {
    const transport = orders();
    transport.logs[1]!.messages(2, 870_000, { transactional: true, producerId: 9 });
    const range: RangeSettings = { by: 'all', padding: 0 };
    const topic = await direct(transport, range, 'read_uncommitted');
    const file = await take(transport, range, 'uncommitted.jsonl.gz', 'read_uncommitted');
    const of = await captured([file], range, undefined, 'read_uncommitted');
    expect(comparable(of)).toEqual(comparable(topic));
    const classes = new Set(of.messages.map((one) => (one as { class: number }).class));
    expect(classes).toEqual(
      new Set([MESSAGE_CLASS.audited, MESSAGE_CLASS.abortedAudited, MESSAGE_CLASS.openAudited]),
    );
  });

  it('of another topic, or seen with other eyes, is refused', async () => {
    const file = await take(orders(), { by: 'all', padding: 0 });
    const asked = settings({ by: 'all', padding: 0 }, [file]);
    const fix = (messages: Partial<MessageSettings>) =>
      captureMessages({ ...asked, messages: { ...asked.messages, ...messages } }, HOOKS).fix();
    await expect(fix({ topic: 'refunds' })).rejects.toMatchObject({
      status: 4,
      message: `${file}: a capture of topic orders, not of refunds`,
    });
    await expect(fix({ isolation: 'read_uncommitted' })).rejects.toMatchObject({
      status: 2,
      hint: 'Say --isolation read_committed, or take the capture again.',
    });
  });

  it('can be audited with another beside it', async () => {
    const transport = orders();
    const early = await take(transport, { by: 'time', to: 400_000, padding: 0 }, 'early.jsonl.gz');
    const late = await take(transport, { by: 'time', from: 300_000, padding: 0 }, 'late.jsonl.gz');
    const whole = await direct(transport, { by: 'all', padding: 0 });
    const both = await captured([late, early], { by: 'all', padding: 0 });
    expect(both.messages).toEqual(whole.messages);
    expect(both.replay.classes).toEqual(whole.replay.classes);
  });

  it('is lines that a reader of kcat -J can read', async () => {
    const file = await take(orders(), { by: 'all', padding: 0 }, 'orders.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const messages = lines.map((line) => JSON.parse(line)).filter((line) => 'ts' in line);
    expect(messages.find(({ partition, offset }) => partition === 0 && offset === 8)).toEqual({
      topic: 'orders',
      partition: 0,
      offset: 8,
      ts: 203_000,
      key: 'ORD-"\\\u2028😀\0',
      payload: '{"id": 12345678901234567890}',
    });
    expect(messages.filter(({ aborted }) => aborted)).toHaveLength(2);
    const asKcat = settings({ by: 'all', padding: 0 }, [file]);
    const from = { source: 'capture', files: [file], format: 'kcat' } as const;
    const source = captureMessages({ ...asKcat, messages: { ...asKcat.messages, from } }, HOOKS);
    expect((await source.fix()).source).toBe('capture orders.jsonl (kcat -J)');
  });

  it('keeps any key, value and headers byte for byte', async () => {
    const bytes = fc.option(
      fc.oneof(
        fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
        fc.uint8Array().map((array) => Buffer.from(array)),
      ),
    );
    const record = fc.record({ key: bytes, value: bytes, headers: fc.array(fc.tuple(fc.string(), bytes)) });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
        const log = new MemoryLog().append({ records: records.map((one, offset) => ({ ...one, offset })) });
        const range: RangeSettings = { by: 'all', padding: 0 };
        const transport = new MemoryTransport(log);
        const file = await take(transport, range);
        expect((await captured([file], range)).messages).toEqual((await direct(transport, range)).messages);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the file', () => {
  const everything: RangeSettings = { by: 'all', padding: 0 };

  it('is its owner’s alone, and there is nothing beside it', async () => {
    const file = await take(orders(), everything);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await readdir(dirname(file))).filter((name) => name !== 'a directory')).toEqual([basename(file)]);
  });

  it('replaces none, unless it is told to', async () => {
    const file = await take(orders(), everything);
    expect(() => new CaptureWriter('orders', { path: file, force: false })).toThrow(
      `${file} is there already`,
    );
    const writer = new CaptureWriter('orders', { path: file, force: true });
    await takeFrom(
      orders(),
      settings({ by: 'time', to: 1, padding: 0 }, []).messages,
      HOOKS,
      writer,
      () => {},
    );
    expect((await captured([file], everything)).messages).toEqual([]);
  });

  it('cannot have a name that says nothing of how it is packed, nor be where there is no directory', () => {
    expect(() => new CaptureWriter('orders', { path: '/tmp/orders', force: false })).toThrow('.gz');
    expect(() => new CaptureWriter('orders', { path: '/nowhere/orders.jsonl.gz', force: false })).toThrow(
      '/nowhere/orders.jsonl.gz: cannot be written (ENOENT)',
    );
  });

  it('is not there when taking it was interrupted', async () => {
    const stop = new AbortController();
    const [place] = filesOf({ 'a directory': '' });
    const path = join(dirname(place!), 'orders.jsonl.gz');
    const writer = new CaptureWriter('orders', { path, force: false });
    const taking = takeFrom(
      orders(),
      settings(everything, []).messages,
      { progress: () => {}, signal: stop.signal },
      writer,
      () => stop.abort(new Error('interrupted')),
    );
    await expect(taking).rejects.toThrow('interrupted');
    writer.discard();
    expect(await readdir(dirname(path))).toEqual(['a directory']);
  });

  it.each<[string, (lines: string[]) => string[], string]>([
    ['without its first line', (lines) => lines.slice(1), 'whose first line is not the first of the file'],
    ['without its last line', (lines) => lines.slice(0, -1), 'the capture breaks off'],
    ['without a message', (lines) => lines.toSpliced(4, 1), 'the capture was changed'],
    [
      'with a message changed',
      (lines) => lines.with(2, lines[2]!.replace('"ts":1', '"ts":2')),
      'the capture was changed',
    ],
    ['with another line behind', (lines) => [...lines, lines[4]!], 'something follows the last line'],
    [
      'with an edited first line',
      (lines) => lines.with(0, '{"onceover":"capture","version":1}'),
      'was edited',
    ],
    [
      'of a later version',
      (lines) => lines.with(0, lines[0]!.replace('"version":1', '"version":2')),
      'which a newer onceover can read',
    ],
  ])('%s ends the audit', async (_, change, why) => {
    const file = await take(orders(), everything);
    const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
    const [changed] = filesOf({ 'orders.jsonl.gz': gzipSync(`${change(lines).join('\n')}\n`) });
    const error = await captured([changed!], everything).catch((failure: unknown) => failure);
    expect(isAuditError(error) && error.status).toBe(4);
    expect((error as Error).message).toMatch(new RegExp(`^${changed}:\\d+: .*${why}`));
  });
});
