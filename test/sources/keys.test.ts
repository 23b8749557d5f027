import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactText, KeyMaker, plainText, textOfBytes, valueOfBytes } from '../../src/sources/keys.ts';

const PLAIN = { fold: false };

describe('the text of a value', () => {
  it('is itself, with zeros in front and in any normal form', () => {
    for (const text of ['0012', 'ORD-1', 'e\u0301', '\u00e9', ' ', '\0']) {
      expect(textOfBytes(Buffer.from(text))).toBe(text);
    }
  });

  it('spells bytes that are no UTF-8, and never like a text', () => {
    const bytes = textOfBytes(Buffer.from([0x61, 0xff]));
    expect(bytes).toBe('hex:61ff');
    expect(textOfBytes(Buffer.from('hex:61ff'))).not.toBe(bytes);
    expect(exactText('hex:61ff')).toBe(textOfBytes(Buffer.from('hex:61ff')));
  });

  it('never lets two different values look alike', () => {
    const bytes = fc.uint8Array({ maxLength: 6 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(textOfBytes(a) === textOfBytes(b)).toBe(Buffer.from(a).equals(Buffer.from(b)));
      }),
    );
    const texts = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(exactText(a) === exactText(b)).toBe(a === b);
        expect(exactText(a).isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('a key', () => {
  it('keeps its parts apart', () => {
    const pair = new KeyMaker([PLAIN, PLAIN]);
    const part = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('1', ' ', '%', '2', '0') });
    expect(pair.make(['1', '11'])).not.toBe(pair.make(['11', '1']));
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        expect(pair.make([a, b]) === pair.make([c, d])).toBe(a === c && b === d);
      }),
    );
  });

  it('is none if a part is missing, empty, or does not match', () => {
    const pair = new KeyMaker([PLAIN, { match: 'ORD-(\\d+)', fold: false }]);
    expect(pair.make(['a', undefined])).toBeUndefined();
    expect(pair.make(['', 'ORD-1'])).toBeUndefined();
    expect(pair.make(['a', 'order 1'])).toBeUndefined();
    expect(pair.make(['a', 'my ORD-12'])).toBe('a 12');
  });

  it('takes the first group, else the whole match, and folds case where told', () => {
    expect(new KeyMaker([{ match: '[A-Z]+-\\d+', fold: true }]).make(['see ORD-7!'])).toBe('ord-7');
    expect(new KeyMaker([{ match: 'ORD-()', fold: false }]).make(['ORD-7'])).toBeUndefined();
  });

  it('as a number is one text however it is written, after the match, and none for what is no number', () => {
    const number = new KeyMaker([{ fold: false, as: 'number' }]);
    for (const text of ['7', '007', '+7', '7.0', '70e-1']) expect(number.make([text])).toBe('7');
    for (const text of ['ORD-7', ' 7', '1e1000', 'hex:07']) expect(number.make([text])).toBeUndefined();
    expect(number.make([valueOfBytes(Buffer.from([0x37, 0xff]))])).toBeUndefined();
    const matched = new KeyMaker([{ match: 'ORD-(\\d+)', fold: true, as: 'number' }, PLAIN]);
    expect(matched.make(['my ORD-0012', 'A'])).toBe('12 A');
    expect(matched.make(['my ORD-', 'A'])).toBeUndefined();
  });

  it('is matched and folded as it stands, and only then spelt', () => {
    const bare = new KeyMaker([{ match: '^hex:(.+)$', fold: false }]);
    expect(bare.make(['hex:ORD-7'])).toBe('ORD-7');
    expect(bare.make([valueOfBytes(Buffer.from('hex:ORD-7'))])).toBe('ORD-7');
    expect(new KeyMaker([{ match: '\\w+-\\d+', fold: false }]).make(['\ud800 ORD-7'])).toBe('ORD-7');
    const folded = new KeyMaker([{ fold: true }]);
    expect(folded.make(['HEX:00'])).toBe(exactText('hex:00'));
    expect(folded.make(['ORD\ud800'])).toBe(exactText('ord\ud800'));
  });

  it('of bytes that are no text is like no text, however they are matched', () => {
    const bytes = valueOfBytes(Buffer.from([0xff, 0]));
    expect(plainText(bytes)).toBe('hex:ff00');
    for (const rule of [PLAIN, { fold: true }, { match: '^hex:.*', fold: false }]) {
      expect(new KeyMaker([rule]).make([bytes])).toBe('hex:ff00');
      expect(new KeyMaker([rule]).make(['hex:ff00'])).toBe('hex:6865783a66663030');
    }
    const beginning = new KeyMaker([{ match: '^hex:..', fold: false }]);
    expect(beginning.make([bytes])).toBe(beginning.make(['hex:ff']));
  });
});
