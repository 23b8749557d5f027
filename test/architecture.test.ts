import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { importsOf, violationsOf } from './support/architecture.ts';

const SRC = join(import.meta.dirname, '../src');

describe('who may import whom', () => {
  const planted = mkdtempSync(join(tmpdir(), 'onceover-architecture-'));
  afterAll(() => rmSync(planted, { recursive: true }));

  function violationsOfTree(files: Readonly<Record<string, string>>): readonly string[] {
    const tree = mkdtempSync(join(planted, 'src-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(tree, name, '..'), { recursive: true });
      writeFileSync(join(tree, name), text);
    }
    return violationsOf(importsOf(tree));
  }

  it('holds in src', () => {
    const imports = importsOf(SRC);
    // A checker that saw nothing would find nothing.
    expect(new Set(imports.map((found) => found.file)).size).toBeGreaterThan(30);
    expect(violationsOf(imports)).toEqual([]);
  });

  it.each([
    [
      'render/csv.ts',
      "import { Evidence } from '../evidence/evidence.ts';",
      'render may not import evidence',
    ],
    [
      'sources/logs/lines.ts',
      "import type { Engine } from '../../evidence/engine.ts';",
      'sources may not import evidence',
    ],
    ['findings/report.ts', "export { csvText } from '../render/csv.ts';", 'findings may not import render'],
    ['evidence/read.ts', "const s = await import('../sources/open.ts');", 'evidence may not import sources'],
    ['model.ts', "import type { AuditError } from './error.ts';", 'model.ts imports nothing'],
    [
      'sources/kafka/replay.ts',
      "import { Kafka } from 'kafkajs';",
      'its home is sources/kafka/kafkajs-transport.ts',
    ],
    ['cli/audit.ts', "import pg from 'pg';", 'its home is sources/database/postgres/'],
    ['render/html.ts', "import left from 'left-pad';", 'this package has no home'],
    ['cli/audit.ts', "import fs from 'fs';", 'write it with node:'],
  ])('finds a planted violation in %s', (file, text, broken) => {
    const violations = violationsOfTree({ [file]: text });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(broken);
  });

  it('lets nobody but the command line print', () => {
    const printing = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
      (name) =>
        name.endsWith('.ts') &&
        !name.startsWith('cli/') &&
        /\bconsole\.|process\.(stdout|stderr|exit\b)/.test(readFileSync(join(SRC, name), 'utf8')),
    );
    expect(printing).toEqual([]);
  });
});
