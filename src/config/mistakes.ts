/** Collects everything that is wrong with a configuration, and tells it all at once. */
import type { z } from 'zod';
import { AuditError } from '../error.ts';
import { nearest } from '../nearest.ts';
import { masked } from './secrets.ts';
import { type Path, type Place, placeOf, type Written, WrittenScalar } from './written.ts';

export interface Mistake {
  readonly place: Place;
  /** Empty: the configuration as a whole. */
  readonly path: Path;
  /** What was expected, what was found, and perhaps what was meant. Never a secret. */
  readonly text: string;
  /** Whether the column helps to find it, as in broken YAML. */
  readonly column?: boolean;
}

/** Message of an issue whose mistake has been told already. */
export const TOLD = 'already told';

/** Nobody reads on; and a file of another sort has a mistake in every line. */
const MOST_TOLD = 100;

/** One error for all mistakes, in the order of the file; those of other places come last. */
export function mistaken(file: string, mistakes: readonly Mistake[]): AuditError {
  const told = distinct(mistakes).sort((a, b) => lineOf(a) - lineOf(b));
  const lines = told
    .slice(0, MOST_TOLD)
    .map(
      ({ place, path, text, column }) =>
        `  ${whereText(file, place, column)}  ${path.length > 0 ? `${pathText(path)}: ` : ''}${text}`,
    );
  if (told.length > MOST_TOLD) lines.push(`  and ${told.length - MOST_TOLD} more`);
  const count = told.length === 1 ? '1 mistake' : `${told.length} mistakes`;
  return new AuditError(2, `${file} has ${count}:\n${lines.join('\n')}`);
}

function distinct(mistakes: readonly Mistake[]): Mistake[] {
  const byIdentity = new Map(mistakes.map((mistake) => [JSON.stringify(mistake), mistake]));
  return [...byIdentity.values()];
}

function lineOf({ place }: Mistake): number {
  // A line of another file comes behind all lines of this one.
  return 'line' in place ? place.line + (place.file === undefined ? 0 : 1e9) : Number.MAX_SAFE_INTEGER;
}

function whereText(file: string, place: Place, column = false): string {
  if ('set' in place) return `--set ${masked(place.set)}`;
  if ('flag' in place) return `--${place.flag}`;
  if ('argument' in place) return masked(place.argument);
  return `${place.file ?? file}:${place.line}${column ? `:${place.column}` : ''}`;
}

export function pathText(path: Path): string {
  const text = path.reduce<string>(
    (before, step) => before + (typeof step === 'number' ? `[${step}]` : `${before && '.'}${oneLine(step)}`),
    '',
  );
  return shortened(masked(text), 200);
}

/** "expected …; got …", or that it is missing. `input` is a value of the plain tree, or a text that describes it. */
export function refusal(expected: string, input: unknown, hint?: string): string {
  if (input === undefined) return `missing; expected ${expected}`;
  return `expected ${expected}; got ${described(input)}${hint === undefined ? '' : `; ${masked(hint)}`}`;
}

/** A value as it was written, for a message: no secret, and not too long. */
export function described(input: unknown): string {
  if (typeof input === 'string') return input;
  if (Array.isArray(input)) return 'a list';
  if (!(input instanceof WrittenScalar)) return 'a mapping';
  if (input.kind === 'null') return 'nothing';
  return input.kind === 'text' ? quoted(input.written) : shortened(masked(input.written), 60);
}

/** In double quotes and on one line; a backslash stays single, as regular expressions are written. */
export function quoted(text: string): string {
  return `"${oneLine(shortened(masked(text), 60))}"`;
}

function oneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\\\', '\\');
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/**
 * Tells an unknown name.
 * @param later names that onceover will know one day
 * @param others what is called otherwise here, with what it is called
 */
export function unknownName(
  name: string,
  known: readonly string[],
  later: readonly string[],
  others: ReadonlyMap<string, string>,
): string {
  if (later.includes(name)) return 'not supported yet';
  const near = nearest(name, known);
  const meant = others.get(name.toLowerCase()) ?? (near && `\`${near}\``);
  return `unknown name; ${meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${meant}?`}`;
}

/** The mistakes that the schema found, each with the place of its name. */
export function schemaMistakes(root: Written, issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues
    .filter(({ message }) => message !== TOLD)
    .map((issue) => {
      const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
      return { place: placeOf(root, path), path, text: issue.message };
    });
}
