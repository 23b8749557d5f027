import { expect, it } from 'vitest';
import { decodeTopicIdentity, encodeMetadata } from '../../../src/sources/kafka/metadata.ts';

const ID = '000102030405060708090a0b0c0d0e0f';

/** An answer with one broker and one topic, up to the topic's partitions. */
function answer(errorCode: number, id: string): Buffer {
  const broker = ['00000001', '08', Buffer.from('kafka-1').toString('hex'), '00002384', '00', '00'].join('');
  const cluster = `04${Buffer.from('abc').toString('hex')}`;
  const topic = [errorCode.toString(16).padStart(4, '0'), '07', Buffer.from('orders').toString('hex'), id];
  // Tags of the header: one, number 5, of two bytes.
  const header = '010502ffff';
  return Buffer.from([header, '00000007', '02', broker, cluster, '00000001', '02', ...topic].join(''), 'hex');
}

it('reads the id of a topic, behind brokers and tags', () => {
  expect(decodeTopicIdentity(answer(0, ID))).toEqual({ throttleMs: 7, errorCode: 0, id: ID });
});

it('knows none where the cluster gives none, nor where there is no topic', () => {
  expect(decodeTopicIdentity(answer(0, '00'.repeat(16)))).toMatchObject({ errorCode: 0, id: undefined });
  expect(decodeTopicIdentity(answer(3, '00'.repeat(16)))).toMatchObject({ errorCode: 3, id: undefined });
});

it('asks for one topic by name, and never for it to be made', () => {
  const name = Buffer.from('orders').toString('hex');
  const topic = ['02', '00'.repeat(16), '07', name, '00'].join('');
  expect(encodeMetadata(10, 'orders').toString('hex')).toBe(['00', topic, '000000', '00'].join(''));
  expect(encodeMetadata(12, 'orders').toString('hex')).toBe(['00', topic, '0000', '00'].join(''));
});
