/** `onceover audit`: gather, judge, tell. */
import { randomBytes } from 'node:crypto';
import { join, relative } from 'node:path';
import type { SettingFlags } from '../config/flags.ts';
import type { KafkaFlags } from '../config/kafka/properties.ts';
import { type LoadedSettings, loadSettings } from '../config/load.ts';
import { AuditError, isAuditError } from '../error.ts';
import { Evidence } from '../evidence/evidence.ts';
import type { AuditRecord, Judgement, KindSettings, ReplayState, Settings, TopicRange } from '../model.ts';
import { reportJson } from '../render/json.ts';
import { summary } from '../render/terminal.ts';
import { counted, expectedText } from '../words.ts';
import { lookCloser } from './closer.ts';
import {
  closeSources,
  type Gathered,
  gather,
  openSources,
  type Resumption,
  type Workplace,
} from './gather.ts';
import { ProgressDisplay } from './progress.ts';
import { EVIDENCE, RunDirectory } from './runs.ts';
import { Stages } from './stages.ts';
import { type Told, tell } from './tell.ts';
import { TOOL } from './tool.ts';
import {
  findUnfinished,
  forgetUnfinished,
  isKept,
  KeptError,
  keepUnfinished,
  removeDead,
  takeUp,
  type Unfinished,
} from './unfinished.ts';

export interface AuditOptions {
  readonly config: string;
  readonly set: readonly string[];
  readonly flags: SettingFlags;
  readonly kafka: KafkaFlags;
  readonly ledger: boolean | undefined;
  readonly reportDirectory: string | undefined;
  readonly exact: boolean;
  /** Go on with an audit of the same configuration that was interrupted. */
  readonly resume: boolean;
  /** How often the replay is kept meanwhile, in milliseconds. */
  readonly checkpointMs: number;
  /** Wait for the last effects before they are read. */
  readonly wait: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** @returns the exit status: 0, 1 or 3. @throws AuditError 2 or 4, or the signal's reason when interrupted */
export async function audit(options: AuditOptions, signal: AbortSignal): Promise<number> {
  const now = Date.now();
  const settings = loadSettings(options.config, {
    set: options.set,
    flags: options.flags,
    env: process.env,
    kafka: options.kafka,
    ...(options.ledger !== undefined && { ledger: options.ledger }),
    ...(options.reportDirectory !== undefined && { reportDirectory: options.reportDirectory }),
  });
  const progress = new ProgressDisplay(process.stderr, options.quiet);
  sayIgnored(settings, progress);
  const { directory } = settings.report;
  sayRemoved(removeDead(directory, settings.name), progress);
  if (options.resume) refuseStandardInput(settings);
  const resumed = options.resume
    ? takeUp(directory, settings.name, settings.resumeDigest).unfinished
    : undefined;
  if (resumed === undefined) mentionUnfinished(settings, progress);
  const run = new RunDirectory(directory, settings.name, resumed?.id);
  const discard = (): void => run.discard();
  process.once('exit', discard);
  try {
    const startedAt = resumed?.startedAt ?? now;
    const told = await auditInto(run, settings, options, { startedAt, progress, signal, resumed });
    forgetUnfinished(run.aside);
    const path = run.finish(told.report.run.directory);
    progress.clear();
    print(told, path, options.json);
    return told.report.exit.status;
  } catch (error) {
    if (isAuditError(error) && error.voidsReading) forgetUnfinished(run.aside);
    throw isKept(run.aside) ? new KeptError(keptLine('what was read', run.aside), error) : error;
  } finally {
    progress.clear();
    run.discard();
    process.off('exit', discard);
  }
}

/** Whoever wrote a property down should know that it is not why anything happens. */
export function sayIgnored(
  { messages: { from } }: Pick<Settings, 'messages'>,
  progress: ProgressDisplay,
): void {
  if (from.source !== 'kafka' || from.ignored === undefined) return;
  progress.say(`properties that change nothing here: ${from.ignored.join(', ')}`);
}

function sayRemoved(directories: readonly string[], progress: ProgressDisplay): void {
  for (const directory of directories) {
    progress.say(
      `removed ${relative('.', directory)}: an audit was killed before there was anything to keep`,
    );
  }
}

interface Surroundings {
  readonly startedAt: number;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
  readonly resumed: Unfinished | undefined;
}

async function auditInto(
  run: RunDirectory,
  settings: LoadedSettings,
  options: AuditOptions,
  { startedAt, progress, signal, resumed }: Surroundings,
): Promise<Told> {
  const stages = new Stages(() => progress.clear());
  const folder = join(run.aside, EVIDENCE);
  if (resumed !== undefined) await Evidence.checkKept(folder, resumed.files);
  const evidence = await Evidence.create(folder, settings, {
    exact: options.exact,
    checkpointMs: options.checkpointMs,
    ...(resumed && { resume: resumed.files }),
  });
  stages.watchSpill(() => evidence.spilledBytes());
  const interrupt = (): void => evidence.interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    const digestKey = resumed === undefined ? randomBytes(16) : Buffer.from(resumed.digestKey, 'hex');
    const say = (sentence: string) => progress.say(sentence);
    const hooks = { progress: progress.update, say, signal, digestKey };
    const offer = async (state: () => ReplayState): Promise<void> => {
      if (!evidence.checkpointIsDue) return;
      const files = await evidence.secure();
      keepUnfinished(run.aside, {
        id: run.id,
        name: settings.name,
        startedAt,
        resumeDigest: settings.resumeDigest,
        digestKey: digestKey.toString('hex'),
        files,
        replay: state(),
      });
    };
    const checkpoint = { due: () => evidence.checkpointIsDue, offer };
    const resumption = { checkpoint, ...(resumed && { from: resumed.replay }) };
    const place = { settings, hooks, evidence, stages, say, ...(await openSources(settings, hooks)) };
    const { judgement, ...gathered } = await gatherAndJudge(place, resumption, options.wait);
    const directory = run.nameFrom(judgement.time?.from);
    await evidence.keep(recordOf(settings, gathered, { id: run.id, startedAt, directory }, stages));
    signal.throwIfAborted();
    return await tell(evidence, run.aside, settings.report.ledger);
  } catch (error) {
    // What an aborted source or statement throws is its own affair: the interruption is what happened.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', interrupt);
    evidence.close();
  }
}

/** Until nothing more is to be looked for; no source is open afterwards. */
async function gatherAndJudge(
  place: Workplace,
  resumption: Resumption,
  wait: boolean,
): Promise<Gathered & { readonly judgement: Judgement }> {
  const { evidence, stages, hooks, say } = place;
  const audited = (done: Judgement) => done.messages.audited;
  try {
    const gathered = await gather(place, resumption, (range) => say(describe(range)), wait);
    hooks.signal.throwIfAborted();
    const judgement = await stages.run('judge', () => evidence.judge(), audited);
    const { isNew, ...closer } = await lookCloser(place, gathered, judgement);
    await closeSources(place);
    hooks.signal.throwIfAborted();
    if (!isNew) return { ...closer, judgement };
    return { ...closer, judgement: await stages.run('judge again', () => evidence.judgeAgain(), audited) };
  } finally {
    await closeSources(place);
  }
}

function mentionUnfinished(settings: Settings, progress: ProgressDisplay): void {
  const [latest] = findUnfinished(settings.report.directory, settings.name);
  if (latest !== undefined) progress.say(keptLine('an interrupted audit', latest.directory));
}

function keptLine(what: string, directory: string): string {
  return `${what} is kept in ${relative('.', directory)}: go on with it by --resume, or remove it`;
}

function recordOf(
  settings: Settings,
  gathered: Gathered,
  run: Pick<AuditRecord['run'], 'id' | 'startedAt' | 'directory'>,
  stages: Stages,
): AuditRecord {
  return {
    tool: TOOL,
    run: { ...run, name: settings.name, endedAt: Date.now(), configDigest: settings.configDigest },
    kinds: settings.kinds.map((kind) => ({
      name: kind.name,
      expected: expectation(kind),
      orphans: kind.orphans,
    })),
    ledger: settings.report.ledger,
    ...gathered,
    stages: stages.list(),
  };
}

function expectation({ expect }: KindSettings): string {
  return expect.by === 'field' ? expect.field.text : expectedText(expect);
}

/** The range in the words that are said when it is fixed. */
export function describe(range: TopicRange): string {
  const partitions = range.partitions.map(({ partition, first, end }) => `${partition}: [${first}, ${end})`);
  const shown = partitions.length > 12 ? [...partitions.slice(0, 12), '…'] : partitions;
  const offsets = range.partitions.reduce((sum, { first, end }) => sum + (end - first), 0);
  const { from, to } = range;
  const time = [from, to]
    .map((bound) => (bound === undefined ? '…' : new Date(bound).toISOString()))
    .join(' to ');
  const timed = from === undefined && to === undefined ? '' : `${time}: `;
  const fixed = `${timed}${counted(offsets, 'offset')}; ${shown.join(', ')}`;
  return [`range of ${range.topic}: ${range.asked}`, `fixed: ${fixed}`, ...range.notes].join('\n  ');
}

export function print({ report, worst, files }: Told, path: string, json: boolean): void {
  if (json) {
    process.stdout.write(reportJson(report));
    return;
  }
  const color = process.stdout.isTTY && !process.env.NO_COLOR;
  process.stdout.write(summary({ report, worst, directory: relative('.', path) || '.', files, color }));
}

/** What was piped into the audit that was interrupted is gone. */
function refuseStandardInput({ entries }: Settings): void {
  const reading = entries.find(({ source }) => 'files' in source && source.files.includes('-'));
  if (reading === undefined) return;
  throw new AuditError(2, `--resume: ${reading.name} reads the standard input, which cannot be read again`, {
    hint: 'Write it to a file first, or run the audit again without --resume.',
  });
}
