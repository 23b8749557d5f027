import { describe, expect, it } from 'vitest';
import { load, mistakes, SMALLEST, smallest } from './configurations.ts';

const capture = (written: string) => smallest({ line: 4, to: `  capture: ${written}` });

describe('a capture', () => {
  it.each([
    ['{ files: [/srv/a.json] }', { files: ['/srv/a.json'] }],
    ['{ files: /srv/a.json, format: avro }', { files: ['/srv/a.json'], format: 'avro' }],
    [
      '{ files: [/srv/a.json], timestamp: value.placed.at }',
      {
        files: ['/srv/a.json'],
        timestamp: { text: 'value.placed.at', root: 'value', path: ['placed', 'at'] },
      },
    ],
  ])('may be %s', (written, from) => {
    expect(load(capture(written)).messages.from).toEqual({ source: 'capture', ...from });
  });

  it.each([
    ['{ format: avro }', '4 messages.capture.files: missing'],
    [
      '{ files: [a], format: json }',
      '4 messages.capture.format: expected kcat, connect-json, avro or onceover',
    ],
    ['{ files: [a], timestamp: key }', '4 messages.capture.timestamp: expected a field of the value'],
  ])('may not be %s', (written, mistake) => {
    expect(mistakes(capture(written)).map((one) => one.slice(0, mistake.length))).toEqual([mistake]);
  });

  it('takes the place of Kafka by a flag', () => {
    const flags = { capture: ['/srv/incident.jsonl.gz'] };
    const from = { source: 'capture', files: flags.capture };
    expect(load(SMALLEST, { flags }).messages.from).toEqual(from);
    expect(load(capture('{ files: [a], format: avro }'), { flags }).messages.from).toEqual(from);
  });
});

describe('where only messages are read', () => {
  const MESSAGES = SMALLEST.slice(0, SMALLEST.indexOf('effects:'));

  it('effects need not be there, and the padding is as wide as theirs would be', () => {
    const { kinds, messages } = load(MESSAGES, { messagesOnly: true });
    expect(kinds).toEqual([]);
    expect(messages.range).toEqual(load(SMALLEST).messages.range);
  });

  it('effects that are there must be right, and an audit needs some', () => {
    expect(mistakes(`${MESSAGES}effects: {}\n`, { messagesOnly: true })[0]).toMatch(/^6 effects: expected/);
    expect(mistakes(MESSAGES)).toHaveLength(1);
  });
});
