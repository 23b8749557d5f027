import { describe, expect, it } from 'vitest';
import {
  EXPECT,
  GROUP_ROWS,
  GROUP_TEXT_BYTES,
  MESSAGE_CLASS,
  textValues,
  UNBOUNDED,
} from '../../../src/columns.ts';
import type { FieldReference, MessageBatch, MessageCondition, Test } from '../../../src/model.ts';
import { MessageWriter, type RecordView } from '../../../src/sources/messages/writer.ts';
import { field, kindSettings, messageSettings, settingsOf } from './settings.ts';

const { undecodable, unreadable } = EXPECT;
const { audited, skipped, aborted, abortedAudited, openAudited } = MESSAGE_CLASS;
const { signal } = new AbortController();

describe('keys', () => {
  const keyOf = async (reference: FieldReference, record: Partial<RecordView>) =>
    (await written({ key: [reference] }, [record])).keys[0];
  const orderId = field('value.order.id', { root: 'value', path: ['order', 'id'] });

  it.each([
    ['{"order":{"id":"ORD-7"}}', 'ORD-7'],
    ['{"order":{"id":"  ORD 7 "}}', '  ORD 7 '],
    ['{"order":{"id":12345678901234567890}}', '12345678901234567890'],
    ['{"order":{"id":007}}', ''],
    ['{"order":{"id":1.0}}', '1.0'],
    ['{"order":{"id":true}}', 'true'],
    ['{"order":{"id":null}}', ''],
    ['{"order":{"id":""}}', ''],
    ['{"order":{"id":{}}}', ''],
    ['{"order":{"id":["ORD-7"]}}', ''],
    ['{"order":{}}', ''],
    ['{"order":{"id":"hex:00"}}', 'hex:6865783a3030'],
    ['{"order":{"id":"\\ud800"}}', 'hex:eda080'],
  ])('of the value %s is %j', async (value, key) => {
    expect(await keyOf(orderId, { value: Buffer.from(value) })).toBe(key);
  });

  it('of the whole value, of an index, of no value', async () => {
    expect(await keyOf(field('value', { root: 'value', path: [] }), json('"ORD-7"'))).toBe('ORD-7');
    expect(await keyOf(field('value[1]', { root: 'value', path: [1] }), json('[1,2]'))).toBe('2');
    expect(await keyOf(orderId, { value: null })).toBe('');
  });

  it('of the Kafka key and of headers are their bytes', async () => {
    expect(await keyOf(field('key', { root: 'key' }), { key: Buffer.from('ORD-ä') })).toBe('ORD-ä');
    expect(await keyOf(field('key', { root: 'key' }), { key: Buffer.from([0xff, 0]) })).toBe('hex:ff00');
    expect(await keyOf(field('key', { root: 'key' }), { key: null })).toBe('');
    const header = field('headers.order-id', { root: 'headers', name: 'order-id' });
    const headers = (...values: (string | null)[]) => ({
      headers: values.map((value) => ['order-id', value === null ? null : Buffer.from(value)] as const),
    });
    expect(await keyOf(header, headers('1', '2'))).toBe('2');
    expect(await keyOf(header, headers('1', null))).toBe('');
    expect(await keyOf(header, { headers: [['Order-Id', Buffer.from('1')]] })).toBe('');
  });

  it('of coordinates are their text, and several parts are joined without collision', async () => {
    const parts = [
      field('topic', { root: 'topic' }),
      field('partition', { root: 'partition' }),
      field('offset', { root: 'offset' }),
      field('timestamp', { root: 'timestamp' }),
      field('key', { root: 'key' }),
    ];
    const record = { partition: 3, offset: 2 ** 53 - 1, timestamp: 5, key: Buffer.from('a b%') };
    expect((await written({ key: parts }, [record])).keys).toEqual(['orders 3 9007199254740991 5 a%20b%25']);
    expect((await written({ key: parts }, [{ ...record, timestamp: -1 }])).keys).toEqual(['']);
  });

  it('are read without the value where nothing refers to it', async () => {
    const { batch } = await written({ key: [field('key', { root: 'key' })] }, [json('{broken')]);
    expect([...batch.undecodable]).toEqual([0]);
  });
});

describe('ids and digests', () => {
  const key = [field('key', { root: 'key' })];
  const id = field('value.id', { root: 'value', path: ['id'] });

  it('gives a digest exactly where there is no id', async () => {
    const values = ['{"id":"E-1"}', '{"id":""}', '{"id":null}', '{"id":[1]}', '{}'];
    const { ids, digests } = await written({ key, id }, values.map(json));
    expect(ids).toEqual(['E-1', '', '', '', '']);
    expect(digests.map((digest) => digest.length)).toEqual([0, 32, 32, 32, 32]);
    expect(new Set(digests).size).toBe(5);
  });

  it('tells values apart, no value from an empty one, and audits from each other', async () => {
    const records = [
      { value: null },
      json(''),
      json('a'),
      json('a'),
      { value: Buffer.alloc(9_000) },
      json('a'),
    ];
    const { digests } = await written({ key }, records);
    expect(new Set(digests).size).toBe(4);
    expect(digests[2]).toMatch(/^[0-9a-f]{32}$/);
    expect([digests[3], digests[5]]).toEqual([digests[2], digests[2]]);
    const apart = await written({ key, copies: 'each-message' }, records);
    expect(apart.digests).toEqual(records.map(() => ''));
    const other = await written({ key }, [json('a')], { digestKey: Buffer.alloc(16, 9) });
    expect(other.digests[0]).not.toBe(digests[2]);
  });
});

describe('which messages are audited', () => {
  const where = [condition(['type'], 'OrderPlaced')];
  const key = [field('value.id', { root: 'value', path: ['id'] })];

  it('skips what a condition does not let in, and still reads its key', async () => {
    const { batch, keys, answers } = await written({ key, where }, [
      json('{"id":1,"type":"OrderPlaced"}'),
      json('{"id":2,"type":"OrderPaid"}'),
      json('{"id":3,"type":null}'),
      json('{"id":4}'),
      { value: null },
    ]);
    expect(answers).toEqual(['audited', 'skipped', 'skipped', 'skipped', 'skipped']);
    expect([...batch.class]).toEqual([audited, skipped, skipped, skipped, skipped]);
    expect(keys).toEqual(['1', '2', '3', '4', '']);
    expect([...batch.expectMin[0]!]).toEqual([1, 0, 0, 0, 0]);
    expect([...batch.undecodable]).toEqual([0, 0, 0, 0, 0]);
  });

  it.each<[string, Test]>([
    ['is', { is: 'in', values: [{ text: 'hex:00' }] }],
    ['matches', { is: 'matches', pattern: '^hex:0+$' }],
    ['is not', { is: 'not', test: { is: 'in', values: [{ text: 'hex:6865783a3030' }] } }],
  ])('a condition sees a text as it stands, although a key of it is spelt: it %s hex:00', async (_, test) => {
    const id = field('value.id', { root: 'value', path: ['id'] });
    const record = { key: Buffer.from('hex:00'), value: Buffer.from('{"id":"hex:00"}') };
    for (const reference of [field('key', { root: 'key' }), id]) {
      const { answers, keys } = await written({ key: [id], where: [{ field: reference, test }] }, [record]);
      expect([...answers, ...keys]).toEqual(['audited', 'hex:6865783a3030']);
    }
  });

  it('a condition sees the spelling of bytes that are no text', async () => {
    const reference = field('key', { root: 'key' });
    const where: MessageCondition[] = [
      { field: reference, test: { is: 'in', values: [{ text: 'hex:ff00' }] } },
    ];
    const record = { key: Buffer.from([0xff, 0]) };
    expect((await written({ key: [reference], where }, [record])).answers).toEqual(['audited']);
  });

  it('audits what it cannot tell, and expects nothing certain of it', async () => {
    const { batch, writer } = await written({ key, where }, [json('{"id":1,"type":'), json('')]);
    expect([...batch.class]).toEqual([audited, audited]);
    expect([...batch.undecodable]).toEqual([1, 1]);
    expect([...batch.expectMin[0]!, ...batch.expectMax[0]!]).toEqual(Array(4).fill(undecodable));
    expect(writer.undecodable()).toEqual([
      { partition: 0, offset: 0, why: 'not JSON: it ends too early, after 15 bytes' },
      { partition: 0, offset: 1, why: 'not JSON: it is empty' },
    ]);
  });

  it.each<[string, Test, readonly string[]]>([
    ['is there', { is: 'exists', exists: true }, ['9', '10.50', 'text', 'empty', 'object', 'list', 'broken']],
    ['is not there', { is: 'exists', exists: false }, ['absent', 'null', 'nothing', 'broken']],
    ['is above 10', { is: 'gt', number: '10' }, ['10.50', 'broken']],
    ['is at most 10.5', { is: 'lte', number: '10.5' }, ['9', '10.50', 'broken']],
    ['is not above 10', { is: 'not', test: { is: 'gt', number: '10' } }, ['9', 'text', 'empty', 'broken']],
  ])('a condition that a field %s lets in just those, and what it cannot tell', async (_, test, letIn) => {
    const values: readonly [string, string | null][] = [
      ['9', '{"total":9}'],
      ['10.50', '{"total":"10.50"}'],
      ['text', '{"total":"free"}'],
      ['empty', '{"total":""}'],
      ['object', '{"total":{}}'],
      ['list', '{"total":[]}'],
      ['absent', '{"totals":11}'],
      ['null', '{"total":11,"total":null}'],
      ['nothing', null],
      ['broken', '{"id":1'],
    ];
    const total = field('value.total', { root: 'value', path: ['total'] });
    const message = { key: [field('key', { root: 'key' })], where: [{ field: total, test }] };
    const records = values.map(([, text]) => ({ value: text === null ? null : Buffer.from(text) }));
    const { answers, batch, writer } = await written(message, records);
    expect(values.flatMap(([name], i) => (answers[i] === 'audited' ? name : []))).toEqual(letIn);
    expect([...batch.undecodable]).toEqual(values.map(([name]) => (name === 'broken' ? 1 : 0)));
    expect(writer.blocks).toBeDefined();
  });

  it('lets a condition outside the value settle it whatever the value is', async () => {
    const header: MessageCondition = {
      field: field('headers.type', { root: 'headers', name: 'type' }),
      test: equal('OrderPlaced'),
    };
    const record = (type: string) => ({
      ...json('{broken'),
      headers: [['type', Buffer.from(type)] as const],
    });
    const settings = { key: [field('key', { root: 'key' })], where: [...where, header] };
    const { answers, batch } = await written(settings, [record('OrderPaid'), record('OrderPlaced')]);
    expect(answers).toEqual(['skipped', 'audited']);
    expect([...batch.undecodable]).toEqual([0, 1]);
  });

  it('keeps aborted messages apart, with their keys', async () => {
    const { batch, keys } = await written({ key, where }, [{ ...json('{"id":9}'), aborted: true }]);
    expect([...batch.class]).toEqual([aborted]);
    expect(keys).toEqual(['9']);
    expect([...batch.expectMax[0]!]).toEqual([0]);
  });

  it('judges aborted and open messages where uncommitted ones are read, as far as they are let in', async () => {
    const placed = json('{"id":9,"type":"OrderPlaced"}');
    const paid = json('{"id":9,"type":"OrderPaid"}');
    const { batch, answers } = await written({ key, where, isolation: 'read_uncommitted' }, [
      { ...placed, aborted: true },
      { ...placed, ofOpenTransaction: true },
      { ...paid, aborted: true },
      { ...paid, ofOpenTransaction: true },
      placed,
    ]);
    expect(answers).toEqual(['abortedAudited', 'openAudited', 'aborted', 'skipped', 'audited']);
    expect([...batch.class]).toEqual([abortedAudited, openAudited, aborted, skipped, audited]);
    expect([...batch.expectMax[0]!]).toEqual([1, 1, 0, 0, 1]);
  });
});

describe('what is expected', () => {
  const key = [field('key', { root: 'key' })];
  const items = field('value.items', { root: 'value', path: ['items'] });
  const byItems = kindSettings('order-row', { expect: { by: 'field', field: items } });

  it.each([
    ['{"items":[1,{"a":2}]}', 2],
    ['{"items":[]}', 0],
    ['{"items":3}', 3],
    ['{"items":3.0}', 3],
    ['{"items":3e2}', 300],
    ['{"items":"12"}', 12],
    ['{"items":-1}', unreadable],
    ['{"items":2.5}', unreadable],
    ['{"items":" 3"}', unreadable],
    ['{"items":""}', unreadable],
    ['{"items":9999999999}', unreadable],
    ['{"items":true}', unreadable],
    ['{"items":{}}', unreadable],
    ['{"items":null}', unreadable],
    ['{}', unreadable],
    ['{"items"', undecodable],
  ])('of %s is %i', async (value, expected) => {
    const { batch } = await written({ key }, [json(value)], { kinds: [byItems] });
    expect([batch.expectMin[0]![0], batch.expectMax[0]![0]]).toEqual([expected, expected]);
    expect(batch.undecodable[0]).toBe(expected === undecodable ? 1 : 0);
  });

  it('is nothing where the kind does not want the message, and a span where one is given', async () => {
    const email = kindSettings('confirmation-email', {
      expect: { by: 'number', min: 0, max: UNBOUNDED },
      where: [condition(['channel'], 'web')],
    });
    const records = ['{"channel":"web"}', '{"channel":"shop"}', '{}', '{'].map(json);
    const { batch } = await written({ key }, records, { kinds: [kindSettings('order-row', {}), email] });
    expect([...batch.expectMin[0]!]).toEqual([1, 1, 1, 1]);
    expect([...batch.expectMin[1]!]).toEqual([0, 0, 0, undecodable]);
    expect([...batch.expectMax[1]!]).toEqual([UNBOUNDED, 0, 0, undecodable]);
    expect([...batch.undecodable]).toEqual([0, 0, 0, 1]);
  });

  it('is unknown of every kind where the broken value holds key or id', async () => {
    const id = field('value.id', { root: 'value', path: ['id'] });
    for (const settings of [{ key: [id] }, { key, id }]) {
      const { batch } = await written(settings, [json('{')], {
        kinds: [kindSettings('order-row', {}), byItems],
      });
      expect([batch.expectMin[0]![0], batch.expectMin[1]![0], batch.undecodable[0]]).toEqual([
        undecodable,
        undecodable,
        1,
      ]);
    }
  });
});

describe('what was found at each reference', () => {
  it('counts conditions in all messages, everything else in those that are not skipped', async () => {
    const id = field('value.id', { root: 'value', path: ['id'] });
    const nowhere = field('value.orderId', { root: 'value', path: ['orderId'] });
    const kind = kindSettings('order-row', {
      expect: { by: 'field', field: field('value.items', { root: 'value', path: ['items'] }) },
      where: [condition(['type'], 'OrderPlaced')],
    });
    const { writer } = await written(
      {
        key: [id],
        id: nowhere,
        where: [condition(['type'], 'OrderPlaced'), condition(['type'], 'OrderPlaced')],
      },
      [
        json('{"id":1,"type":"OrderPlaced","items":[]}'),
        json('{"id":2,"type":"OrderPaid","items":[]}'),
        json('{"id":null,"type":"OrderPlaced"}'),
        { ...json('{"id":4,"type":"OrderPlaced"}'), inRange: false },
        { ...json('{"id":5,"type":"OrderPlaced"}'), aborted: true },
        json('{'),
      ],
      { kinds: [kind] },
    );
    expect(writer.references()).toEqual([
      { setting: 'messages.key', text: 'value.id', seen: 2 },
      { setting: 'messages.id', text: 'value.orderId', seen: 0 },
      { setting: 'messages.where', text: 'value.type', seen: 4 },
      { setting: 'effects.order-row.expect', text: 'value.items', seen: 1 },
      { setting: 'effects.order-row.where', text: 'value.type', seen: 3 },
    ]);
  });

  it('says of which no message needs to have anything', async () => {
    const absent = (path: string) => ({
      field: field(`value.${path}`, { root: 'value', path: [path] }),
      test: { is: 'exists', exists: false } as const,
    });
    const key = [field('key', { root: 'key' })];
    const where = [absent('cancelledAt'), absent('type'), condition(['type'], 'OrderPlaced')];
    const { writer } = await written({ key, where }, [json('{}')]);
    expect(writer.references()).toEqual([
      { setting: 'messages.key', text: 'key', seen: 0 },
      { setting: 'messages.where', text: 'value.cancelledAt', seen: 0, mayBeAbsent: true },
      { setting: 'messages.where', text: 'value.type', seen: 0 },
    ]);
  });

  it('says whether headers are needed at all', async () => {
    const key = [field('key', { root: 'key' })];
    expect((await written({ key }, [])).writer.needsHeaders).toBe(false);
    const id = field('headers.id', { root: 'headers', name: 'id' });
    expect((await written({ key, id }, [])).writer.needsHeaders).toBe(true);
  });
});

describe('whole batches', () => {
  const id = field('value.id', { root: 'value', path: ['id'] });
  const wholes = async (message: Partial<Parameters<typeof messageSettings>[0]>) =>
    (await written({ key: [id], ...message }, [])).writer.blocks !== undefined;

  it('are only read of values that are JSON as it is', async () => {
    expect(await wholes({})).toBe(true);
    expect(await wholes({ value: 'json-schema' })).toBe(false);
    expect(await wholes({ envelope: 'debezium' })).toBe(false);
    expect(await wholes({ envelope: 'cloudevents' })).toBe(false);
  });

  it('are not read where a pattern must be tried, or a number is too long', async () => {
    const under = (test: Test) => wholes({ where: [{ field: id, test }] });
    expect(await under({ is: 'gt', number: '1e999' })).toBe(true);
    expect(await under({ is: 'not', test: { is: 'gt', number: '9'.repeat(1001) } })).toBe(false);
    expect(await under({ is: 'matches', pattern: '^ORD-' })).toBe(false);
  });
});

describe('values that are not JSON', () => {
  const id = field('value.id', { root: 'value', path: ['id'] });

  it('have all their headers read where these say what the value is', async () => {
    const needs = async (message: Partial<Parameters<typeof messageSettings>[0]>) =>
      (await written({ key: [id], ...message }, [])).writer.needsHeaders;
    expect(await needs({})).toBe(false);
    expect(await needs({ envelope: 'debezium' })).toBe(false);
    expect(await needs({ envelope: 'cloudevents' })).toBe(true);
    expect(await needs({ value: 'json-schema' })).toBe(true);
    const key = [field('key', { root: 'key' })];
    expect(await needs({ key, value: 'json-schema' })).toBe(false);
  });

  it('are no values of JSON Schema where they have no id, and empty where they are null', async () => {
    const records = [
      { value: Buffer.concat([Buffer.alloc(5), Buffer.from('{"id":7}')]) },
      json('{"id":7}'),
      { value: null },
    ];
    const { keys, batch, writer } = await written({ key: [id], value: 'json-schema' }, records);
    expect(keys).toEqual(['7', '', '']);
    expect([...batch.undecodable]).toEqual([0, 1, 0]);
    expect(writer.undecodable()[0]!.why).toMatch(/^it names no schema/);
  });

  it('of CloudEvents: attributes are told although the data is broken, and nothing where the event is', async () => {
    const ceId = field('headers.ce_id', { root: 'headers', name: 'ce_id' });
    const ceType = field('headers.ce_type', { root: 'headers', name: 'ce_type' });
    const where = [{ field: ceType, test: equal('OrderPlaced') }];
    const structured = [['content-type', Buffer.from('application/cloudevents+json')]] as const;
    const binary = (type: string) =>
      [
        ['ce_specversion', '1.0'],
        ['ce_id', 'E-1'],
        ['ce_type', type],
      ].map(([name, value]) => [name!, Buffer.from(value!)] as const);
    const records = [
      { ...json('{'), headers: binary('OrderPlaced') },
      { ...json('{'), headers: binary('OrderPaid') },
      { ...json('{'), headers: structured },
      {
        ...json('{"specversion":"1.0","id":"E-4","type":"OrderPaid","data_base64":"ew=="}'),
        headers: structured,
      },
      { value: null, headers: binary('OrderPlaced') },
    ];
    const items = kindSettings('order-row', { expect: { by: 'field', field: id } });
    const settings = { envelope: 'cloudevents', key: [ceId], where } as const;
    const { answers, keys, batch } = await written(settings, records, { kinds: [items] });
    expect(answers).toEqual(['audited', 'skipped', 'audited', 'skipped', 'audited']);
    expect(keys).toEqual(['E-1', 'E-1', '', 'E-4', 'E-1']);
    expect([...batch.undecodable]).toEqual([1, 0, 1, 0, 0]);
    expect([...batch.expectMin[0]!]).toEqual([undecodable, 0, undecodable, 0, unreadable]);
  });
});

describe('batches', () => {
  it('hand over every row once, in order, in bounded pieces, also when nobody asks whether it is full', async () => {
    const batches: MessageBatch[] = [];
    const writer = new MessageWriter(
      settingsOf(messageSettings({ key: [field('key', { root: 'key' })] }), [kindSettings('order-row', {})]),
      { digestKey: Buffer.alloc(16), signal },
      ({ key, offset, timestamp, ...batch }) =>
        void batches.push({
          ...batch,
          key: key.slice(),
          offset: offset.slice(),
          timestamp: timestamp.slice(),
        }),
    );
    const view = recordView({});
    const count = 2 * GROUP_ROWS + 1000;
    for (let offset = 0; offset < count; offset++) {
      Object.assign(view, { offset, timestamp: offset * 2, key: Buffer.from(`ORD-${offset}`) });
      writer.add(view);
    }
    expect(writer.full).toBe(true);
    await writer.flush();
    await writer.flush();
    expect(batches.map(({ rows }) => rows)).toEqual([GROUP_ROWS, GROUP_ROWS, 1000]);
    expect(batches.flatMap(({ key }) => textValues(key))).toEqual(
      Array.from({ length: count }, (_, offset) => `ORD-${offset}`),
    );
    expect(batches[2]!.offset.at(-1)).toBe(BigInt(count - 1));
    expect(batches[2]!.timestamp.at(-1)).toBe(BigInt(2 * count - 2));
    expect(writer.full).toBe(false);
  });

  it('are cut by their text too', async () => {
    const batches: MessageBatch[] = [];
    const settings = settingsOf(messageSettings({ key: [field('key', { root: 'key' })] }), []);
    const writer = new MessageWriter(
      settings,
      { digestKey: Buffer.alloc(16), signal },
      (batch) => void batches.push(batch),
    );
    for (let offset = 0; offset < 10; offset++)
      writer.add(recordView({ offset, key: Buffer.alloc(GROUP_TEXT_BYTES / 4, 'A') }));
    await writer.flush();
    expect(batches.map(({ rows }) => rows)).toEqual([4, 4, 2]);
  });
});

function json(text: string): Partial<RecordView> {
  return { value: Buffer.from(text) };
}

function equal(text: string): Test {
  return { is: 'in', values: [{ text }] };
}

function condition(path: readonly string[], text: string): MessageCondition {
  return { field: field(`value.${path.join('.')}`, { root: 'value', path }), test: equal(text) };
}

function recordView(record: Partial<RecordView>): RecordView {
  return {
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: null,
    value: null,
    headers: [],
    inRange: true,
    aborted: false,
    ofOpenTransaction: false,
    ...record,
  };
}

/** Writes records, one offset after the other, in one batch. */
async function written(
  message: Parameters<typeof messageSettings>[0],
  records: readonly Partial<RecordView>[],
  more: { kinds?: readonly ReturnType<typeof kindSettings>[]; digestKey?: Uint8Array } = {},
) {
  const batches: MessageBatch[] = [];
  const settings = settingsOf(messageSettings(message), more.kinds ?? [kindSettings('order-row', {})]);
  const writer = new MessageWriter(
    settings,
    { digestKey: more.digestKey ?? Buffer.alloc(16), signal },
    (batch) => {
      batches.push(batch);
    },
  );
  const answers = records.map((record, offset) => writer.add(recordView({ offset, ...record })));
  await writer.flush();
  const batch = batches[0]!;
  if (records.length === 0) return { writer, answers, batch, keys: [], ids: [], digests: [] };
  return {
    writer,
    answers,
    batch,
    keys: textValues(batch.key),
    ids: textValues(batch.eventId),
    digests: textValues(batch.digest),
  };
}
