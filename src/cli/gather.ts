/** The first stage: from the sources into the evidence, messages first, then each place where effects are. */
import { setTimeout as pause } from 'node:timers/promises';
import { AuditError, isAuditError } from '../error.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { rangeTime } from '../evidence/input.ts';
import type {
  Checkpoint,
  Coverage,
  EffectBounds,
  EffectSource,
  MessageSource,
  Replay,
  ReplayState,
  Settings,
  SourceHooks,
  TopicRange,
} from '../model.ts';
import { openEffects, openMessages } from '../sources/open.ts';
import { duration } from '../words.ts';
import type { Stages } from './stages.ts';

/** What every stage of one audit works with. */
export interface Workplace {
  readonly settings: Settings;
  readonly hooks: SourceHooks;
  readonly messages: MessageSource;
  readonly sources: readonly EffectSource[];
  readonly evidence: Evidence;
  readonly stages: Stages;
  /** Tells a line that stays. */
  readonly say: (line: string) => void;
}

export interface Gathered {
  readonly range: TopicRange;
  readonly replay: Replay;
  readonly coverage: readonly Coverage[];
}

type Read = Pick<Gathered, 'range' | 'replay'>;

/** How a replay can be gone on with, and is. */
export interface Resumption {
  readonly checkpoint: Checkpoint;
  /** Where an interrupted audit was left off. */
  readonly from?: ReplayState;
}

/** Opened as the settings name them; to be closed also after a failure, by {@link closeSources}. */
export async function openSources(
  settings: Settings,
  hooks: SourceHooks,
): Promise<Pick<Workplace, 'messages' | 'sources'>> {
  return { messages: await openMessages(settings, hooks), sources: await openEffects(settings, hooks) };
}

export async function closeSources({ messages, sources }: Pick<Workplace, 'messages' | 'sources'>) {
  await Promise.allSettled([messages.close(), ...sources.map((source) => source.close())]);
}

/**
 * Names and rights are checked before anything is read, and effects are read after the replay has ended, so that an
 * effect of the last message is not missed. Their sources stay open, for a second look into the same snapshot.
 *
 * @param onRange told the range as soon as it is fixed
 * @param wait whether to wait first until no window is open any more
 */
export async function gather(
  place: Workplace,
  resumption: Resumption,
  onRange: (range: TopicRange) => void,
  wait: boolean,
): Promise<Gathered> {
  const { settings, messages, sources, evidence, stages } = place;
  for (const source of sources) await naming(settings, source, () => source.check());
  const { from, checkpoint } = resumption;
  const range = await stages.run('fix', () => (from === undefined ? messages.fix() : messages.resume(from)));
  onRange(range);
  const replay = await stages.run(
    'replay',
    () => messages.replay(range, (batch) => evidence.takeMessages(batch), checkpoint),
    (done) => done.messages,
  );
  await messages.close();
  const read = { range, replay };
  if (wait) await waitUntilSettled(place, read);
  const coverage = await gatherEffects(place, read);
  const bounds = settings.kinds.map((_, kind) => boundsOf(settings, kind, read));
  await stages.run('seal', () => evidence.seal({ settings, ...read, coverage, bounds }));
  return { ...read, coverage };
}

async function gatherEffects(
  { settings, sources, evidence, stages }: Workplace,
  read: Read,
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
    source.entries.forEach((entry, i) => {
      coverage[entry] = found[i]!;
    });
  }
  return coverage;
}

/** A source's clock may be behind this one's. */
const CLOCKS_MS = 1000;
const TELL_MS = 1000;

/** Until the last message's window of every kind is over. @throws the signal's reason when the user interrupts */
export async function waitUntilSettled(
  { settings, hooks, stages, say }: Pick<Workplace, 'settings' | 'hooks' | 'stages' | 'say'>,
  { replay }: Pick<Read, 'replay'>,
): Promise<void> {
  const settle = Math.max(...settings.kinds.map((kind) => kind.settle));
  const begin = Date.now();
  // A message dated in the future is settled when one of now is.
  const until = Math.min(replay.lastAt ?? 0, begin) + settle + CLOCKS_MS;
  const total = until - begin;
  if (total <= 0) return;
  say(`waiting ${duration(total)} for effects to settle, until ${new Date(until).toISOString()}`);
  await stages.run('wait', async () => {
    for (let now = begin; now < until; now = Date.now()) {
      const [done, all] = [now - begin, total].map((ms) => Math.round(ms / 1000));
      hooks.progress({ stage: 'waiting for effects to settle', done: done!, total: all!, unit: 'seconds' });
      await pause(Math.min(TELL_MS, until - now), undefined, { signal: hooks.signal });
    }
  });
}

/** Several kinds may fail in the same words: says whose source it was, where the words do not. */
export async function naming<T>(
  settings: Settings,
  source: EffectSource,
  work: () => Promise<T>,
): Promise<T> {
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
function boundsOf(settings: Settings, kind: number, { range, replay }: Read): EffectBounds {
  const { lead, settle, after } = settings.kinds[kind]!;
  const time = rangeTime(range, replay) ?? { from: range.fixedAt, to: range.fixedAt };
  const from = Math.min(time.from, replay.firstAt ?? time.from);
  const to = Math.max(time.to, replay.lastAt ?? time.to);
  return { from: from - settings.messages.range.padding - lead, to: to + Math.max(after, settle) };
}
