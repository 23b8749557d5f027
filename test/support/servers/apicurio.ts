/** Apicurio Registry, which speaks the API of Confluent's schema registry below a path, as one JVM that forgets everything. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandPath, demand, type Unavailable } from './availability.ts';
import { isSoon, lastLines, startChild } from './child.ts';
import { cacheFolder, maven } from './kafka-jars.ts';
import { freePort } from './ports.ts';

/** The newest version that runs on Java 17. */
const VERSION = '2.6.13.Final';
const SERVER = 'Apicurio Registry';
const run = promisify(execFile);

export interface SchemaRegistry {
  /** What a client of Confluent's registry is given: it has a path. */
  readonly url: string;
  /** Adds a version of a subject. @returns its id */
  register(subject: string, schema: RegisteredText): Promise<number>;
  stop(): Promise<void>;
}

export interface RegisteredText {
  readonly schema: string;
  readonly schemaType?: 'AVRO' | 'PROTOBUF' | 'JSON';
  readonly references?: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
}

function folder(): string {
  return join(cacheFolder(), `apicurio-${VERSION}`);
}

/** Why it cannot be started here; undefined: it can. */
export function apicurioUnavailable(): Unavailable | undefined {
  const isThere = existsSync(folder());
  const missing = (isThere ? ['java'] : ['java', 'mvn']).find(
    (command) => commandPath(command) === undefined,
  );
  if (missing !== undefined) {
    return {
      server: SERVER,
      reason: `no ${missing} on PATH`,
      install: 'Install Java 17 or later, and Maven.',
    };
  }
  if (isThere) return undefined;
  return {
    server: SERVER,
    reason: `it is not in ${folder()}`,
    install: 'Maven must be able to fetch it (node --import tsx test/support/prepare.ts says why it cannot).',
  };
}

/** Fetches it once where it is not there but could be (about 140 MB). What it does, it says. @throws Error */
export async function fetchApicurio(say: (line: string) => void): Promise<void> {
  if (existsSync(folder()) || commandPath('java') === undefined || commandPath('mvn') === undefined) return;
  say(`${SERVER}: fetching it with Maven into ${folder()} (once, about 140 MB)`);
  await mkdir(cacheFolder(), { recursive: true });
  const mine = await mkdtemp(join(cacheFolder(), '.fetching-'));
  try {
    const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;
    await maven(mine, ['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${mine}`]);
    const [archive] = (await readdir(mine)).filter((name) => name.endsWith('.tar.gz'));
    const unpacked = join(mine, 'unpacked');
    await mkdir(unpacked);
    await run('tar', ['-xzf', join(mine, archive!), '-C', unpacked]);
    await rename(unpacked, folder()).catch((error: unknown) => {
      if (!existsSync(folder())) throw error;
    });
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
}

/** @throws ServerUnavailable where it cannot run; Error with its own words where it does not come up */
export async function startApicurio(): Promise<SchemaRegistry> {
  demand(apicurioUnavailable());
  const work = await mkdtemp(join(tmpdir(), 'onceover-apicurio-'));
  const output = join(work, 'registry.log');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const server = await startChild(
    'java',
    [
      ...['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`],
      ...['-jar', join(folder(), `apicurio-registry-app-${VERSION}-runner.jar`)],
    ],
    { output, remove: work },
  );
  if (!(await isSoon(server, () => isReady(url)))) {
    const words = lastLines(output);
    await server.stop();
    throw new Error(`${SERVER} did not come up:\n${words}`);
  }
  return { url, register: (subject, schema) => register(url, subject, schema), stop: () => server.stop() };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

async function register(url: string, subject: string, schema: RegisteredText): Promise<number> {
  const response = await fetch(`${url}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(schema),
  });
  if (!response.ok) throw new Error(`${subject} was refused: ${await response.text()}`);
  return ((await response.json()) as { readonly id: number }).id;
}
