/** Puts an audit's record and its judgement together into the report that every rendering is made from. */
import type {
  AuditRecord,
  ContestedGroup,
  Coverage,
  CoverageReport,
  GroupExample,
  Judgement,
  KindReport,
  Orphan,
  OrphanLine,
  Outcome,
  PairLatency,
  Report,
  SecondLook,
} from '../model.ts';
import { counted, expectedText, grouped } from '../words.ts';
import { clockNote, clockOffset } from './clock.ts';
import { exitOf, sharingRows, unseenReferences } from './exit.ts';
import { locationOf } from './location.ts';
import { refuseWrongSums } from './sums.ts';

/**
 * @param orphans a few of them, as examples
 * @throws Error: the sums do not agree, so that no report may be made
 */
export function buildReport(record: AuditRecord, judgement: Judgement, orphans: readonly Orphan[]): Report {
  refuseWrongSums(record, judgement);
  const { run, range, replay } = record;
  return {
    schemaVersion: 1,
    tool: record.tool,
    run: {
      id: run.id,
      name: run.name,
      startedAt: iso(run.startedAt),
      endedAt: iso(run.endedAt),
      configDigest: run.configDigest,
      directory: run.directory,
    },
    exit: exitOf(record, judgement),
    range: {
      topic: range.topic,
      source: range.source,
      asked: range.asked,
      from: isoOrNull(judgement.time?.from),
      to: isoOrNull(judgement.time?.to),
      isolation: range.isolation,
      partitions: range.partitions.map(({ partition, first, end, short, asked }) => ({
        partition,
        first: String(first),
        end: String(end),
        short: String(short),
        asked: asked === undefined ? null : { first: String(asked.first), end: String(asked.end) },
        classes: replay.classes.get(partition) ?? NO_OFFSETS,
      })),
      unreadPartitions: range.unreadPartitions,
      stragglers: replay.stragglers,
      notes: range.notes,
    },
    messages: { ...messageCounts(judgement), notes: messageNotes(record, judgement) },
    effects: record.kinds.map((_, kind) => kindReport(record, judgement, kind)),
    signatures: judgement.signatures.map(({ outcomes, messages }) => ({
      outcomes: Object.fromEntries(outcomes.map((outcome, kind) => [record.kinds[kind]!.name, outcome])),
      messages,
      meaning: meaningOf(
        outcomes,
        record.kinds.map((kind) => kind.name),
      ),
    })),
    findings: [],
    coverage: record.coverage.map((coverage, entry) =>
      coverageReport(
        coverage,
        judgement.shared[entry]!,
        judgement.pairLatencies.find((latency) => latency.entry === entry),
      ),
    ),
    orphans: {
      count: judgement.kinds.reduce((sum, kind) => sum + sumOf(kind.orphans), 0),
      examples: orphans.map((orphan) => orphanLine(record, orphan)),
    },
    stages: record.stages,
  };
}

const NO_OFFSETS = { audited: 0, skipped: 0, control: 0, aborted: 0, absent: 0, deleted: 0, unseen: 0 };

function messageCounts({ messages }: Judgement): Omit<Report['messages'], 'notes'> {
  const { audited, events, copies, noKey, undecodable, aborted, open } = messages;
  return { audited, events, copies, noKey, undecodable, aborted, open };
}

function messageNotes(record: AuditRecord, judgement: Judgement): string[] {
  const { idsAcrossKeys, noKey, aborted, open } = judgement.messages;
  const notes = [...unseenReferences(record), ...judgement.notes];
  if (aborted + open > 0) {
    notes.push(
      `uncommitted messages were audited too: ${grouped(aborted)} of aborted and ${grouped(open)} of open transactions`,
    );
  }
  if (idsAcrossKeys > 0) {
    notes.push(
      `${counted(idsAcrossKeys, 'event id')} on messages of different keys: they were not taken for copies`,
    );
  }
  const orphaned = judgement.kinds.reduce((sum, kind) => sum + kind.orphans['no-message'], 0);
  if (noKey > 0 && orphaned > 0) {
    notes.push(
      `up to ${noKey} of the orphans of each kind may belong to the ${counted(noKey, 'message')} without a key`,
    );
  }
  for (const { partition, offset, why } of record.replay.undecodable) {
    notes.push(`could not be decoded: ${record.range.topic}/${partition}@${offset}: ${why}`);
  }
  return notes;
}

function kindReport(record: AuditRecord, judgement: Judgement, kind: number): KindReport {
  const { name, expected } = record.kinds[kind]!;
  const totals = judgement.kinds[kind]!;
  const { total, matched, keyless, orphans, outcomes, verdicts, reasons, matrix, groups, latencyMs } = totals;
  return {
    name,
    source: record.coverage
      .filter((coverage) => coverage.kind === name)
      .map(({ source }) => source)
      .join(' + '),
    expected,
    total,
    matched,
    keyless,
    orphans,
    outcomes,
    verdicts,
    reasons,
    matrix: matrix.map((cell) => ({
      copies: cell.copies,
      count: cell.count ?? null,
      messages: cell.messages,
      events: cell.events,
    })),
    groups: { ...groups, examples: groups.examples.map(groupExample) },
    latencyMs: latencyMs ?? null,
  };
}

function groupExample(group: ContestedGroup): GroupExample {
  const { state, key, events, expected, count, most } = group;
  return { state, key, events, expected: expectedText(expected), count, most, summary: groupSentence(group) };
}

/** Such as `customer-7: 5 events, 4 effects of 5 expected: at least 1 is missing`. */
function groupSentence({ state, key, events, expected, count, most }: ContestedGroup): string {
  const seen = count === most ? counted(most, 'effect') : `${grouped(count)}..${grouped(most)} effects`;
  const told = `${key}: ${counted(events, 'event')}, ${seen} of ${expectedText(expected)} expected`;
  if (state === 'short') return `${told}: at least ${areOrIs(expected.min - most)} missing`;
  if (state === 'excess') return `${told}: at least ${areOrIs(count - expected.max)} too many`;
  return state === 'balanced' ? `${told}: as many as expected, all together` : told;
}

function areOrIs(number: number): string {
  return `${grouped(number)} ${number === 1 ? 'is' : 'are'}`;
}

/** One plain sentence for each signature; what caused it is told by runs, never by one message (DESIGN rule 16). */
function meaningOf(outcomes: readonly Outcome[], kinds: readonly string[]): string {
  const words: Record<Outcome, string> = {
    zero: 'no',
    one: 'one',
    multiple: 'several',
    unknown: 'an unknown number of',
  };
  return outcomes.map((outcome, kind) => `${words[outcome]} ${kinds[kind]}`).join(', ');
}

function coverageReport(
  coverage: Coverage,
  shared: number,
  latency: PairLatency | undefined,
): CoverageReport {
  const { source, kind, span, readAt, read, effects, excluded, unreadable, gaps, notes, samples } = coverage;
  const { secondLook = null } = coverage;
  return {
    source,
    kind,
    from: isoOrNull(span?.from),
    to: isoOrNull(span?.to),
    readAt: iso(readAt),
    read,
    effects,
    excluded,
    unreadable,
    gaps: gaps.map((gap) => ({ from: iso(gap.from), to: iso(gap.to), why: gap.why, detail: gap.detail })),
    blind: coverage.blind ?? null,
    shared,
    latencyMs: latency === undefined ? null : { pairs: latency.pairs, p01: latency.p01, p50: latency.p50 },
    clockOffsetMs: clockOffset(latency) ?? null,
    secondLook,
    notes: [
      ...(span === undefined
        ? ['nothing is covered: no row or line shows that the source would have held an effect']
        : []),
      ...optional(clockNote(latency)),
      ...(shared === 0 ? [] : [sharedNote(shared)]),
      ...(secondLook === null ? [] : [secondLookNote(secondLook)]),
      ...notes,
      ...samples.map((sample) => `could not be read: ${sample}`),
    ],
  };
}

/** DESIGN rule 5: an effect is one by its id, and no id that rows share tells them apart. */
function sharedNote(shared: number): string {
  return `${sharingRows(shared)} of the same key: they count as one effect (is \`id\` unique?)`;
}

/** DESIGN rule 11. */
function secondLookNote({ keys, found, effects }: SecondLook): string {
  const seemed = `${counted(keys, 'key')} that seemed to lack effects`;
  return `looked for once more, at any time: ${seemed}; ${grouped(found)} found, with ${counted(effects, 'effect')}`;
}

/** An orphan in the words of its audit. */
export function orphanLine(record: AuditRecord, orphan: Orphan): OrphanLine {
  return {
    kind: record.kinds[orphan.kind]!.name,
    id: orphan.id,
    at: iso(Number(orphan.time / 1000n)),
    key: orphan.key,
    reason: orphan.reason,
    source: record.coverage[orphan.entry]!.source,
    location: locationOf(record, orphan),
  };
}

function optional(note: string | undefined): readonly string[] {
  return note === undefined ? [] : [note];
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}
