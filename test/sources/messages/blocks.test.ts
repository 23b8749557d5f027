/** Whole batches against the same records added one by one: the columns, the account and the counts must be the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GROUP_ROWS, textValues } from '../../../src/columns.ts';
import type {
  FieldReference,
  KindSettings,
  MessageBatch,
  MessageCondition,
  PartitionRange,
  Scalar,
  Settings,
  Test,
  TextTest,
  TopicRange,
} from '../../../src/model.ts';
import { jsonNumber } from '../../../src/sources/decimals.ts';
import { crc32c } from '../../../src/sources/kafka/crc32c.ts';
import { Lane } from '../../../src/sources/kafka/lane.ts';
import { RecordCursor } from '../../../src/sources/kafka/records.ts';
import { MessageWriter } from '../../../src/sources/messages/writer.ts';
import { cases } from '../../support/deep.ts';
import { batch, type RecordSpec } from '../kafka/encoder.ts';
import { documentText, mutatedDocument } from './documents.ts';
import { field, kindSettings, messageSettings, settingsOf } from './settings.ts';

/** Whoever changes the scanner compares a million: `ONCEOVER_DEEP=50`. */
const DOCUMENTS = cases(20_000);
const MOST_RECORDS = 16;
const MOST_BATCHES = 8;
const RUNS = Math.ceil(DOCUMENTS / (MOST_RECORDS / 2) / (MOST_BATCHES / 2));
const HOUR = 3_600_000;
const { signal } = new AbortController();

const orderId = field('value.order.id', { root: 'value', path: ['order', 'id'] });
const key = field('key', { root: 'key' });
const type = field('value.type', { root: 'value', path: ['type'] });

describe('a batch told at once', () => {
  it(
    'is the same as its records told one by one, whatever they hold and whatever is looked for',
    async () => {
      let atOnce = 0;
      let alone = 0;
      const property = fc.asyncProperty(
        anySettings(),
        anyBatches(),
        anyWindow(),
        async (settings, told, window) => {
          const { runs, ...answer } = await tell(settings, told, window, true);
          const { runs: _, ...expected } = await tell(settings, told, window, false);
          expect(answer).toEqual(expected);
          atOnce += runs.atOnce;
          alone += runs.alone;
        },
      );
      await fc.assert(property, { numRuns: RUNS });
      // Otherwise nothing was compared, or nothing was left to the host.
      expect(Math.min(atOnce, alone)).toBeGreaterThan(DOCUMENTS / 20);
    },
    HOUR,
  );

  it(
    'is refused for the same damage',
    async () => {
      let refused = 0;
      const property = fc.asyncProperty(
        anySettings(),
        damagedBatches(),
        anyWindow(),
        async (settings, told, window) => {
          const { runs: _, ...answer } = await tell(settings, told, window, true);
          const { runs: __, ...expected } = await tell(settings, told, window, false);
          expect(answer).toEqual(expected);
          if (expected.error !== undefined) refused++;
        },
      );
      await fc.assert(property, { numRuns: RUNS });
      expect(refused).toBeGreaterThan(RUNS / 10);
    },
    HOUR,
  );

  it('agrees on documents that end too early, at every byte', async () => {
    const document = Buffer.from(
      String.raw`{"type":"a\"\u00e4ö😀","order":{"items":[{"id":-0.5e+3},true,null,[]],"id":"ORD-1"},"id":10}`,
    );
    const settings = settingsOf(messageSettings({ key: [orderId], where: [equal(type, 'a"ää')] }), []);
    const values = Array.from({ length: document.length + 1 }, (_, end) => document.subarray(0, end));
    await expectSame(settings, batchOf(values));
    await expectSame(settings, batchOf(values.map((value) => Buffer.concat([value, Buffer.from('\0"}')]))));
  });

  it('agrees on every single-byte change of one document', async () => {
    const document = Buffer.from(String.raw`{"type":"Pl\u00e4ö","order":{"id":"ORD-1","a":[1e9,{}]}}`);
    const settings = settingsOf(messageSettings({ key: [orderId], id: type }), [
      kindSettings('order-row', {}),
    ]);
    for (let at = 0; at < document.length; at++) {
      const values = Array.from({ length: 256 }, (_, byte) => {
        const value = Buffer.from(document);
        value[at] = byte;
        return value;
      });
      await expectSame(settings, batchOf(values));
    }
  });

  it('compares texts of digits as the records told one by one, and leaves only exponents to them', async () => {
    const text = fc.string({ unit: fc.constantFrom(...'00123459.-'), maxLength: 7 });
    const bound = fc.oneof(
      fc.constantFrom('0', '-0', '-0.0', '12.5', '0.05', '123450e-2', '-3'),
      text.filter((digits) => jsonNumber(digits) !== undefined),
    );
    const is = fc.constantFrom('gt', 'gte', 'lt', 'lte');
    const behind = fc.constantFrom('', '0', '.0', '00', '.01', '1', '.', '-');
    const texts = fc.array(fc.tuple(fc.boolean(), text, behind), { minLength: 1, maxLength: 50 });
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(bound, is, fc.boolean(), texts, async (number, how, negated, keys) => {
        const test: TextTest = { is: how, number };
        const where = [{ field: key, test: negated ? ({ is: 'not', test } as const) : test }];
        const settings = settingsOf(messageSettings({ key: [key], where }), []);
        const near = number.replace(/e.*/, '');
        const told = keys.map(([isNear, other, end], offset) => ({
          offset,
          key: isNear ? near + end : other,
        }));
        const records = batch({ base: 0, records: told });
        const { runs, ...answer } = await tell(settings, records, {}, true);
        const { runs: _, ...expected } = await tell(settings, records, {}, false);
        expect(answer).toEqual(expected);
        expect(runs).toEqual({ atOnce: keys.length, alone: 0 });
        decided += answer.tally.classes.skipped > 0 && answer.tally.classes.audited > 0 ? 1 : 0;
      }),
      { numRuns: 300 },
    );
    // Otherwise all were let in, or none.
    expect(decided).toBeGreaterThan(30);
  });

  it('agrees on what is UTF-8, at every border of the encoding', async () => {
    const borders = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    const values: Buffer[] = [];
    for (let first = 0x80; first < 0x100; first++) {
      for (const second of borders) {
        for (const third of borders) {
          for (const fourth of [0x22, 0x80, 0xbf, 0xc0]) {
            values.push(Buffer.from([0x22, first, second, third, fourth, 0x22]));
          }
        }
      }
    }
    const value = field('value', { root: 'value', path: [] });
    await expectSame(settingsOf(messageSettings({ key: [value] }), []), batchOf(values));
    const records = values.map((bytes, offset) => ({ offset, key: bytes.subarray(1, 5) }));
    await expectSame(settingsOf(messageSettings({ key: [key] }), []), batch({ base: 0, records }));
  });

  it('goes as deep as the records told one by one', async () => {
    const values = [10, 199, 200, 201, 5000].flatMap((depth) => [
      Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)},"order":{"id":"ORD-${depth}"}}`),
      Buffer.from(`{"a":${'[{"b":'.repeat(depth)}1${'}]'.repeat(depth)},"order":{"id":${depth}}}`),
      Buffer.from('['.repeat(depth)),
    ]);
    await expectSame(settingsOf(messageSettings({ key: [orderId] }), []), batchOf(values));
  });

  it('takes keys and values that are larger than any room', async () => {
    const large = Buffer.alloc(5 << 20, 'ORD-1');
    const records = [0, 1, 2].map((offset) => ({ offset, key: large, value: large }));
    const { keys, batches } = await tell(
      settingsOf(messageSettings({ key: [key] }), []),
      batch({ base: 0, records }),
      {},
      true,
    );
    expect(batches).toEqual([3]);
    expect(keys?.every((text) => text === large.toString())).toBe(true);
  });

  it('leaves no room between texts of all sizes and none at all', async () => {
    const long = Array.from({ length: 1950 }, (_, i) => `ORD-${'7'.repeat(500 + (i % 50))}`);
    const records = Array.from({ length: GROUP_ROWS - 1 }, (_, offset) => ({
      offset,
      key: long[offset] ?? null,
    }));
    const { keys, ids } = await tell(
      settingsOf(messageSettings({ key: [key], id: key }), []),
      batch({ base: 0, records }),
      {},
      true,
    );
    expect(keys).toEqual(records.map((record) => record.key ?? ''));
    expect(ids).toEqual(keys);
  });

  it('stops where the columns are full, and goes on behind that', async () => {
    const records = Array.from({ length: GROUP_ROWS + 5 }, (_, offset) => ({ offset, key: `ORD-${offset}` }));
    const settings = settingsOf(messageSettings({ key: [key] }), [kindSettings('order-row', {})]);
    const { batches, keys } = await tell(settings, batch({ base: 0, records }), {}, true);
    expect(batches).toEqual([GROUP_ROWS, 5]);
    expect(keys).toEqual(records.map((record) => record.key));
  });

  it('finds the fault of a broken value as often as it is told', async () => {
    const settings = settingsOf(messageSettings({ key: [orderId] }), [kindSettings('order-row', {})]);
    const values = Array.from({ length: 9 }, (_, i) => Buffer.from(`{"order":${i}`));
    const { undecodable, runs } = await tell(settings, batchOf(values), {}, true);
    expect(undecodable).toHaveLength(5);
    expect(undecodable[4]).toEqual({
      partition: 3,
      offset: 4,
      why: 'not JSON: it ends too early, after 10 bytes',
    });
    expect(runs).toEqual({ atOnce: 4, alone: 5 });
  });
});

function batchOf(values: readonly Buffer[]): Buffer {
  return batch({ base: 0, records: values.map((value, offset) => ({ offset, timestamp: offset, value })) });
}

async function expectSame(settings: Settings, records: Buffer): Promise<void> {
  const { runs: _, ...answer } = await tell(settings, records, {}, true);
  const { runs: __, ...expected } = await tell(settings, records, {}, false);
  expect(answer).toEqual(expected);
}

type Window = Partial<PartitionRange> & Pick<TopicRange, 'from' | 'to'> & { readonly aborted?: boolean };

/** All that is told of a batch, with columns as values. @param atOnce false: as if every record had to be told by itself */
async function tell(settings: Settings, records: Buffer, window: Window, atOnce: boolean) {
  const columns: unknown[][] = [];
  const texts: string[][] = [[], [], []];
  const batches: number[] = [];
  const writer = new MessageWriter(
    settings,
    { digestKey: Buffer.alloc(16, 7), signal },
    (taken: MessageBatch) => {
      batches.push(taken.rows);
      const { rows: _, key: keys, eventId, digest, expectMin, expectMax, ...numbers } = taken;
      for (const [i, page] of [keys, eventId, digest].entries()) texts[i]!.push(...textValues(page));
      for (const [i, column] of [...Object.values(numbers), ...expectMin, ...expectMax].entries()) {
        columns[i] ??= [];
        columns[i].push(...column);
      }
    },
  );
  const runs = { atOnce: 0, alone: 0 };
  const add: MessageWriter['add'] = (record) => {
    runs.alone++;
    return writer.add(record);
  };
  const lane = laneOf(window);
  const sink = {
    needsHeaders: writer.needsHeaders,
    add,
    get full() {
      return writer.full;
    },
    flush: () => writer.flush(),
    blocks: atOnce ? writer.blocks : undefined,
  };
  const cursor = new RecordCursor(writer.needsHeaders);
  const error = await failureOf(async () => {
    const aborted = window.aborted ? [{ producerId: -1, firstOffset: 0 }] : [];
    const fetched = { partition: 3, errorCode: 0, highWatermark: 0, lastStableOffset: 0, aborted, records };
    await lane.tell(fetched as never, lane.tally.at, {
      sink,
      record: cursor,
      rest: () => writer.flush(),
      pace: () => undefined,
    });
  });
  await writer.flush();
  runs.atOnce = lane.tally.messages - runs.alone;
  const [keys, ids, digests] = texts;
  return {
    error,
    runs,
    batches,
    columns,
    keys,
    ids,
    digests,
    tally: lane.tally.state(),
    references: writer.references(),
    undecodable: writer.undecodable(),
  };
}

function laneOf({ from, to, aborted: _, ...range }: Window): Lane {
  const partition = { partition: 3, first: 0, end: 1e6, readFirst: 0, readEnd: 1e6, short: 0, ...range };
  const asked = {
    topic: 'orders',
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  return new Lane(partition, asked as TopicRange);
}

async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function equal(reference: FieldReference, text: string): MessageCondition {
  return { field: reference, test: { is: 'in', values: [{ text }] } };
}

// ------------------------------------------------------------------------------------------- what is generated

function anyReference(): fc.Arbitrary<FieldReference> {
  const path = fc.constantFrom<readonly (string | number)[]>(
    ['order', 'id'],
    ['id'],
    ['order'],
    ['items'],
    ['order', 'items', 1],
    ['ä€😀'],
    [],
    [0],
    ['', ''],
  );
  return fc.oneof(
    { weight: 6, arbitrary: path.map((at) => field(`value.${at.join('.')}`, { root: 'value', path: at })) },
    { weight: 2, arbitrary: fc.constant(key) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('id', 'ö')
        .map((name) => field(`headers.${name}`, { root: 'headers', name })),
    },
    fc
      .constantFrom('topic', 'partition', 'offset', 'timestamp')
      .map((root) => field(root, { root } as never)),
  );
}

function anyTest(): fc.Arbitrary<Test> {
  const text = fc.constantFrom('ORD-1', '', 'true', 'ä€😀', 'hex:', 'hex:6865783a', '3', 'orders', 'id');
  const number = fc.constantFrom(
    '0',
    '-0',
    '1',
    '1.0',
    '3',
    '1e3',
    '10',
    '-5',
    '007',
    '2.5',
    '99999999999999999999',
  );
  const scalar: fc.Arbitrary<Scalar> = fc.oneof(
    text.map((value) => ({ text: value })),
    number.map((digits) => ({ text: digits, number: Number(digits) })),
  );
  const within = fc.array(scalar, { maxLength: 3 }).map((values): TextTest => ({ is: 'in', values }));
  const bound = fc.constantFrom('0', '3', '2.95', '1e3', '-0.05', '-5', '10', '0.5', '99999999999999999999');
  const compared = fc
    .record({ is: fc.constantFrom('gt', 'gte', 'lt', 'lte'), number: bound })
    .map((test): TextTest => test);
  return fc.oneof(
    within,
    compared,
    fc.oneof(within, compared).map((test): Test => ({ is: 'not', test })),
    fc.boolean().map((exists): Test => ({ is: 'exists', exists })),
  );
}

function anySettings(): fc.Arbitrary<Settings> {
  const condition = fc.record({ field: anyReference(), test: anyTest() });
  const where = fc.oneof(fc.constant([]), fc.array(condition, { maxLength: 2 }));
  const expectation: fc.Arbitrary<KindSettings['expect']> = fc.oneof(
    fc.constantFrom({ by: 'number', min: 1, max: 1 } as const, { by: 'number', min: 0, max: 3 } as const),
    anyReference().map((reference) => ({ by: 'field', field: reference }) as const),
  );
  return fc
    .record({
      key: fc.array(anyReference(), { minLength: 1, maxLength: 3 }),
      id: fc.option(anyReference(), { nil: undefined }),
      copies: fc.constantFrom('one-event', 'one-event', 'each-message'),
      where,
      kinds: fc.array(fc.record({ expect: expectation, where }), { maxLength: 2 }),
    })
    .map(({ id, kinds, ...message }) =>
      settingsOf(
        messageSettings({ ...message, ...(id === undefined ? {} : { id }) }),
        kinds.map((kind, i) => kindSettings(`kind-${i}`, kind)),
      ),
    );
}

/** A document with little but what is looked for: members come again, with and without something in them. */
function anyOrder(): fc.Arbitrary<string> {
  const scalar = fc.constantFrom(
    '"ORD-1"',
    '3',
    'null',
    'true',
    '"\\u0041"',
    '1e3',
    '-0',
    '"hex:"',
    '{}',
    '[]',
    '2.950',
    '-0.05',
    '"0.5"',
    '"2.9e0"',
    '99999999999999999999.0',
  );
  const object = (names: readonly string[], value: fc.Arbitrary<string>) =>
    fc
      .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 })
      .map((members) => `{${members.map(([name, text]) => `${name}:${text}`).join(',')}}`);
  const list = (value: fc.Arbitrary<string>) =>
    fc.array(value, { maxLength: 3 }).map((items) => `[${items.join(',')}]`);
  const order = fc.oneof(object(['"id"', '"items"', '"\\u0069d"'], fc.oneof(scalar, list(scalar))), scalar);
  return object(['"id"', '"order"', '"order"', '"items"', '"ä€😀"'], fc.oneof(order, scalar, list(scalar)));
}

function anyRecord(): fc.Arbitrary<Omit<RecordSpec, 'offset'> & { readonly gap: number }> {
  const text = fc.constantFrom(
    'ORD-1',
    '',
    '3',
    '007',
    'hex:',
    'hex:00',
    'a b%',
    'ä€😀',
    '+1',
    '12345678901',
    '-5.0',
    '2.',
    '3.x',
    '-',
  );
  const bytes: fc.Arbitrary<Buffer> = fc.oneof(
    { weight: 4, arbitrary: text.map((value) => Buffer.from(value)) },
    fc.constantFrom<Buffer>(Buffer.from([0xff, 0]), Buffer.from([0xc3]), Buffer.alloc(40, 'ORD ')),
    fc.uint8Array({ maxLength: 9 }).map((value) => Buffer.from(value)),
  );
  const value: fc.Arbitrary<Buffer | null> = fc.oneof(
    { weight: 6, arbitrary: anyOrder().map((document) => Buffer.from(document)) },
    { weight: 6, arbitrary: documentText().map((document) => Buffer.from(document)) },
    { weight: 6, arbitrary: mutatedDocument() },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 2, arbitrary: fc.nat(255).map((byte) => Buffer.from([byte])) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Buffer>(Buffer.alloc(0), Buffer.alloc(300, ' '), Buffer.alloc(70_000, '1')),
    },
  );
  const headerName = fc.constantFrom('id', 'ö', 'other', '');
  const header = fc.tuple(headerName, fc.option(text, { freq: 4, nil: null }));
  return fc.record({
    gap: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(3)),
    timestamp: fc.oneof(
      fc.integer({ min: -2, max: 2000 }),
      fc.constantFrom(100, 1000, 1200, 1.7e12, 2 ** 53 - 1, -(2 ** 52)),
    ),
    key: fc.option(bytes, { freq: 6, nil: null }),
    value,
    headers: fc.array(header, { maxLength: 3 }),
  });
}

interface Spread {
  readonly records: readonly (Omit<RecordSpec, 'offset'> & { readonly gap: number })[];
  readonly behind: number;
  readonly baseTimestamp: number;
  readonly appendedAt: number | undefined;
}

function anyBatch(): fc.Arbitrary<Spread> {
  return fc.record({
    records: fc.array(anyRecord(), { maxLength: MOST_RECORDS }),
    behind: fc.constantFrom(0, 0, 3),
    baseTimestamp: fc.constantFrom(0, 1000, -1, 1.7e12),
    appendedAt: fc.option(fc.constantFrom(1500, -1), { nil: undefined, freq: 4 }),
  });
}

/** Batches of ascending offsets, with gaps in them and between them. */
function anyBatches(): fc.Arbitrary<Buffer> {
  const batches = fc.array(anyBatch(), { minLength: 1, maxLength: MOST_BATCHES });
  return fc
    .tuple(fc.constantFrom(0, 7, 2 ** 40), batches)
    .map(([base, told]) => Buffer.concat(encoded(base, told)));
}

/** One batch with bytes changed, put in, taken out or cut off among its records or in their number, and a checksum that agrees. */
function damagedBatches(): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(),
    byte: fc.nat(255),
    kind: fc.constantFrom('set', 'insert', 'remove', 'cut'),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 2 });
  const batches = fc.array(anyBatch(), { minLength: 1, maxLength: 3 });
  return fc.tuple(batches, changes).map(([told, all]) => {
    const [first, ...rest] = encoded(0, told);
    return Buffer.concat([damaged(first!, all), ...rest]);
  });
}

function encoded(base: number, batches: readonly Spread[]): Buffer[] {
  let offset = base - 1;
  return batches.map(({ records, behind, baseTimestamp, appendedAt }) => {
    const first = offset + 1;
    const spread = records.map(({ gap, ...record }) => {
      offset += 1 + gap;
      return { ...record, offset };
    });
    offset = Math.max(first, offset) + behind;
    const more = appendedAt === undefined ? {} : { appendedAt };
    return batch({ base: first, last: offset, records: spread, baseTimestamp, transactional: true, ...more });
  });
}

function damaged(whole: Buffer, changes: readonly { at: number; byte: number; kind: string }[]): Buffer {
  const AT_RECORDS = 61;
  let bytes = [...whole];
  for (const { at, byte, kind } of changes) {
    // The last byte of their number is before the records.
    const place = AT_RECORDS - 1 + (at % (bytes.length - AT_RECORDS + 1));
    if (kind === 'cut') bytes = bytes.slice(0, Math.max(place, AT_RECORDS));
    else bytes.splice(place, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [byte]));
    if (bytes.length < AT_RECORDS) bytes.push(byte);
  }
  const result = Buffer.from(bytes);
  result.writeInt32BE(result.length - 12, 8);
  result.writeUInt32BE(crc32c(result.subarray(21)), 17);
  return result;
}

function anyWindow(): fc.Arbitrary<Window> {
  return fc.constantFrom<Window>(
    {},
    { aborted: true },
    { readFirst: 3, first: 5, end: 9, readEnd: 11 },
    { first: 2, from: 100, to: 1200 },
    { first: 2 ** 40, end: 2 ** 41, readFirst: 2 ** 40 - 2, readEnd: 2 ** 41 + 5, to: 1000 },
  );
}
