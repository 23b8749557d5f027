/** Mends kafkajs's connections, which carry what was left of a broken one into the next, and copy what need not be copied. */

/** What kafkajs 2.2.4 keeps of a connection (src/network/connection.js), as much of it as is looked at here. */
interface RawConnection {
  /** What came of an answer that is not whole yet. */
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  processData(bytes: Buffer): void;
  socket?: { destroy(): void } | undefined;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
}

interface RawPool {
  readonly pool: readonly RawConnection[];
}

export interface RawCluster {
  readonly connectionPoolBuilder: { build(destination?: unknown): Promise<RawPool> };
}

const SIZE_BYTES = 4;

/**
 * Makes all connections that this cluster will build begin with nothing. kafkajs takes the half of an answer that a broken
 * connection left behind for the beginning of what the next one says, and then waits for an answer that never ends. And a
 * connection that it has given up may still hear the end of an old answer, in the midst of those of its successor.
 */
export function beginWithNothing(cluster: RawCluster): void {
  const builder = cluster.connectionPoolBuilder;
  const build = builder.build.bind(builder);
  builder.build = async (destination) => {
    const built = await build(destination);
    for (const connection of built.pool) mend(connection);
    return built;
  };
}

function mend(connection: RawConnection): void {
  const connect = connection.connect.bind(connection);
  const disconnect = connection.disconnect.bind(connection);
  const process = connection.processData.bind(connection);
  connection.processData = (bytes) => {
    // What is left of an answer that came whole is a chunk of no bytes, for which kafkajs would copy the next one.
    if (connection.bytesBuffered === 0) connection.chunks = [];
    process(bytes);
  };
  connection.connect = () => {
    if (!connection.isConnected()) forget(connection);
    return connect();
  };
  connection.disconnect = async () => {
    const { socket } = connection;
    const answer = await disconnect();
    socket?.destroy();
    // kafkajs disconnects again and again, and each time would listen to the same dead socket once more.
    if (connection.socket === socket) connection.socket = undefined;
    return answer;
  };
}

function forget(connection: RawConnection): void {
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = SIZE_BYTES;
}
