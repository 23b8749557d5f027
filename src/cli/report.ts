/** `onceover report RUN`: makes a report's files again from its evidence, with no access to any source. */
import { join } from 'node:path';
import { AuditError } from '../error.ts';
import { Evidence } from '../evidence/evidence.ts';
import { print } from './audit.ts';
import { EVIDENCE, findRun } from './runs.ts';
import { tell } from './tell.ts';

export interface ReportOptions {
  readonly run: string;
  readonly reports: string;
  readonly ledger: boolean | undefined;
  readonly memory: string;
  readonly json: boolean;
}

/** @returns the exit status that the audit had */
export async function report(options: ReportOptions): Promise<number> {
  if (!/^\d+(\.\d+)? ?[KMGT]i?B$/i.test(options.memory)) {
    throw new AuditError(2, `--memory: expected a size such as 2GB; got ${JSON.stringify(options.memory)}`);
  }
  const directory = findRun(options.run, options.reports);
  const evidence = await Evidence.open(join(directory, EVIDENCE), options.memory);
  try {
    const ledger = options.ledger ?? (await evidence.record()).ledger;
    const told = await tell(evidence, directory, ledger);
    print(told, directory, options.json);
    return told.report.exit.status;
  } finally {
    evidence.close();
  }
}
