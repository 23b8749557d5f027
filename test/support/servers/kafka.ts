/** A real Apache Kafka for tests: one broker in KRaft mode, one JVM, on free ports, with its own data. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka as Client, logLevel } from 'kafkajs';
import { demand } from './availability.ts';
import { type Child, lastLines, startChild } from './child.ts';
import { kafkaJars, kafkaUnavailable } from './kafka-jars.ts';
import { accepts, freePorts } from './ports.ts';

export { kafkaUnavailable } from './kafka-jars.ts';

export interface KafkaOptions {
  /** Broker settings in place of or beside the ones below, by their Kafka names. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
}

export interface Kafka {
  /** host:port */
  readonly bootstrap: string;
  /** The broker's log directory; undefined: a broker that was there before (KAFKA_BOOTSTRAP). */
  readonly dataDir: string | undefined;
  /** The shortest session timeout that the broker lets a consumer have, in milliseconds. */
  readonly minSessionMs: number;
  /** Ends a broker that was started; one that was there before is left alone. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

// Started in 3 to 4 s: interpreter and C1 only, no parallel collector, and no memory reserved that a test never needs.
const JVM = [
  '-Xms64m',
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

const MIN_SESSION_MS = 1000;

/**
 * Starts a broker, or answers the one of `KAFKA_BOOTSTRAP`. Topics are not created by being asked for.
 * @throws ServerUnavailable where it cannot run; Error with the broker's own words where it does not come up.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const existing = process.env.KAFKA_BOOTSTRAP;
  if (existing) return { bootstrap: existing, dataDir: undefined, minSessionMs: 6000, stop: async () => {} };

  demand(kafkaUnavailable());
  const work = await mkdtemp(join(tmpdir(), 'onceover-kafka-'));
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const dataDir = join(work, 'data');
  const output = join(work, 'broker.log');
  const properties = join(work, 'server.properties');
  await writeFile(
    properties,
    propertiesFile({ ...brokerProperties(port, controllerPort, dataDir), ...options.properties }),
  );
  const classpath = ['-cp', join(kafkaJars(), '*')];
  await format(
    [...JVM, ...classpath, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', properties],
    work,
  );

  const broker = await startChild('java', [...JVM, ...classpath, 'kafka.Kafka', properties], {
    output,
    remove: work,
  });
  const bootstrap = `127.0.0.1:${port}`;
  if (!(await accepts(port, broker)) || !(await answers(bootstrap, broker).catch(() => false))) {
    const words = lastLines(output);
    await broker.stop();
    throw new Error(`Apache Kafka did not come up:\n${words}`);
  }
  return { bootstrap, dataDir, minSessionMs: MIN_SESSION_MS, stop: () => broker.stop() };
}

/** Any 22 characters of base64url make a cluster id. */
const CLUSTER = 'A'.repeat(22);

async function format(args: readonly string[], work: string): Promise<void> {
  try {
    await run('java', args);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw new Error(`Apache Kafka's storage could not be formatted: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A port is open about 40 ms before the broker knows a controller; only then can topics be made. */
async function answers(bootstrap: string, broker: Child): Promise<boolean> {
  const admin = new Client({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    for (let tries = 0; tries < 300 && !broker.hasEnded(); tries++) {
      const cluster = await admin.describeCluster();
      if (cluster.controller !== null && cluster.brokers.length === 1) return true;
      await sleep(50);
    }
    return false;
  } finally {
    await admin.disconnect();
  }
}

function propertiesFile(properties: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function brokerProperties(port: number, controllerPort: number, dataDir: string) {
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDir,
    'auto.create.topics.enable': false,
    // One broker holds the only replica of everything, and few partitions of the internal topics come up sooner.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // A consumer that was killed is forgotten, and its successor let in, within seconds.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': MIN_SESSION_MS,
    'broker.session.timeout.ms': 1500,
    'broker.heartbeat.interval.ms': 300,
    // Retention and compaction happen while a test looks on; the cleaner's default buffer alone is 128 MiB.
    'log.cleaner.dedupe.buffer.size': 2 << 20,
    'log.cleaner.backoff.ms': 500,
    'log.retention.check.interval.ms': 1000,
    'log.initial.task.delay.ms': 100,
    'log.segment.delete.delay.ms': 500,
  };
}
