/** When a broker counts as started. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { isSoon } from './child.ts';
import { isCountedIn } from './counted-in.ts';

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string | null): Buffer {
  return value === null ? int16(-1) : Buffer.concat([int16(value.length), Buffer.from(value)]);
}

/** Metadata 1: brokers with their racks, the controller, and no topic. (https://kafka.apache.org/protocol) */
function metadata(brokers: readonly number[]): Buffer {
  const racks = [null, 'north'];
  const each = brokers.map((id, i) =>
    Buffer.concat([int32(id), text('127.0.0.1'), int32(9092), text(racks[i]!)]),
  );
  return Buffer.concat([int32(brokers.length), ...each, int32(brokers[0] ?? -1), int32(0)]);
}

/** The first to ask hears nothing, the second that there are no brokers yet, all others the truth, in two pieces. */
function lateBroker(brokers: readonly number[]): Server {
  let connections = 0;
  return createServer((socket) => {
    const connection = ++connections;
    socket.on('error', () => {});
    socket.on('data', async (request) => {
      if (connection === 1) return;
      const body = metadata(connection === 2 ? [] : brokers);
      const answer = Buffer.concat([int32(4 + body.length), request.subarray(8, 12), body]);
      socket.write(answer.subarray(0, 11));
      await sleep(20);
      socket.write(answer.subarray(11));
    });
  });
}

it('a broker that does not answer, or does not know its cluster yet, is asked again', async () => {
  const server = lateBroker([2, 3]);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const isIn = (id: number) => isCountedIn(port, id, 200);
  expect(await isIn(2)).toBe(false);
  expect(await isIn(2)).toBe(false);
  expect(await isSoon({ hasEnded: () => false }, () => isIn(2), 10_000)).toBe(true);
  expect(await isIn(3)).toBe(true);
  expect(await isIn(4)).toBe(false);
});
