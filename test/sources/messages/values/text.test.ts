import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatText } from '../../../../src/sources/messages/values/digits.ts';
import { FramedJsonValue } from '../../../../src/sources/messages/values/json.ts';
import { BytesValue, StringValue } from '../../../../src/sources/messages/values/text.ts';
import { path, shownBy } from './read.ts';

describe('values that are one text', () => {
  const string = (hex: string) => shownBy(() => new StringValue(), [[]], Buffer.from(hex, 'hex'));
  const bytes = (hex: string) => shownBy(() => new BytesValue(), [[]], Buffer.from(hex, 'hex'));

  it('are themselves, and bytes are spelt in hex where they are no text', async () => {
    expect(await string(Buffer.from('ORD-ä').toString('hex'))).toEqual(['ORD-ä']);
    expect(await bytes(Buffer.from('ORD-ä').toString('hex'))).toEqual(['ORD-ä']);
    expect(await string('')).toEqual(['']);
    expect(await bytes('ff00')).toEqual(['hex:ff00']);
    expect(await string('ff00')).toEqual({ fault: 'no text: its bytes are not UTF-8' });
  });
});

describe('JSON behind the id of its schema', () => {
  const read = (value: Buffer, texts = 'order.id items') =>
    shownBy((paths) => new FramedJsonValue(paths), texts.split(' ').map(path), value);
  const framed = (text: string) => Buffer.concat([Buffer.from('0000000007', 'hex'), Buffer.from(text)]);

  it('is read as JSON is', async () => {
    expect(await read(framed('{"order":{"id":7},"items":[1,2]}'))).toEqual(['7', 2]);
  });

  it('is refused without an id, or where it is no JSON', async () => {
    expect(await read(Buffer.from('{"order":{"id":7}}'))).toEqual({
      fault: 'it names no schema: it begins with 0x7b, as JSON does, not with the magic byte 0x00 or 0x01',
    });
    expect(await read(framed('{'))).toEqual({ fault: 'not JSON: it ends too early, after 1 bytes' });
  });
});

describe('the digits of a single', () => {
  it.each([
    [0.1, '0.1'],
    [16_777_216, '16777216'],
    [1e20, '100000000000000000000'],
    [1e-45, '1e-45'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [-0.3, '-0.3'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('of %f are %s', (number, text) => {
    expect(floatText(Math.fround(number))).toBe(text);
  });

  it('stand for it and no other', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (single) => {
        expect(Math.fround(Number(floatText(single)))).toBe(single + 0);
      }),
    );
  });
});
