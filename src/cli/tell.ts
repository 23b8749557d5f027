/** Writes a report's files from its evidence, each whole or not at all. */
import { createWriteStream, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Evidence } from '../evidence/evidence.ts';
import { buildReport, orphanLine } from '../findings/report.ts';
import type { AuditRecord, LedgerLine, Orphan, Report } from '../model.ts';
import {
  type Cell,
  csvText,
  LEDGER_COLUMNS,
  ledgerCells,
  ORPHAN_COLUMNS,
  orphanCells,
} from '../render/csv.ts';
import { reportJson } from '../render/json.ts';
import { Worst } from '../render/worst.ts';

export interface Told {
  readonly report: Report;
  readonly worst: readonly LedgerLine[];
  readonly files: readonly string[];
}

const EXAMPLES = 20;

/**
 * Writes report.json, exceptions.csv, orphans.csv and, if asked for, ledger.csv into `directory`. The same evidence
 * gives the same bytes.
 */
export async function tell(evidence: Evidence, directory: string, ledger: boolean): Promise<Told> {
  const record = await evidence.record();
  const worst = new Worst();
  const examples: Orphan[] = [];
  const exceptions = ledgerRows(evidence.lines('exceptions'), record, (line) => worst.add(line));
  await writeStream(join(directory, 'exceptions.csv'), csvText(LEDGER_COLUMNS, exceptions));
  await writeStream(
    join(directory, 'orphans.csv'),
    csvText(ORPHAN_COLUMNS, orphanRows(evidence.orphans(), record, examples)),
  );
  if (ledger) {
    const all = ledgerRows(evidence.lines('all'), record);
    await writeStream(join(directory, 'ledger.csv'), csvText(LEDGER_COLUMNS, all));
  }
  const report = buildReport(record, await evidence.judgement(), examples);
  writeWhole(join(directory, 'report.json'), reportJson(report));
  const files = [
    'report.json',
    'exceptions.csv',
    'orphans.csv',
    ...(ledger ? ['ledger.csv'] : []),
    'evidence/',
  ];
  return { report, worst: worst.lines(), files };
}

async function* ledgerRows(
  lines: AsyncIterable<readonly LedgerLine[]>,
  record: AuditRecord,
  onLine?: (line: LedgerLine) => void,
): AsyncGenerator<readonly Cell[]> {
  const names = { topic: record.range.topic, kinds: record.kinds.map((kind) => kind.name) };
  for await (const chunk of lines) {
    for (const line of chunk) {
      onLine?.(line);
      yield ledgerCells(line, names);
    }
  }
}

async function* orphanRows(
  orphans: AsyncIterable<readonly Orphan[]>,
  record: AuditRecord,
  examples: Orphan[],
): AsyncGenerator<readonly Cell[]> {
  for await (const chunk of orphans) {
    for (const orphan of chunk) {
      if (examples.length < EXAMPLES) examples.push(orphan);
      yield orphanCells(orphanLine(record, orphan));
    }
  }
}

async function writeStream(path: string, text: Readable): Promise<void> {
  const aside = `${path}.part`;
  try {
    await pipeline(text, createWriteStream(aside, { mode: 0o600 }));
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

function writeWhole(path: string, text: string): void {
  const aside = `${path}.part`;
  writeFileSync(aside, text, { mode: 0o600 });
  renameSync(aside, path);
}
