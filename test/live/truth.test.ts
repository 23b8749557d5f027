/** A busy day on real servers: every count and verdict of an audit against what SQL and the mail sink count by themselves. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Report } from '../../src/model.ts';
import { temporaryDirectory } from '../support/servers/child.ts';
import { Endings } from '../support/servers/endings.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { mariadbUnavailable, startMariadb } from '../support/servers/mariadb.ts';
import { postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';
import { onceover, readCsv } from '../support/shop/audit.ts';
import * as day from '../support/shop/batches/day.ts';
import { createTables, type Dialect } from '../support/shop/batches/tables.ts';
import * as incident from '../support/shop/incident.ts';
import { SHOP_ADDRESS } from '../support/shop/mail.ts';
import { startMailStandIn } from '../support/shop/mail-server.ts';
import { kafkaTopic } from '../support/shop/topic.ts';

const ORDERS = Number(process.env.ONCEOVER_ORDERS ?? 100_000);
const KILLS = 22;
const SEED = Number(process.env.ONCEOVER_SEED ?? Date.now() % 1_000_000);

const DELETED = 7;
const BY_HAND = ['ORD-BY-HAND-1', 'ORD-BY-HAND-2', 'ORD-BY-HAND-3'];

interface Server {
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

interface Place {
  readonly dialect: Dialect;
  readonly needs: readonly ReturnType<typeof kafkaUnavailable>[];
  readonly start: () => Promise<Server>;
}

const PLACES: readonly Place[] = [
  { dialect: 'postgres', needs: [kafkaUnavailable(), postgresUnavailable()], start: startPostgres },
  { dialect: 'mysql', needs: [kafkaUnavailable(), mariadbUnavailable()], start: startMariadb },
];

/** The day of one shop: when its last order was placed, and where its service was killed. */
interface Lived {
  readonly shop: day.BusyShop;
  readonly placedBy: Date;
  readonly kills: readonly day.Kill[];
}

const endings = new Endings();
const lives = new Map<Dialect, Lived>();

// Most of a day is waiting until the broker gives up a consumer that was killed: all shops live through theirs at once.
beforeAll(async () => {
  const places = PLACES.filter(({ needs }) => needs.every((need) => need === undefined));
  if (places.length === 0) return;
  process.stdout.write(`a busy day: ONCEOVER_SEED=${SEED}\n`);
  const kafka = await startKafka();
  endings.add(() => kafka.stop());
  await Promise.all(places.map(async (place) => lives.set(place.dialect, await live(kafka, place))));
}, 600_000);

afterAll(() => endings.run());

async function live(kafka: Kafka, { dialect, start }: Place): Promise<Lived> {
  const temporary = await temporaryDirectory(`truth-${dialect}`);
  endings.add(temporary.remove);
  const server = await start();
  endings.add(() => server.stop());
  const topic = await kafkaTopic(kafka, `busy-${dialect}-${process.pid}`, `busy-${dialect}-${process.pid}`);
  endings.add(() => topic.remove());
  const mail = await startMailStandIn(temporary.path);
  endings.add(() => mail.stop());
  const database = await server.createDatabase('busy');
  const shop = { topic, dialect, database, mail, directory: temporary.path };
  await createTables(dialect, database);
  await incident.sendNews(shop);
  const plan = { orders: ORDERS, kills: KILLS, random: incident.seededRandom(SEED) };
  return { shop, ...(await day.liveThrough(shop, plan)) };
}

for (const { dialect, needs } of PLACES) {
  skipUnless(needs, `a service killed ${KILLS} times on ${dialect}`, () => {
    it(`says of ${ORDERS} orders what SQL and the sink say`, async () => {
      const { shop, placedBy, kills } = lives.get(dialect)!;
      expect(kills).toHaveLength(KILLS);
      await incident.goOn(shop, placedBy);
      const counts = await day.countDay(shop);
      expect(Math.max(...counts.rows.values()), 'the kills did harm').toBeGreaterThan(2);
      expect(Math.max(...counts.mails.values())).toBeGreaterThan(1);

      const directory = await auditShop(shop);
      await expectTruth(directory, counts);
      expect(await readCsv(join(directory, 'orphans.csv'))).toEqual([]);
      const { coverage } = await reportOf(directory);
      expect(coverage.map(({ blind }) => blind)).toEqual([
        null,
        expect.stringContaining('covers order_id'),
        null,
      ]);
    });

    it('finds what was deleted and entered by hand, and nothing else', async () => {
      const { shop, placedBy } = lives.get(dialect)!;
      const before = await day.countDay(shop);
      const deleted = someOf(before.rows, DELETED);
      await day.meddle(shop, deleted, BY_HAND);
      await incident.goOn(shop, placedBy);

      const directory = await auditShop(shop);
      const rows = new Map([...before.rows].filter(([id]) => !deleted.includes(id)));
      await expectTruth(directory, { ...before, rows });
      const orphans = await readCsv(join(directory, 'orphans.csv'));
      expect(orphans.map(({ effect_kind, key, reason }) => [effect_kind, key, reason]).sort()).toEqual(
        BY_HAND.map((id) => ['order-row', id, 'no-message']),
      );
    });
  });
}

/** So many of the orders that have one row, from all over the day. */
function someOf(rows: ReadonlyMap<string, number>, count: number): readonly string[] {
  const plain = [...rows].filter(([, found]) => found === 1).map(([id]) => id);
  const step = Math.floor(plain.length / count);
  return plain
    .sort()
    .filter((_, i) => i % step === 1)
    .slice(0, count);
}

let audits = 0;

/** @returns the directory of the report */
async function auditShop(shop: day.BusyShop): Promise<string> {
  const reports = join(shop.directory, `reports-${++audits}`);
  await mkdir(reports);
  const configuration = join(shop.directory, 'onceover.yaml');
  await writeFile(configuration, stringify(configurationOf(shop, reports)));
  const env = { ...process.env, ORDERS_DB: shop.database };
  const outcome = await onceover(['audit', configuration, '--ledger', '--quiet'], env);
  expect(outcome, outcome.stderr).toMatchObject({ status: 1 });
  return join(reports, (await readdir(reports))[0]!);
}

function configurationOf({ topic, dialect, mail }: day.BusyShop, reports: string) {
  const window = { settle: `${incident.SETTLE_MS}ms`, lead: `${incident.LEAD_MS}ms` };
  const rowsOf = (table: string) => ({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration's own way to name a variable of the environment
    [dialect]: { url: '${ORDERS_DB}', table, key: 'order_id', id: 'attempt', at: 'created_at' },
    ...window,
  });
  const email = { files: [mail.logFile], format: 'postfix', key: { header: 'X-Order-Id' }, zone: 'UTC' };
  return {
    version: 1,
    name: 'busy',
    messages: {
      ...topic.source,
      range: { padding: '10s' },
      key: 'value.order.id',
      where: { 'value.type': 'OrderPlaced' },
    },
    effects: {
      'order-row': rowsOf('orders'),
      'order-once': rowsOf('orders_once'),
      'confirmation-email': {
        email: { ...email, only: { from: SHOP_ADDRESS } },
        where: { 'value.channel': 'app' },
        ...window,
      },
    },
    report: { directory: reports },
  };
}

async function reportOf(directory: string): Promise<Report> {
  return JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as Report;
}

/** Every line of the ledger, and every total, as the truth has it. */
async function expectTruth(directory: string, counts: day.Counts): Promise<void> {
  const due = day.dueOf(ORDERS, counts);
  const ledger = await readCsv(join(directory, 'ledger.csv'));
  const told = ledger.map(({ key, effect_kind, copies, count, verdict }) =>
    weighed(1, key, effect_kind, copies, count, verdict),
  );
  const lines = due.map(({ key, kind, copies, count, verdict }) =>
    weighed(copies, key, kind, copies, count, verdict),
  );
  expect(difference(told, lines)).toEqual([]);

  const { effects, messages } = await reportOf(directory);
  expect(messages.events).toBe(ORDERS);
  for (const { name, verdicts, matrix } of effects) {
    const ours = due.filter(({ kind }) => kind === name);
    const sums = ours.map(({ verdict, copies }) => weighed(copies, verdict));
    expect(difference(Object.entries(verdicts), sums), name).toEqual([]);
    const cells = matrix.map(({ copies, count, messages }) => weighed(messages, copies, count));
    const dueCells = ours.map(({ copies, count }) => weighed(copies, copies, count));
    expect(difference(cells, dueCells), name).toEqual([]);
  }
}

/** So many messages of which something is said. */
type Weighed = readonly [said: string, messages: number];

function weighed(messages: number, ...said: readonly unknown[]): Weighed {
  return [said.join(' '), messages];
}

/** The first things that are said of other numbers of messages: of so many, a whole comparison would show nothing. */
function difference(told: readonly Weighed[], due: readonly Weighed[]): readonly string[] {
  const [ours, truth] = [sumUp(told), sumUp(due)];
  return [...new Set([...ours.keys(), ...truth.keys()])]
    .map((said) => ({ said, told: ours.get(said) ?? 0, due: truth.get(said) ?? 0 }))
    .filter(({ told, due }) => told !== due)
    .slice(0, 20)
    .map(({ said, told, due }) => `${said}: told of ${told}, true of ${due}`);
}

function sumUp(weighed: readonly Weighed[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [said, messages] of weighed) sums.set(said, (sums.get(said) ?? 0) + messages);
  return sums;
}
