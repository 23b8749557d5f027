import { describe, expect, it } from 'vitest';
import type { JsonPath } from '../../../../src/sources/messages/json-path.ts';
import { CloudEventValue } from '../../../../src/sources/messages/values/cloudevents.ts';
import { DebeziumValue } from '../../../../src/sources/messages/values/debezium.ts';
import { JsonValue } from '../../../../src/sources/messages/values/json.ts';
import type { Surroundings } from '../../../../src/sources/messages/values/reader.ts';
import { OBJECT, path, shown, shownBy } from './read.ts';

const openJson = (paths: readonly JsonPath[]) => new JsonValue(paths);

function bytes(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

describe('a change event of Debezium', () => {
  const at = (texts: string, value: unknown) =>
    shownBy((paths) => new DebeziumValue(paths, openJson), texts.split(' ').map(path), bytes(value));
  const created = {
    before: null,
    after: { id: 7, total: '9.90', items: [1, 2] },
    source: { table: 'orders', ts_ms: 1 },
    op: 'c',
    ts_ms: 2,
  };
  const deleted = { ...created, op: 'd', before: { id: 8 }, after: null };
  const texts = 'id items op source.table ts_ms after.id before.id';

  it('is addressed by the row after the change, or before it where nothing is left of it', async () => {
    expect(await at(texts, created)).toEqual(['7', 2, 'c', 'orders', '2', '7', undefined]);
    expect(await at(texts, deleted)).toEqual(['8', undefined, 'd', 'orders', '2', undefined, '8']);
    expect(await at('id', { ...created, op: 'u', before: { id: 6 } })).toEqual(['7']);
  });

  it('is the same with its schema around it', async () => {
    for (const event of [created, deleted]) {
      expect(await at(texts, { schema: { type: 'struct' }, payload: event })).toEqual(await at(texts, event));
    }
  });

  it('has no row where a table was emptied, and nothing in a wrapper around nothing', async () => {
    expect(await at('id op', { op: 't', source: {}, ts_ms: 1 })).toEqual([undefined, 't']);
    expect(await at('id op', { schema: null, payload: null })).toEqual([undefined, undefined]);
  });

  it('keeps apart columns that are called as parts of the envelope, and a column that is called payload', async () => {
    const event = { ...created, after: { op: 'x', source: 's', payload: { id: 9 } } };
    expect(await at('op after.op source after.source payload.id', event)).toEqual([
      'c',
      'x',
      OBJECT,
      's',
      '9',
    ]);
    expect(await at('payload.id', { schema: {}, payload: event })).toEqual(['9']);
  });

  it.each([
    ['{"id":7}', 'no change event of Debezium: it has no op'],
    ['{"payload":{"id":7},"schema":{}}', 'no change event of Debezium: it has no op'],
    ['[]', 'no change event of Debezium: it has no op'],
    ['{', 'not JSON: it ends too early, after 1 bytes'],
  ])('is not %s', async (value, fault) => {
    expect(await at('id', value)).toEqual({ fault });
  });

  it('says nothing of the event before it', () => {
    const reader = new DebeziumValue([['id']], openJson);
    expect(reader.read(bytes(created), { headers: [] })).toBe(true);
    expect(reader.read(bytes({ schema: null, payload: null }), { headers: [] })).toBe(true);
    expect(shown(reader, 0)).toBeUndefined();
  });
});

describe('a CloudEvent', () => {
  const structured: Surroundings['headers'] = [
    ['content-type', Buffer.from('application/cloudevents+json; charset=UTF-8')],
  ];
  const binary: Surroundings['headers'] = [
    ['ce_specversion', Buffer.from('1.0')],
    ['ce_id', Buffer.from('E-1')],
    ['content-type', Buffer.from('application/json')],
  ];
  const event = { specversion: '1.0', id: 'E-1', type: 'OrderPlaced', data: { order: { id: 7 } } };

  function read(value: unknown, headers: Surroundings['headers'], texts = 'order.id') {
    const paths = texts === '' ? [] : texts.split(' ').map(path);
    const reader = new CloudEventValue(paths, ['id', 'type'], openJson);
    const isReadable = reader.read(bytes(value), { headers });
    return {
      data: isReadable ? paths.map((_, i) => shown(reader, i)) : reader.fault,
      attributes:
        reader.attributes &&
        (reader.attributes.readable ? [0, 1].map((i) => reader.attributes!.text(i)) : 'unreadable'),
    };
  }

  it('in binary mode is its data, and its attributes are headers', () => {
    expect(read({ order: { id: 7 } }, binary)).toEqual({ data: ['7'], attributes: undefined });
  });

  it('in structured mode has data and attributes in its value', () => {
    expect(read(event, structured)).toEqual({ data: ['7'], attributes: ['E-1', 'OrderPlaced'] });
    const packed = { ...event, data: undefined, data_base64: bytes({ order: { id: 8 } }).toString('base64') };
    expect(read(packed, structured)).toEqual({ data: ['8'], attributes: ['E-1', 'OrderPlaced'] });
    expect(read({ ...event, data: 'text' }, structured, 'order.id')).toEqual({
      data: [undefined],
      attributes: ['E-1', 'OrderPlaced'],
    });
    expect(read({ specversion: '1.0', id: 'E-1' }, structured)).toEqual({
      data: [undefined],
      attributes: ['E-1', undefined],
    });
  });

  it('may have broken data that nobody asks for', () => {
    expect(read('{', binary, '')).toEqual({ data: [], attributes: undefined });
    const packed = { ...event, data_base64: bytes('{').toString('base64') };
    expect(read(packed, structured, '')).toEqual({ data: [], attributes: ['E-1', 'OrderPlaced'] });
  });

  it('has readable attributes although its data is broken', () => {
    const readable = ['E-1', 'OrderPlaced'];
    const broken = { ...event, data_base64: bytes('{').toString('base64') };
    expect(read(broken, structured)).toEqual({
      data: 'not JSON: it ends too early, after 1 bytes',
      attributes: readable,
    });
    for (const data_base64 of ['x', 'A===', 7]) {
      expect(read({ ...event, data_base64 }, structured)).toEqual({
        data: 'its data_base64 is not base64',
        attributes: readable,
      });
    }
  });

  it.each<[string, Surroundings['headers'], string, string | undefined]>([
    ['{', structured, 'not JSON: it ends too early, after 1 bytes', 'unreadable'],
    ['{"id":"E-1"}', structured, 'no CloudEvent: it has no specversion', 'unreadable'],
    ['{', binary, 'not JSON: it ends too early, after 1 bytes', undefined],
    [
      '{}',
      [],
      'no CloudEvent: it has neither a header ce_specversion nor the content-type application/cloudevents+json',
      undefined,
    ],
    [
      '[]',
      [['content-type', Buffer.from('application/cloudevents-batch+json')]],
      'a CloudEvent in the format application/cloudevents-batch+json, which is not read',
      'unreadable',
    ],
  ])('is not %s', (value, headers, fault, attributes) => {
    expect(read(value, headers)).toEqual({ data: fault, attributes });
  });
});
