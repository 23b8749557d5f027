/** A day of a shop as texts: JSON values as people and programs write them, the rows of a dump, and a configuration. */
import fc from 'fast-check';
import type { Copies } from '../../../src/model.ts';
import { LOOK_ALIKES } from '../notation/look-alikes.ts';

export interface DayMessage {
  readonly partition: number;
  /** Minutes from the day's beginning. */
  readonly minute: number;
  readonly recordKey: string | null;
  /** Perhaps no JSON at all; null: a tombstone. */
  readonly value: string | null;
}

export interface DayRow {
  /** Which of the sources shows it. */
  readonly source: number;
  readonly id: string;
  readonly order: string;
  readonly line: string;
  /** Microseconds from the day's beginning; null: the cell is empty. */
  readonly at: number | null;
}

/** What the configuration says, as far as days differ in it. */
export interface Ways {
  readonly key: 'order' | 'order folded' | 'order as a number' | 'order and line' | 'record key';
  readonly id: boolean;
  /** Only messages that pass the test are audited, or only they expect a row. */
  readonly where: 'nowhere' | 'messages' | 'effects';
  readonly test: 'type' | 'at least two items' | 'no note';
  readonly copies: Copies;
  readonly expect: 'one' | 'items';
  readonly sources: 1 | 2;
}

export interface Day {
  readonly ways: Ways;
  readonly messages: readonly DayMessage[];
  readonly rows: readonly DayRow[];
}

const KEYS = LOOK_ALIKES.flat();

/** A text as a JSON string: as it is, or with every character escaped. */
function stringToken(text: string): fc.Arbitrary<string> {
  const unit = (code: string) => `\\u${code.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const escaped = `"${text.split('').map(unit).join('')}"`;
  return fc.constantFrom(JSON.stringify(text), JSON.stringify(text), escaped);
}

const textToken = fc.constantFrom(...KEYS).chain(stringToken);

/** Numbers that a double or a canonical form takes for each other, and what is no key at all. */
const keyToken = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('1', '"1"', '11', '"11"', '7', '"007"', '"+7"') },
  { weight: 3, arbitrary: textToken },
  {
    weight: 3,
    arbitrary: fc.constantFrom('1.0', '1e0', '100', '1e2', '0', '-0', '9007199254740993', '9007199254740992'),
  },
  { weight: 1, arbitrary: fc.constantFrom('null', '""', '{}', '[]', '["1"]', '{"order":"1"}', 'true') },
  { weight: 1, arbitrary: fc.constantFrom('"\\ud800"', '"\\u0000"', '"1\\n"', '" 1"') },
);

const TOKENS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  order: keyToken,
  line: fc.constantFrom('"1"', '1', '"11"', '11', '"1 1"', '"1%201"', 'null', '1.0'),
  id: fc.constantFrom('"e1"', '"e1"', '"e2"', '1', '1.0', '"1"', 'null', '""', '[]', '"\\u0065\\u0031"'),
  type: fc.constantFrom(
    ...Array<string>(6).fill('"OrderPlaced"'),
    '"Order\\u0050laced"',
    '"orderplaced"',
    '"OrderPlaced "',
    'null',
    '{}',
  ),
  items: fc.constantFrom(
    '[1]',
    '1',
    '[1,2]',
    '2',
    '2.0',
    '20e-1',
    '[]',
    '0',
    '-1',
    '1.5',
    'null',
    '{}',
    '[[],[]]',
  ),
  // Members of our names where nobody asked for them, and one that is a name of every object.
  note: fc.constantFrom('null', '{"order":"1","id":"e1"}', '"\\"order\\":\\"1\\""', '[{"order":"1"}]'),
  __proto__: fc.constantFrom('{"order":"1","type":"OrderPlaced"}'),
};

interface Member {
  readonly name: string;
  readonly token: string;
}

function member(name: string): fc.Arbitrary<Member> {
  return TOKENS[name]!.map((token) => ({ name, token }));
}

const written = fc.record({
  // Each once, in the usual case; then any of them again: of members of one name the last counts.
  members: fc
    .tuple(
      fc.tuple(...['type', 'order', 'line', 'items', 'id'].map(member)),
      fc.array(fc.constantFrom(...Object.keys(TOKENS)).chain(member), { maxLength: 3, size: 'max' }),
      fc.subarray(['type', 'order', 'line', 'items', 'id'], { minLength: 3 }),
    )
    .map(([usual, more, there]) => [...usual.filter(({ name }) => there.includes(name)), ...more]),
  space: fc.constantFrom('', '', ' ', '\n', '\t\r\n '),
  escapedNames: fc.constantFrom(false, false, false, true),
});

const json: fc.Arbitrary<string> = written.map(({ members, space, escapedNames }) => {
  const name = (text: string) =>
    JSON.stringify(escapedNames ? text : text).replace('order', escapedNames ? '\\u006frder' : 'order');
  return `${space}{${members.map((one) => `${space}${name(one.name)}${space}:${space}${one.token}`).join(',')}}${space}`;
});

const broken = fc.oneof(
  json.map((text) => text.slice(0, -1).trimEnd()),
  json.map((text) => `${text},`),
  json.map((text) => `\ufeff${text}`),
  json.map((text) => text.replace('{', "{'order':1,")),
  fc.constantFrom(
    '',
    ' ',
    '{"order":01}',
    '{"order":"1",}',
    '{"order":.5}',
    '{"order":"1" "id":1}',
    '{"order":"\t"}',
    'NaN',
  ),
);

const message: fc.Arbitrary<DayMessage> = fc.record({
  partition: fc.integer({ min: 0, max: 1 }),
  minute: fc.integer({ min: 0, max: 40 }),
  recordKey: fc.constantFrom(null, '', ...KEYS),
  value: fc.oneof(
    { weight: 10, arbitrary: json },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: fc.constantFrom(null, 'null', '[]', '"1"', '1') },
  ),
});

const minutes = (at: number) => at * 60_000_000;

const row: fc.Arbitrary<Omit<DayRow, 'source'> & { readonly sourceNumber: number }> = fc.record({
  sourceNumber: fc.nat(5),
  id: fc.integer({ min: 1, max: 12 }).map(String),
  order: fc.constantFrom('', ...KEYS, ...['1', '11', '1', '11', '7', '007', 'true', ' 1', '1,"1"', '1\n']),
  line: fc.constantFrom('1', '1', '11', '1 1', '1%201', '', '1.0'),
  at: fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.integer({ min: -5, max: 55 }), fc.constantFrom(-1, 0, 0, 1))
        .map(([minute, us]) => minutes(minute) + us),
    },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
});

const ways: fc.Arbitrary<Ways> = fc.record({
  key: fc.constantFrom<Ways['key']>(
    ...(['order', 'order', 'order folded', 'order as a number', 'order and line', 'record key'] as const),
  ),
  id: fc.boolean(),
  where: fc.constantFrom<Ways['where']>('nowhere', 'messages', 'effects'),
  test: fc.constantFrom<Ways['test']>('type', 'type', 'at least two items', 'no note'),
  copies: fc.constantFrom<Copies>('one-event', 'one-event', 'each-message'),
  expect: fc.constantFrom<Ways['expect']>('one', 'items'),
  sources: fc.constantFrom(1, 2),
});

/** Audited, and with a key, whatever the configuration: without any, an audit stops. */
const FIRST: DayMessage = {
  partition: 0,
  minute: 0,
  recordKey: '1',
  value: '{"type":"OrderPlaced","order":"1","line":"1","items":2,"id":"e1"}',
};

export const days: fc.Arbitrary<Day> = fc
  .record({
    ways,
    messages: fc.array(message, { maxLength: 14, size: 'max' }),
    rows: fc.array(row, { maxLength: 14, size: 'max' }),
  })
  .map(({ ways: chosen, messages, rows }) => ({
    ways: chosen,
    messages: [FIRST, ...messages],
    rows: rows.map(({ sourceNumber, ...rest }) => ({ ...rest, source: sourceNumber % chosen.sources })),
  }));
