/** Random histories that favour trouble: few keys and ids, equal times, and everything on the edge of something else. */
import fc from 'fast-check';
import { UNBOUNDED } from '../../src/columns.ts';
import type { Copies, MessageHole } from '../../src/model.ts';
import {
  type Expected,
  type History,
  type HistoryEffect,
  type HistoryKind,
  type HistoryMessage,
  isAudited,
} from './history.ts';

/** All times of a history lie a few milliseconds around this moment, so that edges meet often. */
const NOON = Date.UTC(2026, 10, 22, 12);
const SPAN = 40;

/** How many stories a history tells, on average. */
export const STORIES = 10;

/** The last two would collide if the parts of composite keys were not kept apart. */
const KEYS = ['1', '1', '1', '11', '1 11', '11 1'];

const moment = fc.integer({ min: 0, max: SPAN }).map((ms) => NOON + ms);
const someMoment = fc.option(moment, { nil: undefined });

const expectation: fc.Arbitrary<Expected> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ min: 1, max: 1 }) },
  { weight: 3, arbitrary: fc.constant({ min: 0, max: 0 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Expected>(
      { min: 0, max: 1 },
      { min: 0, max: UNBOUNDED },
      { min: 1, max: UNBOUNDED },
      { min: 1, max: 2 },
      { min: 2, max: 2 },
      { min: 3, max: 3 },
      'undecodable',
      'unreadable',
    ),
  },
);

/** A message but for its offset. */
function message(kinds: number): fc.Arbitrary<Omit<HistoryMessage, 'offset'>> {
  const identity = fc.oneof(
    fc.constantFrom('e1', 'e2', 'e3').map((eventId) => ({ eventId, digest: '' })),
    fc.constantFrom('0', '1').map((digit) => ({ eventId: '', digest: digit.repeat(32) })),
  );
  return fc
    .record({
      partition: fc.integer({ min: 0, max: 2 }),
      timestamp: fc.oneof({ weight: 20, arbitrary: moment }, { weight: 1, arbitrary: fc.constant(-1) }),
      class: fc.constantFrom<HistoryMessage['class']>(
        ...Array<'audited'>(8).fill('audited'),
        'skipped',
        'aborted',
        'abortedAudited',
        'openAudited',
      ),
      inRange: fc.constantFrom(true, true, true, false),
      undecodable: fc.constantFrom(false, false, false, true),
      key: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...KEYS) },
        { weight: 1, arbitrary: fc.constant('') },
      ),
      identity,
      expect: fc.array(expectation, { minLength: kinds, maxLength: kinds }),
    })
    .map(({ identity: { eventId, digest }, undecodable, ...rest }) => ({
      ...rest,
      eventId,
      digest,
      undecodable: undecodable || rest.expect.includes('undecodable'),
    }));
}

/** Microseconds on and beside whole milliseconds, where windows, gaps and ranges begin and end. */
const effectTime = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.integer({ min: -15, max: SPAN + 30 }), fc.constantFrom(-1, 0, 0, 1))
      .map(([ms, us]) => (NOON + ms) * 1000 + us),
  },
  { weight: 1, arbitrary: fc.constant(null) },
);

function effect(kinds: number): fc.Arbitrary<HistoryEffect> {
  return fc
    .record({
      kind: fc.integer({ min: 0, max: kinds - 1 }),
      key: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...KEYS, 'nobody') },
        { weight: 1, arbitrary: fc.constant('') },
      ),
      number: fc.integer({ min: 1, max: 8 }),
      time: effectTime,
    })
    .map(({ number, ...rest }) => ({ ...rest, id: `${rest.key === '' ? 'keyless' : 'row'} ${number}` }));
}

/** An effect that names one of the messages by its place among them, or an offset that none has. */
interface Naming {
  readonly kind: number;
  readonly number: number;
  readonly time: number | null;
  readonly place: number;
  readonly astray: number;
}

function naming(kinds: number): fc.Arbitrary<Naming> {
  return fc.record({
    kind: fc.integer({ min: 0, max: kinds - 1 }),
    number: fc.integer({ min: 1, max: 20 }),
    time: effectTime,
    place: fc.nat(200),
    astray: fc.constantFrom(0, 0, 0, 0, 0, 0, 500, 900, 5000),
  });
}

/** The key of such an effect does not count. */
function namedEffect(
  { place, astray, number, ...rest }: Naming,
  messages: readonly HistoryMessage[],
): HistoryEffect {
  const { partition, offset } = messages[place % messages.length]!;
  const of = { partition, offset: astray === 900 ? 900 : offset + astray };
  return { ...rest, id: `named ${number}`, key: 'named', of };
}

const kind: fc.Arbitrary<HistoryKind> = fc.record({
  settle: fc.constantFrom(0, 3, 10),
  lead: fc.constantFrom(0, 2, 5),
  maxKeyless: fc.constantFrom(0, 0.05, 0.5, 1),
});

const gap = fc.tuple(moment, fc.nat(5)).map(([from, length]) => {
  const why = 'silence' as const;
  return { from, to: from + length, why, detail: 'mail.log fell silent' };
});

const span = fc
  .record({
    from: fc.option(
      fc.integer({ min: -20, max: 10 }).map((ms) => NOON + ms),
      { nil: undefined },
    ),
    to: fc.integer({ min: 20, max: 80 }).map((ms) => NOON + ms),
    edge: fc.constantFrom<'line' | 'row'>('line', 'row'),
  })
  .map(({ from, ...rest }) => (from === undefined ? rest : { from, ...rest }));

const coverage: fc.Arbitrary<History['coverage'][number]> = fc
  .record({
    span: fc.oneof(
      { weight: 6, arbitrary: fc.constant({ from: NOON - 1000, to: NOON + 1000, edge: 'line' as const }) },
      { weight: 3, arbitrary: span },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    gaps: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(gap, { minLength: 1, maxLength: 2 }) },
    ),
    readAt: fc.oneof(
      { weight: 3, arbitrary: fc.constant(NOON + 1000) },
      { weight: 1, arbitrary: fc.integer({ min: 20, max: 60 }).map((ms) => NOON + ms) },
    ),
  })
  .map(({ span: covered, ...rest }) => (covered === undefined ? rest : { span: covered, ...rest }));

const hole: fc.Arbitrary<MessageHole> = fc
  .record({
    class: fc.constantFrom<MessageHole['class']>('absent', 'deleted', 'unseen'),
    from: someMoment,
    to: someMoment,
  })
  .map(({ from, to, class: kindOfHole }) => ({
    partition: 0,
    class: kindOfHole,
    first: 900,
    end: 901,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));

const range = fc.tuple(moment, moment, moment).map(([a, b, readTo]) => ({
  from: Math.min(a, b) - 1,
  to: Math.max(a, b) + 1,
  readTo,
}));

/** What happened around a few keys. */
interface Story {
  readonly messages: readonly Omit<HistoryMessage, 'offset'>[];
  readonly effects: readonly HistoryEffect[];
}

function storyOf(kinds: number): fc.Arbitrary<Story> {
  return fc.record({
    messages: fc.array(message(kinds), { minLength: 1, maxLength: 7 }),
    effects: fc.array(effect(kinds), { maxLength: 9 }),
  });
}

/** Keeps the keys of one story apart from those of the others. No key stays no key. */
function inStory<Keyed extends { readonly key: string }>(row: Keyed, story: number): Keyed {
  return { ...row, key: row.key === '' ? '' : `${row.key} of ${story}` };
}

/** Several stories under one roof: real evidence costs a tenth of a second, however much is in it. */
function historyOf(kinds: number): fc.Arbitrary<History> {
  return fc
    .record({
      stories: fc.array(storyOf(kinds), { minLength: 1, maxLength: 2 * STORIES - 1, size: 'max' }),
      kinds: fc.array(kind, { minLength: kinds, maxLength: kinds }),
      coverage: fc.array(coverage, { minLength: kinds, maxLength: kinds }),
      namings: fc.oneof(
        { weight: 2, arbitrary: fc.constant<Naming[]>([]) },
        { weight: 1, arbitrary: fc.array(naming(kinds), { maxLength: 40, size: 'max' }) },
      ),
      onlyNaming: fc.boolean(),
      range,
      holes: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(hole, { minLength: 1, maxLength: 2 }) },
      ),
      unreadPartitions: fc.constantFrom<number[]>([], [], [], [7]),
      copies: fc.constantFrom<Copies>('one-event', 'one-event', 'each-message'),
    })
    .map(({ stories, ...rest }) => ({
      ...rest,
      messages: stories
        .flatMap((story, i) => story.messages.map((one) => inStory(one, i)))
        .map((one, offset) => ({ ...one, offset })),
      effects: stories.flatMap((story, i) => story.effects.map((one) => inStory(one, i))),
    }))
    .map(({ namings, onlyNaming, ...history }) => {
      const named = namings.map((one) => namedEffect(one, history.messages));
      const keyed = onlyNaming && named.length > 0 ? [] : history.effects;
      return { ...history, effects: [...keyed, ...named] };
    });
}

/** A history of one or two kinds in which at least one audited message has a key (else there is nothing to judge). */
export const histories: fc.Arbitrary<History> = fc
  .integer({ min: 1, max: 2 })
  .chain(historyOf)
  .filter(({ messages }) => messages.some((one) => isAudited(one) && one.key !== ''));
