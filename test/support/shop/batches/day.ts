/** A busy day of the shop: many orders, a service killed many times, and what SQL and the mail sink count afterwards. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, lastLines, startChild } from '../../servers/child.ts';
import { orderId } from '../events.ts';
import { LEAD_MS, LOG_SECOND_MS, REPOSITORY } from '../incident.ts';
import { SHOP_ADDRESS } from '../mail.ts';
import type { MailServer } from '../mail-server.ts';
import type { Topic } from '../topic.ts';
import { busyOrder, copiesOf } from './orders.ts';
import type { Point, ServiceSettings } from './service.ts';
import { type Dialect, openTables } from './tables.ts';

export interface BusyShop {
  readonly topic: Topic;
  readonly dialect: Dialect;
  readonly database: string;
  readonly mail: MailServer;
  /** For what its processes print. */
  readonly directory: string;
}

export interface Day {
  readonly orders: number;
  readonly kills: number;
  /** Numbers in [0, 1) that say where it is killed. */
  readonly random: () => number;
}

/** What the tables and the sink alone know: how many rows and mails each order has. Orders that have none are not there. */
export interface Counts {
  readonly rows: ReadonlyMap<string, number>;
  readonly once: ReadonlyMap<string, number>;
  readonly mails: ReadonlyMap<string, number>;
}

/** Where the service was killed: at a point it had got to, or whenever. */
export type Kill = Point | 'time';

/** @returns when the last order was placed, and where the service was killed, in the order of time */
export async function liveThrough(shop: BusyShop, day: Day): Promise<{ placedBy: Date; kills: Kill[] }> {
  await sleep(LEAD_MS + LOG_SECOND_MS);
  const numbers = Array.from({ length: day.orders }, (_, i) => i + 1);
  await shop.topic.publish(numbers.flatMap((number) => Array(copiesOf(number)).fill(busyOrder(number))));
  const placedBy = new Date();
  const progress = new Progress(shop.topic.ends());
  const kills: Kill[] = [];
  while (kills.length < day.kills) kills.push(await runUntilKilled(shop, day, progress, kills.length));
  await runToTheEnd(await startService(shop), progress);
  return { placedBy, kills };
}

const KILLS: readonly Kill[] = ['transaction', 'rows', 'mail', 'mails', 'time'];
const MAILS_A_TRANSACTION = 5;
const SLICE = 100;

async function runUntilKilled(shop: BusyShop, day: Day, progress: Progress, count: number): Promise<Kill> {
  const kill = KILLS[count % KILLS.length]!;
  // Half of the day is left when all kills are over: none comes too late.
  const transactions = Math.max(1, day.orders / SLICE / 2 / day.kills);
  const times = kill === 'mail' ? transactions * 2 * MAILS_A_TRANSACTION : transactions * 2;
  const time = 1 + Math.floor(day.random() * times);
  if (kill === 'time') {
    const service = await startService(shop);
    await until(service, progress, (line) => line.startsWith('done'));
    await sleep(300 * day.random());
    await service.child.kill();
  } else {
    const service = await startService(shop, { point: kill, time });
    await until(service, progress, (line) => line.startsWith('hangs'));
    await service.child.kill();
  }
  return kill;
}

async function runToTheEnd(service: Service, progress: Progress): Promise<void> {
  if (!progress.isComplete) await until(service, progress, () => progress.isComplete);
  await service.child.stop('SIGTERM');
}

/** How far the service got at best, over all its lives. */
class Progress {
  readonly #ends: readonly number[];
  readonly #next: number[];

  constructor(ends: readonly number[]) {
    this.#ends = [...ends];
    this.#next = ends.map(() => 0);
  }

  get isComplete(): boolean {
    return this.#ends.every((end, partition) => this.#next[partition] === end);
  }

  hear(line: string): void {
    const [what, partition, next] = line.split(' ');
    if (what === 'done')
      this.#next[Number(partition)] = Math.max(this.#next[Number(partition)]!, Number(next));
  }
}

interface Service {
  readonly child: Child;
  readonly output: string;
  listen(hear: (line: string) => void): void;
}

async function startService(shop: BusyShop, hang?: ServiceSettings['hang']): Promise<Service> {
  const { topic, dialect, database, mail, directory } = shop;
  if (topic.feed.from !== 'kafka') throw new Error('the busy shop reads its orders from Kafka');
  const settings: ServiceSettings = {
    feed: topic.feed,
    dialect,
    database,
    smtpPort: mail.port,
    ...(hang && { hang }),
  };
  const output = join(directory, 'order-service.log');
  const child = await startChild(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'service.ts')],
    {
      cwd: REPOSITORY,
      env: { ...process.env, ORDER_SERVICE: JSON.stringify(settings) },
      output,
      pipeStdout: true,
    },
  );
  const lines = createInterface({ input: child.stdout! });
  return { child, output, listen: (hear) => void lines.on('line', hear) };
}

/** @throws Error with the service's own last words when it ends by itself before `isEnough` is satisfied */
function until(service: Service, progress: Progress, isEnough: (line: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    service.listen((line) => {
      progress.hear(line);
      if (isEnough(line)) resolve();
    });
    service.child.ended.then((how) =>
      reject(new Error(`The order service ended by itself (${how}):\n${lastLines(service.output)}`)),
    );
  });
}

/** Counts without any code of onceover. */
export async function countDay(shop: BusyShop): Promise<Counts> {
  const tables = await openTables(shop.dialect, shop.database);
  const count = async (table: string) => {
    const rows = await tables.query(
      `SELECT order_id, count(*) AS found FROM ${table} WHERE order_id LIKE 'ORD-%' GROUP BY order_id`,
    );
    return new Map(rows.map(({ order_id, found }) => [String(order_id), Number(found)]));
  };
  const mails = new Map<string, number>();
  for (const { from, orderId: id } of shop.mail.sent) {
    if (from === SHOP_ADDRESS && id !== undefined) mails.set(id, (mails.get(id) ?? 0) + 1);
  }
  const counts = { rows: await count('orders'), once: await count('orders_once'), mails };
  await tables.close();
  return counts;
}

/** Deletes the rows of some orders in `orders` by hand, and enters such as no message explains. */
export async function meddle(
  shop: BusyShop,
  deleted: readonly string[],
  entered: readonly string[],
): Promise<void> {
  const tables = await openTables(shop.dialect, shop.database);
  const list = deleted.map((id) => `'${id}'`).join(', ');
  await tables.query(`DELETE FROM orders WHERE order_id IN (${list})`);
  const rows = entered.map((id) => `('by-hand-${id}', '${id}')`).join(', ');
  await tables.query(`INSERT INTO orders (attempt, order_id) VALUES ${rows}`);
  await tables.close();
}

/** What must be told of a message's effects of one kind. */
export interface Due {
  readonly key: string;
  readonly kind: string;
  readonly copies: number;
  readonly count: number;
  readonly verdict: 'ok' | 'missing' | 'duplicate' | 'exempt';
}

/** By the truth alone: every order and effect kind. */
export function dueOf(orders: number, { rows, once, mails }: Counts): readonly Due[] {
  return Array.from({ length: orders }, (_, i) => i + 1).flatMap((number) => {
    const key = orderId(number);
    const copies = copiesOf(number);
    const of = (kind: string, count = 0, expected = 1): Due => {
      const over = count === expected ? (expected === 0 ? 'exempt' : 'ok') : 'duplicate';
      return { key, kind, copies, count, verdict: count < expected ? 'missing' : over };
    };
    return [
      of('order-row', rows.get(key)),
      of('order-once', once.get(key)),
      of('confirmation-email', mails.get(key), busyOrder(number).channel === 'app' ? 1 : 0),
    ];
  });
}
