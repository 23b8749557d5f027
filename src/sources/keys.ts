/** One text for each correlation key, so that a message and its effects meet exactly when they carry the same value. */
import { isUtf8 } from 'node:buffer';
import type { KeyRule } from '../model.ts';

const BYTES = 'hex:';

/**
 * The text of a value that arrives as bytes. Bytes that are not UTF-8 become `hex:` and their hex digits; a text that
 * itself begins with `hex:` is spelt the same way, so that no text and no bytes can ever look alike.
 */
export function textOfBytes(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(view) ? exactText(view.toString('utf8')) : BYTES + view.toString('hex');
}

/** The same for a value that arrives as a string: a lone surrogate has no UTF-8 and is spelt as its bytes. */
export function exactText(text: string): string {
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

/**
 * Makes the one text of a key out of its parts. A single part stands for itself; several are joined by a space, with
 * `%` and space inside a part %-encoded, so that "1" + "11" and "11" + "1" stay apart. A part that is missing, empty
 * or does not match makes the whole no key.
 */
export class KeyMaker {
  readonly #rules: readonly { readonly match: RegExp | undefined; readonly fold: boolean }[];

  constructor(rules: readonly KeyRule[]) {
    this.#rules = rules.map((rule) => ({
      match: rule.match === undefined ? undefined : new RegExp(rule.match, 'u'),
      fold: rule.fold,
    }));
  }

  /** @param parts one text per rule, in order. @returns the key, or undefined for no key. */
  make(parts: readonly (string | undefined)[]): string | undefined {
    if (this.#rules.length === 1) return this.#part(0, parts[0]);
    const texts: string[] = [];
    for (let i = 0; i < this.#rules.length; i++) {
      const text = this.#part(i, parts[i]);
      if (text === undefined) return undefined;
      texts.push(text.replaceAll('%', '%25').replaceAll(' ', '%20'));
    }
    return texts.join(' ');
  }

  #part(i: number, text: string | undefined): string | undefined {
    if (text === undefined || text === '') return undefined;
    const { match, fold } = this.#rules[i]!;
    let found: string | undefined = text;
    if (match !== undefined) {
      const groups = match.exec(text);
      found = groups?.[1] ?? groups?.[0];
    }
    if (found === undefined || found === '') return undefined;
    return fold ? found.toLowerCase() : found;
  }
}
