/** Apache Kafka as a folder of jars from Maven Central, cached outside the repository. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandPath, type Unavailable } from './availability.ts';

/** The newest version of which Maven Central has both the broker and the tools. */
export const KAFKA_VERSION = '4.3.1';

const run = promisify(execFile);

/** The folder that all jars lie in, flat; it exists only when they are all there. */
export function kafkaJars(): string {
  return join(cacheFolder(), `kafka-${KAFKA_VERSION}`);
}

/** Why a broker cannot be started here; undefined: it can. */
export function kafkaUnavailable(): Unavailable | undefined {
  if (process.env.KAFKA_BOOTSTRAP) return undefined;
  const missing = missingCommand('java') ?? (existsSync(kafkaJars()) ? undefined : missingCommand('mvn'));
  if (missing !== undefined || existsSync(kafkaJars())) return missing;
  return {
    server: SERVER,
    reason: `its jars are not in ${kafkaJars()}`,
    install:
      'Maven must be able to fetch them (node --import tsx test/support/prepare.ts says why it cannot), or set ' +
      'KAFKA_BOOTSTRAP to a broker that is there.',
  };
}

const SERVER = 'Apache Kafka';

function missingCommand(command: 'java' | 'mvn'): Unavailable | undefined {
  if (commandPath(command) !== undefined) return undefined;
  const what = command === 'java' ? 'Java 17 or later (openjdk-17-jre-headless)' : 'Maven (maven)';
  const install = `Install ${what}, or set KAFKA_BOOTSTRAP to a broker that is there.`;
  return { server: SERVER, reason: `no ${command} on PATH`, install };
}

/** Whether the jars are not there but could be fetched. */
export function kafkaJarsAreWanted(): boolean {
  if (process.env.KAFKA_BOOTSTRAP || existsSync(kafkaJars())) return false;
  return (missingCommand('java') ?? missingCommand('mvn')) === undefined;
}

/**
 * Fetches the jars once (about 45 MB). Several processes may do so at the same time: each fills a folder of its own, and
 * the first to finish gives its folder the name. @throws Error with Maven's words when it fails
 */
export async function fetchKafkaJars(): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const mine = await mkdtemp(join(cacheFolder(), '.fetching-'));
  try {
    await writeFile(join(mine, 'pom.xml'), POM);
    const filled = join(mine, 'jars');
    await maven(mine, [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${filled}`,
    ]);
    await rename(filled, kafkaJars()).catch((error: unknown) => {
      if (!existsSync(kafkaJars())) throw error;
    });
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
}

async function maven(cwd: string, args: readonly string[]): Promise<void> {
  try {
    await run('mvn', ['-q', '-B', ...args], { cwd });
  } catch (error) {
    const { stdout, message } = error as Error & { stdout?: string };
    throw new Error(`Maven could not fetch Kafka's jars:\n${stdout || message}`, { cause: error });
  }
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'onceover-tests');
}

// slf4j-simple because a broker without a binding is mute, also about why it does not start; connect-runtime would bring
// a web server that no tool here needs.
const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version>
      <exclusions><exclusion>
        <groupId>org.apache.kafka</groupId><artifactId>connect-runtime</artifactId>
      </exclusion></exclusions>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;
