/**
 * The shop's order service, a process of its own and the kind that this world is full of: for each order placed it inserts
 * a row, then sends a mail, and commits its offsets every so many messages. Killed in between, it does both again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { Client } from 'pg';
import { isLaborious, type ShopEvent } from './events.ts';
import { type FeedSettings, openFeed } from './feed.ts';
import { mailFor } from './mail.ts';

/** Comes as JSON in the environment variable ORDER_SERVICE. */
export interface ServiceSettings {
  readonly feed: FeedSettings;
  /** Connection URL of the database that has the table `orders`. */
  readonly database: string;
  readonly smtpPort: number;
  readonly commitEvery: number;
  /** Orders that it passes over without a word: no row, no mail, as a wrong condition in the code would. */
  readonly skip: readonly string[];
}

const settings = JSON.parse(process.env.ORDER_SERVICE!) as ServiceSettings;
const skipped = new Set(settings.skip);
const feed = openFeed(settings.feed);
const database = new Client({ connectionString: settings.database, application_name: 'order-service' });
const mailer = createTransport({
  host: '127.0.0.1',
  port: settings.smtpPort,
  ignoreTLS: true,
  pool: true,
  maxConnections: 1,
});
const uncommitted = new Map<number, number>();
let handledSinceCommit = 0;

/** Tells the driver of the incident what was just done, one line each: `row ID`, `mail ID`, `done PARTITION OFFSET`. */
function announce(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function handle(partition: number, offset: number, value: string): Promise<void> {
  const event = JSON.parse(value) as ShopEvent;
  if (event.type === 'OrderPlaced' && !skipped.has(event.order.id)) {
    const { id, customer } = event.order;
    const insert = 'INSERT INTO orders (order_id, customer, channel) VALUES ($1, $2, $3)';
    await database.query(insert, [id, customer, event.channel]);
    announce(`row ${id}`);
    await work(id);
    await mailer.sendMail(mailFor(id, customer));
    announce(`mail ${id}`);
    await work(id);
  }
  uncommitted.set(partition, offset + 1);
  announce(`done ${partition} ${offset}`);
  if (++handledSinceCommit >= settings.commitEvery) await commit();
}

/** Prints the invoice, asks the warehouse: what takes time between two steps. */
async function work(id: string): Promise<void> {
  await sleep(isLaborious(id) ? 50 : 2);
}

async function commit(): Promise<void> {
  if (uncommitted.size > 0) await feed.commit(uncommitted);
  uncommitted.clear();
  handledSinceCommit = 0;
}

/** A service that cannot go on says so and ends; whoever runs it sees to the rest. */
function giveUp(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

async function shutDown(): Promise<void> {
  await commit();
  await feed.close();
  await database.end();
  mailer.close();
  process.exit(0);
}

process.once('SIGTERM', () => shutDown().catch(giveUp));
await database.connect();
await feed.start(handle).catch(giveUp);
