/** Our own records, which know their lines and get over a stray quote, held against the library that does neither. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvRecords } from '../../../src/sources/logs/records.ts';

const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'ö', "'", '0') });
const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 8 });

function read(csv: string): (readonly string[] | undefined)[] {
  const records = new CsvRecords();
  const texts = Buffer.from(csv).toString('latin1').split('\n');
  if (texts.at(-1) === '') texts.pop();
  const found = [...records.add({ first: 1, texts }), ...records.end()];
  return found.map(({ fields }) => fields?.map((field) => Buffer.from(field, 'latin1').toString('utf8')));
}

describe('records of a dump', () => {
  it('are those of csv-parse, whatever the cells hold', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), (table, delimiter, quoted) => {
        // csv-stringify leaves a lone line feed bare where records end with CRLF, which is no RFC 4180.
        const csv = stringify(table, { record_delimiter: delimiter, quoted: quoted || delimiter === '\r\n' });
        // A line with nothing in it is no record for either.
        expect(read(csv)).toEqual(parse(csv, { skip_empty_lines: true, record_delimiter: delimiter }));
      }),
      { numRuns: 2000 },
    );
  });

  it('are still read behind a stray quote, where csv-parse gives up', () => {
    const csv = 'ORD-1,"torn\nORD-2,b\nORD-3,c\n';
    expect(() => parse(csv)).toThrow();
    expect(read(csv)).toEqual([undefined, ['ORD-2', 'b'], ['ORD-3', 'c']]);
  });
});
