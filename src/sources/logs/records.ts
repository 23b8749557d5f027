/** Splits the lines of a CSV file (RFC 4180) into records, and gets over a broken one. */
import { type Lines, LONGEST_LINE, unmarked } from './lines.ts';

/** One record. Fields hold one character for each byte; undefined: the line is no record. */
export interface CsvRecord {
  /** Number of its first line. */
  readonly line: number;
  readonly fields: readonly string[] | undefined;
  /** The line as it is, for showing what cannot be read. */
  readonly text: string;
}

interface Line {
  readonly number: number;
  readonly text: string | undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;

/**
 * A quoted field may hold line breaks, so a stray quote swallows lines until the next one. When that turns out wrong
 * (text behind the closing quote, no closing quote within a megabyte or to the end of the file), only the line with
 * the stray quote is given up, and the lines after it are read again by themselves.
 */
export class CsvRecords {
  /** Lines of the record that is not complete. */
  #lines: Line[] = [];
  #length = 0;
  #scan = new Scan();

  /** The records that these lines (with their CR) complete. */
  *add({ first, texts }: Lines): Generator<CsvRecord> {
    for (const [i, text] of texts.entries()) {
      const isFirst = first + i === 1 && text !== undefined;
      yield* this.#add({ number: first + i, text: isFirst ? unmarked(text) : text });
    }
  }

  /** What is left when the file ends. */
  *end(): Generator<CsvRecord> {
    while (this.#lines.length > 0) yield* this.#giveUp();
  }

  *#add(line: Line): Generator<CsvRecord> {
    if (this.#lines.length === 0 && (line.text === '' || line.text === '\r')) return;
    this.#lines.push(line);
    this.#length += line.text?.length ?? LONGEST_LINE;
    const state = line.text === undefined ? 'broken' : this.#scan.add(line.text);
    if (state === 'complete') yield this.#record(this.#scan.fields);
    else if (state === 'broken' || this.#length > LONGEST_LINE) yield* this.#giveUp();
  }

  *#giveUp(): Generator<CsvRecord> {
    const again = this.#lines.slice(1);
    yield this.#record(undefined);
    for (const line of again) yield* this.#add(line);
  }

  #record(fields: readonly string[] | undefined): CsvRecord {
    const [first] = this.#lines;
    this.#lines = [];
    this.#length = 0;
    this.#scan = new Scan();
    return { line: first!.number, fields, text: first!.text ?? '(longer than any record)' };
  }
}

/** The fields of one record, line after line. */
class Scan {
  readonly fields: string[] = [];
  /** A quoted field whose closing quote has not come. */
  #open: string | undefined;

  add(line: string): 'complete' | 'open' | 'broken' {
    const end = line.endsWith('\r') ? line.length - 1 : line.length;
    let at = 0;
    if (this.#open !== undefined) {
      this.#open += '\n';
      at = this.#quoted(line, 0);
    } else at = this.#field(line, 0, end);
    while (at >= 0 && at < end && line.charCodeAt(at) === COMMA) at = this.#field(line, at + 1, end);
    if (at < 0) return 'open';
    return at === end ? 'complete' : 'broken';
  }

  /** @returns where the field ends; -1: in a later line */
  #field(line: string, start: number, end: number): number {
    if (line.charCodeAt(start) === QUOTE) {
      this.#open = '';
      return this.#quoted(line, start + 1);
    }
    const comma = line.indexOf(',', start);
    const until = comma < 0 ? end : comma;
    const field = line.slice(start, until);
    this.fields.push(field);
    // A quote inside an unquoted field is no CSV, and a sign that something was cut.
    return field.includes('"') ? start : until;
  }

  #quoted(line: string, start: number): number {
    for (let from = start; ; ) {
      const quote = line.indexOf('"', from);
      if (quote < 0) {
        this.#open += line.slice(from);
        return -1;
      }
      this.#open += line.slice(from, quote);
      if (line.charCodeAt(quote + 1) !== QUOTE) {
        this.fields.push(this.#open!);
        this.#open = undefined;
        return quote + 1;
      }
      this.#open += '"';
      from = quote + 2;
    }
  }
}
