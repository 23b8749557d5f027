/** Tables as plain text in aligned columns, and data made safe to print. */

/** The numbers of the columns from `first` on, of `columns`. */
export function columnsFrom(first: number, columns: number): ReadonlySet<number> {
  return new Set(Array.from({ length: columns - first }, (_, i) => i + first));
}

/** One line per row; the columns named in `right` are aligned to the right. */
export function table(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, lengthOf(cell));
  }
  return cells.map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i]!, right.has(i)))
      .join('  ')
      .trimEnd(),
  );
}

function pad(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(cell)));
  return right ? space + cell : cell + space;
}

function lengthOf(text: string): number {
  return [...text].length;
}

/** Control and format characters of data as escapes: what comes from outside must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
