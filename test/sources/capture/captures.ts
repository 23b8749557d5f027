/** Captures of an order shop in temporary files, and what is read from them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { textValues } from '../../../src/columns.ts';
import type {
  CaptureSettings,
  FieldReference,
  MessageBatch,
  MessageSource,
  RangeSettings,
  Replay,
  SourceHooks,
  TopicRange,
} from '../../../src/model.ts';
import { captureMessages } from '../../../src/sources/capture/messages.ts';
import { kindSettings, messageSettings, settingsOf } from '../messages/settings.ts';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** Writes files into a new directory. @returns their paths, in the order given */
export function filesOf(contents: Readonly<Record<string, string | Uint8Array>>): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'onceover-capture-'));
  directories.push(directory);
  return Object.entries(contents).map(([name, content]) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  });
}

export interface Line {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset: number;
  readonly ts?: number;
  readonly key?: string | null;
  readonly payload?: string | null;
  readonly headers?: readonly (string | null)[];
}

/** As kcat 1.7 writes it. */
export function line(message: Line): string {
  const {
    topic = 'orders',
    partition = 0,
    offset,
    ts = 1000 * offset,
    headers,
    key = null,
    payload = '{}',
  } = message;
  const flat = headers === undefined ? {} : { headers };
  return JSON.stringify({ topic, partition, offset, tstype: 'create', ts, broker: 1, ...flat, key, payload });
}

/** Messages first to last (inclusive) of a partition, each a second after the one before. */
export function lines(partition: number, first: number, last: number): string {
  let text = '';
  for (let offset = first; offset <= last; offset++) {
    text += `${line({ partition, offset, key: `ORD-${partition}-${offset}` })}\n`;
  }
  return text;
}

export interface Read {
  readonly range: TopicRange;
  readonly replay: Replay;
  readonly keys: readonly string[];
  /** partition:offset, with a `p` where it is padding only. */
  readonly places: readonly string[];
}

interface Asked {
  readonly range?: RangeSettings;
  readonly partitions?: readonly number[];
  readonly key?: readonly FieldReference[];
  readonly capture?: Partial<CaptureSettings>;
  readonly hooks?: Partial<SourceHooks>;
}

export function open(files: readonly string[], asked: Asked = {}): MessageSource {
  const message = messageSettings({
    key: asked.key ?? [{ text: 'key', root: 'key' }],
    from: { source: 'capture', files, ...asked.capture },
    range: asked.range ?? { by: 'all', padding: 0 },
    ...(asked.partitions === undefined ? {} : { partitions: asked.partitions }),
  });
  return captureMessages(settingsOf(message, [kindSettings('order-row', {})]), {
    progress: () => {},
    signal: new AbortController().signal,
    digestKey: Buffer.alloc(16, 1),
    ...asked.hooks,
  });
}

export async function read(files: readonly string[], asked: Asked = {}): Promise<Read> {
  const source = open(files, asked);
  const range = await source.fix();
  const keys: string[] = [];
  const places: string[] = [];
  const replay = await source.replay(range, (batch: MessageBatch) => {
    keys.push(...textValues(batch.key));
    for (let i = 0; i < batch.rows; i++) {
      places.push(`${batch.partition[i]}:${batch.offset[i]}${batch.inRange[i] === 1 ? '' : 'p'}`);
    }
  });
  await source.close();
  return { range, replay, keys, places };
}
