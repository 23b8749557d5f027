import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonReader } from '../../../src/sources/messages/json.ts';
import { JSON_KIND, type JsonPath } from '../../../src/sources/messages/json-path.ts';
import { mutatedDocument } from './documents.ts';

const PATHS: readonly JsonPath[] = [
  [],
  ['order'],
  ['order', 'id'],
  ['order', 'items', 1],
  ['order', 'items', 0, 'id'],
  ['items'],
  ['items', 2],
  ['id'],
  ['ä€😀'],
  ['__proto__'],
  ['', ''],
  [0],
  [1, 'id'],
];

describe('what lies at a path', () => {
  it('reads text, digits, words, lengths and nothing', () => {
    expect(at('{"order":{"id":"ORD-1"}}', ['order', 'id'])).toEqual({ kind: 'string', text: 'ORD-1' });
    expect(at('{"id":12345678901234567890}', ['id'])).toEqual({
      kind: 'number',
      text: '12345678901234567890',
    });
    expect(at('[1.0,-0,1e3,1E-2]', [2])).toEqual({ kind: 'number', text: '1e3' });
    expect(at('[1.0,-0,1e3,1E-2]', [])).toEqual({ kind: 'array', length: 4 });
    expect(at('[[],[ ]]', [1])).toEqual({ kind: 'array', length: 0 });
    expect(at('{"paid":true}', ['paid'])).toEqual({ kind: 'boolean', text: 'true' });
    expect(at('{"paid":null}', ['paid'])).toEqual({ kind: 'null' });
    expect(at('{"paid":{}}', ['paid'])).toEqual({ kind: 'object' });
    expect(at('{"paid":{}}', ['id'])).toEqual({ kind: 'absent' });
    expect(at('"ORD-1"', [])).toEqual({ kind: 'string', text: 'ORD-1' });
    expect(at(' 7 ', [])).toEqual({ kind: 'number', text: '7' });
  });

  it('decodes escapes, lone surrogates included', () => {
    expect(at(String.raw`{"id":"a\"\\\/\n\u00e9\ud83d\ude00"}`, ['id'])).toEqual({
      kind: 'string',
      text: 'a"\\/\né😀',
    });
    expect(at(String.raw`{"id":"\ud800x"}`, ['id'])).toEqual({ kind: 'string', text: '\ud800x' });
    expect(at(String.raw`{"\u0069d":1}`, ['id'])).toEqual({ kind: 'number', text: '1' });
    expect(at('{"\ufffd":1}', ['\ud800'])).toEqual({ kind: 'absent' });
    expect(at(String.raw`{"\ud800":1}`, ['\ud800'])).toEqual({ kind: 'number', text: '1' });
  });

  it('lets the last of several members count, whole', () => {
    expect(at('{"id":1,"id":"2"}', ['id'])).toEqual({ kind: 'string', text: '2' });
    expect(at('{"order":{"id":1},"order":{}}', ['order', 'id'])).toEqual({ kind: 'absent' });
    expect(at('{"order":{"id":1},"order":null}', ['order', 'id'])).toEqual({ kind: 'absent' });
    expect(at(String.raw`{"order":{"id":1},"\u006frder":[7]}`, ['order', 'id'])).toEqual({ kind: 'absent' });
  });

  it('takes an index for lists only and a name for objects only', () => {
    expect(at('{"0":1}', [0])).toEqual({ kind: 'absent' });
    expect(at('[1]', ['0'])).toEqual({ kind: 'absent' });
    expect(at('[1]', ['length'])).toEqual({ kind: 'absent' });
  });

  it('forgets the document before', () => {
    const reader = new JsonReader([['id']]);
    expect(reader.read(Buffer.from('{"id":1}'))).toBe(true);
    expect(reader.read(Buffer.from('{}'))).toBe(true);
    expect(reader.kind(0)).toBe(JSON_KIND.absent);
  });

  it('goes to any depth', () => {
    const deep = `${'['.repeat(100_000)}7${']'.repeat(100_000)}`;
    expect(at(`{"a":${deep},"id":12345678901234567890}`, ['id'])).toEqual({
      kind: 'number',
      text: '12345678901234567890',
    });
    expect(isJson(Buffer.from(deep.slice(0, -1)))).toBe(false);
  });
});

describe('what is no JSON', () => {
  it.each([
    ['', 'it is empty'],
    ['{"id":1', 'it ends too early, after 7 bytes'],
    ['{"id":1}}', 'unexpected } at byte 9 of 9'],
    ["{'id':1}", "unexpected ' at byte 2 of 8"],
    ['[1,]', 'unexpected ] at byte 4 of 4'],
    ['{"id":01}', 'unexpected 1 at byte 8 of 9'],
    ['"a\tb"', 'unexpected 0x09 at byte 3 of 5'],
    ['"\\u12g4"', 'unexpected g at byte 6 of 8'],
    ['\ufeff{}', 'unexpected 0xef at byte 1 of 5'],
    ['NaN', 'unexpected N at byte 1 of 3'],
  ])('says where and why: %j', (text, why) => {
    const reader = new JsonReader([]);
    expect(reader.read(Buffer.from(text))).toBe(false);
    expect(reader.fault).toBe(`not JSON: ${why}`);
  });

  it('refuses bytes that are not UTF-8, unless they are asked for', () => {
    const bytes = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
    const reader = new JsonReader([]);
    expect(reader.read(bytes)).toBe(false);
    expect(reader.fault).toBe('not JSON: its bytes are not UTF-8');
    const raw = new JsonReader([[]], { anyBytes: true });
    expect(raw.read(bytes)).toBe(true);
    expect([...raw.written(0)]).toEqual([0xc3, 0x28]);
  });
});

describe('against JSON.parse', () => {
  it('agrees on generated and mutated documents', () => {
    let valid = 0;
    let broken = 0;
    const reader = new JsonReader(PATHS);
    fc.assert(
      fc.property(mutatedDocument(), (bytes) => {
        const value = parsed(bytes);
        expect(reader.read(bytes)).toBe(value !== BROKEN);
        if (value === BROKEN) return void broken++;
        valid++;
        for (const [i, path] of PATHS.entries()) expectSame(reader, i, valueAt(value, path));
      }),
      { numRuns: 20_000 },
    );
    expect(Math.min(valid, broken)).toBeGreaterThan(3_000);
  });

  it('agrees on every single-byte change of one document', () => {
    const document = Buffer.from(
      String.raw`{"id":"ä\u00e4\n😀","order":{"items":[{"id":-0.5e+3},true,null],"id":false},"id":10}`,
    );
    const reader = new JsonReader(PATHS);
    for (let at = 0; at < document.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const bytes = Buffer.from(document);
        bytes[at] = byte;
        const value = parsed(bytes);
        if (reader.read(bytes) !== (value !== BROKEN)) expect.fail(`differs for ${bytes.toString('latin1')}`);
        if (value === BROKEN) continue;
        for (const [i, path] of PATHS.entries()) expectSame(reader, i, valueAt(value, path));
      }
    }
  });

  it('keeps the digits of every number as written', () => {
    const reader = new JsonReader([['order', 'total']]);
    fc.assert(
      fc.property(fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/), (digits) => {
        expect(reader.read(Buffer.from(`{"order":{"n":1,"total": ${digits} }}`))).toBe(true);
        expect(reader.text(0)).toBe(digits);
      }),
      { numRuns: 3_000 },
    );
  });
});

const BROKEN = Symbol('broken');

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return BROKEN;
  }
}

function valueAt(value: unknown, path: JsonPath): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    if (Array.isArray(here) !== (typeof step === 'number') || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

function expectSame(reader: JsonReader, i: number, value: unknown): void {
  const found = answer(reader, i);
  if (value === undefined) expect(found).toEqual({ kind: 'absent' });
  else if (value === null) expect(found).toEqual({ kind: 'null' });
  else if (Array.isArray(value)) expect(found).toEqual({ kind: 'array', length: value.length });
  else if (typeof value === 'object') expect(found).toEqual({ kind: 'object' });
  else if (typeof value === 'number') {
    expect(found.kind).toBe('number');
    expect(Number(found.text)).toBe(value);
  } else expect(found).toEqual({ kind: typeof value, text: String(value) });
}

function answer(reader: JsonReader, i: number): { kind: string; text?: string; length?: number } {
  const code = reader.kind(i);
  const kind = Object.entries(JSON_KIND).find(([, value]) => value === code)![0];
  const text = reader.text(i);
  if (kind === 'array') return { kind, length: reader.length(i) };
  return text === undefined ? { kind } : { kind, text };
}

function at(document: string, path: JsonPath) {
  const reader = new JsonReader([['elsewhere'], path]);
  expect(reader.read(Buffer.from(document))).toBe(true);
  return answer(reader, 1);
}

function isJson(bytes: Uint8Array): boolean {
  return new JsonReader([]).read(bytes);
}
