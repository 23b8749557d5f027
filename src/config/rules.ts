/** What the parts of a configuration must be to one another. */
import type { z } from 'zod';
import type { FieldReference } from '../model.ts';
import { nearest } from '../nearest.ts';
import { SOURCES } from './effects.ts';
import { fieldReference } from './fields.ts';
import { columnKey, databaseKey, emailKey, messageKey } from './keys.ts';
import { logMistakes, standardInputOnce } from './log-rules.ts';
import { offsets, partitions, valueFormat } from './messages.ts';
import type { Mistake } from './mistakes.ts';
import { scalar } from './pieces.ts';
import { anyText, configurationName, moment } from './values.ts';
import { type Path, placeOf, plain, type Written, writtenAt } from './written.ts';

/** Looks at whatever is right by itself, so that a mistake in one part does not hide another between two parts. */
export interface Looker {
  /** The value at a path; undefined where it is missing or wrong by itself. */
  value<Value>(path: Path, schema: z.ZodType<Value>): Value | undefined;
  has(path: Path): boolean;
  /** The paths of the items of the list at a path, or that path alone; none: nothing is there. */
  each(path: Path): readonly Path[];
  /** The names of the mapping at a path; undefined: there is no mapping. */
  names(path: Path): readonly string[] | undefined;
  mistake(path: Path, text: string): Mistake;
}

/**
 * @param fileName the file's name without its extension: what the configuration is called by default
 * @param now epoch milliseconds
 */
export function crossFieldMistakes(root: Written, fileName: string, now: number): Mistake[] {
  const look = looker(root);
  return [
    ...nameIsThere(look, fileName),
    ...exactlyOne(look, ['messages'], ['kafka', 'capture']),
    ...oneRange(look),
    ...spanOfTime(look, now),
    ...partitionsAgree(look),
    ...formatsAgree(look),
    ...valuesHaveFields(look),
    ...(look.names(['effects']) ?? []).flatMap((kind) => [
      ...atLeastOne(look, ['effects', kind], SOURCES),
      ...keysCanMeet(look, kind),
      ...eachTableOnce(look, kind),
      ...look.each(['effects', kind, 'log']).flatMap((log) => logMistakes(look, log)),
    ]),
    ...clusterIsThere(look),
    ...standardInputOnce(look, sourcesOf(look, ['log', 'email'])),
  ];
}

function looker(root: Written): Looker {
  return {
    value(path, schema) {
      const written = writtenAt(root, path);
      return written === undefined ? undefined : schema.safeParse(plain(written)).data;
    },
    has: (path) => writtenAt(root, path) !== undefined,
    each(path) {
      const written = writtenAt(root, path);
      if (written === undefined) return [];
      return written.type === 'list' ? written.items.map((_, item) => [...path, item]) : [path];
    },
    names(path) {
      const written = writtenAt(root, path);
      return written?.type === 'map' ? [...written.entries.keys()] : undefined;
    },
    mistake: (path, text) => ({ place: placeOf(root, path), path, text }),
  };
}

function nameIsThere(look: Looker, fileName: string): Mistake[] {
  if (look.names([]) === undefined || look.has(['name'])) return [];
  if (configurationName.read(fileName, 'text') !== undefined) return [];
  return [
    look.mistake(
      ['name'],
      `missing, and the file's own name cannot be used; expected ${configurationName.expected}`,
    ),
  ];
}

function exactlyOne(look: Looker, path: Path, names: readonly string[]): Mistake[] {
  const found = names.filter((name) => look.names(path)?.includes(name));
  if (found.length > 1) {
    const text = `expected exactly one of ${names.join(', ')}; got ${found.join(' and ')}`;
    return [look.mistake(path, text)];
  }
  return atLeastOne(look, path, names, 'exactly one');
}

function atLeastOne(look: Looker, path: Path, names: readonly string[], many = 'at least one'): Mistake[] {
  const present = look.names(path);
  if (present === undefined || names.some((name) => present.includes(name))) return [];
  // A misspelt one is told where it stands.
  const meant = present.some((name) => nearest(name, names) !== undefined);
  return meant ? [] : [look.mistake(path, `expected ${many} of ${names.join(', ')}; got none`)];
}

/** From and to, the last hours, or offsets; and each of them in one place. */
function oneRange(look: Looker): Mistake[] {
  const time = ['from', 'to'].filter((end) => look.has(['messages', 'range', end])).slice(0, 1);
  const ways: Path[] = [...time, 'last', 'offsets'].map((way) => ['messages', 'range', way]);
  const found = [...ways, ['messages', 'last'], ['messages', 'offsets']].filter(look.has);
  const paddings: Path[] = [
    ['messages', 'range', 'padding'],
    ['messages', 'padding'],
  ];
  return [...second(look, found), ...second(look, paddings.filter(look.has))];
}

function second(look: Looker, [first, ...others]: readonly Path[]): Mistake[] {
  return others.map((path) => look.mistake(path, `expected only one of this and ${first?.join('.')}`));
}

function spanOfTime(look: Looker, now: number): Mistake[] {
  const path = ['messages', 'range', 'from'];
  const from = look.value(path, scalar(moment));
  const to = look.value(['messages', 'range', 'to'], scalar(moment));
  if (from === undefined) return [];
  if (to !== undefined && from >= to) return [look.mistake(path, 'expected a time before messages.range.to')];
  return from > now
    ? [look.mistake(path, 'expected a range that has begun; all of this one is in the future')]
    : [];
}

/** Partitions that are read and partitions that have offsets are the same ones. */
function partitionsAgree(look: Looker): Mistake[] {
  const named = look.value(['messages', 'partitions'], partitions);
  if (named === undefined) return [];
  const places: Path[] = [
    ['messages', 'range', 'offsets'],
    ['messages', 'offsets'],
  ];
  return places.flatMap((path) => {
    const given = look.value(path, offsets)?.map(([partition]) => partition);
    if (given === undefined) return [];
    const others = given.filter((partition) => !named.includes(partition));
    const without = named.filter((partition) => !given.includes(partition));
    return [
      ...others.map((other) =>
        look.mistake([...path, String(other)], 'this partition is not in messages.partitions'),
      ),
      ...without.map((one) =>
        look.mistake(['messages', 'partitions'], `partition ${one} is not in ${path.join('.')}`),
      ),
    ];
  });
}

/** A format whose values are not JSON needs its schemas; others have no use for them, so that they were misunderstood. */
function formatsAgree(look: Looker): Mistake[] {
  const format = formatOf(look);
  const schemas: Path[] = [
    ['messages', 'schema-registry'],
    ['messages', 'schema'],
  ];
  const given = schemas.filter(look.has);
  const envelope: Path = ['messages', 'envelope'];
  const bare =
    (format === 'string' || format === 'bytes') && look.value(envelope, scalar(anyText)) === 'debezium';
  return [
    ...(bare ? [look.mistake(envelope, `a change event has fields, which value: ${format} has not`)] : []),
    ...(format === 'avro' || format === 'protobuf' ? oneOfSchemas(look, format, given) : []),
    ...(format === 'json' || format === 'string' || format === 'bytes' ? unused(look, format, given) : []),
    ...(format === 'json-schema' ? notRaw(look) : []),
  ];
}

function formatOf(look: Looker): z.output<typeof valueFormat> | undefined {
  const path = ['messages', 'value'];
  return look.has(path) ? look.value(path, valueFormat) : 'json';
}

function oneOfSchemas(look: Looker, format: string, given: readonly Path[]): Mistake[] {
  if (given.length > 0) return second(look, given);
  return [
    look.mistake(['messages', 'value'], `${format} needs its schemas: expected schema-registry or schema`),
  ];
}

function unused(look: Looker, format: string, given: readonly Path[]): Mistake[] {
  return given.map((path) =>
    look.mistake(path, `value: ${format} has no schemas; expected value: avro, protobuf or json-schema`),
  );
}

/** Nothing is validated, so that JSON that carries no schema id is JSON. */
function notRaw(look: Looker): Mistake[] {
  const path: Path = ['messages', 'schema'];
  return look.has(path) ? [look.mistake(path, 'values without a schema id are value: json')] : [];
}

/** A text has nothing below it. */
function valuesHaveFields(look: Looker): Mistake[] {
  const format = formatOf(look);
  if (format !== 'string' && format !== 'bytes') return [];
  return references(look)
    .filter(({ field }) => field.root === 'value' && field.path.length > 0)
    .map(({ path, field }) =>
      look.mistake(path, `with value: ${format} a value has no fields: expected value, not ${field.text}`),
    );
}

/** Every reference to a field of a message, with the place where it is written. */
function references(look: Looker): { path: Path; field: FieldReference }[] {
  const kinds = (look.names(['effects']) ?? []).map((kind): Path => ['effects', kind]);
  const conditions = [['messages'], ...kinds].flatMap((above) => {
    const where = [...above, 'where'];
    return (look.names(where) ?? []).map((name) => ({ path: [...where, name], field: read(name) }));
  });
  const scalars = [['messages', 'id'], ...kinds.map((kind) => [...kind, 'expect'])].map((path) => ({
    path,
    field: look.value(path, scalar(fieldReference)),
  }));
  const key: Path = ['messages', 'key'];
  const parts = (look.value(key, messageKey) ?? []).map(({ field }) => ({ path: key, field }));
  return [...parts, ...scalars, ...conditions].flatMap(({ path, field }) =>
    field === undefined ? [] : [{ path, field }],
  );
}

function read(name: string): FieldReference | undefined {
  return fieldReference.read(name, 'text');
}

const EFFECT_KEY = {
  postgres: databaseKey,
  mysql: databaseKey,
  log: columnKey,
  email: emailKey,
  kafka: messageKey,
};

function sourcesOf(look: Looker, names: readonly string[]): readonly Path[] {
  const kinds = look.names(['effects']) ?? [];
  return kinds.flatMap((kind) => names.flatMap((name) => look.each(['effects', kind, name])));
}

/** Another topic is read over the connection of the messages. */
function clusterIsThere(look: Looker): Mistake[] {
  if (look.has(['messages', 'kafka'])) return [];
  return sourcesOf(look, ['kafka']).map((path) =>
    look.mistake(path, 'needs messages.kafka, whose cluster the topic is on'),
  );
}

/** A key of two parts and a key of one are never equal. */
function keysCanMeet(look: Looker, kind: string): Mistake[] {
  const parts = look.value(['messages', 'key'], messageKey)?.length;
  if (parts === undefined) return [];
  const places = SOURCES.flatMap((source) =>
    look.each(['effects', kind, source]).map((path) => ({ source, path: [...path, 'key'] })),
  );
  return places.flatMap(({ source, path }) => {
    const own = look.value<readonly unknown[]>(path, EFFECT_KEY[source])?.length;
    if (own === undefined || own === parts) return [];
    const text = `expected ${counted(parts)}, as messages.key has; got ${counted(own)}, so that no message and effect could ever meet`;
    return [look.mistake(path, text)];
  });
}

/** One table named twice would show every row as two effects. */
function eachTableOnce(look: Looker, kind: string): Mistake[] {
  return (['postgres', 'mysql'] as const).flatMap((source) => {
    const seen = new Map<string, Path>();
    return look.each(['effects', kind, source]).flatMap((path) => {
      const written = (name: string) => look.value([...path, name], scalar(anyText)) ?? '';
      const place = JSON.stringify(['url', 'table', 'query'].map(written));
      const first = seen.get(place);
      seen.set(place, first ?? path);
      return first === undefined
        ? []
        : [
            look.mistake(
              path,
              `the same rows as ${source}[${String(first.at(-1))}]; expected each table once`,
            ),
          ];
    });
  });
}

function counted(parts: number): string {
  return parts === 1 ? '1 part' : `${parts} parts`;
}
