/** What of an email carries its key and answers `only`: headers, sender, recipients. */
import type { EmailSettings } from '../../model.ts';
import { compileTest, type Passes } from '../conditions.ts';
import { KeyMaker, type KeyValue, plainText, valueOfBytes } from '../keys.ts';
import type { QueuedMail } from './email.ts';
import type { MailEvent } from './postfix.ts';

type HeaderEvent = Extract<MailEvent, { what: 'header' }>;

/** cleanup writes `?` for what it cannot print, also for the line breaks of a folded header. */
const FOLDED_WORDS = /\?=\? =\?/g;

/** The envelope is on every email's own lines; what is not there was not. */
const SHOWN_ALWAYS = ['from', 'recipient'];

export class Carriers {
  readonly #maker: KeyMaker;
  readonly #parts: number;
  readonly #partsOf = new Map<string, number[]>();
  readonly #tests: readonly { readonly name: string; readonly bit: number; readonly passes: Passes }[];
  readonly #all: number;
  /** Tests whose answer is known even if no text came. */
  readonly #always: number;
  /** Key headers seen, and those of them that were cut, so that their end is not known. */
  seen = 0;
  cut = 0;
  /** Headers asked for by `only` whose end is not known: their beginning was tested. */
  cutTested = 0;

  constructor(settings: EmailSettings) {
    this.#maker = new KeyMaker(settings.key);
    this.#parts = settings.key.length;
    for (const [i, { name }] of settings.key.entries()) {
      const parts = this.#partsOf.get(name.toLowerCase()) ?? [];
      this.#partsOf.set(name.toLowerCase(), [...parts, i]);
    }
    this.#tests = settings.only.map(({ name, test }, i) => ({
      name: name.toLowerCase(),
      bit: 1 << i,
      passes: compileTest(test),
    }));
    this.#all = (1 << this.#tests.length) - 1;
    const shown = this.#tests.filter(({ name }) => SHOWN_ALWAYS.includes(name));
    this.#always = shown.reduce((bits, { bit }) => bits | bit, 0);
  }

  header(mail: QueuedMail, event: HeaderEvent): void {
    if (event.sender !== undefined) this.sender(mail, event.sender);
    if (event.recipient !== undefined) this.recipient(mail, event.recipient);
    this.#note(mail, event);
    const tested = this.#first(mail, event.name, () => repaired(event));
    if (tested && event.cut) this.cutTested++;
  }

  sender(mail: QueuedMail, address: string): void {
    this.#first(mail, 'from', () => address);
  }

  /** One recipient that passes is enough. */
  recipient(mail: QueuedMail, address: string): void {
    for (const { name, bit, passes } of this.#tests) {
      if (name === 'recipient' && (mail.passed & bit) === 0 && passes(plainText(keyValue(address))))
        mail.passed |= bit;
    }
  }

  /**
   * Whether `only` lets an email in. What was asked of its root decides; a later queue knows it only by heart. `unseen`:
   * nothing keeps it out, but the log does not show all that was asked for, such as a subject that Postfix does not log.
   */
  lets(root: QueuedMail): 'in' | 'out' | 'unseen' {
    let passed = 0;
    let tested = 0;
    for (const mail of root.members()) {
      passed |= mail.passed & ~tested;
      tested |= mail.tested;
    }
    if (passed === this.#all) return 'in';
    return ((tested | this.#always) & ~passed) === 0 ? 'unseen' : 'out';
  }

  /** What `only` asks of headers that a log shows only where header_checks says so. */
  get testedHeaders(): string {
    const names = this.#tests.flatMap(({ name }) => (SHOWN_ALWAYS.includes(name) ? [] : name));
    return names.map((name) => name.replace(/^[a-z]/, (letter) => letter.toUpperCase())).join(', ');
  }

  /** The email's keys, each once, in the order of its headers; none: it carries no readable key. */
  keys(root: QueuedMail): string[] {
    if (this.#parts === 1) {
      const values = [...root.members()].flatMap((mail) => mail.values[0] ?? []);
      return [...new Set(values.flatMap((value) => this.#maker.make([keyValue(value)]) ?? []))];
    }
    const parts: (KeyValue | undefined)[] = new Array(this.#parts).fill(undefined);
    for (const mail of root.members()) {
      for (let i = 0; i < this.#parts; i++) parts[i] ??= firstValue(mail.values[i]);
    }
    return [this.#maker.make(parts)].filter((key) => key !== undefined);
  }

  #note(mail: QueuedMail, event: HeaderEvent): void {
    const parts = this.#partsOf.get(event.name);
    if (parts === undefined) return;
    this.seen++;
    if (event.cut) {
      this.cut++;
      return;
    }
    const text = repaired(event);
    for (const part of parts) {
      const values = mail.values[part] ?? [];
      if (!values.includes(text)) values.push(text);
      mail.values[part] = values;
    }
  }

  /** Lets the first text of a name decide. @returns whether anything was asked of it. */
  #first(mail: QueuedMail, asked: string, text: () => string): boolean {
    let any = false;
    for (const { name, bit, passes } of this.#tests) {
      if (name !== asked || (mail.tested & bit) !== 0) continue;
      any = true;
      mail.tested |= bit;
      if (passes(plainText(keyValue(text())))) mail.passed |= bit;
    }
    return any;
  }
}

function repaired(event: HeaderEvent): string {
  return event.value.replace(FOLDED_WORDS, '?= =?');
}

/** Of a text of one character per byte. */
function keyValue(bytes: string): KeyValue {
  return valueOfBytes(Buffer.from(bytes, 'latin1'));
}

function firstValue(values: readonly string[] = []): KeyValue | undefined {
  const [first] = values;
  return first === undefined ? undefined : keyValue(first);
}
