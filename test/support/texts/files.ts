/** Writes a day down as what an audit reads: a capture, dumps, and a configuration. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Day, DayMessage, DayRow, Ways } from './day.ts';

/** @param begin epoch milliseconds of the day's beginning. @returns the path of the configuration */
export async function writeDay(folder: string, day: Day, begin: number): Promise<string> {
  const { ways, rows } = day;
  await writeFile(
    join(folder, 'orders.jsonl'),
    placed(day.messages)
      .map((one) => capture(one, begin))
      .join(''),
  );
  for (let source = 0; source < ways.sources; source++) {
    const its = rows.filter((one) => one.source === source);
    const lines = ['id,order,line,at', ...its.map((one) => csv(one, begin))];
    await writeFile(join(folder, `${dumpName(source)}`), lines.map((line) => `${line}\n`).join(''));
  }
  const file = join(folder, 'onceover.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configuration(ways, begin), null, 2));
  return file;
}

function dumpName(source: number): string {
  return `shard-${source}.csv`;
}

export interface Placed extends DayMessage {
  readonly offset: number;
}

/** Offsets count the messages of each partition, so that none is absent. */
export function placed(messages: readonly DayMessage[]): Placed[] {
  const next = new Map<number, number>();
  return messages.map((message) => {
    const offset = next.get(message.partition) ?? 0;
    next.set(message.partition, offset + 1);
    return { ...message, offset };
  });
}

function capture({ partition, offset, minute, recordKey, value }: Placed, begin: number): string {
  const ts = begin + minute * 60_000;
  const record = { topic: 'orders', partition, offset, tstype: 'create', ts, broker: 1 };
  return `${JSON.stringify({ ...record, key: recordKey, payload: value })}\n`;
}

function csv({ id, order, line, at }: DayRow, begin: number): string {
  return [id, order, line, at === null ? '' : iso(begin * 1000 + at)].map(cell).join(',');
}

function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** To the microsecond. */
function iso(micros: number): string {
  const ms = Math.floor(micros / 1000);
  return new Date(ms).toISOString().replace('Z', `${String(micros - ms * 1000).padStart(3, '0')}Z`);
}

const TESTS: Readonly<Record<Ways['test'], object>> = {
  type: { 'value.type': 'OrderPlaced' },
  'at least two items': { 'value.items': { gte: 2 } },
  'no note': { 'value.note': { exists: false } },
};

function configuration({ key, id, where, test, copies, expect, sources }: Ways, begin: number): object {
  const [ofMessage, ofRow] = {
    order: ['value.order', 'order'],
    'order folded': [
      { from: 'value.order', case: 'fold' },
      { from: 'order', case: 'fold' },
    ],
    'order as a number': [
      { from: 'value.order', as: 'number' },
      { from: 'order', as: 'number' },
    ],
    'order and line': [
      ['value.order', 'value.line'],
      ['order', 'line'],
    ],
    'record key': ['key', 'order'],
  }[key]!;
  const covers = {
    from: new Date(begin - 7_200_000).toISOString(),
    to: new Date(begin + 7_200_000).toISOString(),
  };
  const dump = (source: number) => ({
    ...{ files: [dumpName(source)], format: 'csv', key: ofRow, id: 'id', at: 'at', gap: '24h', covers },
  });
  const logs = Array.from({ length: sources }, (_, source) => dump(source));
  return {
    version: 1,
    messages: {
      topic: 'orders',
      capture: ['orders.jsonl'],
      key: ofMessage,
      ...(id && { id: 'value.id' }),
      copies,
      ...(where === 'messages' && { where: TESTS[test] }),
    },
    effects: {
      'order-row': {
        log: logs,
        expect: expect === 'one' ? 1 : 'value.items',
        'max-keyless': '20%',
        ...(where === 'effects' && { where: TESTS[test] }),
      },
    },
  };
}
