/**
 * The main job on real servers, timed: a topic, a table and a mail log of the same orders, audited by the executable;
 * beside it, in the same run, what only reading them costs. `npm run bench [-- audit ORDERS]`.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka as Client, logLevel } from 'kafkajs';
import { Client as Database } from 'pg';
import type { Report } from '../../src/model.ts';
import { commandPath } from '../support/servers/availability.ts';
import { startKafka } from '../support/servers/kafka.ts';
import { startPostgres } from '../support/servers/postgres.ts';
import { REPOSITORY } from '../support/shop/incident.ts';

const ORDERS = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 200_000);
const PARTITIONS = 4;
const EVERY_MS = 10;
const BEGAN = Date.now() - 3 * 3_600_000 - ORDERS * EVERY_MS;

/** Every 1000th order has two rows, every 1000th (another) no mail. */
const TWICE = 17;
const UNMAILED = 23;

export const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const orderId = (i: number): string => `ORD-${String(i).padStart(9, '0')}`;
const placedAt = (i: number): number => BEGAN + i * EVERY_MS;

async function produce(bootstrap: string): Promise<void> {
  const kafka = new Client({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: PARTITIONS }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  for (let from = 0; from < ORDERS; from += 5000) {
    const messages = Array.from({ length: Math.min(5000, ORDERS - from) }, (_, j) => {
      const i = from + j;
      const order = {
        id: orderId(i),
        items: [{ sku: `SKU-${i % 977}`, quantity: 1 + (i % 3) }],
        total: '19.90',
      };
      const value = JSON.stringify({
        type: 'OrderPlaced',
        order,
        channel: 'web',
        customer: `c${i}@shop.test`,
      });
      return { partition: i % PARTITIONS, key: `c${i}`, value, timestamp: String(placedAt(i)) };
    });
    await producer.send({ topic: 'orders', messages });
  }
  await producer.disconnect();
}

async function insert(url: string): Promise<void> {
  const database = new Database({ connectionString: url });
  await database.connect();
  await database.query(
    'CREATE TABLE orders (id bigserial PRIMARY KEY, order_id text, created_at timestamptz)',
  );
  await database.query(
    `INSERT INTO orders (order_id, created_at)
     SELECT 'ORD-' || lpad(i::text, 9, '0'), to_timestamp($1::float8 / 1000) + i * $2 * interval '1 ms' + n * interval '40 ms'
     FROM generate_series(0, $3::int - 1) AS i, generate_series(1, 2) AS n
     WHERE n = 1 OR i % 1000 = ${TWICE}`,
    [BEGAN, EVERY_MS, ORDERS],
  );
  await database.query("INSERT INTO orders (order_id, created_at) VALUES ('OLD-1', '2026-01-01T00:00:00Z')");
  await database.query('CREATE INDEX ON orders (created_at)');
  await database.query('VACUUM ANALYZE orders');
  await database.end();
}

async function writeMailLog(path: string): Promise<void> {
  const log = createWriteStream(path);
  const line = (at: number, rest: string): string => `${new Date(at).toISOString()} mail postfix/${rest}\n`;
  log.write(line(BEGAN - 600_000, 'master[1]: daemon started -- version 3.7.11, configuration /etc/postfix'));
  for (let i = 0; i < ORDERS; i++) {
    const queue = (0x10000000 + i).toString(16).toUpperCase();
    const at = placedAt(i) + 90;
    const to = `c${i}@shop.test`;
    const mail = [
      line(at, `smtpd[9]: ${queue}: client=app[10.0.0.7]`),
      line(
        at,
        `cleanup[8]: ${queue}: info: header X-Order-Id: ${orderId(i)} from app[10.0.0.7]; from=<shop@shop.test> to=<${to}> proto=ESMTP helo=<app>`,
      ),
      line(at, `cleanup[8]: ${queue}: message-id=<${i}@shop.test>`),
      line(at, `qmgr[7]: ${queue}: from=<shop@shop.test>, size=2439, nrcpt=1 (queue active)`),
      line(
        at + 5,
        `smtp[6]: ${queue}: to=<${to}>, relay=mx[10.0.0.9]:25, delay=0.01, delays=0/0/0/0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok)`,
      ),
      line(at + 5, `qmgr[7]: ${queue}: removed`),
    ].join('');
    if (i % 1000 !== UNMAILED && !log.write(mail)) await once(log, 'drain');
  }
  log.end(line(placedAt(ORDERS) + 7_200_000, 'anvil[5]: statistics: max connection rate 1/60s'));
  await once(log, 'finish');
}

const CONFIG = `version: 1
name: orders
memory: 1GB
messages:
  topic: orders
  kafka: { bootstrap: "\${KAFKA}" }
  key: value.order.id
  where: { value.type: OrderPlaced }
effects:
  order-row:
    postgres: { url: "\${ORDERS_DB}", table: public.orders, key: order_id, id: id, at: created_at }
  confirmation-email:
    email: { files: [mail.log], format: postfix, key: { header: X-Order-Id }, gap: 12h, only: { from: shop@shop.test } }
`;

interface Cost {
  readonly what: string;
  readonly seconds: number;
}

export async function cost(what: string, command: string, args: readonly string[]): Promise<Cost[]> {
  const path = commandPath(command);
  if (path === undefined) return [];
  const started = performance.now();
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const [status] = (await once(child, 'close')) as [number | null];
  return status === 0 ? [{ what, seconds: (performance.now() - started) / 1000 }] : [];
}

async function floors(bootstrap: string, url: string, log: string): Promise<readonly Cost[]> {
  const kcat = ['-C', '-e', '-q', '-u', '-b', bootstrap, '-t', 'orders', '-o', 'beginning', '-f', ''];
  return [
    ...(await cost('kcat to nowhere', 'kcat', kcat)),
    ...(await cost('psql COPY to nowhere', 'psql', [url, '-c', '\\copy orders to /dev/null'])),
    ...(await cost('cat of the mail log', 'cat', [log])),
  ];
}

export async function audit(
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly report: Report; readonly seconds: number }> {
  const started = performance.now();
  const args = [
    join(REPOSITORY, 'bin', 'onceover.js'),
    'audit',
    join(folder, 'onceover.yaml'),
    '--quiet',
    '--json',
  ];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return {
    report: JSON.parse(Buffer.concat(chunks).toString()) as Report,
    seconds: (performance.now() - started) / 1000,
  };
}

export function tellStages(report: Report, seconds: number): void {
  const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
  for (const { name, ms, peakBytes, spilledBytes, done } of report.stages) {
    const spilled = spilledBytes === 0 ? '' : `, spilled ${megabytes(spilledBytes)}`;
    const rate =
      done === undefined || ms === 0 ? '' : `${Math.round(done / (ms / 1000)).toLocaleString('en-US')}/s`;
    say(
      `  ${name.padEnd(28)} ${(ms / 1000).toFixed(2).padStart(7)} s  ${rate.padStart(14)}  peak ${megabytes(peakBytes)}${spilled}`,
    );
  }
  say(`  ${'whole, with start and files'.padEnd(28)} ${seconds.toFixed(2).padStart(7)} s`);
}

/** The planted truth, counted by arithmetic: the audit must have found just that. */
function wrong(report: Report): readonly string[] {
  const each = (rest: number): number => Math.floor((ORDERS - 1 - rest) / 1000) + 1;
  const [row, mail] = report.effects as [Report['effects'][number], Report['effects'][number]];
  const expected = [
    ['order-row duplicate', row.verdicts.duplicate, each(TWICE)],
    ['order-row ok', row.verdicts.ok, ORDERS - each(TWICE)],
    ['confirmation-email missing', mail.verdicts.missing, each(UNMAILED)],
    ['confirmation-email ok', mail.verdicts.ok, ORDERS - each(UNMAILED)],
  ] as const;
  return expected.flatMap(([what, found, planted]) =>
    found === planted ? [] : [`${what}: ${found}, planted ${planted}`],
  );
}

export async function benchAudit(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'onceover-bench-'));
  const kafka = await startKafka();
  const postgres = await startPostgres();
  try {
    const log = join(folder, 'mail.log');
    say(`${ORDERS.toLocaleString('en-US')} orders: producing, inserting, writing the mail log …`);
    await Promise.all([produce(kafka.bootstrap), insert(postgres.url), writeMailLog(log)]);
    await writeFile(join(folder, 'onceover.yaml'), CONFIG);
    const env = { ...process.env, KAFKA: kafka.bootstrap, ORDERS_DB: postgres.url };
    for (let round = 1; round <= 3; round++) {
      say(`round ${round}`);
      for (const { what, seconds } of await floors(kafka.bootstrap, postgres.url, log)) {
        say(`  floor: ${what.padEnd(21)} ${seconds.toFixed(2).padStart(7)} s`);
      }
      const { report, seconds } = await audit(folder, env);
      tellStages(report, seconds);
      for (const line of wrong(report)) {
        say(`  WRONG ${line}`);
        process.exitCode = 1;
      }
    }
    const reports = await readdir(join(folder, 'reports'));
    const { stdout } = await promisify(execFile)('du', [
      '-sm',
      join(folder, 'reports', reports[0]!, 'evidence'),
    ]);
    say(
      `evidence ${stdout.split('\t')[0]} MB; mail log ${Math.round((await readFile(log)).byteLength / 2 ** 20)} MB`,
    );
  } finally {
    await Promise.allSettled([kafka.stop(), postgres.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}
