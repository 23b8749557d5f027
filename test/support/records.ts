/** A record and a judgement of a small, calm audit of the order shop, for tests to bend. */
import type { AuditRecord, Coverage, Judgement, KindTotals } from '../../src/model.ts';

export const NOON = Date.UTC(2026, 10, 22, 12);

export function coverageOf(kind: string, change: Partial<Coverage> = {}): Coverage {
  return {
    kind,
    source: `postgres db:5432/shop public.${kind}`,
    places: [`public.${kind}`],
    span: { from: NOON - 86_400_000, to: NOON + 86_400_000, edge: 'row' },
    gaps: [],
    readAt: NOON + 86_400_000,
    read: 3,
    effects: 3,
    excluded: {},
    unreadable: 0,
    samples: [],
    notes: [],
    ...change,
  };
}

export function calmRecord(change: Partial<AuditRecord> = {}): AuditRecord {
  const classes = { audited: 3, skipped: 0, control: 0, aborted: 0, absent: 0, deleted: 0, unseen: 0 };
  return {
    tool: { name: 'onceover', version: '0.0.0' },
    run: {
      id: '0badcafe',
      name: 'orders',
      startedAt: NOON,
      endedAt: NOON + 1000,
      configDigest: 'd'.repeat(64),
      directory: 'orders-20261122T120000Z-0badcafe',
    },
    kinds: [{ name: 'order-row', expected: '1', orphans: 'finding' }],
    ledger: false,
    range: {
      topic: 'orders',
      source: 'kafka broker:9092',
      asked: 'the whole log',
      isolation: 'read_committed',
      partitions: [{ partition: 0, first: 0, end: 3, readFirst: 0, readEnd: 3, short: 0 }],
      unreadPartitions: [],
      fixedAt: NOON + 60_000,
      notes: [],
    },
    replay: {
      classes: new Map([[0, classes]]),
      holes: [],
      firstAt: NOON,
      lastAt: NOON + 2000,
      unread: [],
      readTo: NOON + 60_000,
      stragglers: 0,
      references: [{ setting: 'messages.key', text: 'value.order.id', seen: 3 }],
      messages: 3,
      bytes: 300,
      undecodable: [],
    },
    coverage: [coverageOf('order-row')],
    stages: [],
    ...change,
  };
}

export function totalsOf(change: Partial<KindTotals> = {}): KindTotals {
  return {
    total: 3,
    keyless: 0,
    matched: 3,
    orphans: { 'no-message': 0, skipped: 0, aborted: 0, unread: 0 },
    outcomes: { zero: 0, one: 3, multiple: 0, unknown: 0 },
    verdicts: { ok: 3, missing: 0, duplicate: 0, unexpected: 0, exempt: 0, unknown: 0 },
    reasons: {},
    matrix: [{ copies: 1, count: 1, messages: 3, events: 3 }],
    groups: { short: 0, balanced: 0, excess: 0, open: 0, missing: 0, extra: 0, examples: [] },
    ...change,
  };
}

export function judgementOf(kinds: readonly KindTotals[], change: Partial<Judgement> = {}): Judgement {
  return {
    time: { from: NOON, to: NOON + 2001 },
    messages: {
      audited: 3,
      events: 3,
      copies: 0,
      noKey: 0,
      undecodable: 0,
      aborted: 0,
      open: 0,
      idsAcrossKeys: 0,
    },
    kinds,
    signatures: [{ outcomes: kinds.map(() => 'one'), messages: 3 }],
    pairLatencies: [],
    shared: kinds.map(() => 0),
    notes: [],
    ...change,
  };
}
