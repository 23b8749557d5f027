/** Where reports lie: how a run is named, how its directory appears only when whole, and how it is found again. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { AuditError } from '../error.ts';
import { claim, isKept } from './unfinished.ts';

export const EVIDENCE = 'evidence';

/** A run under construction: a dot directory beside the finished reports, which is what makes the rename atomic. */
export class RunDirectory {
  readonly id: string;
  readonly aside: string;
  readonly #reports: string;
  readonly #name: string;
  /** The first directory that had to be made for reports, to be taken away again if none appears in it. */
  readonly #made: string | undefined;

  /**
   * @param reports is made if it is not there
   * @param resumed the id of an interrupted run, whose directory is gone on with
   * @throws AuditError 4: cannot be written to
   */
  constructor(reports: string, name: string, resumed?: string) {
    this.#reports = reports;
    this.#name = name;
    this.id = resumed ?? randomBytes(4).toString('hex');
    this.aside = join(reports, `.${name}-${this.id}`);
    try {
      this.#made = mkdirSync(reports, { recursive: true, mode: 0o700 });
      if (resumed === undefined) {
        mkdirSync(this.aside, { mode: 0o700 });
        claim(this.aside);
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new AuditError(4, `cannot write reports into ${reports}: ${why}`, {
        cause,
        hint: 'set report.directory to a directory that can be written to',
      });
    }
  }

  /** `<name>-<range start>-<run id>`; a range without messages and without a time starts at no time. */
  nameFrom(rangeStart: number | undefined): string {
    const start =
      rangeStart === undefined ? 'empty' : new Date(rangeStart).toISOString().replace(/[-:]|\.\d+/g, '');
    return `${this.#name}-${start}-${this.id}`;
  }

  /** Gives the whole report its name. @returns its path */
  finish(directory: string): string {
    const path = join(this.#reports, directory);
    renameSync(this.aside, path);
    return path;
  }

  /** Leaves nothing behind, or only what an interrupted audit can be resumed from. */
  discard(): void {
    if (isKept(this.aside)) return;
    rmSync(this.aside, { recursive: true, force: true });
    this.#unmake();
  }

  /** Takes back the directories that were made for nothing. One that holds something, of whomever, stays. */
  #unmake(): void {
    if (this.#made === undefined) return;
    for (let path = this.#reports; path.startsWith(this.#made); path = dirname(path)) {
      try {
        rmdirSync(path);
      } catch {
        return;
      }
    }
  }
}

/**
 * Finds a report by its directory, by the start of its name in `reports`, or by `latest`.
 * @throws AuditError 2: none, or several, begin so
 */
export function findRun(run: string, reports: string): string {
  if (isReport(resolve(run))) return resolve(run);
  const names = existsSync(reports)
    ? readdirSync(reports).filter((name) => isReport(join(reports, name)))
    : [];
  if (run === 'latest') return newest(names, reports);
  const inside = run.includes('/') ? resolve(run) : join(reports, run);
  const found = names.filter((name) => dirname(inside) === reports && name.startsWith(basename(inside)));
  if (found.length === 1) return join(reports, found[0]!);
  const hint =
    names.length === 0 ? `there is no report in ${reports}` : `there are: ${names.slice(0, 10).join(', ')}`;
  const why = found.length === 0 ? 'no report' : `more than one report (${found.length})`;
  throw new AuditError(2, `${why} in ${reports} has a name that begins with ${JSON.stringify(run)}`, {
    hint,
  });
}

function newest(names: readonly string[], reports: string): string {
  const byAge = names.map((name) => ({ name, at: statSync(join(reports, name, EVIDENCE)).mtimeMs }));
  const last = byAge.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1)).at(-1);
  if (last === undefined) throw new AuditError(2, `there is no report in ${reports}`);
  return join(reports, last.name);
}

/** Finished reports only: what is still being written has a dot in front. */
function isReport(path: string): boolean {
  return !basename(path).startsWith('.') && existsSync(join(path, EVIDENCE, 'evidence.duckdb'));
}
