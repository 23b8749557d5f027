/** The incident: the order service is killed and restarted until all is consumed; then what really happened is counted. */

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { Client } from 'pg';
import { type Child, lastLines, startChild } from '../servers/child.ts';
import { dayOfOrders, isLaborious, orderId, orderViewed } from './events.ts';
import { mailFor, newsletter, SHOP_ADDRESS } from './mail.ts';
import type { MailServer } from './mail-server.ts';
import type { ServiceSettings } from './order-service.ts';
import type { Topic } from './topic.ts';

export const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

/**
 * The window of an order's row and mail in the shop's audits: long enough that a busy machine has handled the first order
 * by then, short because tests wait for its end.
 */
export const SETTLE_MS = 5000;
export const LEAD_MS = 1000;

/** A mail log tells whole seconds: what must lie outside a window keeps that much more distance. */
export const LOG_SECOND_MS = 1000;

/** The servers of one shop, and a directory for what its processes print. */
export interface Shop {
  readonly topic: Topic;
  readonly database: string;
  readonly mail: MailServer;
  readonly directory: string;
}

export interface Plan {
  /** How many orders are placed: ORD-000001 and on. */
  readonly orders: number;
  readonly kills: number;
  readonly commitEvery: number;
  /** Ids of orders that the service passes over. */
  readonly skip: readonly string[];
  /** Numbers in [0, 1) that say when it is killed. */
  readonly random: () => number;
}

/** Where a kill falls: after a row and before its mail, after a mail and before the commit, or whenever. */
export type CrashPoint = 'row' | 'mail' | 'time';

export interface Crash {
  readonly point: CrashPoint;
  /** Messages of the topic that had been handled by then. */
  readonly handled: number;
  readonly at: Date;
}

/** What the table and the sink alone know, for every order that was placed. */
export interface Truth {
  readonly rows: ReadonlyMap<string, number>;
  readonly mails: ReadonlyMap<string, number>;
}

/**
 * Makes the table, in which nothing forbids a second row of an order. An order that came by telephone, and a mail that is
 * no order's, show that table and mail log reach back to before the window of whatever is placed when this returns.
 */
export async function openShop(shop: Shop): Promise<void> {
  await query(
    shop.database,
    `CREATE TABLE orders (id bigserial PRIMARY KEY, order_id text, customer text, channel text,
                          created_at timestamptz DEFAULT now())`,
  );
  await query(shop.database, `INSERT INTO orders (order_id, channel) VALUES ('TEL-000001', 'telephone')`);
  await sendNews(shop);
  await sleep(LEAD_MS + LOG_SECOND_MS);
}

/** What happened: when the last order was placed, and each kill of the service that handled them. */
export interface Incident {
  readonly placedBy: Date;
  readonly crashes: readonly Crash[];
}

/** Places all orders, then has them handled by a service that is killed at `plan.kills` moments. */
export async function sufferIncident(shop: Shop, plan: Plan): Promise<Incident> {
  await shop.topic.publish(dayOfOrders(plan.orders));
  const placedBy = new Date();
  const progress = new Progress(shop.topic.ends());
  const crashes: Crash[] = [];
  for (const crash of planCrashes(plan, progress.total)) {
    crashes.push(await runUntilCrash(await startService(shop, plan), progress, crash));
  }
  await runToTheEnd(await startService(shop, plan), progress);
  return { placedBy, crashes };
}

/**
 * Life goes on after the incident: people look at orders and get news, by which topic and mail log show that nothing else
 * came. It waits until no window is open any more, of the orders placed by `placedBy` nor of one that could follow what
 * happened last. All mail has arrived when this returns.
 */
export async function goOn(shop: Pick<Shop, 'topic' | 'mail'>, placedBy: Date): Promise<void> {
  const quiet = Math.max(placedBy.getTime() + SETTLE_MS, Date.now() + LEAD_MS);
  await sleep(quiet + LOG_SECOND_MS - Date.now());
  await shop.topic.publish([1, 2, 3].map(orderViewed));
  await sendNews(shop);
  await shop.mail.drained();
}

/** A mail that is no order's: the mail log has a line of this moment. */
export function sendNews(shop: Pick<Shop, 'mail'>): Promise<void> {
  return send(shop, newsletter());
}

/** What an operator may do by hand: send the confirmation of an order once more. */
export async function sendAgain(shop: Shop, id: string): Promise<void> {
  await send(shop, mailFor(id, 'customer-1@customers.test'));
}

/** Counts rows in the table and mails in the sink, without any code of onceover. An order that has none counts 0. */
export async function countTruth(shop: Shop, orders: number): Promise<Truth> {
  const ids = Array.from({ length: orders }, (_, i) => orderId(i + 1));
  const rows = new Map(ids.map((id) => [id, 0]));
  const sent = new Map(rows);
  const counted = await query(
    shop.database,
    `SELECT order_id, count(*)::int AS count FROM orders WHERE channel <> 'telephone' GROUP BY order_id`,
  );
  for (const { order_id, count } of counted) rows.set(String(order_id), Number(count));
  for (const { from, orderId: id } of shop.mail.sent) {
    if (from === SHOP_ADDRESS && id !== undefined) sent.set(id, (sent.get(id) ?? 0) + 1);
  }
  return { rows, mails: sent };
}

export async function query(database: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database, application_name: 'shop-keeper' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function send(shop: Pick<Shop, 'mail'>, mail: SendMailOptions): Promise<void> {
  const mailer = createTransport({ host: '127.0.0.1', port: shop.mail.port, ignoreTLS: true });
  await mailer.sendMail(mail);
  mailer.close();
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface PlannedCrash {
  readonly point: CrashPoint;
  /** Messages handled before it. */
  readonly after: number;
  /** For `time`: how long after that. */
  readonly delayMs: number;
}

/** One crash at a random place in each of as many equal stretches of the topic, so that every kind of place is met. */
function planCrashes(plan: Plan, messages: number): PlannedCrash[] {
  const points: readonly CrashPoint[] = ['row', 'mail', 'time'];
  const stretch = messages / (plan.kills + 1);
  return Array.from({ length: plan.kills }, (_, i) => ({
    point: points[i % points.length]!,
    after: Math.floor(stretch * (i + 0.5 + 0.5 * plan.random())),
    delayMs: Math.floor(40 * plan.random()),
  }));
}

/** How much of the topic has been handled at least once, over all lives of the service. */
class Progress {
  readonly total: number;
  readonly #handled: number[];

  constructor(ends: readonly number[]) {
    this.total = ends.reduce((sum, end) => sum + end, 0);
    this.#handled = ends.map(() => 0);
  }

  get isComplete(): boolean {
    return this.handled === this.total;
  }

  get handled(): number {
    return this.#handled.reduce((sum, next) => sum + next, 0);
  }

  /** Takes in a line that the service announced. */
  hear(line: string): void {
    const [what, partition, offset] = line.split(' ');
    if (what !== 'done') return;
    const index = Number(partition);
    this.#handled[index] = Math.max(this.#handled[index]!, Number(offset) + 1);
  }
}

interface Service {
  readonly child: Child;
  readonly output: string;
  /** Calls back for every line announced. */
  listen(hear: (line: string) => void): void;
}

async function startService(shop: Shop, plan: Plan): Promise<Service> {
  const settings: ServiceSettings = {
    feed: shop.topic.feed,
    database: shop.database,
    smtpPort: shop.mail.port,
    commitEvery: plan.commitEvery,
    skip: plan.skip,
  };
  const output = join(shop.directory, 'order-service.log');
  const program = join(import.meta.dirname, 'order-service.ts');
  const child = await startChild(process.execPath, ['--import', 'tsx', program], {
    cwd: REPOSITORY,
    env: { ...process.env, ORDER_SERVICE: JSON.stringify(settings) },
    output,
    pipeStdout: true,
  });
  const lines = createInterface({ input: child.stdout! });
  return { child, output, listen: (hear) => void lines.on('line', hear) };
}

async function runUntilCrash(service: Service, progress: Progress, planned: PlannedCrash): Promise<Crash> {
  await until(service, (line) => {
    progress.hear(line);
    return progress.handled >= planned.after && (isPoint(line, planned.point) || progress.isComplete);
  });
  if (planned.point === 'time') await sleep(planned.delayMs);
  const at = new Date();
  await service.child.kill();
  return { point: planned.point, handled: progress.handled, at };
}

function isPoint(line: string, point: CrashPoint): boolean {
  const [step, id] = line.split(' ');
  return point === 'time' || (step === point && isLaborious(id!));
}

async function runToTheEnd(service: Service, progress: Progress): Promise<void> {
  if (!progress.isComplete) {
    await until(service, (line) => {
      progress.hear(line);
      return progress.isComplete;
    });
  }
  await service.child.stop('SIGTERM');
}

/** @throws Error with the service's own last words when it ends by itself before `isEnough` is satisfied. */
function until(service: Service, isEnough: (line: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    service.listen((line) => isEnough(line) && resolve());
    service.child.ended.then((how) =>
      reject(new Error(`The order service ended by itself (${how}):\n${lastLines(service.output)}`)),
    );
  });
}
