/** A real Apache Kafka for tests: brokers in KRaft mode, one JVM each, on free ports, with data of their own. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { demand } from './availability.ts';
import { type Child, isSoon, lastLines, startChild, temporaryDirectory } from './child.ts';
import { isCountedIn } from './counted-in.ts';
import { type KafkaVersion, kafkaJars, kafkaUnavailable } from './kafka-jars.ts';
import {
  type KafkaOptions,
  MIN_SESSION_MS,
  type NodePlan,
  scramArguments,
  serverProperties,
} from './kafka-settings.ts';
import { freePorts } from './ports.ts';

export { type KafkaVersion, kafkaUnavailable } from './kafka-jars.ts';
export type { KafkaOptions, Listener, Mechanism } from './kafka-settings.ts';

export interface Kafka {
  /** host:port of the plaintext listener; of a cluster, all of them, separated by commas. */
  readonly bootstrap: string;
  /** host:port of each listener asked for. */
  readonly listeners: Readonly<Record<string, string>>;
  /** The broker's log directory; undefined: a broker that was there before (KAFKA_BOOTSTRAP). */
  readonly dataDir: string | undefined;
  /** The shortest session timeout that the broker lets a consumer have, in milliseconds. */
  readonly minSessionMs: number;
  /** Ends a broker that was started; one that was there before is left alone. */
  stop(): Promise<void>;
}

/** One broker of a cluster, which can end and come again with the same ports and data. */
export interface KafkaNode {
  readonly id: number;
  /** host:port of the plaintext listener. */
  readonly address: string;
  /** host:port of each listener asked for, whatever is advertised. */
  readonly listeners: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** At once, without goodbye. */
  kill(): Promise<void>;
  /** In good order: leaders move first. */
  stop(): Promise<void>;
  /** Waits until the cluster counts this broker in. @throws Error with the broker's own words where it does not come up */
  start(): Promise<void>;
}

export interface KafkaCluster {
  /** host:port of all plaintext listeners, separated by commas. */
  readonly bootstrap: string;
  readonly nodes: readonly KafkaNode[];
  stop(): Promise<void>;
}

const run = promisify(execFile);

// Started in 3 to 4 s: interpreter and C1 only, no parallel collector, and no memory reserved that a test never needs.
const JVM = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const TOOL_LOG = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
// Why a broker did not come up, it says at this level only.
const BROKER_LOG = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=info',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
];

/**
 * Starts a broker, or answers the one of `KAFKA_BOOTSTRAP` where that will do. Topics are not created by being asked for.
 * @throws ServerUnavailable where it cannot run; Error with the broker's own words where it does not come up.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const existing = process.env.KAFKA_BOOTSTRAP;
  if (existing && Object.keys(options).every((option) => option === 'properties')) {
    const stop = async () => {};
    return { bootstrap: existing, listeners: {}, dataDir: undefined, minSessionMs: 6000, stop };
  }
  const { nodes, stop } = await startNodes(1, options);
  const { address, listeners, dataDir } = nodes[0]!;
  return { bootstrap: address, listeners, dataDir, minSessionMs: MIN_SESSION_MS, stop };
}

/** Starts brokers, with as many replicas of whatever does not say otherwise. @throws as {@link startKafka} */
export async function startCluster(options: KafkaOptions = {}, brokers = 3): Promise<KafkaCluster> {
  const { nodes, stop } = await startNodes(brokers, options);
  return { bootstrap: nodes.map(({ address }) => address).join(), nodes, stop };
}

/**
 * Runs one of Kafka's own tools, which can do what kafkajs cannot.
 * @param main its class. @returns what it prints. @throws Error with its words
 */
export async function runKafkaTool(
  main: string,
  args: readonly string[],
  version?: KafkaVersion,
): Promise<string> {
  const { stdout } = await run('java', [
    ...JVM,
    ...TOOL_LOG,
    '-cp',
    join(kafkaJars(version), '*'),
    main,
    ...args,
  ]);
  return stdout;
}

async function startNodes(count: number, options: KafkaOptions) {
  demand(kafkaUnavailable(options.version ?? '4'));
  const work = await temporaryDirectory('kafka');
  const nodes: Node[] = [];
  const stop = async () => {
    // Nothing is kept, and controllers that all leave in good order would wait for one another.
    await Promise.all(nodes.map((node) => node.kill()));
    await work.remove();
  };
  try {
    const plans = await planNodes(count, work.path, options);
    nodes.push(...plans.map((plan) => new Node(plan, plans, options, join(work.path, String(plan.id)))));
    await Promise.all(nodes.map((node) => node.format()));
    await Promise.all(nodes.map((node) => node.start()));
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function planNodes(count: number, work: string, { listeners = {} }: KafkaOptions): Promise<NodePlan[]> {
  const names = Object.keys(listeners);
  const each = 2 + names.length;
  const ports = await freePorts(count * each);
  return Array.from({ length: count }, (_, index) => {
    const [port, controllerPort, ...others] = ports.slice(index * each, (index + 1) * each);
    return {
      id: index + 1,
      port: port!,
      controllerPort: controllerPort!,
      ports: new Map(names.map((name, i) => [name, others[i]!])),
      dataDir: join(work, String(index + 1), 'data'),
    };
  });
}

/** A broker that is not counted in by then is started once more. */
const COUNTED_IN_MS = 60_000;
/** Of a broker's log: what it waited for in the end, behind long lists of settings. */
const LAST_LINES = 60;

/** Any 22 characters of base64url make a cluster id. */
const CLUSTER = 'A'.repeat(22);

class Node implements KafkaNode {
  readonly id: number;
  readonly address: string;
  readonly listeners: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly #plan: NodePlan;
  readonly #plans: readonly NodePlan[];
  readonly #options: KafkaOptions;
  readonly #directory: string;
  readonly #classes: readonly string[];
  #child: Child | undefined;

  constructor(plan: NodePlan, plans: readonly NodePlan[], options: KafkaOptions, directory: string) {
    this.id = plan.id;
    this.address = `127.0.0.1:${plan.port}`;
    this.listeners = Object.fromEntries([...plan.ports].map(([name, port]) => [name, `127.0.0.1:${port}`]));
    this.dataDir = plan.dataDir;
    this.#plan = plan;
    this.#plans = plans;
    this.#options = options;
    this.#directory = directory;
    this.#classes = ['-cp', join(kafkaJars(options.version), '*')];
  }

  async format(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    await writeFile(this.#properties, serverProperties(this.#plan, this.#plans, this.#options));
    const args = ['format', '-t', CLUSTER, '-c', this.#properties, ...scramArguments(this.#options)];
    try {
      await run('java', [...JVM, ...TOOL_LOG, ...this.#classes, 'kafka.tools.StorageTool', ...args]);
    } catch (error) {
      throw new Error(`Apache Kafka's storage could not be formatted: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  async start(): Promise<void> {
    if (await this.#tryToStart()) return;
    // Its port may have been taken meanwhile.
    if (await this.#tryToStart()) return;
    throw new Error(`Apache Kafka did not come up:\n${lastLines(this.#log, LAST_LINES)}`);
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async stop(): Promise<void> {
    await this.#child?.end();
  }

  get #properties(): string {
    return join(this.#directory, 'server.properties');
  }

  get #log(): string {
    return join(this.#directory, 'broker.log');
  }

  /** @returns false: it was not counted in, and is ended again */
  async #tryToStart(): Promise<boolean> {
    const args = [...JVM, ...BROKER_LOG, ...this.#classes, 'kafka.Kafka', this.#properties];
    // Its directory goes with it also where this process dies before it can say so.
    const child = await startChild('java', args, { output: this.#log, remove: this.#directory });
    this.#child = child;
    const isIn = () => isCountedIn(this.#plan.port, this.id);
    if (await isSoon(child, isIn, COUNTED_IN_MS)) return true;
    await child.kill();
    return false;
  }
}
