/** Audits a day for real, in this process: configuration, capture, dumps, evidence, judgement. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../../src/config/load.ts';
import { Evidence } from '../../../src/evidence/evidence.ts';
import { rangeTime } from '../../../src/evidence/input.ts';
import type {
  Coverage,
  EffectBounds,
  Replay,
  Settings,
  SourceHooks,
  TopicRange,
} from '../../../src/model.ts';
import { openEffects, openMessages } from '../../../src/sources/open.ts';
import { type Played, playedOf } from '../play.ts';
import type { Day } from './day.ts';
import { writeDay } from './files.ts';

export interface Audited extends Played {
  readonly settings: Settings;
  readonly range: TopicRange;
  readonly replay: Replay;
  readonly coverage: readonly Coverage[];
}

export async function auditDay(day: Day, begin: number, exact: boolean): Promise<Audited> {
  const folder = await mkdtemp(join(tmpdir(), 'onceover-day-'));
  try {
    const settings = loadSettings(await writeDay(folder, day, begin), { set: [], env: {} });
    const evidence = await Evidence.create(join(folder, 'evidence'), settings, { exact });
    try {
      const gathered = await gatherDay(settings, evidence);
      const { bounds, ...seen } = gathered;
      await evidence.seal({ settings, ...seen, bounds: settings.kinds.map(() => bounds) });
      return { settings, ...seen, ...(await playedOf(evidence)) };
    } finally {
      evidence.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function gatherDay(
  settings: Settings,
  evidence: Evidence,
): Promise<Pick<Audited, 'range' | 'replay' | 'coverage'> & { readonly bounds: EffectBounds }> {
  const { signal } = new AbortController();
  const hooks: SourceHooks = { progress: () => {}, signal, digestKey: new Uint8Array(16) };
  const messages = await openMessages(settings, hooks);
  const range = await messages.fix();
  const replay = await messages.replay(range, (batch) => evidence.takeMessages(batch));
  await messages.close();
  const coverage: Coverage[] = [];
  const { from, to } = rangeTime(range, replay)!;
  // All rows of the day: which of them are read is not what this is about.
  const bounds = { from: from - 86_400_000, to: to + 86_400_000 };
  for (const source of await openEffects(settings, hooks)) {
    const take = (entry: number, batch: Parameters<Evidence['takeEffects']>[1]) =>
      evidence.takeEffects(entry, batch);
    const found = await source.gather(
      source.entries.map(() => bounds),
      take,
    );
    await source.close();
    for (const [i, entry] of source.entries.entries()) coverage[entry] = found[i]!;
  }
  return { range, replay, coverage, bounds };
}
