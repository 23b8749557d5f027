/** The planted incident on real servers: what an audit claims is what the table and the sink alone have counted. */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Admin, Kafka as Client, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/servers/child.ts';
import { Endings } from '../support/servers/endings.ts';
import { type Kafka, kafkaUnavailable, startKafka } from '../support/servers/kafka.ts';
import { postfixUnavailable } from '../support/servers/postfix.ts';
import { type Postgres, postgresUnavailable, startPostgres } from '../support/servers/postgres.ts';
import { skipUnless } from '../support/servers/skip.ts';
import * as audit from '../support/shop/audit.ts';
import { orderId } from '../support/shop/events.ts';
import * as incident from '../support/shop/incident.ts';
import { startRealMail } from '../support/shop/mail-server.ts';
import { kafkaTopic } from '../support/shop/topic.ts';

const ORDERS = 300;
const KILLS = 5;
const SKIPPED = [3, 77, 78, 79, 150, 299].map(orderId);

/** What one audit of a shop left: its report and what it said. */
interface Audited extends audit.Outcome {
  readonly report: string;
}

const needs = [kafkaUnavailable(), postgresUnavailable(), postfixUnavailable()];

skipUnless(needs, 'an order service killed and restarted', () => {
  const random = incident.seededRandom(Date.now() % 1_000_000);
  const endings = new Endings();
  let directory: string;
  let kafka: Kafka;
  let postgres: Postgres;
  let crashing: incident.Shop;
  let skipping: incident.Shop;

  beforeAll(async () => {
    const temporary = await temporaryDirectory('incident');
    endings.add(temporary.remove);
    directory = temporary.path;
    postgres = await startPostgres();
    endings.add(() => postgres.stop());
    kafka = await startKafka();
    endings.add(() => kafka.stop());
    [crashing, skipping] = await Promise.all([openShop('crashing'), openShop('skipping')]);
  });

  afterAll(() => endings.run());

  async function openShop(name: string): Promise<incident.Shop> {
    const mail = await startRealMail();
    endings.add(() => mail.stop());
    const topic = await kafkaTopic(kafka, `${name}-orders-${process.pid}`, `${name}-service-${process.pid}`);
    endings.add(() => topic.remove());
    const shop = {
      topic,
      database: await postgres.createDatabase(name),
      mail,
      directory: join(directory, name),
    };
    await mkdir(shop.directory);
    await incident.openShop(shop);
    return shop;
  }

  let audits = 0;

  async function auditShop(shop: incident.Shop, flags: readonly string[] = []): Promise<Audited> {
    const reports = join(shop.directory, `reports-${++audits}`);
    const settings = { name: 'orders', topic: shop.topic, mailLog: `${shop.mail.logFile}*`, reports };
    const configuration = await audit.writeAuditConfig(shop.directory, settings);
    const outcome = await audit.onceover(['audit', configuration, ...flags], environment(shop));
    expect(outcome, outcome.stderr).toMatchObject({ status: 1 });
    // Nothing but finished reports lies where reports appear.
    const finished = await readdir(reports);
    expect(finished).toHaveLength(1);
    return { ...outcome, report: join(reports, finished[0]!) };
  }

  let plain: Audited;
  let placedBy: Date;
  let truth: incident.Truth;

  it('suffers crashes between row and mail, and between mail and commit', async () => {
    const plan = { orders: ORDERS, kills: KILLS, commitEvery: 10, skip: [], random };
    const suffered = await incident.sufferIncident(crashing, plan);
    placedBy = suffered.placedBy;
    expect(suffered.crashes).toHaveLength(KILLS);
    await incident.goOn(crashing, placedBy);

    truth = await incident.countTruth(crashing, ORDERS);
    const got = [...truth.rows].map(([id, rows]) => `${rows} rows, ${truth.mails.get(id)} mails`);
    expect(got).toContain('2 rows, 1 mails');
    expect(got).toContain('2 rows, 2 mails');
    expect(got.filter((one) => /^0|, 0/.test(one))).toEqual([]);
  });

  it('names exactly the messages that ran twice, and every count', async () => {
    const before = await brokerFacts();
    const logged = statementLog().length;
    plain = await auditShop(crashing, ['--ledger']);
    expect(await audit.claimsOf(plain.report)).toEqual(audit.trueClaims(truth));
    expect(await ledgerCounts(plain.report)).toEqual(truth);
    expect(await audit.readCsv(join(plain.report, 'orphans.csv'))).toEqual([]);
    expect(await brokerFacts(), 'the broker has no trace of the audit').toEqual(before);
    if (postgres.logFile !== undefined) expectOneSnapshot(statementLog().slice(logged));
  });

  it('keeps its report to its owner', async () => {
    const entries = await readdir(plain.report, { recursive: true, withFileTypes: true });
    const modes = await Promise.all(
      [{ path: plain.report }, ...entries.map((entry) => ({ path: join(entry.parentPath, entry.name) }))].map(
        async ({ path }) => ({ path, stats: await stat(path) }),
      ),
    );
    const open = modes.filter(({ stats }) => (stats.mode & 0o777) !== (stats.isDirectory() ? 0o700 : 0o600));
    expect(open.map(({ path }) => path)).toEqual([]);
  });

  it.each([
    { TZ: 'UTC', LANG: 'C.UTF-8' },
    { TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
  ])('makes the same files again from the evidence under $TZ and $LANG', async (place) => {
    const before = await csvFiles(plain.report);
    expect([...before.keys()]).toEqual(
      expect.arrayContaining(['exceptions.csv', 'ledger.csv', 'orphans.csv']),
    );
    const again = await audit.onceover(['report', plain.report, '--ledger'], { ...process.env, ...place });
    expect(again, again.stderr).toMatchObject({ status: 1 });
    expect(await csvFiles(plain.report)).toEqual(before);
  });

  it('finds rows deleted by hand and mails sent again by hand', async () => {
    const deleted = [5, 6, 200].map(orderId);
    const list = deleted.map((id) => `'${id}'`).join(', ');
    await incident.query(crashing.database, `DELETE FROM orders WHERE order_id IN (${list})`);
    for (const id of [10, 250].map(orderId)) await incident.sendAgain(crashing, id);
    await incident.goOn(crashing, placedBy);

    const now = await incident.countTruth(crashing, ORDERS);
    const claims = audit.trueClaims(now);
    for (const id of deleted) expect(claims).toContain(`${id} order-row missing 0`);
    const { report } = await auditShop(crashing);
    expect(await audit.claimsOf(report)).toEqual(claims);
  });

  it('names exactly the messages that were passed over', async () => {
    const plan = { orders: ORDERS, kills: 0, commitEvery: 10, skip: SKIPPED, random };
    const suffered = await incident.sufferIncident(skipping, plan);
    await incident.goOn(skipping, suffered.placedBy);
    const passedOver = SKIPPED.flatMap((id) => [
      `${id} confirmation-email missing 0`,
      `${id} order-row missing 0`,
    ]);
    expect(audit.trueClaims(await incident.countTruth(skipping, ORDERS))).toEqual(passedOver);

    const { report } = await auditShop(skipping);
    expect(await audit.claimsOf(report)).toEqual(passedOver);
  });

  /** Everything on the broker that an audit could have touched. */
  async function brokerFacts() {
    const admin = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      const { groups } = await admin.listGroups();
      const committed = groups.map((group) => committedOffsets(admin, group.groupId));
      const topics = (await admin.listTopics()).sort();
      const ends = topics
        .filter((topic) => !topic.startsWith('__'))
        .map((topic) => admin.fetchTopicOffsets(topic));
      return { groups, committed: await Promise.all(committed), topics, ends: await Promise.all(ends) };
    } finally {
      await admin.disconnect();
    }
  }

  function committedOffsets(admin: Admin, groupId: string) {
    return admin.fetchOffsets({ groupId, topics: [crashing.topic.name, skipping.topic.name] });
  }

  function statementLog(): string {
    return postgres.logFile === undefined ? '' : readFileSync(postgres.logFile, 'utf8');
  }
});

function environment(shop: incident.Shop): NodeJS.ProcessEnv {
  return { ...process.env, ORDERS_DB: shop.database };
}

/** What the ledger says in the form of the truth: how many rows and mails each order has. */
async function ledgerCounts(report: string): Promise<incident.Truth> {
  const counts = { rows: new Map<string, number>(), mails: new Map<string, number>() };
  for (const { key, effect_kind, count } of await audit.readCsv(join(report, 'ledger.csv'))) {
    counts[effect_kind === 'order-row' ? 'rows' : 'mails'].set(
      key!,
      count === '' ? Number.NaN : Number(count),
    );
  }
  return counts;
}

/**
 * One read-only snapshot, the table read in it alone, and nothing anywhere that could change something. Before the replay
 * plans are asked for, in a transaction of their own, which is read-only too.
 *
 * @param log what PostgreSQL logged during the audit, in which nobody else spoke to it
 */
function expectOneSnapshot(log: string): void {
  const statements = statementsIn(log);
  const begun = statements.filter(({ sql }) => /^(begin|start transaction)\b/i.test(sql));
  expect(begun).toHaveLength(2);
  for (const { sql } of begun)
    expect(sql).toMatch(/^[^;]*(repeatable read.*read only|read only.*repeatable read)/i);
  const { connection } = begun[1]!;
  const isReading = ({ sql }: Statement) =>
    /\bfrom\s+("?public"?\.)?"?orders\b/i.test(sql) && !/^explain \((?!.*analyze)/i.test(sql);
  expect(statements.some(isReading)).toBe(true);
  const begin = statements.indexOf(begun[1]!);
  const outside = statements.filter(
    (one, i) => isReading(one) && !(i > begin && one.connection === connection),
  );
  expect(outside).toEqual([]);
  const harmless =
    /^(begin|start transaction|set|show|select|explain \(format json, verbose\) select|copy \(select|declare|fetch|close|commit|rollback)\b/i;
  expect(statements.filter(({ sql }) => !harmless.test(sql))).toEqual([]);
}

interface Statement {
  readonly connection: string;
  readonly sql: string;
}

function statementsIn(log: string): Statement[] {
  const entries = log.split(/^(?=\d{4}-\d\d-\d\d \d\d:)/m);
  return entries.flatMap((entry) => {
    const [, connection, sql] =
      /\[(\d+)\] \S* LOG: {2}(?:statement|execute [^:]*):\s+(.*)/s.exec(entry) ?? [];
    return connection === undefined ? [] : [{ connection, sql: sql! }];
  });
}

async function csvFiles(report: string): Promise<Map<string, string>> {
  const names = (await readdir(report)).filter((name) => name.endsWith('.csv')).sort();
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(report, name), 'latin1')] as const),
    ),
  );
}
