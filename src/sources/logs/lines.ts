/** Splits bytes into lines, of any length and in any encoding. */

/** Longer than this, no mail log writes; it is the run of zeros a crash leaves, or no log at all. */
export const LONGEST_LINE = 1 << 20;

/** What some programs put in front of UTF-8, as its bytes. */
const MARK = '\xef\xbb\xbf';

/** A first line without the byte order mark. */
export function unmarked(text: string): string {
  return text.startsWith(MARK) ? text.slice(MARK.length) : text;
}

/** Some lines in a row. Text holds one character (0 to 255) for each byte: nothing is lost, whatever the encoding. */
export interface Lines {
  /** Number of the first of them, counted from 1. */
  readonly first: number;
  /** Undefined: a line too long to be kept. */
  readonly texts: readonly (string | undefined)[];
}

/**
 * Lines end with LF or CRLF. What follows the last one, if anything, is a line too.
 *
 * @param keepReturns leaves the CR of CRLF in the text: inside quotes it belongs to a value
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, keepReturns = false): AsyncGenerator<Lines> {
  const splitter = new Splitter(keepReturns);
  for await (const chunk of chunks) {
    const lines = splitter.add(chunk.toString('latin1'));
    if (lines.texts.length > 0) yield lines;
  }
  const rest = splitter.rest();
  if (rest !== undefined) yield rest;
}

class Splitter {
  readonly #keepReturns: boolean;
  #number = 1;
  /** The line that has not ended yet; undefined: it is too long already. */
  #open: string | undefined = '';

  constructor(keepReturns: boolean) {
    this.#keepReturns = keepReturns;
  }

  add(chunk: string): Lines {
    const first = this.#number;
    const texts: (string | undefined)[] = [];
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      texts.push(this.#line(chunk, start, end));
      this.#open = '';
      start = end + 1;
    }
    this.#keep(chunk.slice(start));
    this.#number += texts.length;
    return { first, texts };
  }

  rest(): Lines | undefined {
    return this.#open === '' ? undefined : { first: this.#number, texts: [this.#open] };
  }

  #line(chunk: string, start: number, end: number): string | undefined {
    if (this.#open !== '') {
      this.#keep(chunk.slice(start, end));
      return this.#stripped(this.#open);
    }
    return end - start > LONGEST_LINE ? undefined : this.#stripped(chunk.slice(start, end));
  }

  #stripped(line: string | undefined): string | undefined {
    return !this.#keepReturns && line?.endsWith('\r') ? line.slice(0, -1) : line;
  }

  #keep(piece: string): void {
    if (this.#open === undefined) return;
    const long = this.#open.length + piece.length > LONGEST_LINE;
    this.#open = long ? undefined : this.#open + piece;
  }
}
