/** The set-up of `npm test`: builds, and fetches the servers that are missing here and can be had. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { javaCompilerUnavailable } from './random-logs/random-logs.ts';
import { apicurioUnavailable, fetchApicurio } from './servers/apicurio.ts';
import { commandPath, explain, isRoot, type Unavailable } from './servers/availability.ts';
import { certificatesUnavailable } from './servers/certificates.ts';
import {
  fetchKafkaJars,
  type KafkaVersion,
  kafkaJars,
  kafkaJarsAreWanted,
  kafkaUnavailable,
} from './servers/kafka-jars.ts';
import { kcatUnavailable } from './servers/kcat.ts';
import { mariadbUnavailable } from './servers/mariadb.ts';
import { postfixUnavailable } from './servers/postfix.ts';
import { postgresUnavailable } from './servers/postgres.ts';
import { postgresBinaries } from './servers/postgres-binaries.ts';

const run = promisify(execFile);

/**
 * Fetches Kafka's jars where Java and Maven are there. What it does, and a failure, it says.
 * @param version that tests start themselves; without it, nothing is fetched where a broker is named by KAFKA_BOOTSTRAP
 */
export async function prepareKafka(say: (line: string) => void, version?: KafkaVersion): Promise<void> {
  if (!kafkaJarsAreWanted(version)) return;
  say(`Apache Kafka: fetching its jars with Maven into ${kafkaJars(version)} (once, about 45 MB)`);
  await attempt('Apache Kafka', () => fetchKafkaJars(version), say);
}

/** Installs the missing ones of PostgreSQL, MariaDB, Postfix, kcat and a Java compiler from Debian's package sources; nothing of them is started. */
async function prepareDebian(say: (line: string) => void): Promise<void> {
  const packages = [
    ...(hasPostgres() ? [] : ['postgresql']),
    ...(mariadbUnavailable() === undefined ? [] : ['mariadb-server-core', 'mariadb-client-core']),
    ...(postfixUnavailable() === undefined ? [] : ['postfix']),
    ...(kcatUnavailable() === undefined ? [] : ['kcat']),
    ...(javaCompilerUnavailable() === undefined ? [] : ['default-jdk-headless']),
  ];
  if (packages.length === 0 || !isRoot() || commandPath('apt-get') === undefined) return;
  say(`${packages.join(' and ')}: installing with apt-get (once; no service is started)`);
  if (!existsSync('/etc/postgresql-common')) await refuseMainCluster();
  await withoutServices(async () => {
    await run('sh', ['-c', `echo '${POSTFIX_ANSWER}' | debconf-set-selections`]);
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', ...packages);
  });
}

/** One that people run: the npm package is for machines where none can be installed. */
function hasPostgres(): boolean {
  return Boolean(process.env.PGHOST) || postgresBinaries()?.packaged === false;
}

const POSTFIX_ANSWER = 'postfix postfix/main_mailer_type select No configuration';

async function apt(...args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], { env, maxBuffer: 64 << 20 });
}

/** The package would make a cluster and, where there is an init system, start it at every boot. */
async function refuseMainCluster(): Promise<void> {
  await mkdir('/etc/postgresql-common', { recursive: true });
  await writeFile('/etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n');
}

/** Packages ask policy-rc.d before they start a service; 101 means that they may not. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    if (ours) await rm(policy);
  }
}

/** What cannot be had is no failure here: the tests that need it are skipped, and say so. */
async function attempt(what: string, step: () => Promise<void>, say: (line: string) => void): Promise<void> {
  try {
    await step();
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: string };
    say(`${what}: failed. ${stderr?.trim() || message}`);
  }
}

function stillMissing(): Unavailable[] {
  return [
    kafkaUnavailable('4'),
    kafkaUnavailable('3.9'),
    certificatesUnavailable(),
    apicurioUnavailable(),
    postgresUnavailable(),
    mariadbUnavailable(),
    postfixUnavailable(),
    kcatUnavailable(),
    javaCompilerUnavailable(),
  ].filter((one) => one !== undefined);
}

/** The tests that run the executable run what was built last. @returns whether it built. */
function build(): boolean {
  const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [compiler, '-p', 'src'], { stdio: 'inherit' }).status === 0;
}

async function main(): Promise<void> {
  const say = (line: string) => void process.stderr.write(`prepare: ${line}\n`);
  await prepareKafka(say, '4');
  await prepareKafka(say, '3.9');
  await attempt('Apicurio Registry', () => fetchApicurio(say), say);
  await attempt('Debian packages', () => prepareDebian(say), say);
  const missing = stillMissing();
  for (const one of missing) say(explain(one));
  const skipsForbidden = missing.length > 0 && process.env.CI === 'true';
  if (skipsForbidden) say('CI=true allows no skipped test.');
  if (!build() || skipsForbidden) process.exitCode = 1;
}

if (import.meta.filename === process.argv[1]) await main();
