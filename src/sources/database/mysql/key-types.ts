/** Which types of columns can be a key, and which never have the text that a message has. */
import { AuditError } from '../../../error.ts';
import type { EffectKeyPart } from '../../../model.ts';
import { type Catalog, findColumn } from '../catalog.ts';
import { isPlainPart } from '../key.ts';
import type { Column, KeyColumn } from '../table.ts';

export const WHOLE_NUMBERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];
const TEXTS = ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum'];
const BYTES = ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'];
const NUMBERS = 'a number as text is written in more than one way';

/** Types whose text is MySQL's own. */
const UNLIKE: Readonly<Record<string, string>> = {
  date: 'a date, which alone tells no two orders apart',
  datetime: 'a time, which is written otherwise in a message',
  timestamp: 'a time, which is written otherwise in a message',
  time: 'a duration',
  set: 'a set of words',
  geometry: 'a shape',
  point: 'a shape',
  linestring: 'a shape',
  polygon: 'a shape',
};

export function isText({ base }: Column): boolean {
  return TEXTS.includes(base);
}

export function isBytes({ base }: Column): boolean {
  return BYTES.includes(base);
}

/**
 * The column of one part of the key.
 *
 * @param parts of how many it is one
 * @throws AuditError 2 where no value of its type could ever equal a key of a message; 4 as `findColumn`
 */
export function findKeyColumn(catalog: Catalog, part: EffectKeyPart, parts: number): KeyColumn {
  const column = findColumn(catalog, part.name);
  const named = `effects.${catalog.kind}: the key column ${column.shown} of ${catalog.shown} is of type ${column.type}`;
  if (part.path !== undefined) {
    // MariaDB's JSON is a longtext.
    if (column.base === 'json' || isText(column)) return { ...column, path: part.path };
    throw new AuditError(2, `${named}, which holds no JSON`, { hint: 'leave out its `path`' });
  }
  const reason = mismatch(column, part, parts);
  if (reason !== undefined) throw new AuditError(2, `${named}: ${reason.why}`, { hint: reason.hint });
  return { ...column, path: undefined };
}

/** Coordinates are whole numbers, whatever type holds them. */
export function findCoordinate(catalog: Catalog, name: string): KeyColumn {
  const column = findColumn(catalog, name);
  if (WHOLE_NUMBERS.includes(column.base) || column.base === 'decimal' || isText(column))
    return { ...column, path: undefined };
  const named = `effects.${catalog.kind}: column ${column.shown} of ${catalog.shown}`;
  throw new AuditError(2, `${named} is of type ${column.type}, which holds no partition and no offset`, {
    hint: 'name columns of type int or bigint in `coordinates`',
  });
}

interface Mismatch {
  readonly why: string;
  readonly hint: string;
}

function mismatch(column: Column, part: EffectKeyPart, parts: number): Mismatch | undefined {
  const { base, shown, type } = column;
  if (base === 'json')
    return {
      why: 'its text is no key',
      hint: `say where the key is in it: { from: ${shown}, path: order.id }`,
    };
  if (base === 'float') {
    const hint = 'name a column of text or whole numbers, or CAST it to DECIMAL in a `query`';
    return { why: 'it is shown with six digits only', hint };
  }
  if (base === 'double') {
    if (part.as === 'number') return undefined;
    return { why: NUMBERS, hint: `compare numbers: { from: ${shown}, as: number }` };
  }
  if (base === 'bit' || base === 'year' || type === 'tinyint(1)') {
    if (parts > 1) return undefined;
    return { why: 'alone it tells no two orders apart', hint: 'name the column that holds the business key' };
  }
  if (base === 'date' && parts > 1) return undefined;
  const unlike = UNLIKE[base];
  if (unlike === undefined) return undefined;
  return { why: `it is ${unlike}`, hint: 'name a column of text, whole numbers or uuids' };
}

/** What a reader must know of the key's texts, in sentences. */
export function keyNotes(key: readonly EffectKeyPart[], columns: readonly KeyColumn[]): string[] {
  return columns.filter((_, i) => isPlainPart(key[i]!)).flatMap(keyNote);
}

function keyNote({ shown, type, base }: KeyColumn): string[] {
  if (/^decimal\(\d+,[1-9]/.test(type)) {
    return [
      `${shown} is of type ${type}, so that 12 is written 12.00 there: \`as: number\` compares both as numbers`,
    ];
  }
  if (/zerofill/.test(type)) {
    return [
      `${shown} is of type ${type}, so that 12 is written with zeros before it there: \`as: number\` compares both as numbers`,
    ];
  }
  if (type === 'binary(16)') {
    return [
      `${shown} is of type binary(16), which may be a uuid: its bytes are compared; BIN_TO_UUID(${shown}) or HEX(${shown}) in a \`query\` makes a text of it`,
    ];
  }
  if (base !== 'binary') return [];
  return [`${shown} is of type ${type}: shorter values end in zero bytes there, which belong to the key`];
}
