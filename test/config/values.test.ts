import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldReference } from '../../src/config/fields.ts';
import {
  duration,
  hostAndPort,
  moment,
  number,
  type Reader,
  regularExpression,
  share,
  size,
  topicName,
  zone,
} from '../../src/config/values.ts';
import { nearest } from '../../src/nearest.ts';
import { compileTest } from '../../src/sources/conditions.ts';
import { load, smallest } from './configurations.ts';

/** A table of what texts are read as; undefined: they are refused. */
function reads<Value>(reader: Reader<Value>, table: Record<string, Value | undefined>): void {
  for (const [text, value] of Object.entries(table)) {
    it(`${JSON.stringify(text)} ${value === undefined ? 'is refused' : 'is read'}`, () => {
      expect(reader.read(text, 'text')).toEqual(value);
    });
  }
}

describe('durations', () => {
  reads(duration, {
    '500ms': 500,
    '90s': 90_000,
    '15m': 900_000,
    '24h': 86_400_000,
    '7d': 604_800_000,
    '0s': 0,
    '36525d': 36_525 * 86_400_000,
    '36526d': undefined,
    '10': undefined,
    '1.5h': undefined,
    '-1m': undefined,
    '15 m': undefined,
    '1h30m': undefined,
    '15M': undefined,
  });
});

describe('moments', () => {
  const noon = Date.UTC(2026, 10, 22, 12);
  reads(moment, {
    '2026-11-22T12:00:00Z': noon,
    '2026-11-22T12:00Z': noon,
    '2026-11-22t12:00:00.000z': noon,
    '2026-11-22 13:00:00+01:00': noon,
    '2026-11-22T06:30:00-05:30': noon,
    '2026-11-22T12:00:00.5Z': noon + 500,
    '2028-02-29T00:00:00Z': Date.UTC(2028, 1, 29),
    '2026-02-29T00:00:00Z': undefined,
    '2026-13-01T00:00:00Z': undefined,
    '2026-11-22T24:00:00Z': undefined,
    '2026-11-22T12:60:00Z': undefined,
    '2026-11-22T12:00:00.0001Z': undefined,
    '2026-11-22T12:00:00': undefined,
    '2026-11-22': undefined,
    '22.11.2026 12:00': undefined,
    '2026-11-22T12:00:00 Europe/Berlin': undefined,
  });
});

describe('other single values', () => {
  reads(zone, {
    'Europe/Berlin': 'Europe/Berlin',
    UTC: 'UTC',
    '+01:00': undefined,
    Berlin: undefined,
    CEST: undefined,
  });
  reads(share, {
    '5%': 0.05,
    '2.5%': 0.025,
    '0.05': 0.05,
    '0': 0,
    '100%': 1,
    '1': 1,
    '101%': undefined,
    '5': undefined,
    '-1%': undefined,
  });
  reads(size, {
    '2GB': '2GB',
    '1.5 GiB': '1.5 GiB',
    '500mb': '500mb',
    '0GB': undefined,
    '2': undefined,
    '80%': undefined,
    '2G': undefined,
  });
  reads(hostAndPort, {
    'b:9092': 'b:9092',
    '[::1]:9092': '[::1]:9092',
    '10.0.0.1:1': '10.0.0.1:1',
    b: undefined,
    'b:0': undefined,
    ':9092': undefined,
    'kafka://b:9092': undefined,
  });
  reads(topicName, {
    'orders.v1_a-b': 'orders.v1_a-b',
    '..': undefined,
    'a b': undefined,
    ['x'.repeat(250)]: undefined,
  });
  reads(regularExpression, {
    '^ORD-(\\d+)$': '^ORD-(\\d+)$',
    '\\p{L}': '\\p{L}',
    '(': undefined,
    '\\-': undefined,
  });
});

describe('fields', () => {
  const { read, hint } = fieldReference;

  it.each(['key', 'topic', 'partition', 'offset', 'timestamp'])('%s', (root) => {
    expect(read(root, 'text')).toEqual({ text: root, root });
  });

  it.each<[string, (string | number)[]]>([
    ['value', []],
    ['value.order.id', ['order', 'id']],
    ['value.a.b[0]', ['a', 'b', 0]],
    ['value[2][0].x', [2, 0, 'x']],
    ['value["odd name"].x', ['odd name', 'x']],
    ['value["a.b[0]"]', ['a.b[0]']],
    ['value["say \\"hi\\""]', ['say "hi"']],
    ['value.$type.@id.order-no.größe', ['$type', '@id', 'order-no', 'größe']],
    ['value.0', ['0']],
  ])('%s', (text, path) => {
    expect(read(text, 'text')).toEqual({ text, root: 'value', path });
  });

  it.each<[string, string]>([
    ['headers.event-id', 'event-id'],
    ['headers.ce.order.id', 'ce.order.id'],
    ['headers["x y"]', 'x y'],
  ])('%s', (text, name) => {
    expect(read(text, 'text')).toEqual({ text, root: 'headers', name });
  });

  it.each<[string, string | undefined]>([
    ['order.id', 'did you mean `value.order.id`?'],
    ['order_id', 'did you mean `value.order_id`?'],
    ['header.event-id', 'did you mean `headers.event-id`?'],
    ['vlaue.order.id', 'did you mean `value.order.id`?'],
    ['Key', 'did you mean `key`?'],
    ['key.id', 'only value and headers have fields below them, key has none'],
    ['headers', 'a header needs its name, such as headers.event-id'],
    ['headers.', undefined],
    ['value.', undefined],
    ['value..id', undefined],
    ['value[-1]', undefined],
    ['value[x]', undefined],
    ['value["x]', undefined],
    ['value["\\x"]', undefined],
    ['values', 'did you mean `value`?'],
    ['value order', undefined],
    ['', undefined],
    ['1', undefined],
  ])('%s is none', (text, help) => {
    expect(read(text, 'text')).toBeUndefined();
    expect(hint?.(text)).toBe(help);
  });

  it('any name can be written in brackets', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.nat()), { minLength: 1 }), (path) => {
        const text = `value${path.map((step) => `[${JSON.stringify(step)}]`).join('')}`;
        expect(read(text, 'text')).toEqual({ text, root: 'value', path });
      }),
    );
  });
});

describe('the nearest name', () => {
  it.each<[string, string | undefined]>([
    ['setle', 'settle'],
    ['settel', 'settle'],
    ['SETTLE', 'settle'],
    ['led', 'lead'],
    ['befor', undefined],
    ['x', undefined],
  ])('%s', (text, meant) => {
    expect(nearest(text, ['settle', 'lead', 'after', 'expect'])).toBe(meant);
  });
});

describe('conditions and what they are tested with agree', () => {
  it('bounds that some number lies within are accepted', () => {
    const within = (tests: string) =>
      load(smallest({ line: 3, to: `  topic: orders\n  where: { value.total: ${tests} }` })).messages.where;
    expect(within('{ gt: -1e999, lte: 1e999 }')).toHaveLength(2);
    expect(
      within('{ gte: 9007199254740993, lte: 9007199254740993, not: { gt: 1, }, exists: true }'),
    ).toHaveLength(4);
  });

  it('every number that is accepted can be compared with', () => {
    const written = fc.string({ unit: fc.constantFrom(...'0123456789.eE+-'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(written, (text) => {
        const bound = number.read(text, 'text');
        if (bound === undefined) return;
        expect(compileTest({ is: 'gte', number: bound })(text)).toBe(true);
        expect(compileTest({ is: 'gt', number: bound })(text)).toBe(false);
      }),
    );
  });

  it('every pattern that is accepted can be compiled', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const pattern = regularExpression.read(text, 'text');
        if (pattern !== undefined) compileTest({ is: 'matches', pattern })('ORD-12');
      }),
    );
  });
});
