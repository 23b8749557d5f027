/** One text for each correlation key, so that a message and its effects meet exactly when they carry the same value. */
import { isUtf8 } from 'node:buffer';
import type { KeyRule } from '../model.ts';
import { canonicalNumber } from './decimals.ts';

const BYTES = 'hex:';
const FIRST_OF_BYTES = BYTES.charCodeAt(0);

/** What a key is made of, and conditions look at: a text as it stands, or bytes that are none, a view. */
export type KeyValue = string | Uint8Array;

/** The value that arrives as bytes: their text, where they are UTF-8. */
export function valueOfBytes(bytes: Uint8Array): KeyValue {
  const view = asBuffer(bytes);
  return isUtf8(view) ? view.toString('utf8') : view;
}

/** What conditions and patterns look at: a text itself, and `hex:` with the hex digits of bytes that are none. */
export function plainText(value: KeyValue): string {
  return typeof value === 'string' ? value : BYTES + asBuffer(value).toString('hex');
}

/**
 * The one text that a finished value is kept as. Bytes that are not UTF-8 become `hex:` and their hex digits; a text that
 * itself begins with `hex:`, or holds a lone surrogate, which has no UTF-8, is spelt the same way, so that no text and no
 * bytes can ever look alike.
 */
export function exactText(value: KeyValue): string {
  return typeof value === 'string' ? exactOfText(value) : plainText(value);
}

/** The same of bytes. */
export function textOfBytes(bytes: Uint8Array): string {
  return exactText(valueOfBytes(bytes));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function exactOfText(text: string): string {
  if (!text.startsWith(BYTES) && text.isWellFormed()) return text;
  return BYTES + (text.isWellFormed() ? Buffer.from(text, 'utf8') : surrogateBytes(text)).toString('hex');
}

/** UTF-8 as it would be if surrogates were characters (WTF-8): distinct texts keep distinct bytes. */
function surrogateBytes(text: string): Buffer {
  const parts = [...text].map((character) => {
    const code = character.codePointAt(0)!;
    if (code < 0xd800 || code > 0xdfff) return Buffer.from(character, 'utf8');
    return Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]);
  });
  return Buffer.concat(parts);
}

/** Whether a text that begins with this byte of ASCII may be kept as another. */
export function mayBeSpelt(first: number | undefined): boolean {
  return first === FIRST_OF_BYTES;
}

/** Whether a key part stands for itself, so that its bytes are its text. */
export function standsForItself({ match, fold, as }: KeyRule): boolean {
  return match === undefined && !fold && as === undefined;
}

/**
 * Makes the one text of a key out of its parts. A single part stands for itself; several are joined by a space, with
 * `%` and space inside a part %-encoded, so that "1" + "11" and "11" + "1" stay apart. A part that is missing, empty,
 * does not match or is not the number it should be makes the whole no key. Patterns, numbers and folding see the text as
 * it stands, and only what they leave is spelt so that no two values look alike.
 */
export class KeyMaker {
  readonly #rules: readonly {
    readonly match: RegExp | undefined;
    readonly fold: boolean;
    readonly isNumber: boolean;
  }[];

  constructor(rules: readonly KeyRule[]) {
    this.#rules = rules.map((rule) => ({
      match: rule.match === undefined ? undefined : new RegExp(rule.match, 'u'),
      fold: rule.fold,
      isNumber: rule.as === 'number',
    }));
  }

  /** @param parts one value per rule, in order. @returns the key, or undefined for no key. */
  make(parts: readonly (KeyValue | undefined)[]): string | undefined {
    if (this.#rules.length === 1) return this.#part(0, parts[0]);
    const texts: string[] = [];
    for (let i = 0; i < this.#rules.length; i++) {
      const text = this.#part(i, parts[i]);
      if (text === undefined) return undefined;
      texts.push(text.replaceAll('%', '%25').replaceAll(' ', '%20'));
    }
    return texts.join(' ');
  }

  #part(i: number, value: KeyValue | undefined): string | undefined {
    if (value === undefined || value.length === 0) return undefined;
    const text = plainText(value);
    const { match, fold, isNumber } = this.#rules[i]!;
    let found: string | undefined = text;
    if (match !== undefined) {
      const groups = match.exec(text);
      found = groups?.[1] ?? groups?.[0];
    }
    if (found === undefined || found === '') return undefined;
    if (isNumber) return canonicalNumber(found);
    if (fold) found = found.toLowerCase();
    // Bytes that are kept whole are spelt already; a part of their digits is a text like any other.
    return found === text && typeof value !== 'string' ? found : exactText(found);
  }
}
