/** The audit of the shop as its users would run it: a configuration file, the executable, and the files it leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import { stringify } from 'yaml';
import { LEAD_MS, REPOSITORY, SETTLE_MS, type Truth } from './incident.ts';
import { SHOP_ADDRESS } from './mail.ts';
import type { Topic } from './topic.ts';

/** What the shop's configuration leaves open. */
export interface AuditSettings {
  readonly name: string;
  readonly topic: Topic;
  /** Pattern of the mail log's files. */
  readonly mailLog: string;
  /** Where finished reports appear. */
  readonly reports: string;
}

/** Writes `onceover.yaml` into `directory` and answers its path. The database's URL stays in the environment: ORDERS_DB. */
export async function writeAuditConfig(directory: string, settings: AuditSettings): Promise<string> {
  const window = { settle: `${SETTLE_MS / 1000}s`, lead: `${LEAD_MS / 1000}s` };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration's own way to name a variable of the environment
  const table = { url: '${ORDERS_DB}', table: 'public.orders', key: 'order_id', id: 'id', at: 'created_at' };
  const email = { files: [settings.mailLog], format: 'postfix', key: { header: 'X-Order-Id' }, zone: 'UTC' };
  const configuration = {
    version: 1,
    name: settings.name,
    messages: {
      ...settings.topic.source,
      range: { padding: '10s' },
      key: 'value.order.id',
      where: { 'value.type': 'OrderPlaced' },
    },
    effects: {
      'order-row': { postgres: table, ...window },
      'confirmation-email': { email: { ...email, only: { from: SHOP_ADDRESS } }, ...window },
    },
    report: { directory: settings.reports },
  };
  const path = join(directory, 'onceover.yaml');
  await writeFile(path, stringify(configuration));
  return path;
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const EXECUTABLE = join(REPOSITORY, 'bin', 'onceover.js');

/** Runs the executable and answers what it said. */
export async function onceover(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  const child = spawn(process.execPath, [EXECUTABLE, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}

/** Runs the executable for the person at the terminal. @returns its exit status. */
export async function showOnceover(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  const child = spawn(process.execPath, [EXECUTABLE, ...args], { env, stdio: 'inherit' });
  const [status] = (await once(child, 'close')) as [number | null];
  return status;
}

/** One statement about an order and an effect kind, such as `ORD-000123 order-row duplicate 2`. */
export type Claim = string;

/** The exceptions that an audit must name: everything that did not happen exactly once. */
export function trueClaims(truth: Truth): Claim[] {
  return [...wrongCounts('order-row', truth.rows), ...wrongCounts('confirmation-email', truth.mails)].sort();
}

function wrongCounts(kind: string, counts: ReadonlyMap<string, number>): Claim[] {
  return [...counts]
    .filter(([, count]) => count !== 1)
    .map(([id, count]) => `${id} ${kind} ${count === 0 ? 'missing' : 'duplicate'} ${count}`);
}

/** What an audit claims in its exceptions.csv, a reason (of `unknown`) included. */
export async function claimsOf(report: string): Promise<Claim[]> {
  const lines = await readCsv(join(report, 'exceptions.csv'));
  return lines
    .map(({ key, effect_kind, verdict, count, reason }) =>
      [key, effect_kind, verdict, count, reason].filter((cell) => cell !== '').join(' '),
    )
    .sort();
}

/** The lines of a CSV file with a header, as objects. */
export async function readCsv(file: string): Promise<Record<string, string>[]> {
  return parse(await readFile(file, 'utf8'), { columns: true, bom: true });
}
