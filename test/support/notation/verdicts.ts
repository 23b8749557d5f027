/**
 * A judgement in one line, to be written beside the line of its history.
 *
 *   1: duplicate 2..2; 2: missing, ok; 3: unknown 0..1 late / exempt; orphan 4#row no-message
 *
 * For each key its messages of the range in their order, for each message its kinds. An interval is from what surely is to
 * what may be there (`2..`: no end), and left out where the verdict has only one in the usual case of one effect.
 */
import type { Reason, Verdict } from '../../../src/model.ts';
import type { History } from '../history.ts';
import { written } from './words.ts';

export interface JudgedLine {
  readonly partition: number;
  readonly offset: number;
  readonly kind: number;
  readonly count: number | undefined;
  readonly most: number | undefined;
  readonly verdict: Verdict;
  readonly reason: Reason | undefined;
}

export interface Judged {
  readonly lines: readonly JudgedLine[];
  readonly orphans: readonly { readonly key: string; readonly id: string; readonly reason: string }[];
}

const USUAL: Partial<Record<Verdict, string>> = { ok: '1..1', missing: '0..0', exempt: '0..0' };

export function verdictsOf({ messages }: History, { lines, orphans }: Judged): string {
  const ofKeys = new Map<string, string[]>();
  for (const { partition, offset, key } of messages) {
    const its = lines.filter((line) => line.partition === partition && line.offset === offset);
    if (its.length > 0) ofKeys.set(key, [...(ofKeys.get(key) ?? []), its.map(verdictOf).join(' / ')]);
  }
  return [
    ...[...ofKeys].map(([key, verdicts]) => `${written(key)}: ${verdicts.join(', ')}`),
    ...orphans.map(({ key, id, reason }) => `orphan ${written(key)}#${written(id)} ${reason}`),
  ].join('; ');
}

function verdictOf({ count, most, verdict, reason }: JudgedLine): string {
  const interval = count === undefined ? '' : `${count}..${most ?? ''}`;
  const said = interval === USUAL[verdict] ? '' : interval;
  return [verdict, said, reason ?? ''].filter((word) => word !== '').join(' ');
}
