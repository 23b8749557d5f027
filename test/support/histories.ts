/** Random histories that favour trouble: look-alike keys, few ids, equal times, and everything on the edge of something else. */
import fc from 'fast-check';
import { UNBOUNDED } from '../../src/columns.ts';
import type { MessageHole } from '../../src/model.ts';
import { onEdges } from './edges.ts';
import {
  type Expected,
  type History,
  type HistoryEffect,
  type HistoryEntry,
  type HistoryKind,
  type HistoryMessage,
  isAudited,
  NOON,
} from './history.ts';
import { LOOK_ALIKES } from './notation/look-alikes.ts';
import { print } from './notation.ts';
import { placeOf } from './oracle/meeting.ts';

/** All times lie a few milliseconds around noon, so that edges meet often. */
const SPAN = 40;

/** How many stories a history tells, on average. */
export const STORIES = 10;

const moment = fc
  .oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: SPAN }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 10, 20) },
  )
  .map((ms) => NOON + ms);
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

function keyOf(keys: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...keys) },
    { weight: 1, arbitrary: fc.constant('') },
  );
}

/** A message but for its offset. */
function message(kinds: number, keys: readonly string[]): fc.Arbitrary<Omit<HistoryMessage, 'offset'>> {
  const identity = fc.oneof(
    fc.constantFrom('e1', 'e2', 'e3').map((eventId) => ({ eventId, digest: '' })),
    fc.constantFrom('0', '1').map((digit) => ({ eventId: '', digest: digit.padStart(32, '0') })),
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
      key: keyOf(keys),
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

/** Microseconds on and beside whole milliseconds, where windows, gaps and ranges begin and end; in no order. */
const effectTime = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.integer({ min: -15, max: SPAN + 30 }), fc.constantFrom(-1, 0, 0, 1))
      .map(([ms, us]) => (NOON + ms) * 1000 + us),
  },
  { weight: 1, arbitrary: fc.constant(null) },
);

/** What becomes an effect when it is known which entries there are: ids of different entries collide. */
interface Sighting {
  readonly entry: number;
  readonly key: string;
  /** Which message's coordinates are stored, where they are. */
  readonly message: number;
  readonly number: number;
  readonly time: number | null;
}

function sighting(keys: readonly string[]): fc.Arbitrary<Sighting> {
  return fc.record({
    entry: fc.nat(11),
    key: keyOf([...keys, ...keys, 'nobody']),
    message: fc.nat(99),
    number: fc.integer({ min: 1, max: 8 }),
    time: effectTime,
  });
}

const kind: fc.Arbitrary<HistoryKind> = fc
  .record({
    settle: fc.constantFrom(0, 3, 10),
    lead: fc.constantFrom(0, 2, 5),
    maxKeyless: fc.constantFrom(0, 0.05, 0.5, 1),
    sought: fc.option(fc.tuple(fc.integer({ min: -20, max: 10 }), fc.integer({ min: 30, max: 60 })), {
      nil: undefined,
      freq: 1,
    }),
  })
  .map(({ sought, ...rest }) =>
    sought === undefined ? rest : { ...rest, sought: { from: NOON + sought[0], to: NOON + sought[1] } },
  );

const gap = fc.tuple(moment, fc.nat(5)).map(([from, length]) => {
  const why = 'silence' as const;
  return { from, to: from + length, why, detail: 'mail.log fell silent' };
});

type Edge = NonNullable<HistoryEntry['coverage']['span']>['edge'];

function spanOf(edge: Edge) {
  return fc
    .record({
      from: fc.option(
        fc.integer({ min: -20, max: 10 }).map((ms) => NOON + ms),
        { nil: undefined },
      ),
      to: fc.integer({ min: 20, max: 80 }).map((ms) => NOON + ms),
    })
    .map(({ from, to }) => ({ ...(from !== undefined && { from }), to, edge }));
}

function coverageOf(edge: Edge): fc.Arbitrary<HistoryEntry['coverage']> {
  return fc
    .record({
      span: fc.oneof(
        { weight: 12, arbitrary: fc.constant({ from: NOON - 1000, to: NOON + 1000, edge }) },
        { weight: 5, arbitrary: spanOf(edge) },
        { weight: 1, arbitrary: fc.constant(undefined) },
      ),
      gaps: fc.oneof(
        { weight: 4, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(gap, { minLength: 1, maxLength: 2 }) },
      ),
      readAt: fc.oneof(
        { weight: 4, arbitrary: fc.constant(NOON + 1000) },
        { weight: 1, arbitrary: fc.integer({ min: 20, max: 60 }).map((ms) => NOON + ms) },
      ),
    })
    .map(({ span: covered, ...rest }) => (covered === undefined ? rest : { span: covered, ...rest }));
}

/** An entry that may show nothing at all. */
interface Source extends Omit<HistoryEntry, 'kind'> {
  readonly isEmpty: boolean;
}

/** The sources of one kind. The edges of one kind are alike: the engine is stricter than need be where they are not. */
function sources(coordinates: boolean): fc.Arbitrary<readonly Source[]> {
  return fc.constantFrom<Edge>('line', 'row').chain((edge) => {
    const source = fc.record({
      coordinates: coordinates ? fc.constantFrom(false, false, true) : fc.constant(false),
      coverage: coverageOf(edge),
      isEmpty: fc.constantFrom(...Array<boolean>(9).fill(false), true),
    });
    return fc.oneof(
      { weight: 2, arbitrary: fc.tuple(source) },
      { weight: 1, arbitrary: fc.array(source, { minLength: 2, maxLength: 3 }) },
    );
  });
}

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
  readonly sightings: readonly Sighting[];
}

function storyOf(kinds: number): fc.Arbitrary<Story> {
  return fc.oneof({ weight: 3, arbitrary: troubled(kinds) }, { weight: 1, arbitrary: calm(kinds) });
}

const calmExpectation = fc.constantFrom<Expected>(
  ...[
    { min: 1, max: 1 },
    { min: 1, max: 1 },
    { min: 0, max: 0 },
    { min: 0, max: 1 },
    { min: 1, max: 2 },
    { min: 2, max: 2 },
  ],
);

/** One event and an effect or two: what is plainly as expected, or just is not. */
function calm(kinds: number): fc.Arbitrary<Story> {
  const row = fc.record({ entry: fc.nat(1), after: fc.nat(12), number: fc.integer({ min: 1, max: 3 }) });
  return fc
    .record({
      first: message(kinds, ['1']),
      expect: fc.array(calmExpectation, { minLength: kinds, maxLength: kinds }),
      at: moment,
      copies: fc.constantFrom(1, 1, 2),
      rows: fc.oneof(
        { weight: 2, arbitrary: fc.tuple(row).map((rows) => ofEach(kinds, rows)) },
        { weight: 1, arbitrary: fc.tuple(row, row).map((rows) => ofEach(kinds, rows)) },
        { weight: 1, arbitrary: fc.array(row, { maxLength: 3 }) },
      ),
    })
    .map(({ first, expect, at, copies, rows }) => {
      const audited = {
        ...first,
        key: '1',
        class: 'audited' as const,
        undecodable: false,
        inRange: true,
        expect,
      };
      return {
        messages: Array.from({ length: copies }, (_, i) => ({ ...audited, timestamp: at + 2 * i })),
        sightings: rows.map(({ after, ...one }, i) => ({
          ...one,
          key: '1',
          message: i,
          time: (at + after) * 1000,
        })),
      };
    });
}

function ofEach<Row extends { readonly entry: number }>(entries: number, rows: readonly Row[]): Row[] {
  return Array.from({ length: entries }, (_, entry) => rows.map((one) => ({ ...one, entry }))).flat();
}

/** Several events and many effects of two keys that look alike. */
function troubled(kinds: number): fc.Arbitrary<Story> {
  return fc.constantFrom(...LOOK_ALIKES).chain(([key, other]) => {
    const keys = [key, key, key, other];
    return fc.record({
      messages: fc.array(message(kinds, keys), { minLength: 1, maxLength: 7 }),
      sightings: fc.array(sighting(keys), { maxLength: 9 }),
    });
  });
}

/** Keeps the keys of one story apart from those of the others. No key stays no key. */
function inStory<Keyed extends { readonly key: string }>(row: Keyed, story: number): Keyed {
  return { ...row, key: row.key === '' ? '' : `${row.key} of ${story}` };
}

/** Coordinates of messages that were not read: in a hole, of a partition that is not part of the range, of nothing. */
const UNREAD_PLACES = ['0 900', '7 3', '0 700'];

function effectsOf(
  sightings: readonly Sighting[],
  messages: readonly HistoryMessage[],
  entries: readonly (HistoryEntry & { readonly isEmpty: boolean })[],
): HistoryEffect[] {
  return sightings.flatMap((one) => {
    const entry = one.entry % entries.length;
    const { coordinates, isEmpty } = entries[entry]!;
    const target = messages[one.message % (messages.length + 2)];
    const place = target === undefined ? UNREAD_PLACES[one.message % UNREAD_PLACES.length]! : placeOf(target);
    const key = coordinates && one.key !== '' ? place : one.key;
    const id = `${key === '' ? 'keyless' : 'row'} ${one.number}`;
    return isEmpty ? [] : { entry, key, id, time: one.time };
  });
}

export interface Choice {
  readonly coordinates: boolean;
  readonly eachMessage: boolean;
  readonly sought: boolean;
}

/** Several stories under one roof: real evidence costs a tenth of a second, however much is in it. */
function historyOf(kinds: number, choice: Choice): fc.Arbitrary<History> {
  return fc
    .record({
      stories: fc.array(storyOf(kinds), { minLength: 1, maxLength: 2 * STORIES - 1, size: 'max' }),
      kinds: fc.array(kind, { minLength: kinds, maxLength: kinds }),
      sources: fc.array(sources(choice.coordinates), { minLength: kinds, maxLength: kinds }),
      range,
      holes: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(hole, { minLength: 1, maxLength: 2 }) },
      ),
      unreadPartitions: fc.constantFrom<number[]>([], [], [], [7]),
      copies: fc.constantFrom<History['copies']>(
        ...(['one-event', 'one-event'] as const),
        choice.eachMessage ? 'each-message' : 'one-event',
      ),
      edges: fc.array(fc.nat(), { minLength: 16, maxLength: 16 }),
    })
    .map(({ stories, sources: ofKinds, edges, ...rest }) => {
      const messages = stories
        .flatMap((story, i) => story.messages.map((one) => inStory(one, i)))
        .map((one, offset) => ({ ...one, offset }));
      const entries = ofKinds.flatMap((each, index) => each.map((one) => ({ ...one, kind: index })));
      const sightings = stories.flatMap((story, i) => story.sightings.map((one) => inStory(one, i)));
      const effects = effectsOf(sightings, messages, entries);
      const history = {
        ...rest,
        kinds: rest.kinds.map(({ sought, ...one }) =>
          choice.sought && sought !== undefined ? { ...one, sought } : one,
        ),
        entries: entries.map(({ isEmpty: _, ...entry }) => entry),
        messages,
        effects: effects.sort((a, b) => a.entry - b.entry),
      };
      return printable(onEdges(history, edges));
    });
}

/** Says itself in one line when a property fails, to be pasted into a test. */
function printable(history: History): History {
  return Object.defineProperty(history, fc.toStringMethod, {
    value: () => print(history),
    enumerable: false,
  });
}

/** A history of one or two kinds in which at least one audited message has a key (else there is nothing to judge). */
export function histories(choice: Choice): fc.Arbitrary<History> {
  return fc
    .integer({ min: 1, max: 2 })
    .chain((kinds) => historyOf(kinds, choice))
    .filter(({ messages }) => messages.some((one) => isAudited(one) && one.key !== ''));
}
