/** A folder of the order shop with a capture, a dump and a configuration, and the executable run in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const EXECUTABLE = join(import.meta.dirname, '../../bin/onceover.js');

/** One line of a capture, as kcat -J prints it. */
export function captured(offset: number, payload: string): string {
  const ts = 1_763_632_800_000 + offset;
  return JSON.stringify({ topic: 'orders', partition: 0, offset, tstype: 'create', ts, key: null, payload });
}

export const MESSAGES = [0, 1, 2]
  .map((i) => captured(i, JSON.stringify({ order: { id: `ORD-${i}` } })))
  .join('\n');

export const ROWS = 'order_id,id,created_at\nORD-0,1,2025-11-20T10:00:00Z\n';

export const CONFIG = `version: 1
messages:
  topic: orders
  capture: [messages.jsonl]
  key: value.order.id
effects:
  order-row:
    log: { files: [orders.csv], format: csv, key: order_id, id: id, at: created_at, covers: { from: 2025-11-20T09:00:00Z, to: 2025-11-20T12:00:00Z } }
`;

const folders: string[] = [];

/** A new folder with these files in place of or beside the usual ones. */
export function shop(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'onceover-shop-'));
  folders.push(folder);
  const all = { 'onceover.yaml': CONFIG, 'messages.jsonl': MESSAGES, 'orders.csv': ROWS, ...files };
  for (const [name, content] of Object.entries(all)) writeFileSync(join(folder, name), content);
  return folder;
}

export function closeShops(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly folder: string;
}

export async function run(
  args: readonly string[],
  folder = shop(),
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const child = spawn(process.execPath, [EXECUTABLE, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr, folder };
}
