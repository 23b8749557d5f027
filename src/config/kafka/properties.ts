/** Kafka's client properties from wherever they may be said, the stronger place before the weaker. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Properties as PropertiesFile } from 'properties-file/parser';
import { nearest } from '../../nearest.ts';
import type { Environment } from '../environment.ts';
import { described, type Mistake, quoted } from '../mistakes.ts';
import { isSecretName } from '../secrets.ts';
import { type Path, type Place, placeOf, type Written, WrittenScalar, writtenAt } from '../written.ts';
import {
  environmentName,
  isIgnored,
  KNOWN_NAMES,
  meaningOf,
  type PropertyName,
  UNDERSTOOD,
} from './names.ts';

/** What the command line says of Kafka; it beats the file of the configuration. */
export interface KafkaFlags {
  /** As `messages.kafka.bootstrap`. */
  readonly bootstrapServer?: string;
  /** As `messages.kafka.command-config`, but beside the working directory. */
  readonly commandConfig?: string;
  readonly clientId?: string;
  /** `name=value`, each; of two for one name the later wins. */
  readonly properties?: readonly string[];
}

interface Property {
  /** As it was written, which may be a second name. */
  readonly name: string;
  readonly value: WrittenScalar;
  readonly place: Place;
  readonly path: Path;
  /** What a relative path in it is beside. */
  readonly directory: string;
  readonly strength: Strength;
}

/** Of a place, weakest first. All but an environment for many were meant for this very connection. */
const STRENGTH = { none: 0, environment: 1, file: 2, configuration: 3, flags: 4 } as const;

export type Strength = (typeof STRENGTH)[keyof typeof STRENGTH];

export interface Sources {
  /** The configuration with the environment's values in it. */
  readonly root: Written;
  /** The configuration's own directory. */
  readonly directory: string;
  readonly env: Environment;
  readonly flags: KafkaFlags;
}

const KAFKA: Path = ['messages', 'kafka'];

interface Found {
  readonly given: ReadonlyMap<PropertyName, Property>;
  readonly ignored: readonly string[];
  /** Said by a value that is not known, or probably meant by a name that nobody knows; told already. */
  readonly unknown: ReadonlySet<PropertyName>;
  /** Whether a file that may say anything could not be read; told already. */
  readonly isFileUnread: boolean;
  /** Where properties are missing that nobody gives. */
  readonly home: Place;
  readonly mistakes: Mistake[];
}

/** The properties that count: of several for one meaning the strongest. Reading one counts as using it. */
export class Properties {
  readonly #given: ReadonlyMap<PropertyName, Property>;
  readonly #mistakes: Mistake[];
  readonly #used = new Set<PropertyName>();
  readonly #ignored: readonly string[];
  readonly #unknown: ReadonlySet<PropertyName>;
  readonly #isFileUnread: boolean;
  readonly #home: Place;

  constructor({ given, ignored, unknown, isFileUnread, home, mistakes }: Found) {
    this.#given = given;
    this.#ignored = ignored;
    this.#unknown = unknown;
    this.#isFileUnread = isFileUnread;
    this.#home = home;
    this.#mistakes = mistakes;
  }

  /** Its text; undefined: nobody says it. May be a secret, or empty. */
  text(name: PropertyName): string | undefined {
    this.#used.add(name);
    return this.#given.get(name)?.value.text;
  }

  has(name: PropertyName): boolean {
    return this.text(name) !== undefined;
  }

  /** The file that a property names, absolute; undefined: nobody says it. */
  path(name: PropertyName): string | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : resolve(this.#given.get(name)!.directory, text);
  }

  /** Whether someone meant it for this connection: not only the environment has it. */
  isDeliberate(name: PropertyName): boolean {
    return this.strength(name) > STRENGTH.environment;
  }

  /** Of the place that says it, to compare names that mean the same; 0: nobody says it. */
  strength(name: PropertyName): Strength {
    return this.#given.get(name)?.strength ?? STRENGTH.none;
  }

  /** Whether it is said, or may be, where it could not be read: then nothing can be said against it, or its absence. */
  isUnknown(name: PropertyName): boolean {
    return this.#unknown.has(name) || (this.#isFileUnread && this.strength(name) <= STRENGTH.file);
  }

  /** "expected …; got …", where the value is no secret. */
  refuse(name: PropertyName, expected: string, hint?: string): void {
    const property = this.#given.get(name);
    const got =
      property === undefined
        ? undefined
        : isSecretName(property.name)
          ? 'a value that is not shown'
          : described(property.value);
    const more = hint === undefined ? '' : `; ${hint}`;
    this.mistake(
      name,
      got === undefined ? `missing; expected ${expected}${more}` : `expected ${expected}; got ${got}${more}`,
    );
  }

  /** Adds a mistake at the property; where it is missing, at the first of `others` that is there, else at the top. */
  mistake(name: PropertyName, text: string, ...others: readonly PropertyName[]): void {
    if (this.isUnknown(name)) return;
    const found = [name, ...others].map((one) => this.#given.get(one)).find((one) => one !== undefined);
    const path =
      this.#given.get(name)?.path ?? (name === 'bootstrap.servers' ? [...KAFKA, 'bootstrap'] : [name]);
    this.#mistakes.push({ place: found?.place ?? this.#home, path, text });
  }

  /** Names that were given to no effect, as they were written. */
  ignored(): readonly string[] {
    const unused = [...this.#given].filter(([name]) => this.isDeliberate(name) && !this.#used.has(name));
    return [...new Set([...this.#ignored, ...unused.map(([, { name }]) => name)])].sort();
  }
}

/** What cannot be read, and names that nobody knows, are added to `mistakes`. */
export function givenProperties(sources: Sources, mistakes: Mistake[]): Properties {
  const ofFile = fromFile(sources, mistakes);
  const all = [
    ...fromEnvironment(sources.env),
    ...(ofFile ?? []),
    ...inline(sources),
    ...fromFlags(sources.flags, mistakes),
  ];
  const given = new Map<PropertyName, Property>();
  const ignored: string[] = [];
  const unknown = new Set<PropertyName>();
  const misspelt = new Set<PropertyName>();
  for (const property of all) {
    const meaning = meaningOf(property.name);
    if (meaning !== undefined) {
      given.set(meaning, property);
      if (property.value.unset) unknown.add(meaning);
      else unknown.delete(meaning);
    } else if (isIgnored(property.name)) ignored.push(property.name);
    else {
      mistakes.push({ place: property.place, path: property.path, text: noProperty(property.name) });
      const meant = meaningOf(nearest(property.name, KNOWN_NAMES()) ?? '');
      if (meant !== undefined) misspelt.add(meant);
    }
  }
  for (const name of unknown) given.delete(name);
  // It is there, under a name that was told, unless it is there under its own too.
  for (const name of misspelt) if (!given.has(name)) unknown.add(name);
  const home = placeOf(sources.root, KAFKA);
  return new Properties({ given, ignored, unknown, isFileUnread: ofFile === undefined, home, mistakes });
}

function noProperty(name: string): string {
  if (name === 'config.providers')
    return 'not supported: write the value itself, or take it from the environment';
  const meant = nearest(name, KNOWN_NAMES());
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  return `no property of Kafka's Java client or of librdkafka${hint}`;
}

function fromEnvironment(env: Environment): Property[] {
  return (Object.keys(UNDERSTOOD) as PropertyName[]).flatMap((name) => {
    const variable = environmentName(name);
    const text = env[variable];
    if (text === undefined) return [];
    const place: Place = { argument: `environment variable ${variable}` };
    return [property(name, text, place, process.cwd(), STRENGTH.environment)];
  });
}

/** Undefined: there is a file, but what it says is not known. */
function fromFile({ root, directory, flags }: Sources, mistakes: Mistake[]): Property[] | undefined {
  const named = writtenAt(root, [...KAFKA, 'command-config']);
  if (flags.commandConfig === undefined && named instanceof WrittenScalar && named.unset) return undefined;
  const own = named instanceof WrittenScalar ? named.text : undefined;
  const file = flags.commandConfig ?? own;
  if (file === undefined) return [];
  const path = resolve(flags.commandConfig === undefined ? directory : process.cwd(), file);
  const text = fileText(path);
  if ('code' in text) {
    const place: Place =
      flags.commandConfig === undefined && named !== undefined
        ? named.place
        : { argument: '--command-config' };
    mistakes.push({
      place,
      path: [...KAFKA, 'command-config'],
      text: `${path} cannot be read (${text.code})`,
    });
    return undefined;
  }
  return new PropertiesFile(text.text).nodes.flatMap((node) => {
    if (node.type !== 'property') return [];
    const place: Place = { file: path, line: node.startingLineNumber, column: 1 };
    return [property(node.key, node.value, place, dirname(path), STRENGTH.file)];
  });
}

/** In UTF-8 where it is that, else in the Latin-1 that Java would read. */
function fileText(path: string): { text: string } | { code: string } {
  try {
    const bytes = readFileSync(path);
    const text = bytes.toString('utf8');
    return { text: text.includes('\ufffd') ? bytes.toString('latin1') : text };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
}

/** `properties` of the configuration, and what stands beside them. */
function inline({ root, directory }: Sources): Property[] {
  const kafka = writtenAt(root, KAFKA);
  if (kafka?.type !== 'map') return [];
  const properties = writtenAt(kafka, ['properties']);
  const below = properties?.type === 'map' ? [...properties.entries] : [];
  const beside = [...kafka.entries].flatMap(([name, entry]) => {
    const property = SETTINGS.get(name);
    return property === undefined ? [] : [{ ...entry, name: property, path: [...KAFKA, name] }];
  });
  const all = [
    ...below.map(([name, entry]) => ({ ...entry, name, path: [...KAFKA, 'properties', name] })),
    ...beside,
  ];
  return all.map(({ name, place, value, path }) => ({
    name,
    value: inOneText(value),
    place,
    path,
    directory,
    strength: STRENGTH.configuration,
  }));
}

/** Settings of the configuration that are properties under another name. */
const SETTINGS: ReadonlyMap<string, PropertyName> = new Map([
  ['bootstrap', 'bootstrap.servers'],
  ['client-id', 'client.id'],
  ['clientId', 'client.id'],
]);

/** A list as its items with commas between them. What is neither one has been told: it counts as not set. */
function inOneText(value: Written): WrittenScalar {
  if (value instanceof WrittenScalar && value.kind !== 'null') return value;
  const { place } = value;
  if (value.type !== 'list' || value.items.length === 0)
    return new WrittenScalar(place, 'text', '', '', true);
  const items = value.items.map(inOneText);
  const joined = (text: (item: WrittenScalar) => string) => items.map(text).join();
  const unset = items.some((item) => item.unset);
  return new WrittenScalar(
    place,
    'text',
    joined((item) => item.written),
    joined((item) => item.text),
    unset,
  );
}

function fromFlags(
  { bootstrapServer, clientId, properties = [] }: KafkaFlags,
  mistakes: Mistake[],
): Property[] {
  const said = (name: string, text: string, argument: string) =>
    property(name, text, { argument }, process.cwd(), STRENGTH.flags);
  const found = properties.flatMap((setting) => {
    const [, name, value] = /^\s*([\w.-]+)\s*=(.*)$/s.exec(setting) ?? [];
    if (name !== undefined && value !== undefined) return [said(name, value, `-X ${name}`)];
    const text = `expected name=value, such as security.protocol=SSL; got ${nameOnly(setting)}`;
    mistakes.push({ place: { argument: '-X' }, path: [], text });
    return [];
  });
  const flag = (name: PropertyName, option: string, text: string | undefined) =>
    text === undefined ? [] : [said(name, text, option)];
  return [
    ...found,
    ...flag('bootstrap.servers', '--bootstrap-server', bootstrapServer),
    ...flag('client.id', '--client-id', clientId),
  ];
}

function property(name: string, text: string, place: Place, directory: string, strength: Strength): Property {
  return { name, value: new WrittenScalar(place, 'text', text), place, path: [name], directory, strength };
}

/** Of what is no `name=value`: what is behind the name may be a secret. */
function nameOnly(setting: string): string {
  const name = /^[\w.-]*/.exec(setting)![0];
  return name === setting ? quoted(name) : `${quoted(name)} and more`;
}
