import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Answers, connectForAnswers } from '../../../src/sources/kafka/whole-answers.ts';

function answer(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  return Buffer.concat([size, body]);
}

it('tells every answer in one piece, however it is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(bodies, cuts, (all, lengths) => {
      const told: Buffer[] = [];
      const answers = new Answers((one) => told.push(one));
      const stream = Buffer.concat(all.map(answer));
      const memory = Buffer.alloc(30);
      for (let at = 0, i = 0; at < stream.length; i++) {
        const part = stream.subarray(at, at + lengths[i % lengths.length]!);
        // Each read goes to the same memory.
        memory.fill(0xee).set(part);
        answers.take(memory.subarray(0, part.length));
        at += part.length;
      }
      expect(told).toEqual(all.map(answer));
    }),
  );
});

it('tells what cannot be an answer as it comes', () => {
  const told: Buffer[] = [];
  const answers = new Answers((one) => told.push(one));
  const page = Buffer.from('HTTP/1.1 400 Bad Request\r\n');
  answers.take(page.subarray(0, 2));
  answers.take(page.subarray(2, 10));
  answers.take(page.subarray(10));
  expect(Buffer.concat(told)).toEqual(page);
});

it('goes on behind the end of what it told as it came', () => {
  const told: Buffer[] = [];
  const answers = new Answers((one) => told.push(one));
  const size = 300 << 20;
  const head = Buffer.alloc(4);
  head.writeUInt32BE(size);
  answers.take(head);
  const megabyte = Buffer.alloc(1 << 20);
  for (let i = 0; i < 300; i++) answers.take(megabyte);
  told.splice(0);
  answers.take(answer(Buffer.from('ORD-1')));
  expect(told).toEqual([answer(Buffer.from('ORD-1'))]);
});

it('reads a connection to its end', async () => {
  const bodies = Array.from({ length: 50 }, (_, i) => Buffer.alloc(i * 40_000, i));
  const server = createServer((socket) => socket.end(Buffer.concat(bodies.map(answer))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connectForAnswers({ host: '127.0.0.1', port }, () => {});
  const told: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => told.push(bytes));
  await once(socket, 'close');
  server.close();
  expect(told.length).toBe(bodies.length);
  expect(told.every((one, i) => one.equals(answer(bodies[i]!)))).toBe(true);
});
