/**
 * The replay on a real broker, timed beside kcat, kafkajs's own eachBatch, and the floor (the bytes alone, nothing done with
 * them) on the same topics in the same rounds: `npm run bench -- replay [SCALE]`. SCALE 1 is 5 million messages of 200 bytes
 * and 1 million of 1 KB.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka as Client, logLevel } from 'kafkajs';
import { commandPath } from '../support/servers/availability.ts';
import { startKafka } from '../support/servers/kafka.ts';
import { type Cost, measure } from './measure.ts';

const ROUNDS = 3;
const PARTITIONS = 4;

interface Load {
  readonly topic: string;
  readonly codec: 'none' | 'lz4';
  readonly messages: number;
  readonly bytes: number;
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const READERS = join(import.meta.dirname, 'readers');

function loads(scale: number): readonly Load[] {
  return (['none', 'lz4'] as const).flatMap((codec) => [
    { topic: `orders-200-${codec}`, codec, messages: Math.round(5_000_000 * scale), bytes: 200 },
    { topic: `orders-1k-${codec}`, codec, messages: Math.round(1_000_000 * scale), bytes: 1024 },
  ]);
}

/** An order of about so many bytes; one in ten is not ASCII, as names are. */
function order(i: number, bytes: number): string {
  const id = `ORD-${String((i * 7919) % 1_000_000_007).padStart(12, '0')}`;
  const customer = i % 10 === 0 ? `Zoë Müller ${i}` : `Zoe Miller ${i}`;
  const start = `{"type":"OrderPlaced","order":{"id":"${id}","items":[{"sku":"SKU-${i % 977}","quantity":${1 + (i % 3)}}],"total":"19.90"},"customer":"${customer}","note":"`;
  const note = 'leave it at the door, please, and ring twice; '.repeat(Math.ceil(bytes / 46));
  return `${start}${note.slice(0, Math.max(0, bytes - start.length - 2))}"}`;
}

async function produce(bootstrap: string, kcat: string, load: Load): Promise<void> {
  const args = ['-P', '-b', bootstrap, '-t', load.topic, '-K|', '-z', load.codec];
  const tuning = ['-X', 'linger.ms=20', '-X', 'queue.buffering.max.messages=1000000'];
  const child = spawn(kcat, [...args, ...tuning], { stdio: ['pipe', 'inherit', 'inherit'] });
  for (let from = 0; from < load.messages; from += 1000) {
    let lines = '';
    for (let i = from; i < Math.min(load.messages, from + 1000); i++)
      lines += `c${i % 99_991}|${order(i, load.bytes)}\n`;
    if (!child.stdin.write(lines)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`kcat could not produce to ${load.topic}`);
}

/** What all others are compared with, and so run first: the peer, and the physical floor. */
const PEER = 'kcat to nowhere';
const FLOOR = 'the bytes alone (floor)';

interface Contestant {
  readonly name: string;
  run(load: Load): Promise<Cost>;
}

function contestants(bootstrap: string, kcat: string, folder: string): readonly Contestant[] {
  const node = (reader: string, ...args: readonly string[]) =>
    measure(process.execPath, [join(READERS, reader), bootstrap, ...args]);
  let runs = 0;
  return [
    {
      name: PEER,
      run: ({ topic }) =>
        measure(kcat, ['-C', '-e', '-q', '-u', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-f', '']),
    },
    { name: FLOOR, run: ({ topic }) => node('floor.mjs', topic, String(PARTITIONS)) },
    { name: 'onceover to nowhere', run: ({ topic }) => node('nowhere.mjs', topic) },
    {
      name: 'onceover, keys and segments',
      run: ({ topic }) => node('segments.mjs', topic, join(folder, `evidence-${runs++}`)),
    },
    {
      name: 'kafkajs eachBatch',
      run: ({ topic, messages }) => node('kafkajs.mjs', topic, String(messages)),
    },
  ];
}

/** Every reader of ours says how many it read; a count that is not all of them is no result. */
function complete(cost: Cost, load: Load): boolean {
  if (cost.stdout === '') return true;
  const { count } = JSON.parse(cost.stdout) as { count: number };
  return count === load.messages;
}

/** @param costs of one load in one round, by contestant, the peer's and the floor's among them */
function tell(name: string, load: Load, costs: ReadonlyMap<string, Cost>): void {
  const cost = costs.get(name)!;
  const peer = costs.get(PEER)!;
  const rate = `${(load.messages / cost.seconds / 1e6).toFixed(2)} M/s`;
  const megabytes = `${Math.round(cost.peakBytes / 2 ** 20)} MB`;
  const ofPeer = `${(peer.seconds / cost.seconds).toFixed(2)} x kcat (CPU ${(peer.cpuSeconds / cost.cpuSeconds).toFixed(2)} x)`;
  const ofFloor = `${(cost.seconds / costs.get(FLOOR)!.seconds).toFixed(2)} of the floor's time`;
  say(
    `    ${name.padEnd(28)} ${cost.seconds.toFixed(2).padStart(6)} s  ${rate.padStart(9)}  CPU ${cost.cpuSeconds.toFixed(2).padStart(5)} s  peak ${megabytes.padStart(6)}  ${ofPeer}, ${ofFloor}`,
  );
}

/** The median of the rounds, by wall clock. */
function median(costs: readonly Cost[]): Cost {
  const sorted = costs.toSorted((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export async function benchReplay(scale: number): Promise<void> {
  const kcat = kcatPath();
  const folder = await mkdtemp(join(tmpdir(), 'onceover-bench-'));
  const kafka = await startKafka();
  try {
    const all = loads(scale);
    await createTopics(kafka.bootstrap, all);
    for (const load of all) {
      say(
        `producing ${load.messages.toLocaleString('en-US')} x ${load.bytes} B, ${load.codec}, to ${load.topic} …`,
      );
      await produce(kafka.bootstrap, kcat, load);
    }
    await race(all, contestants(kafka.bootstrap, kcat, folder), folder);
  } finally {
    await kafka.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a replay of ten times as many messages takes of memory: no more, give or take a fifth. */
export async function benchMemory(scale: number): Promise<void> {
  const kcat = kcatPath();
  const folder = await mkdtemp(join(tmpdir(), 'onceover-bench-'));
  const kafka = await startKafka();
  try {
    const messages = Math.round(10_500_000 * scale);
    const load: Load = { topic: 'orders', codec: 'none', messages, bytes: 200 };
    await createTopics(kafka.bootstrap, [load]);
    say(`producing ${messages.toLocaleString('en-US')} x ${load.bytes} B …`);
    await produce(kafka.bootstrap, kcat, load);
    // Keys are dealt out to the partitions nearly evenly: each has as many as that.
    const peaks = [];
    for (const each of [250_000, 2_500_000]) {
      peaks.push(await peakOf(kafka.bootstrap, load, join(folder, String(each)), Math.round(each * scale)));
    }
    const ratio = peaks[1]! / peaks[0]!;
    say(`  ratio ${ratio.toFixed(2)}`);
    if (ratio > 1.2) process.exitCode = 1;
  } finally {
    await kafka.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param offsets of each partition */
async function peakOf(bootstrap: string, { topic }: Load, folder: string, offsets: number): Promise<number> {
  const args = [join(READERS, 'segments.mjs'), bootstrap, topic, folder, String(offsets)];
  const { stdout, peakBytes, seconds } = await measure(process.execPath, args);
  const { count } = JSON.parse(stdout) as { count: number };
  const read = count.toLocaleString('en-US').padStart(10);
  say(`  ${read} messages  ${seconds.toFixed(2)} s  peak ${Math.round(peakBytes / 2 ** 20)} MB`);
  return peakBytes;
}

function kcatPath(): string {
  const kcat = commandPath('kcat');
  if (kcat === undefined)
    throw new Error('kcat is missing, the peer of this benchmark: apt-get install kcat');
  return kcat;
}

async function createTopics(bootstrap: string, all: readonly Load[]): Promise<void> {
  const admin = new Client({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: all.map(({ topic }) => ({
      topic,
      numPartitions: PARTITIONS,
      // Segments roll rarely and nothing is deleted while the rounds run.
      configEntries: [{ name: 'retention.ms', value: '-1' }],
    })),
  });
  await admin.disconnect();
}

async function race(all: readonly Load[], runners: readonly Contestant[], folder: string): Promise<void> {
  const rounds = new Map<Load, ReadonlyMap<string, Cost>[]>(all.map((load) => [load, []]));
  for (let round = 1; round <= ROUNDS; round++) {
    say(`round ${round}`);
    for (const load of all) {
      say(`  ${load.topic}`);
      rounds.get(load)!.push(await raceOnce(load, runners, folder));
    }
  }
  say('median of the rounds');
  for (const load of all) {
    say(`  ${load.topic}`);
    const costs = rounds.get(load)!;
    const medians = new Map(
      runners.map(({ name }) => [name, median(costs.map((round) => round.get(name)!))]),
    );
    for (const { name } of runners) tell(name, load, medians);
  }
}

async function raceOnce(
  load: Load,
  runners: readonly Contestant[],
  folder: string,
): Promise<ReadonlyMap<string, Cost>> {
  const costs = new Map<string, Cost>();
  for (const runner of runners) {
    const cost = await runner.run(load);
    costs.set(runner.name, cost);
    if (!complete(cost, load)) {
      say(`  WRONG ${runner.name}: ${cost.stdout}`);
      process.exitCode = 1;
    }
    await rm(folder, { recursive: true, force: true });
  }
  for (const { name } of runners) tell(name, load, costs);
  return costs;
}
