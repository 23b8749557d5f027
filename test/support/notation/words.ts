/** What the notation of histories leaves unsaid, and how it spells texts. */
import { MESSAGE_CLASS, type MessageClass } from '../../../src/columns.ts';
import { NOON } from '../history.ts';

const LONG = 1000;

export const DEFAULT = {
  kind: { settle: 10, lead: 2, maxKeyless: 0.05 },
  coverage: {
    span: { from: NOON - LONG, to: NOON + LONG, edge: 'line' },
    gaps: [],
    readAt: NOON + LONG,
  },
  range: { from: NOON - LONG, to: NOON + LONG, readTo: NOON + LONG },
  hole: { partition: 0, first: 900, end: 901 },
  classes: Object.keys(MESSAGE_CLASS) as readonly MessageClass[],
} as const;

export const FLAGS: readonly string[] = [...DEFAULT.classes, 'padding', 'undecodable'];

/** Of a message that says nothing of its value: like no other's. */
export function ownDigest(partition: number, offset: number): string {
  const digits = (number: number, length: number) => number.toString(16).padStart(length, '0');
  return `f${digits(partition, 7)}${digits(offset, 24)}`;
}

const BARE = /^(?!-$)[\w.:%+/-]+$/;

/** @returns a bare word or `-` where it can be, else a JSON string in ASCII, so that look-alikes are told apart */
export function written(text: string): string {
  if (text === '') return '-';
  if (BARE.test(text)) return text;
  const code = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[^ -~]/g, code);
}

export function textOf(word: string): string {
  if (word === '-') return '';
  return word.startsWith('"') ? (JSON.parse(word) as string) : word;
}
