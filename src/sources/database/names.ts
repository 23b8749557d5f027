/** SQL names: which catalog name a text of the configuration means, how one is shown, and which was probably meant. */
import { editDistance } from '../../nearest.ts';

const PART = /\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u{80}-\u{10ffff}][A-Za-z0-9_$\u{80}-\u{10ffff}]*))\s*/uy;

/**
 * The parts of a dotted name as PostgreSQL reads it: quoted parts exactly, others folded to lower case (ASCII only,
 * as the server does). Undefined: the text is no name.
 * (https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS)
 */
export function nameParts(text: string): string[] | undefined {
  const parts: string[] = [];
  PART.lastIndex = 0;
  for (;;) {
    const part = PART.exec(text);
    if (part === null) return undefined;
    parts.push(part[1]?.replaceAll('""', '"') ?? foldName(part[2]!));
    if (PART.lastIndex === text.length) return parts;
    if (text[PART.lastIndex] !== '.') return undefined;
    PART.lastIndex++;
  }
}

/** A catalog name as the configuration would write it: quoted only where it must be. */
export function shownName(...parts: readonly string[]): string {
  return parts
    .map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join('.');
}

/** Up to three of `candidates` that a misspelt `name` may have meant, the nearest first. */
export function nearNames(name: string, candidates: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const scored = candidates.map((candidate) => ({
    candidate,
    distance: unlikeness(wanted, candidate.toLowerCase()),
  }));
  return scored
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

function foldName(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Edits between two names; a name inside the other (`created` in `created_at`) counts as one. */
function unlikeness(a: string, b: string): number {
  if (a !== b && (a.includes(b) || b.includes(a)) && Math.min(a.length, b.length) > 2) return 1;
  return editDistance(a, b);
}
