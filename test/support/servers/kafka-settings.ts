/** What a test asks of its brokers, turned into Kafka's server.properties and the arguments of its formatter. */
import type { KafkaVersion } from './kafka-jars.ts';

export type Properties = Readonly<Record<string, string | number | boolean>>;

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

/** A further port of every broker, under a name of capital letters. */
export interface Listener {
  readonly protocol: 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SASL_SSL' | 'SSL';
  /** Default of a SASL listener: all but OAUTHBEARER. */
  readonly mechanisms?: readonly Mechanism[];
  /** Key and certificate of this listener in place of {@link KafkaOptions.tls}'s, one PEM file. */
  readonly keystore?: string;
  /** Whether clients must show a certificate of the authority's; default: no. */
  readonly clientAuth?: 'required';
  /** Port that clients are told to come to, by node; a proxy's, for example. Default: the listener's own. */
  readonly advertisedPort?: (node: number) => number;
}

export interface KafkaOptions {
  /**
   * A broker of this test's own, in this version. Without it, and with no other option than `properties`, the one of
   * `KAFKA_BOOTSTRAP` is used where there is one; else version 4.
   */
  readonly version?: KafkaVersion;
  /** Broker settings in place of or beside the usual ones, by their Kafka names. */
  readonly properties?: Properties;
  /** Beside the plaintext listener, which lets everybody in as a super user. */
  readonly listeners?: Readonly<Record<string, Listener>>;
  /** Passwords by user, for PLAIN and SCRAM alike. */
  readonly users?: Readonly<Record<string, string>>;
  /** PEM files: key and certificate of all brokers, and the authority that clients' certificates are held against. */
  readonly tls?: { readonly keystore: string; readonly truststore: string };
  /** Whether rights are asked for: nobody who comes through a listener of `listeners` has any but those granted. */
  readonly authorizer?: boolean;
}

/** One broker, before it is started. */
export interface NodePlan {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** By listener. */
  readonly ports: ReadonlyMap<string, number>;
  readonly dataDir: string;
}

/** The shortest session that a consumer may have, in milliseconds: its successor is let in within seconds. */
export const MIN_SESSION_MS = 1000;

const DEFAULT_MECHANISMS: readonly Mechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];

export function isSasl({ protocol }: Listener): boolean {
  return protocol.startsWith('SASL');
}

function mechanismsOf({ mechanisms = DEFAULT_MECHANISMS }: Listener): readonly Mechanism[] {
  return mechanisms;
}

/** The text of a node's server.properties. */
export function serverProperties(node: NodePlan, nodes: readonly NodePlan[], options: KafkaOptions): string {
  const properties: Properties = {
    ...nodeProperties(node, nodes, options),
    ...PATIENCE,
    ...(nodes.length === 1 ? ALONE : TOGETHER),
    ...(options.tls === undefined ? {} : stores(options.tls)),
    ...(options.authorizer === true ? AUTHORIZER : {}),
    ...Object.assign(
      {},
      ...Object.entries(options.listeners ?? {}).map((it) => listenerProperties(it, options)),
    ),
    ...options.properties,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The users who log in by SCRAM must be known before the first start. */
export function scramArguments({ users = {}, listeners = {} }: KafkaOptions): string[] {
  const wanted = new Set(Object.values(listeners).filter(isSasl).flatMap(mechanismsOf));
  const scrams = [...wanted].filter((mechanism) => mechanism.startsWith('SCRAM'));
  return Object.entries(users).flatMap(([name, password]) =>
    scrams.flatMap((scram) => ['--add-scram', `${scram}=[name=${name},password=${password}]`]),
  );
}

function nodeProperties(
  node: NodePlan,
  nodes: readonly NodePlan[],
  { listeners = {} }: KafkaOptions,
): Properties {
  const at = (name: string, port: number) => `${name}://127.0.0.1:${port}`;
  const own = [...node.ports].map(([name, port]) => at(name, port));
  const advertised = [...node.ports].map(([name, port]) =>
    at(name, listeners[name]?.advertisedPort?.(node.id) ?? port),
  );
  const protocols = Object.entries(listeners).map(([name, { protocol }]) => `${name}:${protocol}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes
      .map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
      .join(),
    listeners: [at('PLAINTEXT', node.port), ...own, at('CONTROLLER', node.controllerPort)].join(),
    'advertised.listeners': [at('PLAINTEXT', node.port), ...advertised].join(),
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(),
    'log.dirs': node.dataDir,
    'auto.create.topics.enable': false,
  };
}

/** A consumer that was killed is forgotten soon; retention and compaction happen while a test looks on. */
const PATIENCE: Properties = {
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': MIN_SESSION_MS,
  'offsets.topic.num.partitions': 3,
  'transaction.state.log.num.partitions': 3,
  // The cleaner's default buffer alone is 128 MiB.
  'log.cleaner.dedupe.buffer.size': 2 << 20,
  'log.cleaner.backoff.ms': 500,
  'log.retention.check.interval.ms': 1000,
  'log.initial.task.delay.ms': 100,
  'log.segment.delete.delay.ms': 500,
};

const ALONE: Properties = {
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  // A broker that was killed is let in again when its old session is over.
  'broker.session.timeout.ms': 1500,
  'broker.heartbeat.interval.ms': 300,
};

/** Others take over from a broker that was killed within about 4 s. */
const TOGETHER: Properties = {
  'default.replication.factor': 3,
  'min.insync.replicas': 2,
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'controller.quorum.election.timeout.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1000,
  'replica.lag.time.max.ms': 3000,
};

const AUTHORIZER: Properties = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
};

function stores({ keystore, truststore }: NonNullable<KafkaOptions['tls']>): Properties {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keystore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': truststore,
  };
}

function listenerProperties([name, listener]: [string, Listener], { users = {} }: KafkaOptions): Properties {
  const prefix = `listener.name.${name.toLowerCase()}`;
  const properties: Record<string, string> = {};
  if (listener.clientAuth !== undefined) properties[`${prefix}.ssl.client.auth`] = listener.clientAuth;
  if (listener.keystore !== undefined) {
    properties[`${prefix}.ssl.keystore.type`] = 'PEM';
    properties[`${prefix}.ssl.keystore.location`] = listener.keystore;
  }
  if (!isSasl(listener)) return properties;
  properties[`${prefix}.sasl.enabled.mechanisms`] = mechanismsOf(listener).join();
  for (const mechanism of mechanismsOf(listener)) {
    properties[`${prefix}.${mechanism.toLowerCase()}.sasl.jaas.config`] = loginModule(mechanism, users);
  }
  return properties;
}

/** The broker takes unsigned tokens (RFC 7515, "alg":"none"): who made a token is not what is tested here. */
function loginModule(mechanism: Mechanism, users: Readonly<Record<string, string>>): string {
  const security = 'org.apache.kafka.common.security';
  if (mechanism === 'PLAIN') {
    const known = Object.entries(users).map(([name, password]) => ` user_${name}="${password}"`);
    return `${security}.plain.PlainLoginModule required${known.join('')};`;
  }
  if (mechanism === 'OAUTHBEARER') {
    return `${security}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`;
  }
  return `${security}.scram.ScramLoginModule required;`;
}
