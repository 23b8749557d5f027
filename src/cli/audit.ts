/** `onceover audit`: gather, judge, tell. */
import { randomBytes } from 'node:crypto';
import { join, relative } from 'node:path';
import { loadSettings } from '../config/load.ts';
import { Evidence } from '../evidence/evidence.ts';
import type { AuditRecord, KindSettings, Settings, TopicRange } from '../model.ts';
import { expectedText } from '../render/csv.ts';
import { reportJson } from '../render/json.ts';
import { summary } from '../render/terminal.ts';
import { counted } from '../words.ts';
import { type Gathered, gather } from './gather.ts';
import { ProgressDisplay } from './progress.ts';
import { EVIDENCE, RunDirectory } from './runs.ts';
import { Stages } from './stages.ts';
import { type Told, tell } from './tell.ts';
import { TOOL } from './tool.ts';

export interface AuditOptions {
  readonly config: string;
  readonly set: readonly string[];
  readonly ledger: boolean | undefined;
  readonly reportDirectory: string | undefined;
  readonly exact: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** @returns the exit status: 0, 1 or 3. @throws AuditError 2 or 4, or the signal's reason when interrupted */
export async function audit(options: AuditOptions, signal: AbortSignal): Promise<number> {
  const startedAt = Date.now();
  const settings = loadSettings(options.config, {
    set: options.set,
    env: process.env,
    ...(options.ledger !== undefined && { ledger: options.ledger }),
    ...(options.reportDirectory !== undefined && { reportDirectory: options.reportDirectory }),
  });
  const progress = new ProgressDisplay(process.stderr, options.quiet);
  const run = new RunDirectory(settings.report.directory, settings.name);
  const discard = (): void => run.discard();
  process.once('exit', discard);
  try {
    const told = await auditInto(run, settings, options, { startedAt, progress, signal });
    const path = run.finish(told.report.run.directory);
    progress.clear();
    print(told, path, options.json);
    return told.report.exit.status;
  } finally {
    progress.clear();
    run.discard();
    process.off('exit', discard);
  }
}

interface Surroundings {
  readonly startedAt: number;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
}

async function auditInto(
  run: RunDirectory,
  settings: Settings,
  options: AuditOptions,
  { startedAt, progress, signal }: Surroundings,
): Promise<Told> {
  const stages = new Stages();
  const evidence = await Evidence.create(join(run.aside, EVIDENCE), settings, { exact: options.exact });
  const interrupt = (): void => evidence.interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    const hooks = { progress: progress.update, signal, digestKey: randomBytes(16) };
    const gathered = await gather(settings, hooks, evidence, stages, (range) =>
      progress.say(describe(range)),
    );
    signal.throwIfAborted();
    const judgement = await stages.run(
      'judge',
      () => evidence.judge(),
      (done) => done.messages.audited,
    );
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

function describe(range: TopicRange): string {
  const partitions = range.partitions.map(({ partition, first, end }) => `${partition}: [${first}, ${end})`);
  const shown = partitions.length > 12 ? [...partitions.slice(0, 12), '…'] : partitions;
  const offsets = range.partitions.reduce((sum, { first, end }) => sum + (end - first), 0);
  return [`range of ${range.topic}: ${counted(offsets, 'offset')}; ${shown.join(', ')}`, ...range.notes].join(
    '\n  ',
  );
}

export function print({ report, worst, files }: Told, path: string, json: boolean): void {
  if (json) {
    process.stdout.write(reportJson(report));
    return;
  }
  const color = process.stdout.isTTY && !process.env.NO_COLOR;
  process.stdout.write(summary({ report, worst, directory: relative('.', path) || '.', files, color }));
}
