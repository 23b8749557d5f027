/** Which files a list of paths and glob patterns means. */
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { AuditError, isAuditError } from '../error.ts';

const MAGIC = /[*?[]/;
const ANY_DEPTH = '**';

/**
 * The files that paths and patterns name: absolute, sorted by code unit, each file once, also when two patterns or a
 * link name it twice. `*`, `?` and `[a-z]` (`[!a-z]`) work in every segment and match no leading dot; the segment `**`
 * stands for any directories, none too, and at the end for all that is in them. A segment that exists as it is written
 * is never taken for a pattern.
 *
 * @throws AuditError (4) for a pattern that matches no file and for a directory that cannot be listed.
 */
export function expandFiles(patterns: readonly string[]): string[] {
  const byRealPath = new Map<string, string>();
  for (const pattern of patterns) {
    const files = matching(resolve(pattern));
    if (files.length === 0) throw matchesNothing(pattern);
    for (const file of files) {
      const real = realpathSync(file);
      if (!byRealPath.has(real)) byRealPath.set(real, file);
    }
  }
  return [...byRealPath.values()].sort();
}

function matching(pattern: string): string[] {
  if (exists(pattern)) return isFile(pattern) ? [pattern] : [];
  const { root } = parse(pattern);
  let paths = [root];
  for (const segment of segmentsOf(pattern.slice(root.length))) {
    paths = paths.flatMap((path) =>
      segment === ANY_DEPTH ? withinReach(path, []) : children(path, segment),
    );
  }
  return paths.filter(isFile);
}

function segmentsOf(path: string): readonly string[] {
  const segments = path.split(sep);
  const apart = segments.filter((segment, i) => segment !== ANY_DEPTH || segments[i - 1] !== ANY_DEPTH);
  return apart.at(-1) === ANY_DEPTH ? [...apart, '*'] : apart;
}

/** A directory, and all below it; a link that leads back to one of those above it is not followed. */
function withinReach(directory: string, above: readonly string[]): string[] {
  if (!statOf(directory)?.isDirectory()) return [];
  const real = realpathSync(directory);
  if (above.includes(real)) return [];
  const below = children(directory, '*').flatMap((path) => withinReach(path, [...above, real]));
  return [directory, ...below];
}

function children(directory: string, segment: string): string[] {
  if (exists(join(directory, segment))) return [join(directory, segment)];
  if (!MAGIC.test(segment)) return [];
  const expression = segmentExpression(segment);
  return namesIn(directory)
    .filter((name) => expression.test(name))
    .map((name) => join(directory, name));
}

function namesIn(directory: string): string[] {
  try {
    return statOf(directory)?.isDirectory() ? readdirSync(directory) : [];
  } catch (cause) {
    if (isAuditError(cause)) throw cause;
    throw new AuditError(4, `${directory}: the directory cannot be listed (${reasonOf(cause)})`, { cause });
  }
}

/** A bracket that is never closed stands for itself, as in a shell. */
function segmentExpression(segment: string): RegExp {
  const source = segment.replaceAll(
    /\[(?<not>[!^]?)(?<set>\]?[^\]]*)\]|(?<star>\*+)|(?<one>\?)|(?<other>[\s\S])/gu,
    (...match) => {
      const groups = match.at(-1) as Record<string, string | undefined>;
      if (groups.star !== undefined) return '[^/]*';
      if (groups.one !== undefined) return '[^/]';
      if (groups.other !== undefined) return groups.other.replace(/[\\^$.*+?()[\]{}|/-]/u, '\\$&');
      return `[${groups.not === '' ? '' : '^'}${groups.set!.replaceAll(/[\\\][^]/gu, '\\$&')}]`;
    },
  );
  try {
    return new RegExp(`^${segment.startsWith('.') ? '' : '(?!\\.)'}${source}$`, 's');
  } catch (cause) {
    throw new AuditError(2, `${segment}: not a pattern of file names`, {
      hint: 'A range in brackets goes from the lower to the higher character, as in [a-z].',
      cause,
    });
  }
}

function matchesNothing(pattern: string): AuditError {
  const absolute = resolve(pattern);
  if (statOf(absolute)?.isDirectory()) {
    return new AuditError(4, `${pattern}: matches no file, it is a directory`, {
      hint: `Name the files in it, such as ${join(pattern, '*')}.`,
    });
  }
  if (exists(absolute)) {
    return new AuditError(4, `${pattern}: matches no file, it is a pipe or a device`, {
      hint: 'Write it to a file first: it is read more than once.',
    });
  }
  const missing = MAGIC.test(dirname(absolute)) || exists(dirname(absolute)) ? undefined : dirname(absolute);
  return new AuditError(4, `${pattern}: matches no file`, {
    hint:
      missing === undefined ? 'Check the name and the pattern.' : `The directory ${missing} does not exist.`,
  });
}

function exists(path: string): boolean {
  return statOf(path) !== undefined;
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile() ?? false;
}

/** Undefined: there is nothing of that name. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(reasonOf(cause))) return undefined;
    throw new AuditError(4, `${path}: cannot be reached (${reasonOf(cause)})`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? ((cause as { code?: string }).code ?? cause.message) : String(cause);
}
