/** Finds the name that was probably meant by a misspelt one: a setting, a column, a table. */

/** The candidate with the fewest slips of the pen, unless even that one differs in more than a third of its letters. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const most = Math.max(1, Math.floor(Math.max(text.length, candidate.length) / 3));
    if (Math.abs(text.length - candidate.length) > most) continue;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (distance <= most && distance < fewest) [best, fewest] = [candidate, distance];
  }
  return best;
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

/** Edits between two names; a name inside the other (`created` in `created_at`) counts as one. */
function unlikeness(a: string, b: string): number {
  if (a !== b && (a.includes(b) || b.includes(a)) && Math.min(a.length, b.length) > 2) return 1;
  return editDistance(a, b);
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, beforeLast[j - 2]! + 1);
      row.push(distance);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
