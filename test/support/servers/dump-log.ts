/** What lies in the segment files of a broker, as Kafka's own tool tells it: batches, records, markers. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type KafkaVersion, kafkaJars } from './kafka-jars.ts';

const run = promisify(execFile);

const TOOL: Readonly<Record<KafkaVersion, string>> = {
  '4': 'org.apache.kafka.tools.DumpLogSegments',
  '3.9': 'kafka.tools.DumpLogSegments',
};

export interface DumpedBatch {
  readonly base: number;
  readonly last: number;
  readonly magic: number;
  readonly producerId: number;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly codec: string;
  readonly offsets: readonly number[];
  /** Of a control batch whose marker is still there. */
  readonly marker: 'ABORT' | 'COMMIT' | undefined;
}

/** The batches of each partition of a topic, in order. */
export async function dumpLogs(
  dataDir: string,
  topic: string,
  version: KafkaVersion,
): Promise<ReadonlyMap<number, readonly DumpedBatch[]>> {
  const files = await segmentsOf(dataDir, topic);
  const java = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(kafkaJars(version), '*')];
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const args = [...java, quiet, TOOL[version], '--deep-iteration', '--files', files.join(',')];
  const { stdout } = await run('java', args, { maxBuffer: 1 << 30 });
  return parse(stdout);
}

async function segmentsOf(dataDir: string, topic: string): Promise<string[]> {
  const names = await readdir(dataDir);
  const directories = names.filter((name) => name.replace(/-\d+$/, '') === topic);
  const files = await Promise.all(
    directories.map(async (name) => {
      const segments = (await readdir(join(dataDir, name))).filter((file) => file.endsWith('.log'));
      return segments.toSorted().map((file) => join(dataDir, name, file));
    }),
  );
  return files.flat();
}

function parse(output: string): Map<number, DumpedBatch[]> {
  const logs = new Map<number, DumpedBatch[]>();
  let log: (DumpedBatch & { offsets: number[]; marker: DumpedBatch['marker'] })[] = [];
  for (const line of output.split('\n')) {
    const file = /^Dumping .*-(\d+)\/\d+\.log/.exec(line);
    if (file !== null) {
      const partition = Number(file[1]);
      log = (logs.get(partition) as typeof log | undefined) ?? [];
      logs.set(partition, log);
    } else if (/^(baseO|o)ffset:/.test(line)) {
      log.push(batchOf(fieldsOf(line)));
    } else if (line.startsWith('| offset:')) {
      const fields = fieldsOf(line);
      const batch = log.at(-1)!;
      batch.offsets.push(Number(fields.get('offset')));
      batch.marker ??= fields.get('endTxnMarker') as DumpedBatch['marker'];
    }
  }
  return logs;
}

function batchOf(fields: ReadonlyMap<string, string>) {
  if (fields.get('isvalid') !== 'true') throw new Error(`a batch is not valid: ${[...fields].join(' ')}`);
  const number = (name: string) => Number(fields.get(name));
  // A message of an old format tells one offset, which in a set is the last.
  const alone = number('offset');
  return {
    base: fields.has('offset') ? alone : number('baseOffset'),
    last: fields.has('offset') ? alone : number('lastOffset'),
    magic: number('magic'),
    producerId: number('producerId'),
    transactional: fields.get('isTransactional') === 'true',
    control: fields.get('isControl') === 'true',
    codec: fields.get('compresscodec')!,
    offsets: [] as number[],
    marker: undefined as DumpedBatch['marker'],
  };
}

/** `name: value` pairs; what a value has behind its first word is left out. */
function fieldsOf(line: string): ReadonlyMap<string, string> {
  return new Map([...line.matchAll(/(\w+): (\S+)/g)].map((found) => [found[1]!, found[2]!]));
}
