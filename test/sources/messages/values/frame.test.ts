import { describe, expect, it } from 'vitest';
import { Frame } from '../../../../src/sources/messages/values/frame.ts';
import type { Surroundings } from '../../../../src/sources/messages/values/reader.ts';

const GUID = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';
const GUID_HEX = GUID.replaceAll('-', '');

function read(hex: string, headers: Surroundings['headers'] = []) {
  const frame = new Frame();
  if (!frame.read(Buffer.from(hex, 'hex'), headers)) return frame.fault;
  return { schema: frame.schema, payload: Buffer.from(frame.payload).toString('hex') };
}

function header(...values: (string | null)[]): Surroundings['headers'] {
  return values.map((hex) => ['__value_schema_id', hex === null ? null : Buffer.from(hex, 'hex')] as const);
}

describe('a schema id', () => {
  it('stands before the payload, as a number or a GUID', () => {
    expect(read('00000000070a')).toEqual({ schema: 'ids/7', payload: '0a' });
    expect(read('00fffffffe')).toEqual({ schema: 'ids/4294967294', payload: '' });
    expect(read(`01${GUID_HEX}0a0b`)).toEqual({ schema: `guids/${GUID}`, payload: '0a0b' });
  });

  it('or in a header, the last of that name; then the value is all payload', () => {
    expect(read('00000000070a', header(`01${GUID_HEX}`))).toEqual({
      schema: `guids/${GUID}`,
      payload: '00000000070a',
    });
    expect(read('0a', header(`01${GUID_HEX}`, '0000000008'))).toEqual({ schema: 'ids/8', payload: '0a' });
    expect(read('00000000070a', header(null))).toEqual({ schema: 'ids/7', payload: '0a' });
    expect(read('00000000070a', [['__key_schema_id', Buffer.of(1)]])).toEqual({
      schema: 'ids/7',
      payload: '0a',
    });
  });

  it.each([
    ['', 'it names no schema: it is empty'],
    ['000000', 'it names no schema: it ends after 3 bytes'],
    ['0100', 'it names no schema: it ends after 2 bytes'],
    ['7b7d', 'it names no schema: it begins with 0x7b, as JSON does, not with the magic byte 0x00 or 0x01'],
    ['03', 'it names no schema: it begins with 0x03, not with the magic byte 0x00 or 0x01'],
    [`0300${GUID_HEX}0a`, `it looks like AWS Glue's format (schema version ${GUID}), which is not read`],
    ['c3010000000000000000', "it looks like Avro's single-object encoding, which is not read"],
  ])('is missed in %s, and what it looks like is said', (hex, fault) => {
    expect(read(hex)).toBe(fault);
  });

  it('is missed in a header that holds something else', () => {
    expect(read('00000000070a', header('37'))).toBe('its header __value_schema_id holds no schema id');
  });
});

describe('the path of a message within its schema', () => {
  function indexes(hex: string, headers: Surroundings['headers'] = []) {
    const frame = new Frame();
    frame.read(Buffer.from(hex, 'hex'), headers);
    const path = frame.messageIndexes();
    return path === undefined ? frame.fault : { path, payload: Buffer.from(frame.payload).toString('hex') };
  }

  it('stands behind the id; none is the first message', () => {
    expect(indexes('0000000007000a')).toEqual({ path: [0], payload: '0a' });
    expect(indexes('000000000702020a')).toEqual({ path: [1], payload: '0a' });
    expect(indexes('00000000070402000a')).toEqual({ path: [1, 0], payload: '0a' });
    expect(indexes('000000000702ac020a')).toEqual({ path: [150], payload: '0a' });
  });

  it('or in the header too', () => {
    expect(indexes('0a', header(`01${GUID_HEX}0202`))).toEqual({ path: [1], payload: '0a' });
  });

  it.each([
    '0000000007',
    '000000000702',
    '000000000701',
    '00000000070201',
    '0000000007ffffffffff7f',
    '0000000007feff7f',
  ])('is broken in %s', (hex) => {
    expect(indexes(hex)).toBe('no Protobuf: the path of its message within the schema is broken');
  });
});
