import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KafkaJsTransport } from '../../../src/sources/kafka/kafkajs-transport.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  vi.restoreAllMocks();
});

/** A server on the loopback that does `act` with who connects. @returns its host:port */
async function serve(act: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => act(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port on which nobody listens. */
async function nobody(): Promise<string> {
  const address = await serve(() => {});
  await once(servers.pop()!.close(), 'close');
  return address;
}

function transportTo(bootstrap: readonly string[], signal = new AbortController().signal): KafkaJsTransport {
  return new KafkaJsTransport({ source: 'kafka', bootstrap, clientId: 'onceover-test' }, 'orders', signal);
}

/** How many timers and connections keep this process alive. */
function handles(): number {
  return process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocket/.test(name)).length;
}

describe('servers that are not there', () => {
  it('are each named with the cause, soon, and nothing goes to stdout', async () => {
    const print = vi.spyOn(process.stdout, 'write');
    const addresses = [await nobody(), await nobody()];
    const transport = transportTo(addresses);
    const start = Date.now();
    await expect(transport.partitions()).rejects.toMatchObject({
      code: 'ONCEOVER_AUDIT_ERROR',
      status: 4,
      message: `No Kafka server answers: ${addresses[0]} (ECONNREFUSED), ${addresses[1]} (ECONNREFUSED).`,
      hint: expect.stringContaining('messages.kafka.bootstrap'),
    });
    expect(Date.now() - start).toBeLessThan(5000);
    await transport.close();
    expect(print).not.toHaveBeenCalled();
  });

  it('or have an address of IPv6', async () => {
    const [, port] = (await nobody()).split(':');
    const transport = transportTo([`[::1]:${port}`]);
    await expect(transport.partitions()).rejects.toThrow(
      new RegExp(`^No Kafka server answers: \\[::1\\]:${port} \\((ECONNREFUSED|EADDRNOTAVAIL)\\)\\.$`),
    );
    await transport.close();
  });

  it('or whose names nobody knows', async () => {
    const transport = transportTo(['kafka-1.invalid:9092']);
    await expect(transport.partitions()).rejects.toThrow(
      /^No Kafka server answers: kafka-1\.invalid:9092 \((ENOTFOUND|EAI_AGAIN)\)\.$/,
    );
    await transport.close();
  });

  it('or which close the connection, as for a client that should speak TLS', async () => {
    const address = await serve((socket) => socket.once('data', () => socket.end()));
    const transport = transportTo([address]);
    await expect(transport.partitions()).rejects.toMatchObject({
      message: `No connection to Kafka: ${address} (closed the connection without a word).`,
      hint: expect.stringContaining('SSL or SASL_SSL'),
    });
    await transport.close();
  });
});

describe('an interrupted connection', () => {
  it('ends with the signal’s reason, and closing leaves nothing behind', async () => {
    const before = handles();
    const sockets: Socket[] = [];
    const address = await serve((socket) => sockets.push(socket.resume()));
    const controller = new AbortController();
    const transport = transportTo([address], controller.signal);
    const connecting = transport.partitions();
    await vi.waitFor(() => expect(sockets).toHaveLength(1));
    controller.abort(new Error('interrupted at the desk'));
    const interrupted = Date.now();
    await expect(connecting).rejects.toThrow('interrupted at the desk');
    await transport.close();
    await transport.close();
    expect(Date.now() - interrupted).toBeLessThan(2000);
    await vi.waitFor(() => expect(sockets.every((socket) => socket.closed)).toBe(true));
    await vi.waitFor(() => expect(handles()).toBeLessThanOrEqual(before), 3000);
  });
});
