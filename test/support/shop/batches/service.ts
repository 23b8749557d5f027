/**
 * The order service of a busy shop, a process of its own: it takes messages by the batch, enters the orders of each hundred
 * in one transaction, mails those who ordered by the app, and commits its offsets now and then. Killed anywhere, it does
 * again what was not committed.
 */
import { randomUUID } from 'node:crypto';
import { type Consumer, type EachBatchPayload, Kafka, logLevel } from 'kafkajs';
import { createTransport } from 'nodemailer';
import type { OrderPlaced, ShopEvent } from '../events.ts';
import type { FeedSettings } from '../feed.ts';
import { mailFor } from '../mail.ts';
import { isPassedOver } from './orders.ts';
import { type Dialect, openTables } from './tables.ts';

/** Amid a transaction; after it, before any mail; amid the mails; after them, before offsets are committed. */
export type Point = 'transaction' | 'rows' | 'mail' | 'mails';

/** Comes as JSON in the environment variable ORDER_SERVICE. */
export interface ServiceSettings {
  readonly feed: FeedSettings & { readonly from: 'kafka' };
  readonly dialect: Dialect;
  readonly database: string;
  readonly smtpPort: number;
  /** It hangs at the point when it gets there for the so many-th time, until somebody kills it. */
  readonly hang?: { readonly point: Point; readonly time: number };
}

const TRANSACTION = 100;
const COMMIT_EVERY = 5;

const settings = JSON.parse(process.env.ORDER_SERVICE!) as ServiceSettings;
const { topic, group, bootstrap, sessionMs } = settings.feed;
const tables = await openTables(settings.dialect, settings.database);
const mailer = createTransport({
  host: '127.0.0.1',
  port: settings.smtpPort,
  ignoreTLS: true,
  pool: true,
  maxConnections: 1,
  maxMessages: Number.POSITIVE_INFINITY,
});
const reached: Record<Point, number> = { transaction: 0, rows: 0, mail: 0, mails: 0 };
let done = 0;

/** Tells whoever runs the incident: `done PARTITION NEXT`, `hangs POINT`. */
function announce(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function pass(point: Point): Promise<void> {
  reached[point] += 1;
  const { hang } = settings;
  if (hang?.point !== point || hang.time !== reached[point]) return;
  announce(`hangs ${point}`);
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

async function handle(values: readonly string[]): Promise<void> {
  const orders = values
    .map((value) => JSON.parse(value) as ShopEvent)
    .filter((event): event is OrderPlaced => event.type === 'OrderPlaced' && !isPassedOver(event.order.id));
  const attempts = orders.map(({ order }) => ({ id: randomUUID(), order: order.id }));
  await tables.enter(attempts, () => pass('transaction'));
  await pass('rows');
  for (const { order } of orders.filter(({ channel }) => channel === 'app')) {
    await mailer.sendMail(mailFor(order.id, order.customer));
    await pass('mail');
  }
  await pass('mails');
}

async function handleBatch(consumer: Consumer, { batch, heartbeat, isRunning }: EachBatchPayload) {
  const { partition, messages } = batch;
  for (let from = 0; from < messages.length && isRunning(); from += TRANSACTION) {
    const some = messages.slice(from, from + TRANSACTION);
    await handle(some.map(({ value }) => value?.toString('utf8') ?? ''));
    const next = Number(some.at(-1)!.offset) + 1;
    const isLast = from + TRANSACTION >= messages.length;
    if (++done % COMMIT_EVERY === 0 || isLast) {
      await consumer.commitOffsets([{ topic, partition, offset: String(next) }]);
    }
    announce(`done ${partition} ${next}`);
    await heartbeat();
  }
}

/** A service that cannot go on says so and ends; whoever runs it sees to the rest. */
function giveUp(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

async function run(): Promise<void> {
  const consumer = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).consumer({
    groupId: group,
    sessionTimeout: sessionMs,
    heartbeatInterval: sessionMs / 4,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  });
  process.once('SIGTERM', () => consumer.disconnect().then(() => process.exit(0), giveUp));
  // A rebalance makes it start again by itself.
  consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || giveUp(payload.error));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: true,
    eachBatch: (payload) => handleBatch(consumer, payload),
  });
}

await run().catch(giveUp);
