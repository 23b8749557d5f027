/** One statement of the judgement, and what its text is made of. */
import { MESSAGE_CLASS } from '../../columns.ts';

/** Beyond every real time, and far enough from the ends of BIGINT to be compared without overflow. */
export const FAR_PAST = -9_000_000_000_000_000_000n;
export const FAR_FUTURE = 9_000_000_000_000_000_000n;

/** `place_id` and `line_no` of an effect in one number, so that the smallest names one record. */
export const PLACE_UNIT = 1_099_511_627_776n;

export interface Statement {
  readonly name: string;
  readonly kind: 'view' | 'table';
  readonly select: string;
}

/** The condition on a message (under this alias) that it is judged. */
export function isAudited(alias: string): string {
  const { audited: plainly, abortedAudited, openAudited } = MESSAGE_CLASS;
  return `${alias}.class_id IN (${plainly}, ${abortedAudited}, ${openAudited})`;
}

/** Repeats a fragment for each kind; `#` stands for its number. */
export function forKinds(kinds: number, fragment: string, between = ',\n       '): string {
  return Array.from({ length: kinds }, (_, kind) => fragment.replaceAll('#', String(kind))).join(between);
}
