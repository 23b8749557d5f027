/** One digest for all ways to write the same configuration. */
import { createHash } from 'node:crypto';
import { isSecret, masked, maskedSecret } from './secrets.ts';
import type { Written } from './written.ts';

/**
 * SHA-256 in hex digits. Order of names, comments and quoting styles do not count; a `${NAME}` counts as its name, and
 * a password or a token not at all.
 */
export function configDigest(written: Written): string {
  return createHash('sha256').update(canonical(written)).digest('hex');
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
