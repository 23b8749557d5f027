/**
 * The summary on the terminal: verdict first, then the numbers of each effect kind, the worst exceptions, what could
 * not be seen, and where the files are.
 */
import type { CoverageReport, GroupState, KindReport, LedgerLine, Report, Verdict } from '../model.ts';
import { counted, duration, expectedText, grouped } from '../words.ts';
import { columnsFrom, printable, table } from './table.ts';

export interface SummaryInput {
  readonly report: Report;
  readonly worst: readonly LedgerLine[];
  /** Path of the report's directory as it is printed, and the files in it. */
  readonly directory: string;
  readonly files: readonly string[];
  /** Whether escape codes may be used. */
  readonly color: boolean;
}

export function summary(input: SummaryInput): string {
  const sections = [
    headline(input.report),
    range(input.report),
    kinds(input.report),
    signatures(input.report),
    contested(input.report),
    worst(input),
    orphans(input.report),
    unseen(input.report),
    files(input),
  ];
  const text = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(printable).join('\n'))
    .join('\n\n');
  return `${input.color ? colored(text, input.report.exit.status) : text}\n`;
}

const TITLES = { 0: 'AS EXPECTED', 1: 'NOT AS EXPECTED', 3: 'NOT ALL COULD BE SEEN' } as const;
const COLORS = { 0: 32, 1: 31, 3: 33 } as const;

function colored(text: string, status: 0 | 1 | 3): string {
  return text.replace(TITLES[status], `\x1b[1;${COLORS[status]}m${TITLES[status]}\x1b[0m`);
}

const VERDICTS: readonly Verdict[] = ['missing', 'duplicate', 'unexpected', 'unknown'];

function headline({ exit, messages, run }: Report): string[] {
  const empty =
    messages.audited === 0 ? ['No message was audited: the range holds none, or `where` lets none in.'] : [];
  const because = exit.because.map((reason) => `  ${reason}`);
  return [`${TITLES[exit.status]}  ${run.name} (exit ${exit.status})`, ...empty, ...because];
}

function range(report: Report): string[] {
  const { topic, from, to, partitions } = report.range;
  const classes = { audited: 0, skipped: 0, control: 0, aborted: 0, absent: 0, deleted: 0, unseen: 0 };
  for (const partition of partitions) {
    for (const name of Object.keys(classes) as (keyof typeof classes)[])
      classes[name] += partition.classes[name];
  }
  const offsets = Object.entries(classes).filter(([name, count]) => name === 'audited' || count > 0);
  const sum = Object.values(classes).reduce((total, count) => total + count, 0);
  const { events, copies, noKey, undecodable } = report.messages;
  const time = from === null || to === null ? 'no time' : `${from} to ${to}`;
  return [
    `Topic ${topic}, ${counted(partitions.length, 'partition')}, ${time}`,
    `${counted(sum, 'offset')}: ${offsets.map(([name, count]) => `${grouped(count)} ${name}`).join(', ')}`,
    `${counted(events, 'event')}, ${counted(copies, 'further copy', 'further copies')}${noKey > 0 ? `, ${grouped(noKey)} without a key` : ''}${undecodable > 0 ? `, ${grouped(undecodable)} undecodable` : ''}`,
    ...report.messages.notes.map((note) => `! ${note}`),
  ];
}

function kinds(report: Report): string[] {
  const header = ['effect kind', 'expected', 'ok', 'exempt', ...VERDICTS, 'effects', 'orphans', 'p50', 'p99'];
  const rows = report.effects.map((kind) => [
    kind.name,
    kind.expected,
    grouped(kind.verdicts.ok),
    grouped(kind.verdicts.exempt),
    ...VERDICTS.map((verdict) => grouped(kind.verdicts[verdict])),
    grouped(kind.total),
    grouped(orphanCount(kind)),
    kind.latencyMs === null ? '' : duration(kind.latencyMs.p50),
    kind.latencyMs === null ? '' : duration(kind.latencyMs.p99),
  ]);
  return table([header, ...rows], columnsFrom(1, header.length));
}

function orphanCount(kind: KindReport): number {
  return Object.values(kind.orphans).reduce((sum, count) => sum + count, 0);
}

/** Where the boundary broke: only worth its lines with several kinds. */
function signatures(report: Report): string[] {
  if (report.effects.length < 2) return [];
  const rows = report.signatures.slice(0, 8).map(({ messages, meaning }) => [grouped(messages), meaning]);
  const more =
    report.signatures.length > 8 ? [`  and ${report.signatures.length - 8} more in report.json`] : [];
  return ['Messages by what they produced', ...table(rows, new Set([0])).map((line) => `  ${line}`), ...more];
}

const STATES: readonly GroupState[] = ['short', 'excess', 'balanced', 'open'];
const SHOWN_GROUPS = 3;

/** What is proven of events that are unknown one by one. */
function contested(report: Report): string[] {
  const told = report.effects.filter(({ groups }) => STATES.some((state) => groups[state] > 0));
  if (told.length === 0) return [];
  const lines = told.flatMap(({ name, groups }) => {
    const states = STATES.map(
      (state) => `${grouped(groups[state])} ${state === 'excess' ? 'in excess' : state}`,
    );
    const proven = groups.examples.filter(({ state }) => state === 'short' || state === 'excess');
    return [
      `  ${name}: ${states.join(', ')}`,
      ...proven.slice(0, SHOWN_GROUPS).map(({ summary: sentence }) => `    ${sentence}`),
    ];
  });
  return ['Groups of events of one key that contest the same effects', ...lines];
}

function worst({ report, worst: lines }: SummaryInput): string[] {
  if (lines.length === 0) return [];
  const rows = lines.map((line) => [
    `${report.range.topic}/${line.partition}@${line.offset}`,
    line.timestamp < 0n ? '' : new Date(Number(line.timestamp)).toISOString(),
    line.key,
    report.effects[line.kind]!.name,
    line.reason === undefined ? line.verdict : `${line.verdict}: ${line.reason}`,
    detail(line),
  ]);
  return ['Worst exceptions (all in exceptions.csv)', ...table(rows).map((line) => `  ${line}`)];
}

function detail(line: LedgerLine): string {
  const { count, most, expected, firstEffectAt, lastEffectAt, effectIds } = line;
  const seen =
    count === undefined ? 'not looked for' : `${count}${most === count ? '' : `..${most ?? ''}`} seen`;
  const wanted = expected === undefined ? '' : `, ${expectedText(expected)} expected`;
  const spread =
    count !== undefined && count > 1 && firstEffectAt !== undefined && lastEffectAt !== undefined
      ? `, ${duration(Number((lastEffectAt - firstEffectAt) / 1000n))} apart`
      : '';
  const ids =
    effectIds.length === 0
      ? ''
      : ` (${effectIds.slice(0, 3).join(', ')}${effectIds.length > 3 ? ', …' : ''})`;
  return `${seen}${wanted}${spread}${ids}`;
}

function orphans(report: Report): string[] {
  if (report.orphans.count === 0) return [];
  const rows = report.orphans.examples
    .slice(0, 5)
    .map(({ kind, id, at, key, reason, location }) => [
      kind,
      at,
      key,
      reason,
      `${location}${location.endsWith(id) ? '' : ` (${id})`}`,
    ]);
  return [
    `${counted(report.orphans.count, 'effect')} without a message (all in orphans.csv)`,
    ...table(rows).map((line) => `  ${line}`),
  ];
}

function unseen(report: Report): string[] {
  const lines = report.coverage.flatMap((coverage) => [
    `  ${coverageLine(coverage)}`,
    ...coverageDetails(coverage),
  ]);
  return ['What was looked at, and what could not be seen', ...lines, ...rangeNotes(report)];
}

function coverageLine(coverage: CoverageReport): string {
  const { kind, source, from, to, read, effects, unreadable, excluded } = coverage;
  const span = to === null ? 'nothing covered' : `covers ${from ?? 'the beginning'} to ${to}`;
  const left = Object.entries(excluded).filter(([, count]) => count > 0);
  const out =
    left.length === 0
      ? ''
      : `, left out ${left.map(([why, count]) => `${grouped(count)} ${why}`).join(', ')}`;
  const bad = unreadable === 0 ? '' : `, ${grouped(unreadable)} unreadable`;
  return `${kind}: ${source}: ${span}; read ${grouped(read)}, effects ${grouped(effects)}${out}${bad}`;
}

const SHOWN_GAPS = 3;

function coverageDetails({ gaps, notes, blind }: CoverageReport): string[] {
  const shown = gaps
    .slice(0, SHOWN_GAPS)
    .map((gap) => `    gap ${gap.from} to ${gap.to} (${gap.why}): ${gap.detail}`);
  const more =
    gaps.length > SHOWN_GAPS ? [`    and ${grouped(gaps.length - SHOWN_GAPS)} more gaps in report.json`] : [];
  const sightless = blind === null ? [] : [`    blind to duplicates: ${blind}; ok means at least one`];
  return [...shown, ...more, ...sightless, ...notes.map((note) => `    ${note}`)];
}

function rangeNotes({ range: { notes, stragglers, unreadPartitions } }: Report): string[] {
  const unread = unreadPartitions.length === 0 ? [] : [`partitions not read: ${unreadPartitions.join(', ')}`];
  const strayed =
    stragglers === 0 ? [] : [`${counted(stragglers, 'message')} with a timestamp outside the time asked for`];
  return [...notes, ...unread, ...strayed].map((line) => `  messages: ${line}`);
}

function files({ directory, files: names }: SummaryInput): string[] {
  return [`Report in ${directory}`, `  ${names.join('  ')}`];
}
