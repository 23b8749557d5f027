/** JSON strings as the bytes they stand for, whatever the encoding of what is not escaped. */

/** Where unescaped strings are put, one behind the other. */
export interface StringBytes {
  bytes: Buffer;
  used: number;
}

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** What the letter behind a backslash stands for; the others stand for themselves. */
const CONTROL = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/**
 * Unescapes what is written between the quotes of a string that is known to be JSON.
 *
 * @returns a view of the target, which keeps what earlier calls put there; undefined for half of a surrogate pair,
 *   which stands for no bytes
 */
export function unescapeInto(target: StringBytes, written: Buffer): Buffer | undefined {
  // An escape is never shorter than its bytes. Views of a buffer that is too small stay good: it is left alone.
  if (target.used + written.length > target.bytes.length) {
    target.bytes = Buffer.allocUnsafe(Math.max(written.length, target.bytes.length) * 2);
    target.used = 0;
  }
  const { bytes, used: start } = target;
  let at = start;
  for (let p = 0; p < written.length; p++) {
    const byte = written[p]!;
    if (byte !== BACKSLASH) {
      bytes[at++] = byte;
      continue;
    }
    const letter = written[++p]!;
    if (letter !== LETTER_U) {
      bytes[at++] = CONTROL.get(letter) ?? letter;
      continue;
    }
    const text = escapedText(written, p + 1);
    if (text === undefined) return undefined;
    at += bytes.write(text, at, 'utf8');
    p += text.length === 2 ? 10 : 4;
  }
  target.used = at;
  return bytes.subarray(start, at);
}

/** The character whose four digits are at `p`, together with the second half of its pair. */
function escapedText(written: Buffer, p: number): string | undefined {
  const first = codeUnit(written, p);
  const isPair =
    first >= 0xd800 && first <= 0xdbff && written[p + 4] === BACKSLASH && written[p + 5] === LETTER_U;
  const text = String.fromCharCode(first, ...(isPair ? [codeUnit(written, p + 6)] : []));
  return text.isWellFormed() ? text : undefined;
}

function codeUnit(written: Buffer, p: number): number {
  return Number.parseInt(written.toString('latin1', p, p + 4), 16);
}
