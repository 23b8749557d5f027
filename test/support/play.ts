/** Plays a history of the oracle into real evidence, and reads back what the engine judged. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXPECT, MESSAGE_CLASS, NO_TIME, TextColumn } from '../../src/columns.ts';
import { Evidence } from '../../src/evidence/evidence.ts';
import type {
  Coverage,
  EffectBatch,
  Judgement,
  KindSettings,
  LedgerLine,
  LogSettings,
  MessageBatch,
  Orphan,
  Replay,
  Settings,
  TopicRange,
} from '../../src/model.ts';
import {
  type History,
  type HistoryEffect,
  type HistoryKind,
  type HistoryMessage,
  OFFSETS,
} from './history.ts';

export interface Played {
  readonly judgement: Judgement;
  readonly lines: readonly LedgerLine[];
  readonly orphans: readonly Orphan[];
}

/**
 * @param exact judge every key by the full rules, see EvidenceOptions
 * @param found effects that only a second look finds, where their key is looked for; undefined: none is taken
 */
export async function play(
  history: History,
  exact: boolean,
  found?: readonly HistoryEffect[],
): Promise<Played> {
  const parent = await mkdtemp(join(tmpdir(), 'onceover-play-'));
  const settings = settingsOf(history);
  const evidence = await Evidence.create(join(parent, 'evidence'), settings, { exact });
  try {
    await evidence.takeMessages(messageBatch(history));
    for (const entry of history.entries.keys()) {
      await evidence.takeEffects(entry, effectBatch(history.effects.filter((one) => one.entry === entry)));
    }
    await evidence.seal(inputOf(settings, history));
    return await playedOf(
      evidence,
      found === undefined ? undefined : () => playAgain(history, evidence, found),
    );
  } finally {
    evidence.close();
    await rm(parent, { recursive: true, force: true });
  }
}

async function playAgain(
  history: History,
  evidence: Evidence,
  found: readonly HistoryEffect[],
): Promise<Judgement> {
  for (const [entry, { kind, coordinates }] of history.entries.entries()) {
    for await (const keys of evidence.keysInDoubt(kind, false, coordinates ? 'coordinates' : 'key')) {
      const ofKeys = found.filter((effect) => effect.entry === entry && keys.has(effect.key));
      await evidence.takeEffects(entry, effectBatch(ofKeys));
    }
  }
  return evidence.judgeAgain();
}

function inputOf(settings: Settings, history: History): Parameters<Evidence['seal']>[0] {
  return {
    settings,
    range: rangeOf(history),
    replay: replayOf(history),
    coverage: coverageOf(history),
    bounds: history.kinds.map(({ sought }) => sought ?? { from: 0, to: 8.64e15 }),
  };
}

/** Judges what was sealed, and once more where that is asked for, and reads it all back. */
export async function playedOf(evidence: Evidence, again?: () => Promise<Judgement>): Promise<Played> {
  const first = await evidence.judge();
  const judgement = again === undefined ? first : await again();
  return { judgement, lines: await all(evidence.lines('all')), orphans: await all(evidence.orphans()) };
}

async function all<Row>(batches: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

function texts(values: readonly string[]): Uint8Array {
  const column = new TextColumn(64);
  for (const value of values) column.pushString(value);
  return column.take();
}

function messageBatch(history: History): MessageBatch {
  const { messages } = history;
  const numbers = (read: (message: HistoryMessage) => number) => Int32Array.from(messages, read);
  const bound = (end: 'min' | 'max') =>
    history.kinds.map((_, kind) =>
      numbers(({ expect }) => {
        const expected = expect[kind]!;
        return typeof expected === 'string' ? EXPECT[expected] : expected[end];
      }),
    );
  return {
    rows: messages.length,
    partition: numbers((message) => message.partition),
    offset: BigInt64Array.from(messages, (message) => BigInt(message.offset)),
    timestamp: BigInt64Array.from(messages, (message) => BigInt(message.timestamp)),
    class: numbers((message) => MESSAGE_CLASS[message.class]),
    inRange: numbers((message) => Number(message.inRange)),
    undecodable: numbers((message) => Number(message.undecodable)),
    key: texts(messages.map((message) => message.key)),
    eventId: texts(messages.map((message) => message.eventId)),
    digest: texts(messages.map((message) => message.digest)),
    expectMin: bound('min'),
    expectMax: bound('max'),
  };
}

function effectBatch(effects: readonly HistoryEffect[]): EffectBatch {
  return {
    rows: effects.length,
    key: texts(effects.map((effect) => effect.key)),
    id: texts(effects.map((effect) => effect.id)),
    time: BigInt64Array.from(effects, ({ time }) => (time === null ? NO_TIME : BigInt(time))),
    place: new Int32Array(effects.length),
    line: BigInt64Array.from(effects, (_, i) => BigInt(i + 2)),
  };
}

// ------------------------------------------------------------------------------------- around the columns

function rangeOf({ range, unreadPartitions, messages }: History): TopicRange {
  const partitions = [...new Set(messages.map((message) => message.partition))].sort();
  const ends = { first: 0, end: OFFSETS, readFirst: 0, readEnd: OFFSETS, short: 0 };
  return {
    topic: 'orders',
    source: 'orders.jsonl',
    asked: 'the whole log',
    isolation: 'read_committed',
    partitions: partitions.map((partition) => ({ partition, ...ends })),
    unreadPartitions,
    fixedAt: range.readTo,
    from: range.from,
    to: range.to,
    notes: [],
  };
}

function replayOf({ range, holes, messages }: History): Replay {
  const times = messages.filter((message) => message.inRange).map((message) => message.timestamp);
  return {
    classes: new Map(),
    holes,
    ...(times.length === 0 ? {} : { firstAt: Math.min(...times), lastAt: Math.max(...times) }),
    readTo: range.readTo,
    unread: [],
    stragglers: 0,
    references: [],
    messages: messages.length,
    bytes: 0,
    undecodable: [],
  };
}

function coverageOf(history: History): Coverage[] {
  return history.entries.map(({ kind, coverage }) => ({
    ...coverage,
    kind: kindName(kind),
    source: 'csv orders.csv',
    places: ['orders.csv'],
    read: 100,
    effects: 100,
    excluded: {},
    unreadable: 0,
    samples: [],
    notes: [],
  }));
}

function settingsOf(history: History): Settings {
  const text = 'key';
  return {
    name: 'orders',
    messages: {
      topic: 'orders',
      from: { source: 'capture', files: ['orders.jsonl'] },
      range: { by: 'all', padding: 0 },
      isolation: 'read_committed',
      copies: history.copies,
      value: 'json',
      key: [{ field: { text, root: 'value', path: ['key'] }, fold: false }],
      where: [],
    },
    kinds: history.kinds.map(kindSettings),
    entries: history.entries.map(({ kind, coordinates }) => ({
      kind,
      name: kindName(kind),
      source: { ...DUMP, ...(coordinates && COORDINATES) },
    })),
    report: { directory: tmpdir(), ledger: true },
    memory: '500MB',
    configDigest: '00',
  };
}

const DUMP: LogSettings = {
  source: 'log',
  format: 'csv',
  files: ['orders.csv'],
  gap: 3_600_000,
  key: [{ name: 'order_id', fold: false }],
  only: [],
};

const COORDINATES = {
  key: ['partition', 'offset'].map((name) => ({ name, fold: false })),
  coordinates: { partition: 'partition', offset: 'offset' },
};

function kindName(kind: number): string {
  return ['confirmation-email', 'order-row'][kind]!;
}

function kindSettings(kind: HistoryKind, index: number): KindSettings {
  const { settle, lead, maxKeyless } = kind;
  return {
    ...{ settle, lead, maxKeyless },
    name: kindName(index),
    expect: { by: 'number', min: 1, max: 1 },
    where: [],
    after: 86_400_000,
    orphans: 'finding',
  };
}
