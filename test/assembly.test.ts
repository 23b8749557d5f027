import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { assemblies, compile, moduleFile } from './support/assembly.ts';

it('commits every module as its sources compile', async () => {
  expect(assemblies()).not.toEqual([]);
  for (const assembly of assemblies()) {
    // `npm run build:wasm` writes it anew.
    expect(readFileSync(moduleFile(assembly), 'utf8') === (await compile(assembly)), assembly).toBe(true);
  }
});
