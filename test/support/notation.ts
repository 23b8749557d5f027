/**
 * The one-line notation of histories: what a failing property prints, and what a test is written in.
 *
 *   m 1@0 1@5 2@7 | e 1@3 1@40 | gap 10..20 | read 100
 *
 * Messages of key 1 at 0 and at 5, one of key 2 at 7; effects of key 1 at 3 and at 40; the source was silent from 10 to
 * 20, and read at 100. Time is in milliseconds from noon. `settle` is 10 and `lead` is 2 unless something else is said,
 * as in the contract, in minutes.
 *
 * A line is made of sections between bars; each is a word and its items.
 *
 *   m KEY#ID@TIME[PARTITION:OFFSET]!FLAG*EXPECTED …     messages
 *         `#ID` event id, or `=HEX` digest of the value; neither: a value of its own
 *         `@?` no timestamp
 *         `[2]` or `[2:17]`: partition 0, and an offset that counts the messages so far, unless it is said
 *         `!` skipped, aborted, abortedAudited, openAudited, padding, undecodable
 *         `*2`, `*0..1`, `*1..` (no maximum), `*undecodable`, `*unreadable`; `*1,0` one for each kind; `*1` unless said
 *   kind settle 10 lead 2 keyless 0.05 sought -20..90   begins the next kind; a line without it has one
 *   e KEY#ID@TIME …      effects of the next source of the kind at hand; `@?` no time, `@3.001` a microsecond later;
 *                        `#ID` is the effect's place among those of its source unless it is said
 *   c P:O#ID@TIME …      the same of a source that stores the coordinates of messages in place of keys
 *   covers -5..80 row    what the source at hand covers, up to 1000 unless said; `row`, `..80`, `nothing`
 *   gap 10..20 …         where it could not see
 *   read 100             when it was read; 1000 unless said
 *   range 0..40          the range's time, end exclusive; until 60   up to when messages were read
 *   hole absent@3..9[0:5..7] deleted@..9 unseen@3.. …   offsets that were not read, and of what time they may be
 *   unread 7 8           partitions that are not part of the range
 *   each-message         copies are events of their own
 *
 * Keys and ids are bare words or JSON strings; `-` is no key.
 */
import { UNBOUNDED } from '../../src/columns.ts';
import type { Gap, MessageHole } from '../../src/model.ts';
import {
  type Expected,
  type History,
  type HistoryEffect,
  type HistoryEntry,
  type HistoryKind,
  type HistoryMessage,
  NOON,
} from './history.ts';
import { Draft } from './notation/draft.ts';
import { DEFAULT, FLAGS, ownDigest, textOf, written } from './notation/words.ts';

/** A word, or a JSON string. */
const TEXT = String.raw`"(?:\\.|[^"\\])*"|[\w.:%+/-]+`;
const MESSAGE = new RegExp(
  String.raw`^(${TEXT})(?:#(${TEXT})|=([\da-f]+))?@(\?|-?\d+)(?:\[(\d+)(?::(\d+))?\])?((?:!\w+)*)(?:\*([\w.,]+))?$`,
);
const EFFECT = new RegExp(String.raw`^(${TEXT})(?:#(${TEXT}))?@(\?|-?\d+(?:\.\d{1,3})?)$`);
const HOLE = /^(absent|deleted|unseen)@(.*?)(?:\[(\d+):(\d+)\.\.(\d+)\])?$/;

/** @throws Error saying which item cannot be read */
export function parse(line: string): History {
  const draft = new Draft();
  for (const [word, ...items] of sectionsOf(line)) {
    const read = SECTIONS[word!];
    if (read === undefined) throw new Error(`no section is called ${word}`);
    read(draft, items);
  }
  return draft.history((item, kinds, offset) => message(item, kinds, offset));
}

function sectionsOf(line: string): string[][] {
  const sections: string[][] = [[]];
  for (const [token] of line.matchAll(/(?:"(?:\\.|[^"\\])*"|[^\s|"])+|\|/g)) {
    if (token === '|') sections.push([]);
    else sections.at(-1)!.push(token);
  }
  return sections.filter((section) => section.length > 0);
}

type Items = readonly string[];

/** What the items of each section say. */
const SECTIONS: Readonly<Record<string, (draft: Draft, items: Items) => void>> = {
  m: (draft, items) => draft.addMessages(items),
  kind: (draft, items) => draft.addKind(kindOf(items)),
  e: (draft, items) => draft.addEntry(false, items.map(keyedEffect)),
  c: (draft, items) => draft.addEntry(true, items.map(placedEffect)),
  covers: (draft, items) => draft.cover(spanOf(items)),
  gap: (draft, items) => draft.addGaps(items.map(gapOf)),
  read: (draft, [at]) => draft.readAt(moment(at!)),
  range: (draft, [bounds]) => draft.setRange(wholeBounds(bounds!)),
  until: (draft, [at]) => draft.readTo(moment(at!)),
  hole: (draft, items) => draft.addHoles(items.map(holeOf)),
  unread: (draft, items) => draft.leaveOut(items.map(Number)),
  'each-message': (draft) => draft.eachMessage(),
};

// ------------------------------------------------------------------------------------- reading items

function matched(pattern: RegExp, item: string): readonly (string | undefined)[] {
  const groups = pattern.exec(item);
  if (groups === null) throw new Error(`cannot read ${item}`);
  return groups.slice(1);
}

function message(item: string, kinds: number, next: number): HistoryMessage {
  const [key, id, value, time, inPartition, at, marks, expected] = matched(MESSAGE, item);
  const flags = new Set(marks!.split('!').filter((flag) => flag !== ''));
  for (const flag of flags) if (!FLAGS.includes(flag)) throw new Error(`no flag is called ${flag}`);
  const partition = Number(inPartition ?? 0);
  const offset = Number(at ?? next);
  const expect = expectations(expected ?? '1', kinds);
  const digest = value?.padStart(32, '0') ?? ownDigest(partition, offset);
  return {
    partition,
    offset,
    timestamp: time === '?' ? -1 : moment(time!),
    class: DEFAULT.classes.find((name) => flags.has(name)) ?? 'audited',
    inRange: !flags.has('padding'),
    undecodable: flags.has('undecodable') || expect.includes('undecodable'),
    key: textOf(key!),
    eventId: id === undefined ? '' : textOf(id),
    digest: id === undefined ? digest : '',
    expect,
  };
}

function expectations(text: string, kinds: number): Expected[] {
  const each = text.split(',').map(expectation);
  return Array.from({ length: kinds }, (_, kind) => each[each.length === 1 ? 0 : kind]!);
}

function expectation(text: string): Expected {
  if (text === 'undecodable' || text === 'unreadable') return text;
  const [min, to, max] = matched(/^(\d+)(\.\.)?(\d+)?$/, text);
  if (to === undefined) return { min: Number(min), max: Number(min) };
  return { min: Number(min), max: max === undefined ? UNBOUNDED : Number(max) };
}

function keyedEffect(item: string, place: number): Omit<HistoryEffect, 'entry'> {
  const [key, id, time] = matched(EFFECT, item);
  return {
    key: textOf(key!),
    id: id === undefined ? String(place + 1) : textOf(id),
    time: time === '?' ? null : NOON * 1000 + Math.round(Number(time) * 1000),
  };
}

function placedEffect(item: string, place: number): Omit<HistoryEffect, 'entry'> {
  const effect = keyedEffect(item, place);
  return { ...effect, key: effect.key.replace(':', ' ') };
}

function kindOf(items: readonly string[]): HistoryKind {
  const said = new Map(items.flatMap((word, i) => (i % 2 === 0 ? [[word, items[i + 1]!]] : [])));
  const number = (word: string, otherwise: number) => Number(said.get(word) ?? otherwise);
  const sought = said.get('sought');
  return {
    settle: number('settle', DEFAULT.kind.settle),
    lead: number('lead', DEFAULT.kind.lead),
    maxKeyless: number('keyless', DEFAULT.kind.maxKeyless),
    ...(sought === undefined ? {} : { sought: wholeBounds(sought) }),
  };
}

function spanOf([bounds, edge]: readonly string[]): HistoryEntry['coverage']['span'] {
  if (bounds === 'nothing') return undefined;
  const { from, to } = boundsOf(bounds!);
  return { ...(from !== undefined && { from }), to: to!, edge: edge === 'row' ? 'row' : 'line' };
}

function gapOf(item: string): Gap {
  return { ...wholeBounds(item), why: 'silence', detail: 'mail.log fell silent' };
}

function holeOf(item: string): MessageHole {
  const [kind, bounds, partition, first, end] = matched(HOLE, item);
  return {
    ...DEFAULT.hole,
    ...(partition !== undefined && {
      partition: Number(partition),
      first: Number(first),
      end: Number(end),
    }),
    class: kind as MessageHole['class'],
    ...boundsOf(bounds!),
  };
}

function moment(text: string): number {
  return NOON + Number(text);
}

/** `3..9`, `..9`, `3..`, `..` in epoch milliseconds. */
function boundsOf(text: string): { from?: number; to?: number } {
  const [from, to] = matched(/^(-?\d+)?\.\.(-?\d+)?$/, text);
  return {
    ...(from !== undefined && { from: moment(from) }),
    ...(to !== undefined && { to: moment(to) }),
  };
}

function wholeBounds(text: string): { from: number; to: number } {
  const { from, to } = boundsOf(text);
  if (from === undefined || to === undefined) throw new Error(`cannot read ${text}`);
  return { from, to };
}

// ------------------------------------------------------------------------------------- writing

/** The shortest line that {@link parse} makes the same history of. */
export function print(history: History): string {
  const sections = [
    ['m', ...history.messages.map((one, i) => messageItem(one, i))].join(' '),
    ...history.kinds.flatMap((kind, i) => kindSections(history, kind, i)),
    ...rangeSections(history),
  ];
  return sections.filter((text) => text !== '').join(' | ');
}

function messageItem(one: HistoryMessage, place: number): string {
  const { partition, offset, timestamp, key, eventId, digest, expect } = one;
  const value = digest === ownDigest(partition, offset) ? '' : `=${digest.replace(/^0+(?=.)/, '')}`;
  const identity = eventId === '' ? value : `#${written(eventId)}`;
  const time = timestamp < 0 ? '?' : String(timestamp - NOON);
  const at = offset === place ? (partition === 0 ? '' : `[${partition}]`) : `[${partition}:${offset}]`;
  const texts = expect.map(expectationText);
  const same = texts.every((text) => text === texts[0]);
  const expected = same ? (texts[0] === '1' ? '' : `*${texts[0]}`) : `*${texts.join(',')}`;
  return `${written(key)}${identity}@${time}${at}${flagsOf(one)}${expected}`;
}

function flagsOf({ class: its, inRange, undecodable, expect }: HistoryMessage): string {
  const isSaid = expect.includes('undecodable');
  const flags = [
    its === 'audited' ? [] : its,
    inRange ? [] : 'padding',
    undecodable && !isSaid ? 'undecodable' : [],
  ].flat();
  return flags.map((flag) => `!${flag}`).join('');
}

function expectationText(expected: Expected): string {
  if (typeof expected === 'string') return expected;
  const { min, max } = expected;
  if (min === max) return String(min);
  return `${min}..${max === UNBOUNDED ? '' : max}`;
}

function kindSections(history: History, kind: HistoryKind, index: number): string[] {
  const { settle, lead, maxKeyless, sought } = kind;
  const words = [
    settle === DEFAULT.kind.settle ? [] : ['settle', settle],
    lead === DEFAULT.kind.lead ? [] : ['lead', lead],
    maxKeyless === DEFAULT.kind.maxKeyless ? [] : ['keyless', maxKeyless],
    sought === undefined ? [] : ['sought', boundsText(sought)],
  ].flat();
  const isPlain = words.length === 0 && history.kinds.length === 1;
  const entries = history.entries.flatMap((entry, i) => (entry.kind === index ? [{ entry, i }] : []));
  return [
    isPlain ? '' : ['kind', ...words].join(' '),
    ...entries.flatMap(({ entry, i }) => entrySections(history, entry, i, entries.length)),
  ];
}

function entrySections(history: History, entry: HistoryEntry, index: number, siblings: number): string[] {
  const { span, gaps, readAt } = entry.coverage;
  const effects = history.effects.filter((one) => one.entry === index);
  const isSaid = effects.length > 0 || entry.coordinates || siblings > 1;
  return [
    isSaid
      ? [entry.coordinates ? 'c' : 'e', ...effects.map((one, i) => effectItem(one, i, entry))].join(' ')
      : '',
    spanText(span),
    gaps.length === 0 ? '' : ['gap', ...gaps.map(boundsText)].join(' '),
    readAt === DEFAULT.coverage.readAt ? '' : `read ${readAt - NOON}`,
  ];
}

function effectItem({ key, id, time }: HistoryEffect, place: number, { coordinates }: HistoryEntry): string {
  const text = written(coordinates ? key.replace(' ', ':') : key);
  const ms = time === null ? '?' : String((time - NOON * 1000) / 1000);
  return `${text}${id === String(place + 1) ? '' : `#${written(id)}`}@${ms}`;
}

function spanText(span: HistoryEntry['coverage']['span']): string {
  if (span === undefined) return 'covers nothing';
  const { from, to, edge } = DEFAULT.coverage.span;
  if (span.from === from && span.to === to && span.edge === edge) return '';
  return `covers ${boundsText(span)}${span.edge === 'row' ? ' row' : ''}`;
}

function boundsText({ from, to }: { readonly from?: number; readonly to?: number }): string {
  const text = (ms: number | undefined) => (ms === undefined ? '' : String(ms - NOON));
  return `${text(from)}..${text(to)}`;
}

function rangeSections({ range, holes, unreadPartitions, copies }: History): string[] {
  const { from, to, readTo } = DEFAULT.range;
  return [
    range.from === from && range.to === to ? '' : `range ${boundsText(range)}`,
    range.readTo === readTo ? '' : `until ${range.readTo - NOON}`,
    holes.length === 0 ? '' : ['hole', ...holes.map(holeItem)].join(' '),
    unreadPartitions.length === 0 ? '' : `unread ${unreadPartitions.join(' ')}`,
    copies === 'each-message' ? 'each-message' : '',
  ];
}

function holeItem(hole: MessageHole): string {
  const { partition, first, end } = hole;
  const place = { partition, first, end };
  const isUsual = Object.entries(place).every(
    ([name, at]) => DEFAULT.hole[name as keyof typeof place] === at,
  );
  return `${hole.class}@${boundsText(hole)}${isUsual ? '' : `[${partition}:${first}..${end}]`}`;
}
