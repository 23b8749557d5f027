/** The first stage: from the sources into the evidence, messages first, then each place where effects are. */
import { AuditError, isAuditError } from '../error.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { rangeTime } from '../evidence/input.ts';
import type {
  Checkpoint,
  Coverage,
  EffectBounds,
  EffectSource,
  Replay,
  ReplayState,
  Settings,
  SourceHooks,
  TopicRange,
} from '../model.ts';
import { openEffects, openMessages } from '../sources/open.ts';
import type { Stages } from './stages.ts';

export interface Gathered {
  readonly range: TopicRange;
  readonly replay: Replay;
  readonly coverage: readonly Coverage[];
}

/** How a replay can be gone on with, and is. */
export interface Resumption {
  readonly checkpoint: Checkpoint;
  /** Where an interrupted audit was left off. */
  readonly from?: ReplayState;
}

/**
 * Names and rights are checked before anything is read, and effects are read after the replay has ended, so that an
 * effect of the last message is not missed.
 * @param onRange told the range as soon as it is fixed
 */
export async function gather(
  settings: Settings,
  hooks: SourceHooks,
  evidence: Evidence,
  stages: Stages,
  resumption: Resumption,
  onRange: (range: TopicRange) => void,
): Promise<Gathered> {
  const messages = await openMessages(settings, hooks);
  const sources = await openEffects(settings, hooks);
  try {
    for (const source of sources) await naming(settings, source, () => source.check());
    const { from, checkpoint } = resumption;
    const range = await stages.run('fix', () =>
      from === undefined ? messages.fix() : messages.resume(from),
    );
    onRange(range);
    const replay = await stages.run(
      'replay',
      () => messages.replay(range, (batch) => evidence.takeMessages(batch), checkpoint),
      (done) => done.messages,
    );
    await messages.close();
    const coverage = await gatherEffects(settings, sources, evidence, stages, { range, replay });
    await stages.run('seal', () => evidence.seal(settings, range, replay, coverage));
    return { range, replay, coverage };
  } finally {
    await Promise.allSettled([messages.close(), ...sources.map((source) => source.close())]);
  }
}

async function gatherEffects(
  settings: Settings,
  sources: readonly EffectSource[],
  evidence: Evidence,
  stages: Stages,
  read: Pick<Gathered, 'range' | 'replay'>,
): Promise<readonly Coverage[]> {
  const coverage: Coverage[] = [];
  for (const source of sources) {
    const bounds = source.entries.map((entry) => boundsOf(settings, settings.entries[entry]!.kind, read));
    const found = await stages.run(
      `gather ${namesOf(settings, source).join(', ')}`,
      () =>
        naming(settings, source, () =>
          source.gather(bounds, (entry, batch) => evidence.takeEffects(entry, batch)),
        ),
      (done) => done.reduce((sum, { effects }) => sum + effects, 0),
    );
    await source.close();
    source.entries.forEach((entry, i) => {
      coverage[entry] = found[i]!;
    });
  }
  return coverage;
}

/** Several kinds may fail in the same words: says whose source it was, where the words do not. */
async function naming<T>(settings: Settings, source: EffectSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const names = namesOf(settings, source);
    if (!isAuditError(error) || names.some((name) => error.message.includes(name))) throw error;
    const { status, message, hint } = error;
    throw new AuditError(status, `${names.join(', ')}: ${message}`, { ...(hint && { hint }), cause: error });
  }
}

/** Of the kinds whose effects a source has, each once. */
function namesOf(settings: Settings, { entries }: EffectSource): readonly string[] {
  return [...new Set(entries.map((entry) => settings.entries[entry]!.name))];
}

/** From `lead` before the padding to `after` behind the range, and never less than the windows of its events. */
function boundsOf(
  settings: Settings,
  kind: number,
  { range, replay }: Pick<Gathered, 'range' | 'replay'>,
): EffectBounds {
  const { lead, settle, after } = settings.kinds[kind]!;
  const time = rangeTime(range, replay) ?? { from: range.fixedAt, to: range.fixedAt };
  const from = Math.min(time.from, replay.firstAt ?? time.from);
  const to = Math.max(time.to, replay.lastAt ?? time.to);
  return { from: from - settings.messages.range.padding - lead, to: to + Math.max(after, settle) };
}
