/** Configurations of the order shop, written to a directory of their own and loaded from there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedSettings } from '../../src/config/load.ts';
import { type LoadOptions, loadSettings } from '../../src/config/load.ts';
import { type AuditError, isAuditError } from '../../src/error.ts';

/** The least that is a configuration, in 8 lines. */
export const SMALLEST = `version: 1
messages:
  topic: orders
  kafka: { bootstrap: "broker-1:9092" }
  key: value.order.id
effects:
  order-row:
    postgres: { table: public.orders, key: order_id }
`;

/** The smallest configuration with one line changed, or with lines added at the end (of the kind order-row). */
export function smallest(change: { line: number; to: string } | { add: string }): string {
  if ('add' in change) return `${SMALLEST}${change.add}\n`;
  return SMALLEST.split('\n')
    .with(change.line - 1, change.to)
    .join('\n');
}

/** Loads a text as `onceover.yaml`. @param name another name for the file */
export function load(
  text: string | Uint8Array,
  options: Partial<LoadOptions> = {},
  name = 'onceover.yaml',
): LoadedSettings {
  const directory = mkdtempSync(join(tmpdir(), 'onceover-config-'));
  try {
    writeFileSync(join(directory, name), text);
    return loadSettings(join(directory, name), { set: [], env: {}, ...options });
  } catch (error) {
    if (isAuditError(error)) error.message = error.message.replaceAll(`${directory}/`, '');
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The error that loading ends with; it fails where there is none, or one that is not for users. */
export function refused(
  text: string | Uint8Array,
  options: Partial<LoadOptions> = {},
  name?: string,
): AuditError {
  try {
    load(text, options, name);
  } catch (error) {
    if (isAuditError(error)) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

/** Each mistake as `line path: text`, or `--set path= path: text`. */
export function mistakes(text: string, options: Partial<LoadOptions> = {}): string[] {
  const [, ...lines] = refused(text, options).message.split('\n');
  return lines.map((line) =>
    line
      .trim()
      .replace(/^onceover\.yaml:/, '')
      .replace('  ', ' '),
  );
}
