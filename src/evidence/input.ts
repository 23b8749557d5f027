/** Writes the small tables that the judgement reads beside the data: kinds, gaps, holes, and the times of the audit. */
import type { Coverage, EffectBounds, Gap, MessageHole, Replay, Settings, TopicRange } from '../model.ts';
import type { Engine } from './engine.ts';
import { FAR_FUTURE, FAR_PAST } from './judgement/statement.ts';
import { type KindCoverage, weakest } from './weakest.ts';

export interface JudgeInput {
  readonly settings: Settings;
  readonly range: TopicRange;
  readonly replay: Replay;
  /** One for each entry. */
  readonly coverage: readonly Coverage[];
  /** The time that the effects of each kind were read from; others are there only if they were looked for. */
  readonly bounds: readonly EffectBounds[];
}

/** What the sources of each kind show together. */
function coverageOfKinds({ settings, coverage }: JudgeInput): readonly KindCoverage[] {
  return settings.kinds.map((_, kind) =>
    weakest(coverage.filter((_, entry) => settings.entries[entry]!.kind === kind)),
  );
}

/** The judgement compares each window with each gap: beyond this many, neighbours become one. */
const MOST_GAPS = 512;

/** Time of the range [from, to), epoch milliseconds: as asked, else as its messages show. Undefined: neither. */
export function rangeTime(range: TopicRange, replay: Replay): { from: number; to: number } | undefined {
  const from = range.from ?? replay.firstAt;
  const to = range.to ?? (replay.lastAt === undefined ? undefined : replay.lastAt + 1);
  return from === undefined || to === undefined ? undefined : { from, to };
}

export async function writeInput(engine: Engine, input: JudgeInput): Promise<void> {
  await writeReach(engine, input);
  const coverage = coverageOfKinds(input);
  await writeKinds(engine, input, coverage);
  await writeGaps(engine, coverage);
}

/** What tells how far messages were read: again, where they were read on. */
export async function writeReach(engine: Engine, input: JudgeInput): Promise<void> {
  const { range, replay } = input;
  const time = rangeTime(range, replay) ?? { from: 0, to: 0 };
  await engine.run(`CREATE OR REPLACE TABLE audit_time AS SELECT CAST(${micros(time.from)} AS BIGINT) AS range_from_us,
    CAST(${micros(time.to)} AS BIGINT) AS range_to_us, CAST(${micros(replay.readTo)} AS BIGINT) AS read_to_us,
    CAST(${range.unreadPartitions.length} AS INTEGER) AS unread_partitions,
    CAST(${mayHideRivals(input) ? 1 : 0} AS INTEGER) AS rivals_unread`);
  await writeHoles(engine, replay);
  await writeReadOffsets(engine, range);
  await writePartitions(engine, range, replay);
}

/**
 * Whether a partition that was not read may hold another event of a key that was. Not where the correlation key is the
 * message's own key: that is what producers choose the partition by.
 */
function mayHideRivals({ settings, range }: JudgeInput): boolean {
  const byRecordKey = settings.messages.key.some(({ field }) => field.root === 'key');
  return range.unreadPartitions.length > 0 && !byRecordKey;
}

async function writeKinds(
  engine: Engine,
  { settings, bounds }: JudgeInput,
  coverage: readonly KindCoverage[],
): Promise<void> {
  await engine.run(`CREATE TABLE kinds (effect_kind INTEGER, kind_name VARCHAR, lead_us BIGINT, settle_us BIGINT, covered INTEGER,
    row_edge INTEGER, span_from_us BIGINT, span_to_us BIGINT, read_at_us BIGINT, keyless_over INTEGER,
    sought_from_us BIGINT, sought_to_us BIGINT)`);
  for (const [kind, { name, lead, settle }] of settings.kinds.entries()) {
    const { span, readAt } = coverage[kind]!;
    const from = span?.from === undefined ? FAR_PAST : micros(span.from);
    const to = span === undefined ? FAR_PAST : micros(span.to);
    await engine.run('INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)', [
      kind,
      name,
      micros(lead),
      micros(settle),
      span === undefined ? 0 : 1,
      span?.edge === 'row' ? 1 : 0,
      from,
      to,
      micros(readAt),
      micros(bounds[kind]!.from),
      // A source reads whole milliseconds.
      micros(bounds[kind]!.to) + 999n,
    ]);
  }
}

async function writeGaps(engine: Engine, coverage: readonly KindCoverage[]): Promise<void> {
  await engine.run('CREATE TABLE gaps (effect_kind INTEGER, from_us BIGINT, to_us BIGINT)');
  for (const [kind, { gaps }] of coverage.entries()) {
    for (const gap of fewerGaps(gaps)) {
      await engine.run('INSERT INTO gaps VALUES (?, ?, ?)', [kind, micros(gap.from), micros(gap.to)]);
    }
  }
}

type Span = Pick<Gap, 'from' | 'to'>;

/** Disjoint spans that cover all gaps. Where there are very many, neighbours are joined: more is unseen, never less. */
export function fewerGaps(gaps: readonly Span[]): readonly Span[] {
  let spans: Span[] = [];
  for (const gap of [...gaps].sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last === undefined || gap.from > last.to) spans.push({ from: gap.from, to: gap.to });
    else spans[spans.length - 1] = { from: last.from, to: Math.max(last.to, gap.to) };
  }
  while (spans.length > MOST_GAPS) {
    spans = spans.flatMap((span, i) =>
      i % 2 === 0 ? [{ from: span.from, to: (spans[i + 1] ?? span).to }] : [],
    );
  }
  return spans;
}

async function writeHoles(engine: Engine, { holes, unread }: Replay): Promise<void> {
  await engine.run(
    'CREATE OR REPLACE TABLE holes (partition_id INTEGER, class VARCHAR, first_offset BIGINT, end_offset BIGINT, from_us BIGINT, to_us BIGINT)',
  );
  for (const hole of holes) {
    const { partition, first, end } = hole;
    const span = [partition, hole.class, BigInt(first), BigInt(end), ...holeTime(hole)];
    await engine.run('INSERT INTO holes VALUES (?, ?, ?, ?, ?, ?)', span);
  }
  // What was not asked for hides messages as well: of no partition in particular, and nobody knows how many.
  for (const span of unread) {
    await engine.run("INSERT INTO holes VALUES (NULL, 'unread', NULL, NULL, ?, ?)", holeTime(span));
  }
}

function holeTime({ from, to }: Pick<MessageHole, 'from' | 'to'>): [bigint, bigint] {
  return [from === undefined ? FAR_PAST : micros(from), to === undefined ? FAR_FUTURE : micros(to)];
}

/** Which offsets were read, padding included: an effect may name one of others. */
async function writeReadOffsets(engine: Engine, range: TopicRange): Promise<void> {
  await engine.run(
    'CREATE OR REPLACE TABLE read_offsets (partition_id INTEGER, first_offset BIGINT, end_offset BIGINT)',
  );
  for (const { partition, readFirst, readEnd } of range.partitions) {
    const span = [partition, BigInt(readFirst), BigInt(readEnd)];
    await engine.run('INSERT INTO read_offsets VALUES (?, ?, ?)', span);
  }
}

/** Not read by the judgement: for whoever opens the evidence with an engine of their own. */
async function writePartitions(engine: Engine, range: TopicRange, replay: Replay): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE partitions (partition_id INTEGER, first_offset BIGINT, end_offset BIGINT, audited BIGINT,
    skipped BIGINT, control BIGINT, aborted BIGINT, absent BIGINT, deleted BIGINT, unseen BIGINT)`);
  for (const { partition, first, end } of range.partitions) {
    const classes = replay.classes.get(partition);
    if (classes === undefined) continue;
    const { audited, skipped, control, aborted, absent, deleted, unseen } = classes;
    const counts = [first, end, audited, skipped, control, aborted, absent, deleted, unseen];
    await engine.run('INSERT INTO partitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
      partition,
      ...counts.map(BigInt),
    ]);
  }
}

function micros(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1000n;
}
