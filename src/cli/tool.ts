/** Who is speaking: the name and version in package.json. */
import { readFileSync } from 'node:fs';

interface Package {
  readonly name: string;
  readonly version: string;
}

const { name, version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as Package;

export const TOOL: Package = { name, version };
