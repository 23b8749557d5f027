/** Reads who imports whom out of a source tree, and holds it against the table of src/README.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

export interface Import {
  readonly file: string;
  /** A path below the tree, or the name of an outside package. */
  readonly target: string;
  readonly outside: boolean;
}

/** Leaves that every part may import. */
const LEAVES = ['model.ts', 'columns.ts', 'error.ts', 'words.ts', 'nearest.ts'];

/** Which parts (besides its own and the leaves) a part may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ['config', 'sources', 'evidence', 'findings', 'render'],
  config: [],
  sources: [],
  evidence: [],
  findings: [],
  render: [],
};

/** The one home of each outside package. */
const HOME: Readonly<Record<string, string>> = {
  '@duckdb/node-api': 'evidence/',
  avsc: 'sources/capture/avro.ts',
  'csv-stringify': 'render/',
  kafkajs: 'sources/kafka/kafkajs-transport.ts',
  mysql2: 'sources/database/mysql/',
  pg: 'sources/database/postgres/',
  'pg-copy-streams': 'sources/database/postgres/',
  pgpass: 'sources/database/postgres/',
  'node-forge': 'config/kafka/',
  'properties-file': 'config/kafka/',
  protobufjs: 'sources/messages/values/',
  yaml: 'config/',
  yargs: 'cli/',
  zod: 'config/',
  zstddec: 'sources/zstd.ts',
};

export function importsOf(tree: string): readonly Import[] {
  const files = readdirSync(tree, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      // AssemblyScript is no part of the program: its module is.
      name.endsWith('.ts') && !name.includes('/assembly/'),
  );
  return files.flatMap((file) =>
    ts
      .preProcessFile(readFileSync(join(tree, file), 'utf8'), true, true)
      .importedFiles.map(({ fileName }) => {
        const outside = !fileName.startsWith('.');
        const target = outside ? packageOf(fileName) : relative(tree, join(tree, dirname(file), fileName));
        return { file, target, outside };
      }),
  );
}

function packageOf(specifier: string): string {
  return specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]!;
}

/** One sentence per import that breaks a rule. */
export function violationsOf(imports: readonly Import[]): readonly string[] {
  return imports.flatMap((found) => {
    const broken = found.outside ? brokenHome(found) : brokenLayer(found);
    return broken === undefined ? [] : [`${found.file} imports ${found.target}: ${broken}`];
  });
}

function brokenHome({ file, target }: Import): string | undefined {
  if (target.startsWith('node:')) return undefined;
  if (builtinModules.includes(target)) return 'write it with node:';
  const home = HOME[target];
  if (home === undefined) return 'this package has no home';
  return file.startsWith(home) ? undefined : `its home is ${home}`;
}

function brokenLayer({ file, target }: Import): string | undefined {
  if (LEAVES.includes(target)) {
    return LEAVES.includes(file) && file === 'model.ts' ? 'model.ts imports nothing' : undefined;
  }
  if (LEAVES.includes(file)) return 'a leaf imports nothing but leaves';
  const from = file.split('/')[0]!;
  const to = target.split('/')[0]!;
  if (from === to || MAY_IMPORT[from]?.includes(to)) return undefined;
  return `${from} may not import ${to}`;
}
