/** One digest for all ways to write the same configuration. */
import { createHash } from 'node:crypto';
import { isSecret, masked, maskedSecret } from './secrets.ts';
import type { Path, Written } from './written.ts';

/**
 * SHA-256 in hex digits. Order of names, comments and quoting styles do not count; a `${NAME}` counts as its name, and
 * a password or a token not at all.
 */
export function configDigest(written: Written): string {
  return createHash('sha256').update(canonical(written)).digest('hex');
}

/** What changes how an audit goes, or where its report is, and never what it says. */
const WITHOUT_EFFECT: readonly Path[] = [
  ['memory'],
  ['report'],
  ['messages', 'kafka', 'max-rate'],
  ['messages', 'kafka', 'fetch-memory'],
  ['messages', 'kafka', 'patience'],
];

/** The digest of what must be the same for an interrupted audit to be gone on with. */
export function resumeDigest(written: Written): string {
  return configDigest(WITHOUT_EFFECT.reduce(without, written));
}

function without(written: Written, [name, ...rest]: Path): Written {
  const entry = written.type === 'map' ? written.entries.get(String(name)) : undefined;
  if (written.type !== 'map' || entry === undefined) return written;
  const entries = new Map(written.entries);
  if (rest.length === 0) entries.delete(String(name));
  else entries.set(String(name), { ...entry, value: without(entry.value, rest) });
  return { ...written, entries };
}

/** @param within the name that this stands under */
function canonical(written: Written, within = ''): string {
  if (written.type === 'list') return `[${written.items.map((item) => canonical(item)).join(',')}]`;
  if (written.type === 'scalar') {
    if (written.kind === 'text') return JSON.stringify(masked(written.written));
    return written.kind === 'null' ? 'null' : written.written;
  }
  const entries = [...written.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const members = entries.map(([name, { value }]) => {
    const secret = value.type === 'scalar' && isSecret(within, name);
    const shown = secret ? maskedSecret(value.written) : canonical(value, name);
    return `${JSON.stringify(masked(name))}:${shown}`;
  });
  return `{${members.join(',')}}`;
}
