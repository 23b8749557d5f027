/**
 * As many rows as messages, judged with a gigabyte of memory: `npm run bench -- judge [SCALE]`, SCALE 1 is ten million of each.
 * One in a hundred is trouble: a second row, no row, or two orders of one key that contest their rows.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka as Client, logLevel } from 'kafkajs';
import { Client as Database } from 'pg';
import type { Report } from '../../src/model.ts';
import { startKafka } from '../support/servers/kafka.ts';
import { startPostgres } from '../support/servers/postgres.ts';
import { audit, cost, say, tellStages } from './audit.ts';

const PARTITIONS = 4;
const EVERY_MS = 10;
const SLICE = 10_000;

/** Of each so many orders in a row, one has two rows, one none, and one the key of the order before it. */
const STRETCH = 400;
const TWICE = 17;
const NEVER = 123;
const CONTESTED = 250;

interface Load {
  readonly orders: number;
  /** When the first was placed, in epoch milliseconds; the last was placed well before now. */
  readonly began: number;
}

const keyOf = (i: number): string => `ORD-${String(i % STRETCH === CONTESTED ? i - 1 : i).padStart(9, '0')}`;

async function produce(bootstrap: string, { orders, began }: Load): Promise<void> {
  const kafka = new Client({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'retention.ms', value: '-1' }];
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: PARTITIONS, configEntries }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  for (let from = 0; from < orders; from += SLICE) {
    const messages = Array.from({ length: Math.min(SLICE, orders - from) }, (_, j) => {
      const i = from + j;
      const value = `{"type":"OrderPlaced","order":{"id":"${keyOf(i)}","number":${i},"total":"19.90"},"channel":"web","customer":"c${i}@shop.test"}`;
      return { partition: i % PARTITIONS, key: `c${i}`, value, timestamp: String(began + i * EVERY_MS) };
    });
    await producer.send({ topic: 'orders', messages });
  }
  await producer.disconnect();
}

async function insert(url: string, { orders, began }: Load): Promise<void> {
  const database = new Database({ connectionString: url });
  await database.connect();
  await database.query(
    'CREATE TABLE orders (id bigserial PRIMARY KEY, order_id text, created_at timestamptz)',
  );
  await database.query(
    `INSERT INTO orders (order_id, created_at)
     SELECT 'ORD-' || lpad((CASE WHEN i % ${STRETCH} = ${CONTESTED} THEN i - 1 ELSE i END)::text, 9, '0'),
            to_timestamp($1::float8 / 1000) + i * ${EVERY_MS} * interval '1 ms' + n * interval '40 ms'
     FROM generate_series(0, $2::int - 1) AS i, generate_series(1, 2) AS n
     WHERE i % ${STRETCH} <> ${NEVER} AND (n = 1 OR i % ${STRETCH} = ${TWICE})`,
    [began, orders],
  );
  await database.query("INSERT INTO orders (order_id, created_at) VALUES ('OLD-1', '2020-01-01T00:00:00Z')");
  await database.query('CREATE INDEX ON orders (created_at)');
  await database.query('VACUUM ANALYZE orders');
  await database.end();
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
`;

/** The planted truth, counted by arithmetic: the audit must have found just that. */
function wrong({ effects: [row] }: Report, orders: number): readonly string[] {
  const each = (rest: number): number => Math.floor((orders - 1 - rest) / STRETCH) + 1;
  const [twice, never, contested] = [TWICE, NEVER, CONTESTED].map(each) as [number, number, number];
  const planted = { duplicate: twice, missing: never, unknown: 2 * contested };
  const ok = orders - twice - never - 2 * contested;
  return Object.entries({ ok, ...planted }).flatMap(([verdict, due]) => {
    const found = row!.verdicts[verdict as keyof typeof planted];
    return found === due ? [] : [`${verdict}: ${found}, planted ${due}`];
  });
}

export async function benchJudge(scale: number): Promise<void> {
  const orders = Math.round((10_000_000 * scale) / STRETCH) * STRETCH;
  const load = { orders, began: Date.now() - 3 * 3_600_000 - orders * EVERY_MS };
  const folder = await mkdtemp(join(tmpdir(), 'onceover-bench-'));
  const kafka = await startKafka();
  const postgres = await startPostgres({ settings: { max_wal_size: '4GB', maintenance_work_mem: '256MB' } });
  try {
    say(`${orders.toLocaleString('en-US')} orders and as many rows: producing, inserting …`);
    await Promise.all([produce(kafka.bootstrap, load), insert(postgres.url, load)]);
    await writeFile(join(folder, 'onceover.yaml'), CONFIG);
    const kcat = ['-C', '-e', '-q', '-u', '-b', kafka.bootstrap, '-t', 'orders', '-o', 'beginning', '-f', ''];
    const copy = [postgres.url, '-c', '\\copy orders to /dev/null'];
    const floors = [
      ...(await cost('kcat to nowhere', 'kcat', kcat)),
      ...(await cost('psql COPY to nowhere', 'psql', copy)),
    ];
    for (const { what, seconds } of floors) {
      say(`  floor: ${what.padEnd(21)} ${seconds.toFixed(2).padStart(7)} s`);
    }
    const env = { ...process.env, KAFKA: kafka.bootstrap, ORDERS_DB: postgres.url };
    const { report, seconds } = await audit(folder, env);
    tellStages(report, seconds);
    for (const line of wrong(report, orders)) {
      say(`  WRONG ${line}`);
      process.exitCode = 1;
    }
  } finally {
    await Promise.allSettled([kafka.stop(), postgres.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}
