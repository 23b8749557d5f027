/** A broker with every kind of door, an order topic behind them, and what a client that wants in must write down. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka as Client,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/model.ts';
import { kafkaMessages } from '../../src/sources/kafka/messages.ts';
import { type Authority, type Certificate, createAuthority } from './servers/certificates.ts';
import { temporaryDirectory } from './servers/child.ts';
import { Endings } from './servers/endings.ts';
import { type Kafka, type KafkaVersion, startKafka } from './servers/kafka.ts';
import { startTokenEndpoint, type TokenEndpoint } from './servers/token-endpoint.ts';

export const ORDERS = 500;

/** How long the broker lets a token be used, in milliseconds; then it wants another, or closes the connection. */
export const SESSION_MS = 4000;

export interface Doors {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly authority: Authority;
  readonly client: Certificate;
  /** Of somebody the broker does not know. */
  readonly stranger: Certificate;
  readonly tokens: TokenEndpoint;
  readonly directory: string;
  stop(): Promise<void>;
}

/**
 * Users alice (who may read `orders`) and bob (who may nothing), clients `auditor` by certificate and by token (who may
 * read it, too); {@link ORDERS} messages in 2 partitions.
 */
export async function openDoors(version: KafkaVersion): Promise<Doors> {
  const endings = new Endings();
  try {
    const directory = await temporaryDirectory('connection');
    endings.add(() => directory.remove());
    const authority = await createAuthority(directory.path);
    const issue = (name: string, more: object = {}) => authority.issue({ name, ...more });
    const stranger = await (await createAuthority(directory.path, 'Stranger CA')).issue({ name: 'stranger' });
    const [broker, client] = [await issue('broker'), await issue('auditor')];
    const [old, other] = [
      await issue('old', { days: -1 }),
      await issue('other', { names: ['DNS:kafka.example'] }),
    ];
    const tokens = await startTokenEndpoint({ clients: { auditor: 'auditor-secret' } });
    endings.add(() => tokens.stop());
    const kafka = await startKafka({
      version,
      users: { alice: 'alice-secret', bob: 'bob-secret' },
      authorizer: true,
      tls: { keystore: broker.bundleFile, truststore: authority.certificateFile },
      listeners: {
        SASL: { protocol: 'SASL_PLAINTEXT' },
        SCRAM: { protocol: 'SASL_PLAINTEXT', mechanisms: ['SCRAM-SHA-256'] },
        SASLTLS: { protocol: 'SASL_SSL' },
        TLS: { protocol: 'SSL' },
        MUTUAL: { protocol: 'SSL', clientAuth: 'required' },
        OAUTH: { protocol: 'SASL_PLAINTEXT', mechanisms: ['OAUTHBEARER'] },
        OLD: { protocol: 'SSL', keystore: old.bundleFile },
        OTHER: { protocol: 'SSL', keystore: other.bundleFile },
      },
      properties: { 'listener.name.oauth.oauthbearer.connections.max.reauth.ms': SESSION_MS },
    });
    endings.add(() => kafka.stop());
    const admin = await fill(kafka);
    endings.add(() => admin.disconnect());
    const stop = () => endings.run();
    return { kafka, admin, authority, client, stranger, tokens, directory: directory.path, stop };
  } catch (error) {
    await endings.run();
    throw error;
  }
}

async function fill(kafka: Kafka): Promise<Admin> {
  const client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
  const [admin, producer] = [client.admin(), client.producer()];
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: 'orders', numPartitions: 2 }] });
  const acl = ['User:alice', 'User:auditor', 'User:CN=auditor', 'User:ANONYMOUS'].map((principal) => ({
    principal,
    host: '*',
    operation: AclOperationTypes.READ,
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: AclResourceTypes.TOPIC,
    resourceName: 'orders',
    resourcePatternType: ResourcePatternTypes.LITERAL,
  }));
  await admin.createAcls({ acl });
  await producer.connect();
  for (let first = 0; first < ORDERS; first += 100) {
    const messages = Array.from({ length: 100 }, (_, i) => ({
      partition: i % 2,
      value: JSON.stringify({ order: { id: `ORD-${first + i}` } }),
    }));
    await producer.send({ topic: 'orders', messages });
  }
  await producer.disconnect();
  return admin;
}

/** A new directory with a configuration whose connection is all in a properties file. @returns the configuration */
export async function configurationOf(
  directory: string,
  properties: Readonly<Record<string, string>>,
): Promise<string> {
  const own = await mkdtemp(join(directory, 'client-'));
  const file = join(own, 'onceover.yaml');
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(own, 'client.properties'), lines.join(''));
  await writeFile(file, CONFIGURATION);
  return file;
}

export async function settingsOf(
  directory: string,
  properties: Readonly<Record<string, string>>,
): Promise<Settings> {
  return loadSettings(await configurationOf(directory, properties), { set: [], env: {} });
}

const CONFIGURATION = `version: 1
messages:
  topic: orders
  kafka: { command-config: client.properties }
  key: value.order.id
effects:
  order-row:
    log: { files: [orders.csv], format: csv, key: order_id, id: id, at: created_at }
`;

/**
 * Replays the whole topic. @returns how many messages there were
 * @param take called for each batch
 */
export async function replayed(
  settings: Settings,
  take: () => Promise<void> | void = () => {},
  signal = new AbortController().signal,
): Promise<number> {
  const source = kafkaMessages(settings, { progress: () => {}, signal, digestKey: Buffer.alloc(16) });
  try {
    return (await source.replay(await source.fix(), take)).messages;
  } finally {
    await source.close();
  }
}
