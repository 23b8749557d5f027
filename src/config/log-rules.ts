/** What the settings of a log must be to one another, and to the other sources. */

import { logFormat } from './effects.ts';
import { columnKey } from './keys.ts';
import { fieldPath, groupsOf, notAmong } from './logs.ts';
import { type Mistake, pathText } from './mistakes.ts';
import { scalar } from './pieces.ts';
import type { Looker } from './rules.ts';
import { anyText, regularExpression } from './values.ts';
import type { Path } from './written.ts';

/** A name that settings use, and where it is written. */
interface Use {
  readonly path: Path;
  readonly name: string;
}

export function logMistakes(look: Looker, log: Path): Mistake[] {
  const format = look.value([...log, 'format'], scalar(logFormat));
  if (format === undefined) return [];
  const pattern: Path = [...log, 'pattern'];
  const groups = patternGroups(look, pattern);
  if (format !== 'text') {
    const given = look.has(pattern)
      ? [look.mistake(pattern, `format: ${format} has no pattern; expected format: text`)]
      : [];
    return [...given, ...keyOrCoordinates(look, log), ...(format === 'json' ? notPaths(look, log) : [])];
  }
  if (!look.has(pattern))
    return [look.mistake(log, "format: text needs a pattern, such as 'POST /invoices/(?<key>\\S+)'")];
  if (groups === undefined) return [];
  const missing = uses(look, log)
    .filter(({ name }) => !groups.includes(name))
    .map(({ path, name }) => look.mistake(path, notAmong(name, groups, 'group')));
  return [...missing, ...(groups.includes('key') ? notBoth(look, log) : keyOrCoordinates(look, log))];
}

function patternGroups(look: Looker, path: Path): readonly string[] | undefined {
  const pattern = look.value(path, scalar(regularExpression));
  return pattern === undefined ? undefined : groupsOf(pattern);
}

function keyOrCoordinates(look: Looker, log: Path): Mistake[] {
  if (look.has([...log, 'key']) || look.has([...log, 'coordinates'])) return notBoth(look, log);
  return [look.mistake(log, 'expected exactly one of key and coordinates; got none')];
}

function notBoth(look: Looker, log: Path): Mistake[] {
  if (!look.has([...log, 'key']) || !look.has([...log, 'coordinates'])) return [];
  return [look.mistake([...log, 'coordinates'], 'expected only one of key and coordinates')];
}

function notPaths(look: Looker, log: Path): Mistake[] {
  return uses(look, log)
    .filter(({ name }) => fieldPath(name) === undefined)
    .map(({ path, name }) =>
      look.mistake(path, `expected a field of the line such as order.id or ["odd name"]; got ${name}`),
    );
}

/** Every name of a column, field or group, each where it is written. */
function uses(look: Looker, log: Path): Use[] {
  const at: Path = look.has([...log, 'at', 'from']) ? [...log, 'at', 'from'] : [...log, 'at'];
  const parts = ['topic', 'partition', 'offset'].map((part): Path => [...log, 'coordinates', part]);
  const single = [[...log, 'id'], at, ...parts].flatMap((path): Use[] => {
    const name = look.value(path, scalar(anyText));
    return name === undefined ? [] : [{ path, name }];
  });
  const key: Path = [...log, 'key'];
  const keys = (look.value(key, columnKey) ?? []).map(({ name }): Use => ({ path: key, name }));
  const only = (look.names([...log, 'only']) ?? []).map(
    (name): Use => ({ path: [...log, 'only', name], name }),
  );
  return [...keys, ...single, ...only];
}

/** It can be read once only. @param sources the paths of all sources that are files */
export function standardInputOnce(look: Looker, sources: readonly Path[]): Mistake[] {
  const uses = sources
    .flatMap((source) => look.each([...source, 'files']))
    .filter((path) => look.value(path, scalar(anyText)) === '-');
  return uses
    .slice(1)
    .map((path) =>
      look.mistake(path, `the standard input can be read once only; ${pathText(uses[0]!)} does`),
    );
}
