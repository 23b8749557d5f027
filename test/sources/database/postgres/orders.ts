/** Settings of an order shop's tables, and what a source read from them, for the tests of this directory. */
import { randomBytes } from 'node:crypto';
import { NO_TIME, textValues } from '../../../../src/columns.ts';
import { isAuditError } from '../../../../src/error.ts';
import type {
  Coverage,
  EffectBatch,
  EffectBounds,
  EffectCondition,
  EffectEntry,
  KindSettings,
  PostgresSettings,
  Settings,
  SourceHooks,
} from '../../../../src/model.ts';
import { postgresEffects } from '../../../../src/sources/database/postgres/effects.ts';

export const ALWAYS: EffectBounds = { from: Date.UTC(1990), to: Date.UTC(2100) };

export const plain = (name: string) => ({ name, fold: false });

export const onlyIn = (name: string, ...values: string[]): EffectCondition => ({
  name,
  test: { is: 'in', values: values.map((text) => ({ text })) },
});

export function ordersTable(settings: Partial<PostgresSettings> = {}): PostgresSettings {
  return {
    source: 'postgres',
    table: 'orders',
    key: [plain('order_id')],
    at: 'created_at',
    only: [],
    timeout: 1_800_000,
    ...settings,
  };
}

export function orderRow(source: PostgresSettings): EffectEntry<PostgresSettings> {
  return { kind: 0, name: 'order-row', source };
}

function rowKind(name: string): KindSettings {
  return {
    name,
    expect: { by: 'number', min: 1, max: 1 },
    where: [],
    lead: 120_000,
    settle: 600_000,
    after: 86_400_000,
    maxKeyless: 0.05,
    orphans: 'finding',
  };
}

export function shopSettings(...sources: PostgresSettings[]): Settings {
  const names = sources.map((_, i) => (i === 0 ? 'order-row' : `order-row-${i + 1}`));
  return {
    name: 'orders',
    messages: {
      topic: 'orders',
      from: { source: 'capture', files: [] },
      range: { by: 'all', padding: 0 },
      isolation: 'read_committed',
      copies: 'one-event',
      value: 'json',
      key: [],
      where: [],
    },
    kinds: names.map(rowKind),
    entries: sources.map((source, kind) => ({ kind, name: names[kind]!, source })),
    report: { directory: '/nowhere', ledger: false },
    memory: '1GB',
    configDigest: '',
  };
}

export function hooks(signal: AbortSignal = new AbortController().signal): SourceHooks {
  return { progress: () => {}, signal, digestKey: randomBytes(16) };
}

export interface SeenEffect {
  readonly key: string;
  readonly id: string;
  /** ISO time with microseconds; null: no time. */
  readonly at: string | null;
}

export function effectsOf(batch: EffectBatch): SeenEffect[] {
  const keys = textValues(batch.key);
  const ids = textValues(batch.id);
  return keys.map((key, i) => ({ key, id: ids[i]!, at: isoMicros(batch.time[i]!) }));
}

/** Everything that one table shows, in the order of the ids. */
export async function readTable(
  source: PostgresSettings,
  bounds: EffectBounds = ALWAYS,
): Promise<{ effects: SeenEffect[]; coverage: Coverage }> {
  const effects: SeenEffect[] = [];
  const rows = postgresEffects(shopSettings(source), [0], hooks());
  try {
    const [coverage] = await rows.gather([bounds], (_, batch) => {
      effects.push(...effectsOf(batch));
    });
    effects.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
    return { effects, coverage: coverage! };
  } finally {
    await rows.close();
  }
}

/** What checking one table is refused with, in one line: status, message | hint. */
export async function refusalOf(source: PostgresSettings): Promise<string> {
  const rows = postgresEffects(shopSettings(source), [0], hooks());
  const error: unknown = await rows.check().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await rows.close();
  if (!isAuditError(error)) throw new Error('nothing was refused', { cause: error });
  return `${error.status} ${error.message} | ${error.hint}`;
}

function isoMicros(micros: bigint): string | null {
  if (micros === NO_TIME) return null;
  const ms = Number(micros / 1000n);
  return new Date(ms).toISOString().replace('Z', `${String(micros % 1000n).padStart(3, '0')}Z`);
}
