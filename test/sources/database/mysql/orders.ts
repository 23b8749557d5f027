/** Settings of an order shop's tables in MySQL, and what a source read from them. */
import { isAuditError } from '../../../../src/error.ts';
import type { Coverage, EffectBounds, MysqlSettings, Settings, SourceHooks } from '../../../../src/model.ts';
import { mysqlEffects } from '../../../../src/sources/database/mysql/effects.ts';
import { ALWAYS, effectsOf, hooks, plain, type SeenEffect, shopSettings } from '../postgres/orders.ts';

export function ordersTable(settings: Partial<MysqlSettings> = {}): MysqlSettings {
  return {
    source: 'mysql',
    table: 'orders',
    key: [plain('order_id')],
    at: 'created_at',
    only: [],
    timeout: 1_800_000,
    ...settings,
  };
}

export function shopOf(...sources: MysqlSettings[]): Settings {
  const shop = shopSettings(...sources.map((source) => ({ ...source, source: 'postgres' as const })));
  return { ...shop, entries: shop.entries.map((entry, i) => ({ ...entry, source: sources[i]! })) };
}

/** Everything that one table shows, in the order of the ids, and on a second look what it shows of some keys beyond. */
export async function readTable(
  source: MysqlSettings,
  bounds: EffectBounds = ALWAYS,
  again: readonly string[] = [],
  own: SourceHooks = hooks(),
): Promise<{ effects: SeenEffect[]; coverage: Coverage; beyond: SeenEffect[] }> {
  const effects: SeenEffect[] = [];
  const beyond: SeenEffect[] = [];
  const rows = mysqlEffects(shopOf(source), [0], own);
  try {
    const [coverage] = await rows.gather([bounds], (_, batch) => {
      effects.push(...effectsOf(batch));
    });
    if (again.length > 0)
      await rows.lookAgain(0, new Set(again), (_, batch) => {
        beyond.push(...effectsOf(batch));
      });
    for (const seen of [effects, beyond])
      seen.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
    return { effects, coverage: coverage!, beyond };
  } finally {
    await rows.close();
  }
}

/** What checking one table is refused with, in one line: status, message | hint. */
export async function refusalOf(source: MysqlSettings): Promise<string> {
  const rows = mysqlEffects(shopOf(source), [0], hooks());
  const error: unknown = await rows.check().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await rows.close();
  if (!isAuditError(error)) throw new Error('nothing was refused', { cause: error });
  return `${error.status} ${error.message} | ${error.hint}`;
}
