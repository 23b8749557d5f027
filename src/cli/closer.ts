/**
 * Looks closer before a judgement is told: once more for what seems to be missing, at any time, and further around the
 * range for the messages that effects without one may have. Each once, and only where the first judgement asks for it.
 */
import { textValues } from '../columns.ts';
import { rangeTime } from '../evidence/input.ts';
import type { EffectSourceSettings, Further, Judgement, SecondLook, Settings } from '../model.ts';
import { type Gathered, naming, type Workplace } from './gather.ts';

export interface Closer extends Gathered {
  /** Whether anything is known that was not before, so that it must be judged again. */
  readonly isNew: boolean;
}

export async function lookCloser(
  place: Workplace,
  gathered: Gathered,
  judgement: Judgement,
): Promise<Closer> {
  const grown = await growPadding(place, gathered);
  const looks = await lookAgain(place, judgement, grown.isBehind);
  return {
    range: grown.range,
    replay: grown.replay,
    coverage: gathered.coverage.map((one, entry) => {
      const secondLook = looks.get(entry);
      return secondLook === undefined ? one : { ...one, secondLook };
    }),
    isNew: grown.replay !== gathered.replay || [...looks.values()].some(({ effects }) => effects > 0),
  };
}

// ------------------------------------------------------------------------------------- padding

type Read = Pick<Gathered, 'range' | 'replay'>;

/** Reads messages from behind what was read, for effects that came late, and from before it, for those that no message explains. */
async function growPadding(place: Workplace, read: Read): Promise<Read & { isBehind: boolean }> {
  const wanted = await place.evidence.wantedReach();
  const back = wanted.from === undefined ? undefined : backTo(wanted.from, read);
  const backRead = back === undefined ? read : await readOn(place, read, back);
  const on = wanted.to === undefined ? undefined : onTo(wanted.to, place, read);
  if (on === undefined) return { ...backRead, isBehind: false };
  return { ...(await readOn(place, backRead, on)), isBehind: true };
}

/** Where the log does not begin with what was read. */
function backTo(from: number, { replay }: Read): Further | undefined {
  const before = replay.unread.find((span) => span.from === undefined);
  return before !== undefined && from <= (before.to ?? from) ? { from } : undefined;
}

/** Where the log goes on behind what was read; never further than effects were read. */
function onTo(to: number, { settings }: Workplace, { range, replay }: Read): Further | undefined {
  const after = Math.max(...settings.kinds.map((kind) => kind.after));
  const furthest = Math.min(to, (rangeTime(range, replay)?.to ?? to) + after);
  const goesOn = replay.unread.some((span) => span.to === undefined);
  return goesOn && furthest > replay.readTo ? { to: furthest } : undefined;
}

async function readOn(
  { messages, evidence, stages, say }: Workplace,
  { range: { notes }, replay }: Read,
  further: Further,
): Promise<Read> {
  const isBack = 'from' in further;
  const note = noteOf(further);
  say(note);
  const more = await stages.run(
    isBack ? 'read back' : 'read on',
    () => messages.readOn(further, (batch) => evidence.takeFurther(batch)),
    (done) => done.replay.messages - replay.messages,
  );
  await messages.close();
  const range = { ...more.range, notes: [...notes, note] };
  const read = { range, replay: more.replay };
  await evidence.addFurther(isBack ? 'before' : 'behind', read);
  return read;
}

function noteOf(further: Further): string {
  const [side, time, why] =
    'from' in further
      ? ['back from', further.from, 'no message that was read explains some effects of the range']
      : ['on to', further.to, 'effects came so late that a later message may explain them'];
  return `padding grew: messages were read ${side} ${new Date(time).toISOString()}, because ${why}`;
}

// ------------------------------------------------------------------------------------- second look

/** @param late whether it may turn out that late effects are other messages' @returns by entry */
async function lookAgain(
  place: Workplace,
  judgement: Judgement,
  late: boolean,
): Promise<ReadonlyMap<number, SecondLook>> {
  const doubtful = judgement.kinds.flatMap(({ verdicts, groups }, kind) =>
    verdicts.missing > 0 || groups.short > 0 || (late && verdicts.unknown > 0) ? [kind] : [],
  );
  const looks = new Map<number, SecondLook>();
  if (doubtful.length === 0) return looks;
  await place.stages.run(
    'second look',
    async () => {
      for (const kind of doubtful) {
        for (const by of ['key', 'coordinates'] as const) {
          const entries = entriesOf(place.settings, kind, by);
          if (entries.size === 0) continue;
          for await (const keys of place.evidence.keysInDoubt(kind, late, by)) {
            await lookFor(place, entries, keys, looks);
          }
        }
      }
    },
    () => [...looks.values()].reduce((sum, { keys }) => sum + keys, 0),
  );
  return looks;
}

/** The entries of a kind whose effects carry the key, or their message's coordinates. */
function entriesOf({ entries }: Settings, kind: number, by: 'key' | 'coordinates'): ReadonlySet<number> {
  const isBy = (source: EffectSourceSettings) =>
    by === ('coordinates' in source && source.coordinates !== undefined ? 'coordinates' : 'key');
  return new Set(entries.flatMap((one, entry) => (one.kind === kind && isBy(one.source) ? [entry] : [])));
}

/** In every one of the entries; adds up what came of it. */
async function lookFor(
  { settings, sources, evidence }: Workplace,
  entries: ReadonlySet<number>,
  keys: ReadonlySet<string>,
  looks: Map<number, SecondLook>,
): Promise<void> {
  for (const source of sources) {
    for (const entry of source.entries.filter((one) => entries.has(one))) {
      const found = new Set<string>();
      let effects = 0;
      await naming(settings, source, () =>
        source.lookAgain(entry, keys, async (_, batch) => {
          effects += batch.rows;
          for (const key of textValues(batch.key)) found.add(key);
          await evidence.takeEffects(entry, batch);
        }),
      );
      const before = looks.get(entry) ?? { keys: 0, found: 0, effects: 0 };
      looks.set(entry, {
        keys: before.keys + keys.size,
        found: before.found + found.size,
        effects: before.effects + effects,
      });
    }
  }
}
