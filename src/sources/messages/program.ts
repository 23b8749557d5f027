/** Tells the scanner what the settings look for, where it can settle that without the host. */
import type {
  Comparison,
  FieldReference,
  KindSettings,
  MessageCondition,
  Scalar,
  Settings,
  Test,
} from '../../model.ts';
import { canonicalNumber } from '../decimals.ts';
import { standsForItself } from '../keys.ts';
import type { Exports, Scanner } from '../scan/scanner.ts';

const MOST_SLOTS = 32;
const NO_SLOT = -1;
/** What is not in the value and has no name, as assembly/fields.ts numbers it. */
const OUTER = { key: 0, topic: 1, partition: 2, offset: 3, timestamp: 4 } as const;
/** Two whole numbers below it are equal exactly where their digits are. */
const EXACT_WHOLE = 1e15;
/** What passes a comparison, as assembly/decimals.ts has it: 1 less, 2 equal, 4 greater. */
const ORDERS = { lt: 1, lte: 3, gt: 4, gte: 6 } as const;

/** The settings in the scanner's memory. */
export class Program {
  readonly #scanner: Scanner;
  readonly #calls: Exports;
  readonly #slots = new Map<string, number>();
  #root = 0;

  private constructor(scanner: Scanner, settings: Settings) {
    this.#scanner = scanner;
    this.#calls = scanner.calls;
    this.#tell(settings);
  }

  /** @returns undefined: some setting needs the host for every message */
  static of(scanner: Scanner, settings: Settings): Program | undefined {
    return canSettle(settings) ? new Program(scanner, settings) : undefined;
  }

  /** How many messages, skipped or not, had something at a reference of the settings. */
  seen(reference: FieldReference, skipped: boolean): number {
    const slot = this.#slots.get(nameOf(reference))! + (skipped ? MOST_SLOTS : 0);
    return this.#scanner.bytes.readDoubleLE(this.#scanner.place('seen') + 8 * slot);
  }

  #tell({ messages: { topic, key, id, where }, kinds }: Settings): void {
    const calls = this.#calls;
    const identity = [...key.map(({ field }) => field), ...(id === undefined ? [] : [id])];
    calls.setTopic(...this.#text(topic));
    calls.setIdentity(identity.some(isOfValue), id === undefined ? NO_SLOT : this.#slot(id));
    calls.setParts(key.length);
    for (const [i, { field }] of key.entries()) calls.setPart(i, this.#slot(field));
    calls.setWhere(this.#list(where));
    calls.setKinds(kinds.length);
    for (const [i, kind] of kinds.entries()) this.#tellKind(i, kind);
    this.#scanner.look();
  }

  #tellKind(i: number, { expect, where }: KindSettings): void {
    const list = this.#list(where);
    if (expect.by === 'number') this.#calls.setKind(i, list, NO_SLOT, false, expect.min, expect.max);
    else this.#calls.setKind(i, list, this.#slot(expect.field), isOfValue(expect.field), 0, 0);
  }

  #list(conditions: readonly MessageCondition[]): number {
    const list = this.#calls.addList();
    for (const { field, test } of conditions) {
      const { plain, negated } = plainTest(test)!;
      const condition = this.#calls.addCondition(list, isOfValue(field), this.#slot(field), negated);
      if (plain.is === 'in') for (const value of plain.values) this.#addValue(condition, value);
      else if (plain.is === 'exists') this.#calls.setExists(condition);
      else this.#setBound(condition, plain);
    }
    return list;
  }

  #setBound(condition: number, { is, number }: Comparison): void {
    const [, sign, whole = '', fraction = ''] = /^(-?)(?:0|(\d+))(?:\.(\d+))?$/.exec(
      canonicalNumber(number)!,
    )!;
    this.#calls.setBound(condition, ORDERS[is], sign === '-', ...this.#text(whole), ...this.#text(fraction));
  }

  #addValue(condition: number, { text, number }: Scalar): void {
    const whole = number !== undefined && Number.isInteger(number) && Math.abs(number) < EXACT_WHOLE;
    const [at, length] = this.#text(text);
    const [wholeAt, wholeLength] = this.#text(whole ? String(number) : '');
    this.#calls.addValue(condition, at, length, number !== undefined, wholeAt, wholeLength);
  }

  /** The slot of a field; the same field has the same one. */
  #slot(reference: FieldReference): number {
    const name = nameOf(reference);
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = this.#slots.size;
    this.#slots.set(name, slot);
    this.#fill(slot, reference);
    return slot;
  }

  /** Says what fills a slot. */
  #fill(slot: number, reference: FieldReference): void {
    if (reference.root === 'value') this.#calls.setSlot(this.#node(reference.path), slot);
    else if (reference.root === 'headers') this.#calls.addHeader(slot, ...this.#text(reference.name));
    else this.#calls.setOuterSlot(OUTER[reference.root], slot);
  }

  #node(path: readonly (string | number)[]): number {
    if (this.#root === 0) {
      this.#root = this.#calls.addNode(0);
      this.#calls.setRoot(this.#root);
    }
    let node = this.#root;
    for (const step of path) {
      if (typeof step === 'number') node = this.#calls.addItem(node, step);
      else node = this.#calls.addMember(node, ...this.#text(step));
    }
    return node;
  }

  #text(text: string): [at: number, length: number] {
    const bytes = Buffer.from(text, 'utf8');
    return [this.#scanner.keep(bytes), bytes.length];
  }
}

function canSettle({ messages, kinds }: Settings): boolean {
  const { key, id, where, value, envelope } = messages;
  const conditions = [...where, ...kinds.flatMap((kind) => kind.where)];
  const fields = [
    ...key.map(({ field }) => field),
    ...(id === undefined ? [] : [id]),
    ...conditions.map(({ field }) => field),
    ...kinds.flatMap(({ expect }) => (expect.by === 'field' ? [expect.field] : [])),
  ];
  return (
    value === 'json' &&
    envelope === undefined &&
    key.every(standsForItself) &&
    conditions.every(({ test }) => plainTest(test) !== undefined) &&
    fields.every(isPlain) &&
    new Set(fields.map(nameOf)).size <= MOST_SLOTS
  );
}

interface PlainTest {
  readonly plain: Exclude<Test, { is: 'not' | 'matches' }>;
  readonly negated: boolean;
}

/** A test without its `not`; undefined: it is by a pattern, or by a number that is too long. */
function plainTest(test: Test): PlainTest | undefined {
  switch (test.is) {
    case 'matches':
      return undefined;
    case 'not': {
      const inner = plainTest(test.test);
      return inner && { plain: inner.plain, negated: !inner.negated };
    }
    case 'exists':
      return { plain: test, negated: !test.exists };
    case 'in':
      return { plain: test, negated: false };
    default:
      return canonicalNumber(test.number) === undefined ? undefined : { plain: test, negated: false };
  }
}

/** Whether its names can be compared byte by byte: a name of a header that is not UTF-8 is read with U+FFFD in it. */
function isPlain(reference: FieldReference): boolean {
  if (reference.root === 'value') {
    return reference.path.every((step) => typeof step === 'number' || step.isWellFormed());
  }
  return (
    reference.root !== 'headers' || (reference.name.isWellFormed() && !reference.name.includes('\ufffd'))
  );
}

function isOfValue(reference: FieldReference): boolean {
  return reference.root === 'value';
}

function nameOf(reference: FieldReference): string {
  if (reference.root === 'value') return JSON.stringify(['value', ...reference.path]);
  if (reference.root === 'headers') return JSON.stringify(['headers', reference.name]);
  return reference.root;
}
