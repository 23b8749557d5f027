/** One digest for all ways to write the same configuration. */
import { createHash } from 'node:crypto';
import { masked } from './secrets.ts';
import type { Written } from './written.ts';

/**
 * SHA-256 in hex digits. Order of names, comments and quoting styles do not count; a `${NAME}` counts as its name, and
 * a password in a URL not at all.
 */
export function configDigest(written: Written): string {
  return createHash('sha256').update(canonical(written)).digest('hex');
}

function canonical(written: Written): string {
  if (written.type === 'list') return `[${written.items.map(canonical).join(',')}]`;
  if (written.type === 'scalar') {
    if (written.kind === 'text') return JSON.stringify(masked(written.written));
    return written.kind === 'null' ? 'null' : written.written;
  }
  const entries = [...written.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, { value }]) => `${JSON.stringify(masked(name))}:${canonical(value)}`).join(',')}}`;
}
