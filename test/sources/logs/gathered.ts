/** Runs the logs source over files written for one test, and shows what it handed over as plain rows. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textValues } from '../../../src/columns.ts';
import type {
  Coverage,
  EffectBatch,
  EffectBounds,
  EffectSource,
  EmailSettings,
  LogSettings,
  Settings,
} from '../../../src/model.ts';
import { logEffects } from '../../../src/sources/logs/effects.ts';

export interface Row {
  readonly key: string;
  readonly id: string;
  /** ISO 8601 with microseconds where there are any; empty: no time. */
  readonly at: string;
  /** File and line. */
  readonly seen: string;
}

export interface Gathered {
  readonly rows: readonly Row[];
  readonly coverage: Coverage;
  /** Sizes of the batches. */
  readonly batches: readonly number[];
}

/** `zone: null`: none is configured. */
export type EmailOptions = Omit<Partial<EmailSettings>, 'zone'> & {
  readonly zone?: string | null;
  readonly bounds?: EffectBounds;
};
export type DumpOptions = Partial<LogSettings> & { readonly bounds?: EffectBounds };

/** A directory for one test file; `remove` in afterAll. */
export class Directory {
  readonly path = mkdtempSync(join(tmpdir(), 'onceover-logs-'));
  #next = 0;

  /** Writes files into a directory of their own. @returns a pattern for all of them */
  write(files: Readonly<Record<string, string | Buffer>>): string {
    const directory = mkdtempSync(join(this.path, `${this.#next++}-`));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    return join(directory, '*');
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export const NOVEMBER = { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 10, 30) };

export function emailSource(pattern: string, options: EmailOptions = {}): EffectSource {
  const { bounds: _, zone = 'UTC', ...email } = options;
  return sourceOf({
    source: 'email',
    format: 'postfix',
    files: [pattern],
    gap: 3_600_000,
    key: [{ name: 'X-Order-Id', fold: false }],
    only: [],
    counts: 'accepted',
    ...(zone === null ? {} : { zone }),
    ...email,
  });
}

export function dumpSource(pattern: string, options: DumpOptions = {}): EffectSource {
  const { bounds: _, ...dump } = options;
  return sourceOf({
    source: 'log',
    format: 'csv',
    files: [pattern],
    gap: 3_600_000,
    key: [{ name: 'order_id', fold: false }],
    only: [],
    ...dump,
  });
}

/** A log of lines: what is not said is as for a dump. */
export type LogOptions = Partial<LogSettings> &
  Pick<LogSettings, 'format'> & { readonly bounds?: EffectBounds };

export async function log(pattern: string, options: LogOptions): Promise<Gathered> {
  return gathered(dumpSource(pattern, options), options.bounds ?? NOVEMBER);
}

export async function emails(pattern: string, options: EmailOptions = {}): Promise<Gathered> {
  return gathered(emailSource(pattern, options), options.bounds ?? NOVEMBER);
}

export async function dump(pattern: string, options: DumpOptions = {}): Promise<Gathered> {
  return gathered(dumpSource(pattern, options), options.bounds ?? NOVEMBER);
}

async function gathered(source: EffectSource, bounds: EffectBounds): Promise<Gathered> {
  const batches: EffectBatch[] = [];
  const [coverage] = await source.gather([bounds], (_kind, batch) => {
    batches.push(batch);
  });
  await source.close();
  const rows = batches.flatMap((batch) => rowsOf(batch, coverage!));
  return { rows, coverage: coverage!, batches: batches.map((batch) => batch.rows) };
}

function rowsOf(batch: EffectBatch, coverage: Coverage): Row[] {
  const [keys, ids] = [textValues(batch.key), textValues(batch.id)];
  return keys.map((key, i) => ({
    key,
    id: ids[i]!,
    at: isoMicros(batch.time[i]!),
    seen: `${coverage.places[batch.place[i]!]}:${batch.line[i]}`,
  }));
}

function isoMicros(time: bigint): string {
  if (time === -(2n ** 63n)) return '';
  const micros = ((time % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const second = new Date(Number((time - micros) / 1000n)).toISOString().slice(0, 19);
  return micros === 0n ? `${second}Z` : `${second}.${String(micros).padStart(6, '0')}Z`;
}

function sourceOf(source: EmailSettings | LogSettings): EffectSource {
  const settings: Settings = {
    name: 'orders',
    messages: {
      topic: 'orders',
      from: { source: 'capture', files: [] },
      range: { by: 'all', padding: 0 },
      isolation: 'read_committed',
      copies: 'one-event',
      value: 'json',
      key: [],
      where: [],
    },
    kinds: [
      {
        name: 'confirmation-email',
        expect: { by: 'number', min: 1, max: 1 },
        where: [],
        lead: 120_000,
        settle: 600_000,
        after: 86_400_000,
        maxKeyless: 0.05,
        orphans: 'finding',
      },
    ],
    entries: [{ kind: 0, name: 'confirmation-email', source }],
    report: { directory: tmpdir(), ledger: false },
    memory: '1GB',
    configDigest: '',
  };
  return logEffects(settings, 0, {
    progress: () => {},
    signal: new AbortController().signal,
    digestKey: randomBytes(16),
  });
}
