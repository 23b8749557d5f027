/** Puts the environment's values in the place of `${NAME}`. */
import type { Mistake } from './mistakes.ts';
import { type Path, type Written, WrittenScalar } from './written.ts';

/** `$${` (a plain `${`), `${NAME}`, or a `${` that is neither. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{/g;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A copy of the tree with every text substituted. A variable that is not set is added to `mistakes`. */
export function substituted(
  written: Written,
  env: Environment,
  mistakes: Mistake[],
  path: Path = [],
): Written {
  if (written.type === 'list') {
    const items = written.items.map((item, i) => substituted(item, env, mistakes, [...path, i]));
    return { ...written, items };
  }
  if (written.type === 'map') {
    const entries = [...written.entries].map(
      ([name, { place, value }]) =>
        [name, { place, value: substituted(value, env, mistakes, [...path, name]) }] as const,
    );
    return { ...written, entries: new Map(entries) };
  }
  return written.kind === 'text' ? substitutedText(written, env, mistakes, path) : written;
}

function substitutedText(
  scalar: WrittenScalar,
  env: Environment,
  mistakes: Mistake[],
  path: Path,
): WrittenScalar {
  let unset = false;
  const text = scalar.written.replace(REFERENCE, (reference, name: string | undefined) => {
    if (reference === '$${') return '${';
    const value = name !== undefined && Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined) return value;
    unset = true;
    mistakes.push({ place: scalar.place, path, text: complaint(name) });
    return '';
  });
  return new WrittenScalar(scalar.place, scalar.kind, scalar.written, text, unset);
}

function complaint(name: string | undefined): string {
  return name === undefined
    ? `expected \${NAME} (letters, digits, underscores); write $\${ where \${ itself is meant`
    : `the environment variable ${name} is not set`;
}
