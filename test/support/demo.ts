/** `npm run demo`: plants the incident, runs the real audit on it, and holds what it says against what was planted. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Report } from '../../src/model.ts';
import { prepareKafka } from './prepare.ts';
import { explain } from './servers/availability.ts';
import { temporaryDirectory } from './servers/child.ts';
import { Endings } from './servers/endings.ts';
import { kafkaUnavailable, startKafka } from './servers/kafka.ts';
import { postfixUnavailable } from './servers/postfix.ts';
import { postgresUnavailable, startPostgres } from './servers/postgres.ts';
import { type Claim, claimsOf, showOnceover, trueClaims, writeAuditConfig } from './shop/audit.ts';
import { orderId } from './shop/events.ts';
import {
  countTruth,
  goOn,
  type Incident,
  openShop,
  type Plan,
  REPOSITORY,
  type Shop,
  seededRandom,
  sufferIncident,
  type Truth,
} from './shop/incident.ts';
import { type MailServer, startMailStandIn, startRealMail } from './shop/mail-server.ts';
import { captureTopic, kafkaTopic, type Topic } from './shop/topic.ts';

const PLAN: Plan = {
  orders: 300,
  kills: 3,
  commitEvery: 10,
  skip: [42, 137, 255].map(orderId),
  random: seededRandom(Date.now() % 1_000_000),
};

const REPORTS = join(REPOSITORY, 'reports');

const endings = new Endings();

function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  const missing = postgresUnavailable();
  if (missing !== undefined) {
    say(`The demo needs a real database. ${explain(missing)}`);
    process.exitCode = 4;
    return;
  }
  const directory = await temporaryDirectory('demo');
  endings.add(directory.remove);
  try {
    await demonstrate(directory.path);
  } finally {
    await endings.run();
  }
}

async function demonstrate(directory: string): Promise<void> {
  say('An order shop: for each order placed, its order service inserts a row and sends a mail.');
  const shop = await startShop(directory);
  say(
    `\nPlacing ${PLAN.orders} orders. The order service is killed ${PLAN.kills} times while it handles them …`,
  );
  const incident = await sufferIncident(shop, PLAN);
  say('All orders are handled. Waiting until the last ones have had their time …');
  await goOn(shop, incident.placedBy);

  const mailLog = `${shop.mail.logFile}*`;
  const configuration = await writeAuditConfig(directory, {
    name: 'demo',
    topic: shop.topic,
    mailLog,
    reports: REPORTS,
  });
  say('\n$ onceover audit onceover.yaml\n');
  const before = await reports();
  const status = await showOnceover(['audit', configuration], { ...process.env, ORDERS_DB: shop.database });
  const report = (await reports()).find((name) => !before.includes(name));
  if (report === undefined) {
    say(`\nThe audit left no report (exit status ${status}).`);
    process.exitCode = 1;
    return;
  }
  await compare(join(REPORTS, report), shop, incident);
}

async function startShop(directory: string): Promise<Shop> {
  const postgres = await startPostgres();
  endings.add(() => postgres.stop());
  const mail = await startMail(directory);
  endings.add(() => mail.stop());
  const topic = await startTopic(directory);
  const shop = { topic, mail, directory, database: await postgres.createDatabase('shop') };
  say(`  database  a real PostgreSQL on port ${postgres.port}`);
  await openShop(shop);
  return shop;
}

async function startTopic(directory: string): Promise<Topic> {
  await prepareKafka((line) => say(`  ${line}`));
  const missing = kafkaUnavailable();
  if (missing !== undefined) {
    say('  messages  NOT a real Kafka: a capture file in the form of kcat -J takes its place');
    say(`            (${explain(missing)})`);
    return captureTopic(directory, 'orders');
  }
  const kafka = await startKafka();
  endings.add(() => kafka.stop());
  say(`  messages  a real Apache Kafka at ${kafka.bootstrap}`);
  if (kafka.dataDir !== undefined) return kafkaTopic(kafka, 'orders');
  const name = `onceover-demo-${Date.now().toString(36)}`;
  const topic = await kafkaTopic(kafka, name, name);
  endings.add(() => topic.remove());
  return topic;
}

async function startMail(directory: string): Promise<MailServer> {
  const missing = postfixUnavailable();
  if (missing === undefined) {
    say('  mail      a real Postfix, and a sink behind it that counts what arrives');
    return startRealMail();
  }
  say(
    "  mail      NOT a real Postfix: a stand-in that counts the mails and writes a log in Postfix's format",
  );
  say(`            (${explain(missing)})`);
  return startMailStandIn(directory);
}

async function reports(): Promise<string[]> {
  await mkdir(REPORTS, { recursive: true });
  return readdir(REPORTS);
}

/** Says what was planted and whether the audit said the same; exit status 1 when it did not. */
async function compare(report: string, shop: Shop, incident: Incident): Promise<void> {
  const truth = await countTruth(shop, PLAN.orders);
  const planted = trueClaims(truth);
  const claimed = await claimsOf(report);
  await writePlanted(report, truth, incident, planted);
  const kinds = { 'order-row': truth.rows, 'confirmation-email': truth.mails };
  const differences = [...listDifferences(planted, claimed), ...(await totalDifferences(report, kinds))];

  say('\nWhat was planted, counted in the table and where the mails arrived, without onceover:');
  say(
    `  killed ${incident.crashes.length} times, and ${PLAN.skip.length} orders passed over: ${PLAN.skip.join(', ')}`,
  );
  for (const [kind, counts] of Object.entries(kinds)) {
    const { zero, one, multiple } = outcomes(counts);
    say(`  ${kind.padEnd(20)} zero ${zero}, one ${one}, multiple ${multiple}`);
  }
  if (differences.length === 0) {
    say(`\nThe audit says the same of all ${PLAN.orders} orders.`);
  } else {
    say(`\nThe audit DIFFERS from what was planted:\n${differences.map((line) => `  ${line}\n`).join('')}`);
    process.exitCode = 1;
  }
  say(`The report and planted.json are in ${relative(process.cwd(), report)}`);
}

function listDifferences(planted: readonly Claim[], claimed: readonly Claim[]): string[] {
  return [
    ...planted
      .filter((claim) => !claimed.includes(claim))
      .map((claim) => `planted, but not in the report: ${claim}`),
    ...claimed
      .filter((claim) => !planted.includes(claim))
      .map((claim) => `in the report, but not planted: ${claim}`),
  ];
}

/** The exceptions may agree while the totals do not. */
async function totalDifferences(
  report: string,
  kinds: Readonly<Record<string, ReadonlyMap<string, number>>>,
): Promise<string[]> {
  const { effects } = JSON.parse(await readFile(join(report, 'report.json'), 'utf8')) as Report;
  return Object.entries(kinds).flatMap(([kind, counts]) => {
    const planted = JSON.stringify({ ...outcomes(counts), unknown: 0 });
    const { zero, one, multiple, unknown } = effects.find(({ name }) => name === kind)!.outcomes;
    const reported = JSON.stringify({ zero, one, multiple, unknown });
    return planted === reported ? [] : [`${kind}: planted ${planted}, report.json says ${reported}`];
  });
}

function outcomes(counts: ReadonlyMap<string, number>) {
  const all = [...counts.values()];
  return {
    zero: all.filter((count) => count === 0).length,
    one: all.filter((count) => count === 1).length,
    multiple: all.filter((count) => count > 1).length,
  };
}

async function writePlanted(
  report: string,
  truth: Truth,
  incident: Incident,
  claims: readonly Claim[],
): Promise<void> {
  const planted = {
    orders: PLAN.orders,
    crashes: incident.crashes,
    passedOver: PLAN.skip,
    outcomes: { 'order-row': outcomes(truth.rows), 'confirmation-email': outcomes(truth.mails) },
    exceptions: claims,
  };
  await writeFile(join(report, 'planted.json'), `${JSON.stringify(planted, null, 2)}\n`, { mode: 0o600 });
}

await main();
