/**
 * The command line: what there is to call, what each call answers with, and how a failure is told.
 *
 *   main ──▶ audit ──▶ gather ──▶ (evidence judges) ──▶ tell
 *        ├─▶ report ─────────────────────────────────▶ tell
 *        └─▶ capture, the range in a file, for a later audit
 *
 * stdout is for results, stderr for everything else. Exit status: DESIGN section 6.
 */
import { resolve } from 'node:path';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { AuditError, isAuditError } from '../error.ts';
import { KAFKA_OPTIONS, kafkaFlags } from './kafka-options.ts';
import { RANGE_FLAGS, rangeFlags } from './range-flags.ts';
import { TOOL } from './tool.ts';
import { KeptError } from './unfinished.ts';

const INTERRUPTED = 130;
/** A defect of ours is a failed audit too. */
const DEFECT = 4;
const controller = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Once asks, twice insists: what is under construction is removed on exit either way.
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new Error('interrupted'));
  });
}

const report = {
  ledger: {
    type: 'boolean',
    describe: 'also write ledger.csv: one line per audited message and effect kind',
  },
  json: { type: 'boolean', default: false, describe: 'print report.json to stdout instead of the summary' },
} as const;

const SET = {
  type: 'string',
  array: true,
  nargs: 1,
  default: [] as string[],
  describe: 'path=value: overrides the file',
} as const;

function commands() {
  return yargs(hideBin(process.argv))
    .scriptName(TOOL.name)
    .usage('$0 <command>\n\nWhich messages of a Kafka topic range produced zero, one or multiple effects?')
    .example('$0 audit onceover.yaml', 'audit what the file describes')
    .example('$0 audit onceover.yaml --last 24h', 'the same, for the last day')
    .example('$0 report latest', 'make the newest report again from its evidence')
    .example('$0 capture onceover.yaml -o incident.jsonl.gz', 'keep the messages, to be audited later:')
    .example('$0 audit onceover.yaml --capture incident.jsonl.gz', 'of them, as they were then')
    .command(
      'audit <config>',
      'replay the range, look at every effect, judge, and write a report',
      (y) =>
        y
          .positional('config', {
            type: 'string',
            demandOption: true,
            describe: 'the configuration, onceover.yaml',
          })
          .option('set', SET)
          .options(RANGE_FLAGS)
          .option('capture', {
            type: 'string',
            array: true,
            nargs: 1,
            describe: 'read this file in place of Kafka; may be repeated (messages.capture)',
          })
          .options(report)
          .options(KAFKA_OPTIONS)
          .option('report-directory', {
            type: 'string',
            describe: 'where the report goes (report.directory)',
          })
          .option('resume', {
            type: 'boolean',
            default: false,
            describe: 'go on with an interrupted audit of the same configuration',
          })
          .option('wait', {
            type: 'boolean',
            default: false,
            describe: 'wait for the effects of the last messages (settle) before effects are read',
          })
          .option('checkpoint-ms', { type: 'number', default: 20_000, hidden: true })
          .option('exact', { type: 'boolean', default: false, hidden: true })
          .option('quiet', { type: 'boolean', default: false, describe: 'no progress on stderr' }),
      async (argv) => {
        const { audit } = await import('./audit.ts');
        const { config, set, ledger, reportDirectory, resume, wait, checkpointMs, exact, quiet, json } = argv;
        const captured = argv.capture?.map((file) => resolve(file));
        process.exitCode = await audit(
          {
            config,
            set,
            flags: { ...rangeFlags(argv), ...(captured && { capture: captured }) },
            kafka: kafkaFlags(argv),
            ledger,
            reportDirectory,
            resume,
            wait,
            checkpointMs,
            exact,
            quiet,
            json,
          },
          controller.signal,
        );
      },
    )
    .command(
      'report <run>',
      'make the files of a report again from its evidence, offline',
      (y) =>
        y
          .positional('run', {
            type: 'string',
            demandOption: true,
            describe: 'its directory, the start of its name, or latest',
          })
          .options(report)
          .option('report-directory', {
            type: 'string',
            default: 'reports',
            describe: 'where to look for it',
          })
          .option('memory', { type: 'string', default: '2GB', describe: 'bound of the engine' })
          .option('quiet', { type: 'boolean', default: false, describe: 'nothing on stderr' }),
      async (argv) => {
        const { report: again } = await import('./report.ts');
        const { run, reportDirectory, ledger, memory, json } = argv;
        process.exitCode = await again({ run, reports: resolve(reportDirectory), ledger, memory, json });
      },
    )
    .command(
      'capture [config]',
      'write the messages of the range to a file, of which an audit says the same as of the topic',
      (y) =>
        y
          .positional('config', {
            type: 'string',
            default: 'onceover.yaml',
            describe: 'the configuration; its messages are enough',
          })
          .option('output', {
            alias: 'o',
            type: 'string',
            demandOption: true,
            requiresArg: true,
            describe: 'the file: .gz, or .jsonl to have it unpacked',
          })
          .option('force', { type: 'boolean', default: false, describe: 'replace the file if it is there' })
          .option('set', SET)
          .options(RANGE_FLAGS)
          .options(KAFKA_OPTIONS)
          .option('quiet', { type: 'boolean', default: false, describe: 'no progress on stderr' }),
      async (argv) => {
        const { capture } = await import('./capture.ts');
        const { config, output, force, set, quiet } = argv;
        process.exitCode = await capture(
          {
            config,
            output: resolve(output),
            force,
            set,
            flags: rangeFlags(argv),
            kafka: kafkaFlags(argv),
            quiet,
          },
          controller.signal,
        );
      },
    )
    .demandCommand(1, 'name a command')
    .strict()
    .version(TOOL.version)
    .help()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message, error) => {
      // A flag without its value comes as an error of yargs's own.
      if (error && error.name !== 'YError') throw error;
      throw new AuditError(2, message, { hint: `${TOOL.name} --help` });
    });
}

/** Tells a failure, and what is left of the work. @returns the exit status */
function fail(failure: unknown): number {
  const kept = failure instanceof KeptError ? failure : undefined;
  const error = kept?.cause ?? failure;
  const left = kept?.message ?? 'nothing was written';
  if (controller.signal.aborted) {
    process.stderr.write(`interrupted: ${left}\n`);
    return INTERRUPTED;
  }
  if (isAuditError(error)) {
    const lines = [`${TOOL.name}: ${error.message}`, error.hint, kept?.message];
    process.stderr.write(`${lines.filter((line) => line !== undefined).join('\n  ')}\n`);
    if (process.env.ONCEOVER_DEBUG) process.stderr.write(`${String(error.stack)}\n${String(error.cause)}\n`);
    return error.status;
  }
  if (isFileTrouble(error)) {
    process.stderr.write(
      `${TOOL.name}: ${error.message}: is there room, and may it be written to?\n  ${left}\n`,
    );
    return DEFECT;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${TOOL.name}: a defect of ${TOOL.name} ${TOOL.version}; ${left}:\n${stack}\n`);
  return DEFECT;
}

/** What the file system refuses is the user's to mend. */
function isFileTrouble(error: unknown): error is NodeJS.ErrnoException {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return (
    error instanceof Error && ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE'].includes(code)
  );
}

/** Whoever reads the summary may go away early, and its file may be on a full disk: the report itself is written. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(
    `${TOOL.name}: the summary could not be printed: ${error.message}; the report is written\n`,
  );
  process.exitCode = DEFECT;
});

process.umask(0o077);
try {
  await commands().parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}
// Nothing should hold the process now; a connection that does must not hold it for ever.
setTimeout(() => process.exit(), 3000).unref();
