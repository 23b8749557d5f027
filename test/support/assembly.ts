/**
 * Compiles AssemblyScript (folders `assembly` in src) to the module that is committed beside it as base64, so that
 * users need no compiler, tests run the very bytes that are shipped, and whoever reviews a change can compile it again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import asc from 'assemblyscript/asc';

const SRC = join(import.meta.dirname, '../../src');

// No runtime and no garbage: the sources speak of addresses only. Memory is the host's, who lays it out and sees it grow.
const FLAGS = '-O3 --converge --noAssert --runtime stub --enable simd --importMemory --zeroFilledMemory';

/** The folders named `assembly`, as paths below src. */
export function assemblies(): readonly string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('/assembly'));
}

/** @returns the text of the module's file. @throws Error with the compiler's words */
export async function compile(assembly: string): Promise<string> {
  let module: Uint8Array | undefined;
  const written = asc.createMemoryStream();
  const { error } = await asc.main(
    [join(assembly, 'index.ts'), ...FLAGS.split(' '), '--outFile', 'module.wasm', '--baseDir', SRC],
    {
      stderr: written,
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') module = contents;
      },
    },
  );
  if (error !== null || module === undefined)
    throw new Error(`${assembly} does not compile:\n${written.toString()}`);
  return `/** Compiled from assembly/ by \`npm run build:wasm\`: not to be edited. */
export const MODULE =
  '${Buffer.from(module).toString('base64')}';
`;
}

/** The file beside an assembly that its module is kept in, an absolute path. */
export function moduleFile(assembly: string): string {
  return join(SRC, dirname(assembly), 'module.ts');
}

async function main(): Promise<void> {
  for (const assembly of assemblies()) {
    const text = await compile(assembly);
    if (text === read(moduleFile(assembly))) continue;
    writeFileSync(moduleFile(assembly), text);
    process.stderr.write(`written: ${relative('.', moduleFile(assembly))}\n`);
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.filename === process.argv[1]) await main();
