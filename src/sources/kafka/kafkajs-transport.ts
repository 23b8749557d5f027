/**
 * Kafka's servers through kafkajs, which is imported here alone and of which only the connections are used: no consumer
 * group is joined, nothing is committed, no topic comes into being.
 */
import type { Socket } from 'node:net';
import { type Cluster, Kafka, logLevel } from 'kafkajs';
import { AuditError } from '../../error.ts';
import type { KafkaConnection, KafkaSettings } from '../../model.ts';
import { beginWithNothing, type RawCluster } from './clean-connections.ts';
import {
  type Addressee,
  CODE,
  isAnswer,
  noTopic,
  PassingError,
  saysNoTopic,
  topicError,
  translate,
} from './failures.ts';
import { Fates } from './fates.ts';
import {
  decodeFetch,
  encodeFetch,
  FETCH_VERSIONS,
  type FetchRequest,
  type FetchResponse,
  type IsolationLevel,
} from './fetch.ts';
import { decodeTopicIdentity, encodeMetadata, METADATA_VERSIONS, type TopicIdentity } from './metadata.ts';
import { abortable, PATIENCE_MS, Patience, pause } from './patience.ts';
import { handshakeAnswer, loginName, saslOf, tlsOpener } from './security.ts';
import type { Transport } from './transport.ts';
import { connectForAnswers, giveBack } from './whole-answers.ts';

/** What kafkajs's brokers can do beyond their public types. */
interface RawBroker {
  readonly connectionPool: { send<Answer>(request: RawRequest<Answer>): Promise<Answer> };
  lookupRequest<Made>(apiKey: number, definition: RawProtocol<Made>): Made;
  listOffsets(request: {
    isolationLevel: IsolationLevel;
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
  }): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>;
  disconnect(): Promise<void>;
}

/** A request in the form in which kafkajs keeps those that it knows. */
interface RawRequest<Answer> {
  readonly requestTimeout: number;
  readonly logResponseError: boolean;
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    /** As much of kafkajs's Encoder as is looked at. */
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(bytes: Buffer): Promise<Answer & { readonly clientSideThrottleTime: number }>;
    parse(answer: Answer): Promise<Answer>;
  };
}

/** What makes requests, for the latest of the versions that a broker knows too, or the broker's latest. */
interface RawProtocol<Made> {
  readonly versions: readonly string[];
  protocol(broker: { readonly version: number }): Made;
}

const FETCH = 1;
const METADATA = 3;
/** For one server. Whoever sits behind a firewall that swallows packets tries the next one soon. */
const CONNECT_MS = 5_000;
/** For the first connection to any of them, login included. */
const FIRST_CONNECTION_MS = 15_000;
const REQUEST_MS = 30_000;
/** Before the end of a session. Kafka refuses to authenticate again within a second, so kafkajs's own 10 s spoil short ones. */
const REAUTHENTICATE_MS = 2_000;

export class KafkaJsTransport implements Transport {
  readonly topic: string;
  readonly servers: string;
  readonly patience: number;
  readonly #signal: AbortSignal;
  readonly #cluster: Cluster;
  readonly #sockets = new Set<Socket>();
  readonly #connection: KafkaConnection;
  readonly #open: (to: { host: string; port: number }, onOpen: () => void) => Socket;
  readonly #fates: Fates;
  /** What came last while nobody was logged in. */
  #lastBytes: Buffer | undefined;
  /** The last thing kafkajs complained of. */
  #complaint: string | undefined;
  /** A server that leads a partition has answered. */
  #wasReached = false;
  #closed = false;

  constructor(settings: KafkaSettings, topic: string, signal: AbortSignal) {
    this.topic = topic;
    this.servers = settings.bootstrap.join(', ');
    this.patience = settings.patience ?? PATIENCE_MS;
    this.#signal = signal;
    this.#connection = settings.connection ?? {};
    this.#fates = new Fates(this.#connection);
    const { tls } = this.#connection;
    this.#open = tls === undefined ? connectForAnswers : tlsOpener(tls);
    this.#cluster = captureCluster(this.#client(settings));
  }

  async partitions(): Promise<readonly number[]> {
    await this.#connect();
    await this.#trying(`Topic ${this.topic} at ${this.servers}`, () => this.#findTopic());
    this.#fates.letIn();
    const metadata = this.#cluster.findTopicPartitionMetadata(this.topic);
    return metadata.map((partition) => partition.partitionId).sort((one, other) => one - other);
  }

  async offsets(times: ReadonlyMap<number, number>, isolation: IsolationLevel) {
    const offsets = new Map<number, number | undefined>();
    await this.#trying(`Offsets of topic ${this.topic} at ${this.servers}`, async () => {
      const missing = [...times.keys()].filter((partition) => !offsets.has(partition));
      const leaders = this.leaders(missing);
      for (const [leader, partitions] of leaders) {
        const wanted = partitions.map((partition) => ({ partition, timestamp: times.get(partition)! }));
        for (const [partition, offset] of await this.#listOffsets(leader, wanted, isolation)) {
          offsets.set(partition, offset);
        }
      }
      if (offsets.size < times.size) throw new PassingError('A partition has no leader.');
    });
    return offsets;
  }

  leaders(partitions: readonly number[]): ReadonlyMap<string, readonly number[]> {
    const wanted = new Set(partitions);
    const leaders = new Map<string, number[]>();
    for (const { partitionId, leader } of this.#cluster.findTopicPartitionMetadata(this.topic)) {
      if (!wanted.has(partitionId) || leader < 0) continue;
      const led = leaders.get(String(leader));
      if (led === undefined) leaders.set(String(leader), [partitionId]);
      else led.push(partitionId);
    }
    return leaders;
  }

  async fetch(leader: string, request: FetchRequest): Promise<FetchResponse> {
    return this.#askOrTranslate(leader, (broker) => {
      const fetchRequest = broker.lookupRequest(FETCH, fetchProtocol(this.topic));
      return broker.connectionPool.send(fetchRequest(request));
    });
  }

  async topicIds(partitions: readonly number[]): Promise<ReadonlySet<string>> {
    const leaders = this.leaders(partitions);
    if ([...leaders.values()].flat().length < partitions.length) {
      throw new PassingError('A partition has no leader.');
    }
    const ids = await Promise.all([...leaders.keys()].map((leader) => this.#topicId(leader)));
    return new Set(ids.includes(undefined) ? [] : (ids as string[]));
  }

  async #topicId(leader: string): Promise<string | undefined> {
    const answer = await this.#askOrTranslate(leader, async (broker) => {
      const request = broker.lookupRequest(METADATA, metadataProtocol(this.topic));
      return request && (await broker.connectionPool.send(request));
    });
    if (answer !== undefined && answer.errorCode !== CODE.none)
      throw topicError(this.topic, answer.errorCode);
    return answer?.id;
  }

  release({ partitions }: FetchResponse): void {
    const part = partitions.find(({ records }) => records.length > 0);
    if (part !== undefined) giveBack(part.records);
  }

  async recover(): Promise<void> {
    try {
      await abortable(this.#cluster.refreshMetadata(), this.#signal);
    } catch (error) {
      this.#complaint = (error as Error).message;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    // An orderly end would wait for the answers of servers that may be gone. An error makes kafkajs reject what waits.
    for (const socket of this.#sockets) socket.destroy(new Error('closed'));
    await this.#cluster.disconnect();
  }

  async #connect(): Promise<void> {
    const patience = AbortSignal.any([this.#signal, AbortSignal.timeout(FIRST_CONNECTION_MS)]);
    try {
      await abortable(this.#cluster.connect(), patience);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof PassingError) throw new AuditError(4, error.message, { cause: error });
      const translated = patience.aborted
        ? new PassingError('No answer.', { cause: error })
        : this.#translate(error);
      throw translated instanceof PassingError ? this.#nobodyAnswers(translated) : translated;
    }
  }

  async #findTopic(): Promise<void> {
    try {
      await this.#cluster.addTargetTopic(this.topic);
    } catch (error) {
      throw saysNoTopic(error) ? noTopic(this.topic, this.servers, error) : error;
    }
  }

  async #trying<T>(what: string, action: () => Promise<T>): Promise<T> {
    // Who cannot be reached from the first is away for another reason than a restart: it is told soon.
    const longest = this.#wasReached ? this.patience : Math.min(this.patience, FIRST_CONNECTION_MS);
    const patience = new Patience(what, longest);
    for (;;) {
      try {
        return await abortable(action(), this.#signal);
      } catch (error) {
        this.#signal.throwIfAborted();
        if (this.#fates.wantsLogin) throw this.#fates.loginWanted(this.servers, error);
        await pause(patience.failed(this.#translate(error)), this.#signal);
        await this.recover();
      }
    }
  }

  async #listOffsets(
    leader: string,
    partitions: { partition: number; timestamp: number }[],
    isolationLevel: IsolationLevel,
  ): Promise<[partition: number, offset: number | undefined][]> {
    const topics = [{ topic: this.topic, partitions }];
    const answer = await this.#ask(leader, (broker) => broker.listOffsets({ isolationLevel, topics }));
    return answer.responses.flatMap((response) =>
      response.partitions.map(({ partition, offset }): [number, number | undefined] => [
        partition,
        this.#exact(partition, offset),
      ]),
    );
  }

  #exact(partition: number, text: string): number | undefined {
    const offset = Number(text);
    if (offset < 0) return undefined;
    if (Number.isSafeInteger(offset)) return offset;
    throw new AuditError(
      4,
      `Topic ${this.topic}, partition ${partition}: offset ${text} is beyond 2^53 - 1.`,
    );
  }

  async #askOrTranslate<T>(leader: string, request: (broker: RawBroker) => Promise<T>): Promise<T> {
    try {
      return await this.#ask(leader, request);
    } catch (error) {
      this.#signal.throwIfAborted();
      throw this.#translate(error);
    }
  }

  /** Sends one request. A connection on which it failed is dropped: kafkajs would go on using it after a timeout. */
  async #ask<T>(leader: string, request: (broker: RawBroker) => Promise<T>): Promise<T> {
    const broker = await this.#broker(leader);
    try {
      const answer = await abortable(request(broker), this.#signal);
      this.#wasReached = true;
      return answer;
    } catch (error) {
      if (!this.#signal.aborted && !isAnswer(error)) await broker.disconnect();
      throw error;
    }
  }

  async #broker(leader: string): Promise<RawBroker> {
    const found = await abortable(this.#cluster.findBroker({ nodeId: leader }), this.#signal);
    const broker = found as unknown as RawBroker;
    if (typeof broker.connectionPool?.send !== 'function' || typeof broker.lookupRequest !== 'function') {
      throw new Error(
        'this kafkajs is not 2.2.4: broker.connectionPool.send or broker.lookupRequest is missing',
      );
    }
    return broker;
  }

  #translate(error: unknown): unknown {
    return translate(error, this.#addressee());
  }

  #addressee(): Addressee {
    const { login } = this.#connection;
    return {
      topic: this.topic,
      servers: this.servers,
      login: login && loginName(login),
      handshake: this.#lastBytes && handshakeAnswer(this.#lastBytes),
    };
  }

  #nobodyAnswers(cause: PassingError): AuditError {
    return this.#fates.nobodyAnswers(this.#complaint ?? cause.message, cause);
  }

  #client(settings: KafkaSettings): Kafka {
    const sasl = saslOf(this.#connection, settings.bootstrap);
    return new Kafka({
      brokers: settings.bootstrap.map(kafkaJsAddress),
      ...(sasl === undefined ? {} : { sasl }),
      clientId: settings.clientId,
      connectionTimeout: CONNECT_MS,
      reauthenticationThreshold: REAUTHENTICATE_MS,
      requestTimeout: REQUEST_MS,
      // Each address twice; whatever comes later has its own patience.
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 2 * settings.bootstrap.length - 1 },
      socketFactory: ({ host, port, onConnect }) => this.#socket(host, port, onConnect),
      logLevel: logLevel.ERROR,
      // kafkajs prints on stdout, which is for results.
      logCreator: () => (entry) => {
        this.#complaint = entry.log.message;
      },
    });
  }

  #socket(kafkaJsHost: string, port: number, onConnect: () => void): Socket {
    if (this.#closed) throw new Error('closed');
    const host = hostOf(kafkaJsHost);
    const socket = this.#open({ host, port }, onConnect);
    socket.setKeepAlive(true, 60_000);
    this.#fates.watch(socket, `${host.includes(':') ? `[${host}]` : host}:${port}`, CONNECT_MS);
    if (this.#connection.login !== undefined) this.#listenToLogin(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#sockets.add(socket);
    return socket;
  }

  /** Keeps the answer to a login's first request. Later ones are many and large. */
  #listenToLogin(socket: Socket): void {
    let answers = 0;
    const listen = (bytes: Buffer) => {
      this.#lastBytes = bytes;
      if (++answers === LOGIN_ANSWERS) socket.off('data', listen);
    };
    socket.on('data', listen);
  }
}

/** Versions, and the handshake. */
const LOGIN_ANSWERS = 2;

/** kafkajs takes what stands before the first colon for the host: one of IPv6 comes in disguise. */
function kafkaJsAddress(broker: string): string {
  return broker.replace(/^\[(.*)\]/, (_, host: string) => `[${encodeURIComponent(host)}]`);
}

function hostOf(kafkaJsHost: string): string {
  return kafkaJsHost.startsWith('[') ? decodeURIComponent(kafkaJsHost.slice(1, -1)) : kafkaJsHost;
}

/**
 * The Cluster that kafkajs keeps inside a consumer. It is handed to partition assigners when the consumer is made; the
 * consumer itself is never run, so its group exists only as a name it must be given.
 */
function captureCluster(kafka: Kafka): Cluster {
  let captured: Cluster | undefined;
  kafka.consumer({
    groupId: 'never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        captured = cluster;
        return {
          name: 'none',
          version: 0,
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
          assign: async () => [],
        };
      },
    ],
  });
  if (captured === undefined)
    throw new Error('this kafkajs is not 2.2.4: assigners are not given the cluster');
  beginWithNothing(captured as unknown as RawCluster);
  return captured;
}

function fetchProtocol(topic: string): RawProtocol<(request: FetchRequest) => RawRequest<FetchResponse>> {
  return {
    versions: FETCH_VERSIONS.map(String),
    protocol:
      ({ version }) =>
      (request) => ({
        ...rawRequest(FETCH, version, 'Fetch', encodeFetch(version, topic, request), (bytes) =>
          decodeFetch(version, bytes),
        ),
        requestTimeout: REQUEST_MS + request.maxWaitMs,
      }),
  };
}

/** Of servers that are too old, no request at all. */
function metadataProtocol(topic: string): RawProtocol<RawRequest<TopicIdentity> | undefined> {
  return {
    versions: METADATA_VERSIONS.map(String),
    protocol: ({ version }) =>
      version < METADATA_VERSIONS[0]!
        ? undefined
        : rawRequest(METADATA, version, 'Metadata', encodeMetadata(version, topic), decodeTopicIdentity),
  };
}

function rawRequest<Answer extends { readonly throttleMs: number }>(
  apiKey: number,
  apiVersion: number,
  apiName: string,
  body: Buffer,
  decode: (bytes: Buffer) => Answer,
): RawRequest<Answer> {
  return {
    requestTimeout: REQUEST_MS,
    logResponseError: false,
    request: { apiKey, apiVersion, apiName, encode: async () => ({ buf: body, buffer: body }) },
    response: {
      decode: async (bytes) => {
        const answer = decode(bytes);
        return { ...answer, clientSideThrottleTime: waitsForUs(apiKey, apiVersion) ? answer.throttleMs : 0 };
      },
      parse: async (answer) => answer,
    },
  };
}

/** Whether the broker answers first and expects us to keep quiet for as long as it throttles us (KIP-219). */
function waitsForUs(apiKey: number, version: number): boolean {
  return apiKey !== FETCH || version >= 8;
}
