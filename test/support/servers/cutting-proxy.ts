/** A way to a server that breaks now and then, in the middle of what the server says. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** How many connections were cut so far. */
  readonly cuts: number;
  /** From now on, connections are passed to this host:port. */
  to(address: string): void;
  stop(): Promise<void>;
}

/** @param lifetime how many bytes of the server's the next connection may pass before it is cut */
export async function startCuttingProxy(lifetime: () => number): Promise<CuttingProxy> {
  let target: { host: string; port: number } | undefined;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target!);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    }
    upstream.once('connect', () => client.pipe(upstream));
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.end());
    let left = lifetime();
    upstream.on('data', (bytes: Buffer) => {
      left -= bytes.length;
      if (left > 0) return void client.write(bytes);
      cuts++;
      upstream.destroy();
      // What the server had begun to say arrives, and no more.
      client.write(bytes.subarray(0, bytes.length >> 1), () => client.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    to: (address) => {
      const [host, port] = address.split(':');
      target = { host: host!, port: Number(port) };
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}
