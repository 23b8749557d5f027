/** SQL names as MySQL spells them: which catalog name a text of the configuration means, and how one is shown and quoted. */

const PART = /\s*(?:`((?:[^`]|``)+)`|([0-9A-Za-z_$\u{80}-\u{ffff}]+))\s*/uy;

/**
 * The parts of a dotted name: quoted by backticks, or letters, digits, `_` and `$`, but not digits alone. Undefined: the
 * text is no name. (https://dev.mysql.com/doc/refman/8.4/en/identifiers.html)
 */
export function nameParts(text: string): string[] | undefined {
  const parts: string[] = [];
  PART.lastIndex = 0;
  for (;;) {
    const part = PART.exec(text);
    if (part === null || /^\d+$/.test(part[2] ?? '')) return undefined;
    parts.push(part[1]?.replaceAll('``', '`') ?? part[2]!);
    if (PART.lastIndex === text.length) return parts;
    if (text[PART.lastIndex] !== '.') return undefined;
    PART.lastIndex++;
  }
}

/** A catalog name as the configuration would write it: quoted only where it must be. */
export function shownName(...parts: readonly string[]): string {
  return parts.map((part) => (/^(?!\d+$)[0-9A-Za-z_$]+$/.test(part) ? part : quotedName(part))).join('.');
}

/** A name in SQL text, whatever it holds, and whatever ANSI_QUOTES says. */
export function quotedName(...parts: readonly string[]): string {
  return parts.map((part) => `\`${part.replaceAll('`', '``')}\``).join('.');
}
