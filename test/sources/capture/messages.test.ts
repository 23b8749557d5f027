import { appendFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GROUP_ROWS } from '../../../src/columns.ts';
import { AuditError, isAuditError } from '../../../src/error.ts';
import type { FieldReference, Progress, RangeSettings } from '../../../src/model.ts';
import { rawZstd } from '../zstd-frames.ts';
import { filesOf, line, lines, open, type Read, read } from './captures.ts';

describe('lines of kcat -J', () => {
  it('give back key, payload and headers as the bytes they were', async () => {
    const keyed = (text: string, place: object) => ({ text, ...place }) as FieldReference;
    const key = [
      keyed('key', { root: 'key' }),
      keyed('headers.event-id', { root: 'headers', name: 'event-id' }),
      keyed('value.id', { root: 'value', path: ['id'] }),
    ];
    const [file] = filesOf({
      'a.jsonl': [
        line({
          offset: 0,
          key: 'a"\\/\n',
          payload: '{"id":12345678901234567890}',
          headers: ['event-id', 'é'],
        }),
        line({
          offset: 1,
          key: 'b',
          payload: '{"id":"\\ud83d\\ude00"}',
          headers: ['event-id', '1', 'event-id', '2'],
        }),
        `{"topic":"orders","partition":0,"offset":2,"ts":5,"headers":["event-id",null],"key":"\\u0000\\ud83d\\ude00","payload":null}`,
      ].join('\n'),
    });
    const { keys, replay } = await read([file!], { key });
    expect(keys).toEqual(['a"\\/\n é 12345678901234567890', 'b 2 😀', '']);
    expect(replay.undecodable).toEqual([]);
    expect((await read([file!])).keys).toEqual(['a"\\/\n', 'b', '\0😀']);
  });

  it('keep bytes that are not UTF-8', async () => {
    const [file] = filesOf({
      'a.jsonl': Buffer.concat([
        Buffer.from('{"topic":"orders","partition":0,"offset":0,"ts":1,"key":"\\"'),
        Buffer.from([0xff, 0x00 + 0x80, 0xc3]),
        Buffer.from('","payload":"'),
        Buffer.from([0xfe]),
        Buffer.from('"}\n'),
      ]),
    });
    expect((await read([file!])).keys).toEqual(['hex:22ff80c3']);
    const value: FieldReference = { text: 'value', root: 'value', path: [] };
    const { replay } = await read([file!], { key: [value] });
    expect(replay.undecodable[0]!.why).toContain('not JSON');
  });

  it('may end without a newline, with CRLF, or be empty', async () => {
    const [file] = filesOf({ 'a.jsonl': `\n${line({ offset: 0 })}\r\n\n${line({ offset: 1 })}` });
    expect((await read([file!])).places).toEqual(['0:0', '0:1']);
  });

  it.each([
    ['torn', line({ offset: 1 }).slice(0, 60), 'ends too early'],
    ['no JSON', 'Broker transport failure', 'unexpected B'],
    ['glued', line({ offset: 1 }) + line({ offset: 2 }), 'unexpected {'],
    ['without a topic', '{"partition":0,"offset":1}', '`topic` should be a text'],
    [
      'with a strange offset',
      '{"topic":"orders","partition":0,"offset":-1,"payload":""}',
      '`offset` should be',
    ],
    [
      'with an offset beyond 2^53',
      '{"topic":"orders","partition":0,"offset":9007199254740993}',
      '`offset` should be',
    ],
    ['with a strange time', '{"topic":"orders","partition":0,"offset":1,"ts":"now"}', '`ts` should be'],
    ['without a payload', '{"topic":"orders","partition":0,"offset":1,"key":"k"}', '`payload` should be'],
    ['with an object', '{"topic":"orders","partition":0,"offset":1,"payload":{"id":1}}', 'as kcat -J writes'],
    ['with half a pair', '{"topic":"orders","partition":0,"offset":1,"payload":"\\ud83d"}', 'surrogate'],
  ])('that are %s end the audit with file and line', async (_, bad, why) => {
    const [file] = filesOf({ 'a.jsonl': `${line({ offset: 0 })}\n${bad}\n` });
    const error = await failure(read([file!]));
    expect(error.message).toContain(`${file}:2: `);
    expect(error.message).toContain(why);
    expect(error.status).toBe(4);
  });

  it.each([
    ['\n', '\r\n'],
    ['\r\n', ' \t\r\n'],
    ['\r\n', '\n'],
  ])('may have blank lines around them, whatever lines end with (%j, %j)', async (end, blank) => {
    const text = [line({ offset: 0 }), line({ offset: 1 })].map((one) => `${blank}${one}${end}`).join(blank);
    const [file] = filesOf({ 'a.jsonl': `${text}${blank}` });
    const { places, range } = await read([file!]);
    expect(places).toEqual(['0:0', '0:1']);
    expect(range.source).toContain('(kcat -J)');
  });

  it('of other topics are left out, and named where they are all there is', async () => {
    const others = `${line({ topic: 'payments', offset: 0 })}\n${line({ topic: 'refunds', offset: 1 })}\n`;
    const [mixed, wrong, empty] = filesOf({
      'a.jsonl': others + lines(0, 0, 1),
      'b.jsonl': others,
      'c.jsonl': '',
    });
    const { range, places } = await read([mixed!]);
    expect(places).toEqual(['0:0', '0:1']);
    expect(range.notes).toEqual(['messages of other topics in the capture (payments, refunds), left out: 2']);
    expect((await failure(read([wrong!]))).message).toMatch(/topic orders .* of payments, refunds$/);
    expect((await read([empty!])).range).toMatchObject({
      partitions: [],
      notes: ['short: the capture holds no message at all'],
    });
  });
});

describe('packed files', () => {
  const text = lines(0, 0, 4999);

  it('are known by their content, and may have several members', async () => {
    const members = [gzipSync(text.slice(0, 1000)), gzipSync(text.slice(1000))];
    const [file] = filesOf({ 'orders.jsonl': Buffer.concat(members) });
    expect((await read([file!])).replay.classes.get(0)).toMatchObject({ audited: 5000, unseen: 0 });
  });

  it('may be zstd, and are named with the last good line where they break off', async () => {
    const rows = Array.from({ length: 3 }, (_, offset) => `${line({ offset })}\n`).map(rawZstd);
    const [whole, torn] = filesOf({
      'a.jsonl.zst': Buffer.concat(rows),
      'b.jsonl.zst': Buffer.concat(rows).subarray(0, -8),
    });
    expect((await read([whole!])).places).toEqual(['0:0', '0:1', '0:2']);
    const error = await failure(read([torn!]));
    expect(error.message).toBe(`${torn}: the zstd data breaks off; it is good up to line 2`);
  });

  it.each([
    ['cut short', gzipSync(text).subarray(0, -2000), /breaks off; it is good up to line \d+$/],
    ['cut at a line', gzipSync(text).subarray(0, -8), /breaks off; it is good up to line 5000$/],
    [
      'followed by garbage',
      Buffer.concat([gzipSync(text), Buffer.from('\0\0garbage')]),
      /something that is not gzip/,
    ],
    ['changed', flipped(gzipSync(text), -5), /broken .*; none of its lines can be trusted$/],
  ])('that are %s end the audit and say how far they were good', async (_, packed, why) => {
    const [file] = filesOf({ 'orders.jsonl.gz': packed });
    const error = await failure(read([file!]));
    expect(error.message).toMatch(why);
    expect(error.message).toContain(file);
  });
});

describe('the range', () => {
  // Partition 0: offsets 10 to 29 at 10 to 29 s; partition 1: 5 to 14 at 5 to 14 s; partition 2: 0 at 0 s.
  const capture = () => filesOf({ 'orders.jsonl': lines(0, 10, 29) + lines(1, 5, 14) + lines(2, 0, 0) });
  const fixed = async (range: RangeSettings, partitions?: readonly number[]) => {
    const answer = await read(capture(), { range, ...(partitions === undefined ? {} : { partitions }) });
    return { ...answer, spans: answer.range.partitions.map(spanText) };
  };

  it('is everything', async () => {
    const { spans, replay, range } = await fixed({ by: 'all', padding: 9000 });
    expect(spans).toEqual(['0 10<10..30>30', '1 5<5..15>15', '2 0<0..1>1']);
    expect(replay).toMatchObject({
      firstAt: 0,
      lastAt: 29_000,
      unread: [{ to: 9999 }],
      readTo: 0,
      messages: 31,
    });
    expect(range).toMatchObject({
      source: 'capture orders.jsonl (kcat -J)',
      unreadPartitions: [],
      notes: [],
    });
  });

  it('is of some partitions', async () => {
    const { spans, range } = await fixed({ by: 'all', padding: 0 }, [1, 7]);
    expect(spans).toEqual(['1 5<5..15>15']);
    expect(range.unreadPartitions).toEqual([0, 2, 7]);
    expect(range.notes).toEqual(['short: the capture holds no message of partition 7']);
  });

  it('is of a time, with the padding before and after it', async () => {
    const { spans, range, replay, places } = await fixed({
      by: 'time',
      from: 12_000,
      to: 20_500,
      padding: 1500,
    });
    expect(spans).toEqual(['0 11<12..21>22', '1 11<12..15>15', '2 1<1..1>1']);
    expect(range).toMatchObject({ from: 12_000, to: 20_500 });
    expect(places.filter((place) => place.endsWith('p'))).toEqual(['0:11p', '0:21p', '1:11p']);
    // Partition 1 ends at 14 s and partition 2 even before the range: what they did later is not in the file.
    expect(replay.holes).toEqual([
      { partition: 1, class: 'unseen', first: 15, end: 15, from: 14_000 },
      { partition: 2, class: 'unseen', first: 1, end: 1, from: 0 },
    ]);
    expect(range.notes).toEqual([
      "short: the range was asked to reach to 1970-01-01T00:00:20.500Z, and the capture's last messages before that are of: partition 1 of 1970-01-01T00:00:14.000Z, partition 2 of 1970-01-01T00:00:00.000Z",
    ]);
    expect(replay).toMatchObject({
      unread: [{ to: 10_499 }, { from: 22_000 }],
      readTo: 0,
      stragglers: 0,
      firstAt: 12_000,
      lastAt: 20_000,
    });
  });

  it('is of a time that is open on one side', async () => {
    expect((await fixed({ by: 'time', to: 12_000, padding: 0 })).spans).toEqual([
      '0 10<10..12>12',
      '1 5<5..12>12',
      '2 0<0..1>1',
    ]);
    expect((await fixed({ by: 'time', from: 14_000, padding: 0 })).spans[1]).toBe('1 14<14..15>15');
  });

  it('may hold no message', async () => {
    const { spans, replay, range } = await fixed({ by: 'time', from: 90_000, to: 91_000, padding: 0 });
    expect(spans).toEqual(['0 30<30..30>30', '1 15<15..15>15', '2 1<1..1>1']);
    expect(replay).toMatchObject({ messages: 0, readTo: 0 });
    expect(replay.firstAt).toBeUndefined();
    // The capture ends a minute before that time: what came then, nobody knows.
    expect(replay.holes).toContainEqual({ partition: 0, class: 'unseen', first: 30, end: 30, from: 29_000 });
    expect(range.notes.join()).toMatch(/^short: the range was asked to reach to/);
  });

  it('is of the last hours, less the longest settle', async () => {
    const now = Date.now();
    const [file] = filesOf({
      'a.jsonl': [now - 7_200_000, now - 1_800_000, now - 1000]
        .map((ts, offset) => line({ offset, ts }))
        .join('\n'),
    });
    const { range } = await read([file!], {
      range: { by: 'last', length: 3_600_000, settle: 60_000, padding: 0 },
    });
    expect(range.partitions.map(spanText)).toEqual(['0 1<1..2>2']);
    expect(range.to! - range.from!).toBe(3_600_000);
    expect(Math.abs(range.to! - (now - 60_000))).toBeLessThan(5000);
  });

  it('is of offsets, as asked, with what is not there unseen', async () => {
    const offsets = new Map([
      [0, [15, 18]],
      [1, [12, 20]],
      [7, [0, 3]],
    ] as const);
    const { spans, range, replay, places } = await fixed({ by: 'offsets', offsets, padding: 1000 });
    expect(spans).toEqual(['0 14<15..18>18', '1 11<12..20>20', '7 0<0..3>3']);
    expect(range.unreadPartitions).toEqual([2]);
    expect(places.filter((place) => place.endsWith('p'))).toEqual(['0:14p', '1:11p']);
    expect(replay.classes.get(1)).toMatchObject({ audited: 3, unseen: 5 });
    expect(replay.classes.get(7)).toMatchObject({ audited: 0, unseen: 3 });
    expect(replay.holes).toEqual([
      { partition: 1, class: 'unseen', first: 15, end: 20, from: 14_000 },
      { partition: 7, class: 'unseen', first: 0, end: 3 },
    ]);
    expect(replay).toMatchObject({ unread: [{ to: 13_999 }, { from: 18_000 }], readTo: 14_000 });
  });

  it('goes by offsets where timestamps do not ascend, and counts the stragglers', async () => {
    const times = [10, 12, 11, 30, 13, 20, 31];
    const [file] = filesOf({ 'a.jsonl': times.map((ts, offset) => line({ offset, ts })).join('\n') });
    const { range, replay } = await read([file!], { range: { by: 'time', from: 12, to: 31, padding: 0 } });
    expect(range.partitions.map(spanText)).toEqual(['0 1<1..6>6']);
    expect(replay).toMatchObject({ stragglers: 1, firstAt: 11, lastAt: 30 });
  });

  it('knows messages without a timestamp', async () => {
    const [file] = filesOf({
      'a.jsonl': [
        '{"topic":"orders","partition":0,"offset":0,"tstype":"unknown","key":null,"payload":"{}"}',
        line({ offset: 1, ts: -1 }),
      ].join('\n'),
    });
    const { replay, range } = await read([file!]);
    expect(replay).toMatchObject({ messages: 2, readTo: range.fixedAt });
    expect(replay.firstAt).toBeUndefined();
  });
});

describe('holes', () => {
  it('are offsets that no line has, between the times of their neighbours', async () => {
    const [file] = filesOf({ 'a.jsonl': lines(0, 3, 4) + lines(0, 7, 7) + lines(0, 9, 9) });
    const { replay } = await read([file!]);
    expect(replay.classes.get(0)).toEqual({
      audited: 4,
      skipped: 0,
      control: 0,
      aborted: 0,
      absent: 0,
      deleted: 0,
      unseen: 3,
    });
    expect(replay.holes).toEqual([
      { partition: 0, class: 'unseen', first: 5, end: 7, from: 4000, to: 7000 },
      { partition: 0, class: 'unseen', first: 8, end: 9, from: 7000, to: 9000 },
    ]);
  });

  it('are merged where there are very many, and still cover every unseen offset', async () => {
    let text = '';
    for (let offset = 0; offset < 6000; offset += 2) text += `${line({ offset })}\n`;
    const [file] = filesOf({ 'a.jsonl': text });
    const { replay } = await read([file!]);
    expect(replay.classes.get(0)).toMatchObject({ audited: 3000, unseen: 2999 });
    expect(replay.holes.length).toBeLessThanOrEqual(1000);
    for (let offset = 1; offset < 5999; offset += 2) {
      const hole = replay.holes.find(({ first, end }) => first <= offset && offset < end);
      if (!(hole !== undefined && hole.from! <= offset * 1000 && hole.to! >= offset * 1000))
        expect.fail(`${offset}`);
    }
  });
});

describe('several files', () => {
  it('are read by time, so that names need not sort', async () => {
    const files = filesOf({ 'a-10.jsonl': lines(0, 10, 19), 'a-9.jsonl': lines(0, 0, 9) });
    const { places } = await read(files);
    expect(places).toEqual(Array.from({ length: 20 }, (_, offset) => `0:${offset}`));
  });

  it('may overlap: equal messages count once', async () => {
    const files = filesOf({ 'a.jsonl': lines(0, 0, 9) + lines(1, 0, 3), 'b.jsonl': lines(0, 5, 14) });
    const { places, replay } = await read(files);
    expect(new Set(places).size).toBe(places.length);
    expect(replay.classes.get(0)).toMatchObject({ audited: 15, unseen: 0 });
    expect(replay.messages).toBe(19);
  });

  it('may lie in any order within a partition', async () => {
    const shuffled = lines(0, 0, 999).trimEnd().split('\n');
    shuffled.sort((a, b) => ((a.length * 7919 + a.charCodeAt(50)) % 13) - (b.charCodeAt(51) % 13));
    shuffled.reverse();
    const [file] = filesOf({ 'a.jsonl': `${shuffled.filter((_, i) => i !== 500).join('\n')}\n` });
    const lost = (JSON.parse(shuffled[500]!) as { offset: number }).offset;
    const { replay, places } = await read([file!]);
    expect(places.length).toBe(999);
    expect(replay.holes).toEqual([
      {
        partition: 0,
        class: 'unseen',
        first: lost,
        end: lost + 1,
        from: (lost - 1) * 1000,
        to: (lost + 1) * 1000,
      },
    ]);
  });

  it.each([
    ['payload', { payload: '{"id":2}' }],
    ['key', { key: 'ORD-2' }],
    ['no key', { key: null }],
    ['time', { ts: 2 }],
    ['headers', { headers: ['event-id', '2'] }],
  ])('that tell one offset with another %s end the audit', async (_, other) => {
    const message = { offset: 3, ts: 1, key: 'ORD-1', payload: '{"id":1}', headers: ['event-id', '1'] };
    const files = filesOf({
      'a.jsonl': `${line(message)}\n`,
      'b.jsonl': `${line({ ...message, ...other })}\n`,
    });
    const error = await failure(read(files));
    expect(error.message).toMatch(
      /[ab]\.jsonl:1: partition 0, offset 3 is there twice, with different content$/,
    );
  });

  it('that match nothing are named', async () => {
    const error = await failure(read(['/nowhere/orders-*.jsonl']));
    expect(error.message).toBe('/nowhere/orders-*.jsonl: matches no file');
  });
});

describe('while it reads', () => {
  it('stops soon after the user interrupts', async () => {
    const stop = new AbortController();
    const [file] = filesOf({ 'a.jsonl': lines(0, 0, GROUP_ROWS + 9_000) });
    const source = open([file!], { hooks: { signal: stop.signal } });
    let taken = 0;
    const replaying = source.replay(await source.fix(), ({ rows }) => {
      taken += rows;
      stop.abort(new Error('interrupted'));
    });
    await expect(replaying).rejects.toThrow('interrupted');
    expect(taken).toBeLessThan(GROUP_ROWS + 5_000);
  });

  it('does not read what is appended meanwhile', async () => {
    const [file] = filesOf({ 'a.jsonl': lines(0, 0, 99) });
    const source = open([file!]);
    const range = await source.fix();
    appendFileSync(file!, `${lines(0, 100, 120)}{"torn`);
    expect((await source.replay(range, () => {})).messages).toBe(100);
  });

  it('notices that what it has surveyed was changed', async () => {
    const [file] = filesOf({ 'a.jsonl': lines(0, 0, 99) });
    const source = open([file!]);
    const range = await source.fix();
    writeFileSync(file!, lines(0, 50, 99) + lines(0, 0, 49));
    const error = await failure(source.replay(range, () => {}));
    expect(error.message).toMatch(/a\.jsonl:51: the file was changed while the audit was running$/);
  });

  it('takes a hundred thousand lines in bounded time, packed and in no order, and says how far it is', async () => {
    const all = lines(0, 0, 49_999) + lines(1, 0, 49_999);
    const [file, again] = filesOf({
      'a.jsonl.gz': gzipSync(all, { level: 1 }),
      'b.jsonl': lines(1, 25_000, 49_999),
    });
    const told: Progress[] = [];
    const started = performance.now();
    const { replay } = await read([file!, again!], {
      hooks: { progress: (progress) => void told.push(progress) },
    });
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(replay.messages).toBe(100_000);
    expect(replay.classes.get(1)).toMatchObject({ audited: 50_000, unseen: 0 });
    expect(told.some(({ stage, total }) => stage === 'replay' && total === 125_000)).toBe(true);
  });
});

function spanText({
  partition,
  readFirst,
  first,
  end,
  readEnd,
}: Read['range']['partitions'][number]): string {
  return `${partition} ${readFirst}<${first}..${end}>${readEnd}`;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length + at]! ^= 0xff;
  return copy;
}

async function failure(reading: Promise<unknown>): Promise<AuditError> {
  const error = await reading.then(
    () => new Error('nothing failed'),
    (cause: unknown) => cause,
  );
  if (!isAuditError(error)) throw error;
  expect(error).toBeInstanceOf(AuditError);
  return error;
}
