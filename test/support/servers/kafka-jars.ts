/** Apache Kafka as a folder of jars from Maven Central, cached outside the repository. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandPath, type Unavailable } from './availability.ts';

/** `4`: the newest release of which Maven Central has both the broker and the tools; `3.9`: the last one before 4.0. */
export type KafkaVersion = '4' | '3.9';

const RELEASES: Readonly<Record<KafkaVersion, string>> = { '4': '4.3.1', '3.9': '3.9.2' };

const run = promisify(execFile);

/** The folder that all jars lie in, flat; it exists only when they are all there. */
export function kafkaJars(version: KafkaVersion = '4'): string {
  return join(cacheFolder(), `kafka-${RELEASES[version]}`);
}

/**
 * Why there is no broker for a test; undefined: there is one.
 * @param version of a broker that the test starts itself; without it, the one of `KAFKA_BOOTSTRAP` will do, too
 */
export function kafkaUnavailable(version?: KafkaVersion): Unavailable | undefined {
  if (version === undefined && process.env.KAFKA_BOOTSTRAP) return undefined;
  const jars = kafkaJars(version);
  const missing =
    missingCommand('java', version) ?? (existsSync(jars) ? undefined : missingCommand('mvn', version));
  if (missing !== undefined || existsSync(jars)) return missing;
  return {
    server: serverName(version),
    reason: `its jars are not in ${jars}`,
    install: `Maven must be able to fetch them (node --import tsx test/support/prepare.ts says why it cannot)${orBorrow(version)}.`,
  };
}

function serverName(version: KafkaVersion | undefined): string {
  return version === undefined ? 'Apache Kafka' : `Apache Kafka ${RELEASES[version]}`;
}

function orBorrow(version: KafkaVersion | undefined): string {
  return version === undefined ? ', or set KAFKA_BOOTSTRAP to a broker that is there' : '';
}

function missingCommand(command: 'java' | 'mvn', version: KafkaVersion | undefined): Unavailable | undefined {
  if (commandPath(command) !== undefined) return undefined;
  const what = command === 'java' ? 'Java 17 or later (openjdk-17-jre-headless)' : 'Maven (maven)';
  const install = `Install ${what}${orBorrow(version)}.`;
  return { server: serverName(version), reason: `no ${command} on PATH`, install };
}

/** Whether the jars are not there but could be fetched; `version` as for {@link kafkaUnavailable}. */
export function kafkaJarsAreWanted(version?: KafkaVersion): boolean {
  if (version === undefined && process.env.KAFKA_BOOTSTRAP) return false;
  if (existsSync(kafkaJars(version))) return false;
  return (missingCommand('java', version) ?? missingCommand('mvn', version)) === undefined;
}

/**
 * Fetches the jars once (about 45 MB). Several processes may do so at the same time: each fills a folder of its own, and
 * the first to finish gives its folder the name. @throws Error with Maven's words when it fails
 */
export async function fetchKafkaJars(version: KafkaVersion = '4'): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const mine = await mkdtemp(join(cacheFolder(), '.fetching-'));
  try {
    await writeFile(join(mine, 'pom.xml'), pom(RELEASES[version]));
    const filled = join(mine, 'jars');
    await maven(mine, [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${filled}`,
    ]);
    await rename(filled, kafkaJars(version)).catch((error: unknown) => {
      if (!existsSync(kafkaJars(version))) throw error;
    });
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
}

/** @throws Error with Maven's words when it fails */
export async function maven(cwd: string, args: readonly string[]): Promise<void> {
  try {
    await run('mvn', ['-q', '-B', ...args], { cwd });
  } catch (error) {
    const { stdout, message } = error as Error & { stdout?: string };
    throw new Error(`Maven could not fetch what was asked of it:\n${stdout || message}`, { cause: error });
  }
}

/** Where servers are kept that were fetched. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'onceover-tests');
}

/**
 * slf4j-simple because a broker without a binding is mute, also about why it does not start. Left out: the second binding
 * of 3.9, which would win and be mute, and connect-runtime, with a web server that no tool here needs.
 */
function pom(release: string): string {
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${release}</version>
      <exclusions>${exclusion('org.slf4j', 'slf4j-reload4j')}</exclusions>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${release}</version>
      <exclusions>
        ${exclusion('org.apache.kafka', 'connect-runtime')}
        ${exclusion('org.slf4j', 'slf4j-reload4j')}
      </exclusions>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;
}

function exclusion(group: string, artifact: string): string {
  return `<exclusion><groupId>${group}</groupId><artifactId>${artifact}</artifactId></exclusion>`;
}
