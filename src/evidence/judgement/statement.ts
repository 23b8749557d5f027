/** One statement of the judgement, and what its text is made of. */
import { MESSAGE_CLASS } from '../../columns.ts';

/** Beyond every real time, and far enough from the ends of BIGINT to be compared without overflow. */
export const FAR_PAST = -9_000_000_000_000_000_000n;
export const FAR_FUTURE = 9_000_000_000_000_000_000n;

/** `place_id` and `line_no` of an effect in one number, so that the smallest names one record. */
export const PLACE_UNIT = 1_099_511_627_776n;

/** What the text of the statements depends on: numbers and switches, never a configured name or value. */
export interface Shape {
  readonly kinds: number;
  /** Every message is an event by itself, whatever its id or value (rule 4). */
  readonly eachMessage: boolean;
  /** Of each entry: its kind, and whether its effects name their message by partition and offset (rule 8). */
  readonly entries: readonly { readonly kind: number; readonly coordinates: boolean }[];
}

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

/** The columns that tell events apart, under this alias. */
export function identityOf(alias: string, { eachMessage }: Shape): readonly string[] {
  const columns = ['msg_key', 'event_id', 'digest', ...(eachMessage ? ['partition_id', 'offset_id'] : [])];
  return columns.map((column) => `${alias}.${column}`);
}

/** The condition that a message tells an event which has the columns `first_partition` and `first_offset`. */
export function tells(message: string, event: string, { eachMessage }: Shape): string {
  const same = (column: string) => `${event}.${column} = ${message}.${column}`;
  return eachMessage
    ? `${same('msg_key')} AND ${event}.first_partition = ${message}.partition_id AND ${event}.first_offset = ${message}.offset_id`
    : ['msg_key', 'event_id', 'digest'].map(same).join(' AND ');
}

/** Repeats a fragment for each kind; `#` stands for its number. */
export function forKinds(
  kinds: number,
  fragment: string | ((kind: number) => string),
  between = ',\n       ',
): string {
  const of = typeof fragment === 'string' ? () => fragment : fragment;
  return Array.from({ length: kinds }, (_, kind) => of(kind).replaceAll('#', String(kind))).join(between);
}
