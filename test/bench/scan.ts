/**
 * What a message costs between its bytes and its row group, in nanoseconds, the best of several rounds, one core:
 * `node --import tsx test/bench/scan.ts [bytes of a value]`. Messages of an order shop, in batches of 16 kB.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Evidence } from '../../src/evidence/evidence.ts';
import type { FieldReference, MessageBatch, Settings, TopicRange } from '../../src/model.ts';
import { Lane } from '../../src/sources/kafka/lane.ts';
import { RecordCursor } from '../../src/sources/kafka/records.ts';
import { MessageWriter } from '../../src/sources/messages/writer.ts';
import { batch } from '../sources/kafka/encoder.ts';
import { field, kindSettings, messageSettings, settingsOf } from '../sources/messages/settings.ts';

const VALUE_BYTES = Number(process.argv[2] ?? 200);
const BATCH_BYTES = 16_000;
const RESPONSE_BYTES = 1 << 20;
const MESSAGES = 400_000;
const ROUNDS = 5;

const orderId = field('value.order.id', { root: 'value', path: ['order', 'id'] });
const type = field('value.type', { root: 'value', path: ['type'] });
const key = field('key', { root: 'key' });

function value(offset: number): string {
  const digits = String((offset * 2_654_435_761) % 1e12).padStart(12, '0');
  const note = offset % 10 === 0 ? 'Grüße' : 'thanks';
  const start = `{"type":"OrderPlaced","order":{"id":"ORD-${digits}-abc","total":${offset % 1000}.50,"paid":true},`;
  const items = '"items":[{"sku":"A-17","n":2},{"sku":"B-3","n":1}],"channel":"web","note":"';
  const more = '"address":{"street":"Main Street 7","city":"Springfield","zip":"12345"},';
  let text = start;
  while (text.length + items.length + more.length < VALUE_BYTES)
    text += more.replace('address', `address${text.length}`);
  text += items + note;
  return `${text.padEnd(VALUE_BYTES - 2, '.')}"}`;
}

/** Fetch responses, each with many batches. */
function responses(): { readonly records: Buffer; readonly next: number }[] {
  const all: { records: Buffer; next: number }[] = [];
  let batches: Buffer[] = [];
  const perBatch = Math.max(1, Math.floor(BATCH_BYTES / (VALUE_BYTES + 40)));
  for (let base = 0; base < MESSAGES; base += perBatch) {
    const records = Array.from({ length: Math.min(perBatch, MESSAGES - base) }, (_, i) => ({
      offset: base + i,
      timestamp: 1.7e12 + base + i,
      key: `customer-${(base + i) % 5000}`,
      value: value(base + i),
    }));
    batches.push(batch({ base, records }));
    if (batches.length * BATCH_BYTES < RESPONSE_BYTES && base + perBatch < MESSAGES) continue;
    all.push({ records: Buffer.concat(batches), next: Math.min(base + perBatch, MESSAGES) });
    batches = [];
  }
  return all;
}

const told = responses();

type TakeBatch = (batch: MessageBatch) => void;

async function replay(settings: Settings, take: TakeBatch, atOnce: boolean): Promise<void> {
  const writer = new MessageWriter(
    settings,
    { digestKey: Buffer.alloc(16, 7), signal: new AbortController().signal },
    take,
  );
  const sink = {
    needsHeaders: writer.needsHeaders,
    add: writer.add.bind(writer),
    get full() {
      return writer.full;
    },
    flush: () => writer.flush(),
    blocks: atOnce ? writer.blocks : undefined,
  };
  const range = { partition: 0, first: 0, end: MESSAGES, readFirst: 0, readEnd: MESSAGES, short: 0 };
  const lane = new Lane(range, { topic: 'orders' } as TopicRange);
  const telling = {
    sink,
    record: new RecordCursor(writer.needsHeaders),
    rest: () => writer.flush(),
    pace: () => undefined,
  };
  for (const { records, next } of told) {
    const fetched = { partition: 0, errorCode: 0, lastStableOffset: MESSAGES, aborted: [], records };
    await lane.tell(fetched as never, next, telling);
  }
  await writer.flush();
  if (lane.tally.close().classes.audited !== MESSAGES) throw new Error('not all messages were told');
}

function settings(
  keyField: FieldReference,
  more: Partial<Parameters<typeof messageSettings>[0]> = {},
): Settings {
  return settingsOf(messageSettings({ key: [keyField], ...more }), [
    kindSettings('order-row', {}),
    kindSettings('confirmation-email', {}),
  ]);
}

async function measured(name: string, round: () => Promise<void>): Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const before = process.cpuUsage();
    await round();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (1000 * (user + system)) / MESSAGES);
  }
  process.stdout.write(`${best.toFixed(0).padStart(6)} ns CPU  ${name}\n`);
}

async function withEvidence(atOnce: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'onceover-bench-'));
  const chosen = settings(orderId);
  const evidence = await Evidence.create(join(folder, 'evidence'), chosen);
  await replay(chosen, (taken) => evidence.takeMessages(taken), atOnce);
  evidence.close();
  rmSync(folder, { recursive: true });
}

process.stdout.write(`${MESSAGES} messages, values of ${Buffer.byteLength(value(1))} bytes\n`);
const nothing = () => {};
const noDigest = { id: field('key', { root: 'key' }) };
await measured('checksum, framing, record key as key and id', () =>
  replay(settings(key, noDigest), nothing, true),
);
await measured('  + value digested', () => replay(settings(key), nothing, true));
await measured('  + value proved, key in it', () => replay(settings(orderId), nothing, true));
const where = [{ field: type, test: { is: 'in', values: [{ text: 'OrderPlaced' }] } as const }];
await measured('  + a condition', () => replay(settings(orderId, { where }), nothing, true));
await measured('  without the condition, to disk', () => withEvidence(true));
await measured('  the same, record by record', () => withEvidence(false));
