/** Which messages a list of conditions lets in, and how many effects a message expects (DESIGN rule 3). */
import { EXPECT, UNBOUNDED } from '../../columns.ts';
import type { Expectation, FieldReference, MessageCondition } from '../../model.ts';
import { compileTest, type Passes } from '../conditions.ts';
import type { Field, ValueState } from './fields.ts';

/** Declares a field that a setting refers to. @param mayBeAbsent no message needs to have it */
export type Declare = (reference: FieldReference, mayBeAbsent?: boolean) => Field;

interface Condition {
  readonly field: Field;
  readonly passes: Passes;
}

/** Conditions that are all required of a message. */
export class Conditions {
  readonly #conditions: readonly Condition[];

  constructor(conditions: readonly MessageCondition[], declare: Declare) {
    this.#conditions = conditions.map(({ field, test }) => ({
      field: declare(field, test.is === 'exists' && !test.exists),
      passes: compileTest(test),
    }));
  }

  /** A condition outside the value that fails settles it, whatever the value is; the others need a readable one. */
  test(value: ValueState): 'hold' | 'fail' | 'undecodable' {
    let undecodable = false;
    for (const { field, passes } of this.#conditions) {
      if (value === 'broken' && field.ofValue) undecodable = true;
      else if (!passesField(passes, field)) return 'fail';
    }
    return undecodable ? 'undecodable' : 'hold';
  }
}

function passesField(passes: Passes, field: Field): boolean {
  const text = field.text();
  return passes(text, text !== undefined || field.present());
}

/** How many effects of one kind a message expects. */
export class KindExpectation {
  readonly #where: Conditions;
  readonly #field: Field | undefined;
  readonly #fixed: { readonly min: number; readonly max: number } | undefined;
  /** The answer of the last `tell`: a number of effects, or a code of EXPECT. */
  min = 0;
  max = 0;

  constructor(
    expect: Expectation,
    where: readonly MessageCondition[],
    declare: (setting: 'expect' | 'where') => Declare,
  ) {
    this.#field = expect.by === 'field' ? declare('expect')(expect.field) : undefined;
    this.#fixed = expect.by === 'number' ? expect : undefined;
    this.#where = new Conditions(where, declare('where'));
  }

  /** Finds out what the message at hand expects: `min` and `max` hold it afterwards. */
  tell(value: ValueState): void {
    const where = this.#where.test(value);
    if (where === 'fail') this.#set(0);
    else if (where === 'undecodable') this.#set(EXPECT.undecodable);
    else if (this.#fixed !== undefined) this.#set(this.#fixed.min, this.#fixed.max);
    else this.#ofField(this.#field!, value);
  }

  #ofField(field: Field, value: ValueState): void {
    if (field.ofValue && value === 'broken') this.#set(EXPECT.undecodable);
    else this.#set(field.listLength() ?? wholeNumber(field.text()) ?? EXPECT.unreadable);
  }

  #set(min: number, max = min): void {
    this.min = min;
    this.max = max;
  }
}

/** Written so that it is surely whole: 3, 3.0 and 3e2, but not 2.5e1, which nobody counts in. */
const WHOLE = /^\d+(?:\.0+)?(?:[eE]\+?\d+)?$/;

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !WHOLE.test(text)) return undefined;
  const number = Number(text);
  return number < UNBOUNDED ? number : undefined;
}
