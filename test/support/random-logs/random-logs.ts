/** Logs written at random by Kafka's own producers, see RandomLogs.java. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandPath, type Unavailable } from '../servers/availability.ts';
import { type KafkaVersion, kafkaJars } from '../servers/kafka-jars.ts';

const run = promisify(execFile);

/** Why they cannot be written here; undefined: they can. */
export function javaCompilerUnavailable(): Unavailable | undefined {
  if (commandPath('javac') !== undefined) return undefined;
  const install = 'Install a JDK of Java 17 or later (openjdk-17-jdk-headless).';
  return { server: "Java's compiler", reason: 'no javac on PATH', install };
}

/**
 * Fills the topics, which exist and are empty.
 * @param topics how many partitions each has; the first word of a name says what happens to the topic: plain, appended,
 *   compacted, trimmed or retained
 */
export async function writeRandomLogs(
  bootstrap: string,
  version: KafkaVersion,
  seed: number,
  topics: ReadonlyMap<string, number>,
): Promise<void> {
  const program = join(import.meta.dirname, 'RandomLogs.java');
  const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(kafkaJars(version), '*')];
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const sizes = [...topics].map(([topic, partitions]) => `${topic}:${partitions}`);
  await run('java', [...java, quiet, program, bootstrap, String(seed), ...sizes], { maxBuffer: 64 << 20 });
}
