/** A naive reading of a day: what its texts say by JSON.parse and a few lines, as the history that the oracle judges. */
import type { MessageHole } from '../../../src/model.ts';
import type { Expected, History, HistoryEffect, HistoryMessage } from '../history.ts';
import type { Audited } from './audit.ts';
import type { Day, DayRow, Ways } from './day.ts';
import { type Placed, placed } from './files.ts';

/** @param audited what the sources say of themselves: the range's time, holes and coverage are taken from it */
export function historyOf(day: Day, begin: number, audited: Audited): History {
  const { settings, range, replay, coverage } = audited;
  const { lead, settle, maxKeyless } = settings.kinds[0]!;
  const times = audited.judgement.time!;
  return {
    messages: placed(day.messages).map((one) => messageOf(one, day.ways, begin)),
    effects: day.rows.map((row) => effectOf(row, day.ways, begin)),
    kinds: [{ lead, settle, maxKeyless }],
    entries: coverage.map((one) => ({ kind: 0, coordinates: false, coverage: one })),
    range: { ...times, readTo: replay.readTo },
    holes: [...replay.holes, ...replay.unread.map(unreadTime)],
    unreadPartitions: range.unreadPartitions,
    copies: day.ways.copies,
  };
}

function unreadTime(span: Pick<MessageHole, 'from' | 'to'>): MessageHole {
  return { partition: -1, class: 'unseen', first: 0, end: 0, ...span };
}

// ------------------------------------------------------------------------------------- JSON

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Under this name stand the digits of a number. */
const DIGITS = '\u0001digits';

/** JSON.parse, but numbers keep their digits. Undefined: it is no JSON. */
function readJson(text: string): Json | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const kept = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `{${JSON.stringify(DIGITS)}:"${token}"}`,
  );
  return JSON.parse(kept) as Json;
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, name) ? (value as Record<string, Json>)[name] : undefined;
}

/** The text of a scalar; undefined: there is none. */
function scalar(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  const digits = memberOf(value, DIGITS);
  return typeof digits === 'string' ? digits : undefined;
}

// ------------------------------------------------------------------------------------- messages

function messageOf(message: Placed, ways: Ways, begin: number): HistoryMessage {
  const { partition, offset, minute, recordKey, value } = message;
  const json = value === null ? undefined : readJson(value);
  const isBroken = value !== null && json === undefined;
  // Who it is, whether it is audited, or what it expects: if any of that stands in a broken value, it is not judged.
  const asksValue =
    ways.key !== 'record key' || ways.id || ways.where !== 'nowhere' || ways.expect === 'items';
  const undecodable = isBroken && asksValue;
  const passes = test(json, ways);
  const id = ways.id ? scalar(memberOf(json, 'id')) : undefined;
  return {
    partition,
    offset,
    timestamp: begin + minute * 60_000,
    class: ways.where === 'messages' && !isBroken && !passes ? 'skipped' : 'audited',
    inRange: true,
    undecodable,
    key: keyOf(ways.key === 'record key' ? [recordKey ?? undefined] : partsOf(json, ways), ways),
    eventId: id ?? '',
    digest: id ? '' : `of ${JSON.stringify(value)}`,
    expect: [undecodable ? 'undecodable' : expectedOf(json, ways, passes)],
  };
}

function partsOf(json: Json | undefined, { key }: Ways): (string | undefined)[] {
  const names = key === 'order and line' ? ['order', 'line'] : ['order'];
  return names.map((name) => scalar(memberOf(json, name)));
}

/** One text for each number however it is written; the empty text: it is none. */
function numberOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole + fraction === '') return '';
  let digits = BigInt(whole + fraction);
  let tens = Number(exponent) - fraction.length;
  if (digits === 0n) return '0';
  for (; digits % 10n === 0n; tens++) digits /= 10n;
  return `${sign === '-' ? '-' : ''}${digits}e${tens}`;
}

/** One text for all parts, or the empty text where one of them is missing or empty. */
function keyOf(parts: readonly (string | undefined)[], { key }: Ways): string {
  const texts = parts.map((part) => {
    if (part === undefined) return '';
    if (key === 'order as a number') return numberOf(part);
    return key === 'order folded' ? part.toLowerCase() : part;
  });
  return texts.includes('') ? '' : JSON.stringify(texts);
}

function test(json: Json | undefined, { test: which }: Ways): boolean {
  if (which === 'type') return scalar(memberOf(json, 'type')) === 'OrderPlaced';
  if (which === 'no note') return (memberOf(json, 'note') ?? null) === null;
  const items = scalar(memberOf(json, 'items'));
  return items !== undefined && Number(items) >= 2;
}

function expectedOf(json: Json | undefined, { where, expect }: Ways, passes: boolean): Expected {
  if (where === 'effects' && !passes) return { min: 0, max: 0 };
  if (expect === 'one') return { min: 1, max: 1 };
  const items = memberOf(json, 'items');
  if (Array.isArray(items)) return { min: items.length, max: items.length };
  const text = scalar(items);
  if (text === undefined || !/^\d+(\.0+)?$/.test(text)) return 'unreadable';
  return { min: Number(text), max: Number(text) };
}

// ------------------------------------------------------------------------------------- rows

function effectOf({ source, id, order, line, at }: DayRow, ways: Ways, begin: number): HistoryEffect {
  const key = keyOf(ways.key === 'order and line' ? [order, line] : [order], ways);
  return { entry: source, key, id, time: at === null ? null : begin * 1000 + at };
}
