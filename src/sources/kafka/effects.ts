/** Messages of another topic as effects: what a service produced of what it consumed. */
import { MESSAGE_CLASS, NO_TIME, TextColumn } from '../../columns.ts';
import type {
  Coverage,
  EffectBounds,
  EffectEntry,
  EffectSource,
  Gap,
  MessageBatch,
  MessageHole,
  RangeSettings,
  Replay,
  Settings,
  SourceHooks,
  TakeEffects,
  TopicRange,
  TopicSettings,
} from '../../model.ts';
import { KafkaJsTransport } from './kafkajs-transport.ts';
import { kafkaMessages } from './messages.ts';

/** How many offsets of each partition a second look goes beyond what was read, either way. */
const BEYOND = 1_000_000;
/** Messages that cannot be read, each a moment of which nothing is known; of more, one span. */
const MAX_MOMENTS = 4096;

/**
 * The source of one entry. It reads as messages are read: no group, no commit, aborted transactions left out.
 * @param entry index into `settings.entries` of one whose source is `kafka`
 */
export function topicEffects(settings: Settings, entry: number, hooks: SourceHooks): EffectSource {
  const { name, source } = settings.entries[entry] as EffectEntry<TopicSettings>;
  if (source.source !== 'kafka') throw new Error(`${name} is no topic`);
  const quiet: SourceHooks = {
    ...hooks,
    progress: (progress) => hooks.progress({ ...progress, stage: `messages of ${name}` }),
  };
  let gathered: { readonly bounds: EffectBounds; readonly range: TopicRange } | undefined;

  return {
    entries: [entry],

    async check() {
      const transport = new KafkaJsTransport(source.kafka, source.topic, hooks.signal);
      try {
        await transport.partitions();
      } finally {
        await transport.close();
      }
    },

    async gather([bounds], take): Promise<readonly Coverage[]> {
      const effects = new Effects(source, bounds!, undefined);
      const read = await readTopic(settings, source, timeRange(bounds!), quiet, effects, (batch) =>
        take(entry, batch),
      );
      gathered = { bounds: bounds!, range: read.range };
      return [coverageOf(name, source, read, effects)];
    },

    async lookAgain(_entry, keys, take) {
      const { bounds, range } = gathered!;
      const effects = new Effects(source, bounds, keys);
      await readTopic(settings, source, beyond(range), quiet, effects, (batch) => take(entry, batch));
    },

    async close() {},
  };
}

/** Up to the log's end, unless the bounds end before now. */
function timeRange({ from, to }: EffectBounds): RangeSettings {
  const end = to < Date.now() ? { to: to + 1 } : {};
  return { by: 'time', padding: 0, from: Math.max(0, from), ...end };
}

function beyond({ partitions }: TopicRange): RangeSettings {
  const offsets = partitions.map(({ partition, readFirst, readEnd }) => {
    return [partition, [Math.max(0, readFirst - BEYOND), readEnd + BEYOND] as const] as const;
  });
  return { by: 'offsets', padding: 0, offsets: new Map(offsets) };
}

interface Read {
  readonly range: TopicRange;
  readonly replay: Replay;
}

async function readTopic(
  settings: Settings,
  source: TopicSettings,
  range: RangeSettings,
  hooks: SourceHooks,
  effects: Effects,
  take: Parameters<Effects['add']>[1],
): Promise<Read> {
  const { kafka, only, covers: _, source: __, ...messages } = source;
  const messageSource = kafkaMessages(
    {
      ...settings,
      kinds: [],
      entries: [],
      messages: { ...messages, from: kafka, range, where: only, copies: 'each-message' },
    },
    hooks,
  );
  try {
    const fixed = await messageSource.fix();
    effects.partitions = fixed.partitions.map(({ partition }) => partition);
    const replay = await messageSource.replay(fixed, (batch) => effects.add(batch, take));
    return { range: fixed, replay };
  } finally {
    await messageSource.close();
  }
}

/** Turns columns of messages into those of effects. */
class Effects {
  readonly #hasId: boolean;
  readonly #bounds: EffectBounds;
  readonly #keys: ReadonlySet<string> | undefined;
  /** Of the topic: a place is an index into these. */
  partitions: readonly number[] = [];
  readonly excluded: Record<string, number> = {};
  readonly moments: number[] = [];
  count = 0;
  keyless = 0;
  unreadable = 0;

  /** @param keys of a second look: only effects outside the bounds that have one of these */
  constructor(source: TopicSettings, bounds: EffectBounds, keys: ReadonlySet<string> | undefined) {
    this.#hasId = source.id !== undefined;
    this.#bounds = bounds;
    this.#keys = keys;
  }

  async add(
    batch: MessageBatch,
    take: (batch: Parameters<TakeEffects>[1]) => Promise<void> | void,
  ): Promise<void> {
    const [keys, ids] = [new TextColumn(), new TextColumn()];
    const time = new BigInt64Array(batch.rows);
    const place = new Int32Array(batch.rows);
    const line = new BigInt64Array(batch.rows);
    const [keyOf, idOf] = [texts(batch.key), texts(batch.eventId)];
    let rows = 0;
    for (let i = 0; i < batch.rows; i++) {
      const [key, id] = [keyOf(), idOf()];
      if (!this.#counts(batch, i, key)) continue;
      const [partition, offset, at] = [batch.partition[i]!, batch.offset[i]!, batch.timestamp[i]!];
      keys.push(key);
      if (this.#hasId && id.length > 0) ids.push(id);
      else ids.pushString(`${partition}:${offset}`);
      time[rows] = at < 0n ? NO_TIME : at * 1000n;
      place[rows] = this.partitions.indexOf(partition);
      line[rows] = offset;
      rows++;
      this.count++;
      if (key.length === 0) this.keyless++;
    }
    if (rows === 0) return;
    await take({
      rows,
      key: keys.take(),
      id: ids.take(),
      time: time.subarray(0, rows),
      place: place.subarray(0, rows),
      line: line.subarray(0, rows),
    });
  }

  #counts(batch: MessageBatch, i: number, key: Buffer): boolean {
    const is = batch.class[i];
    if (is === MESSAGE_CLASS.skipped || is === MESSAGE_CLASS.aborted)
      return this.#exclude(is === MESSAGE_CLASS.skipped ? 'only' : 'aborted');
    const at = Number(batch.timestamp[i]!);
    const isInside = at < 0 || (at >= this.#bounds.from && at <= this.#bounds.to);
    if (isInside !== (this.#keys === undefined)) return this.#exclude('out-of-time');
    if (batch.undecodable[i] === 1) {
      this.unreadable++;
      if (this.moments.length < MAX_MOMENTS) this.moments.push(at);
      else this.moments[MAX_MOMENTS - 1] = Math.max(at, this.moments[MAX_MOMENTS - 1]!);
      return false;
    }
    return this.#keys?.has(key.toString('utf8')) !== false;
  }

  #exclude(why: string): false {
    this.excluded[why] = (this.excluded[why] ?? 0) + 1;
    return false;
  }
}

/** The values of a text column one after the other, as views. */
function texts(page: Uint8Array): () => Buffer {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  return () => {
    const start = at + 4;
    at = start + bytes.readUInt32LE(at);
    return bytes.subarray(start, at);
  };
}

/** From the log's beginning, or from when the reading begins, to when its end was fixed (DESIGN rule 10). */
function coverageOf(
  name: string,
  source: TopicSettings,
  { range, replay }: Read,
  effects: Effects,
): Coverage {
  const before = replay.unread.find(({ from }) => from === undefined)?.to;
  const from = before === undefined ? undefined : Math.min(before + 1, source.covers?.from ?? Infinity);
  const to = Math.max(replay.readTo, source.covers?.to ?? 0);
  return {
    kind: name,
    source: `topic ${source.topic}`,
    places: range.partitions.map(({ partition }) => `${source.topic}/${partition}@`),
    span: { ...(from === undefined ? {} : { from }), to, edge: 'line' },
    gaps: [...replay.holes.map((hole) => gapOf(source.topic, hole, from, to)), ...momentsOf(source, effects)]
      .filter((gap) => gap.to >= (from ?? 0) && gap.from <= to)
      .sort((a, b) => a.from - b.from || a.to - b.to),
    readAt: range.fixedAt,
    read: replay.messages,
    effects: effects.count,
    excluded: effects.excluded,
    unreadable: effects.unreadable,
    samples: replay.undecodable.map(
      ({ partition, offset, why }) => `${source.topic}/${partition}@${offset}: ${why}`,
    ),
    notes: notesOf(range, replay, effects),
  };
}

const WHAT = { absent: 'are gone (compaction)', deleted: 'have been deleted', unseen: 'were not seen' };

function gapOf(topic: string, hole: MessageHole, from = 0, to = 0): Gap {
  const { partition, first, end } = hole;
  const detail = `${topic}/${partition}: offsets ${first} to ${end - 1} ${WHAT[hole.class]}`;
  return { from: hole.from ?? from, to: hole.to ?? to, why: 'unreadable', detail };
}

function momentsOf({ topic }: TopicSettings, { moments, unreadable }: Effects): Gap[] {
  const sorted = unreadable > MAX_MOMENTS ? [] : moments;
  const detail = `a message of ${topic} cannot be decoded`;
  if (unreadable > MAX_MOMENTS) {
    const times = moments.filter((at) => at >= 0);
    return [
      {
        from: Math.min(...times),
        to: Math.max(...times),
        why: 'unreadable',
        detail: `${unreadable} messages of ${topic} cannot be decoded`,
      },
    ];
  }
  return sorted.map((at) => ({ from: at, to: at, why: 'unreadable', detail }));
}

function notesOf(range: TopicRange, replay: Replay, { keyless }: Effects): string[] {
  const absent = replay.references.filter(({ seen, mayBeAbsent }) => seen === 0 && mayBeAbsent !== true);
  const far = range.partitions.some(({ readFirst }) => readFirst > BEYOND);
  return [
    ...range.notes,
    ...(keyless === 0 ? [] : [`messages without a readable key: ${keyless}`]),
    ...(replay.messages === 0 ? [] : absent.map(({ text }) => `no message has ${text}`)),
    ...(far ? [`a second look goes back ${BEYOND} offsets of each partition, and not to its beginning`] : []),
  ];
}
