/** SQL names: which catalog name a text of the configuration means, how one is shown, and which was probably meant. */

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

function foldName(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
