/** Which types of columns can be a key, and which never have the text that a message has. */
import { AuditError } from '../../../error.ts';
import type { EffectKeyPart } from '../../../model.ts';
import type { Catalog } from '../catalog.ts';
import { findColumn } from '../catalog.ts';
import type { KeyColumn } from '../table.ts';
import type { PostgresColumn } from './relation.ts';

const JSON_TYPES = ['json', 'jsonb'];
const NUMBERS = 'a number as text is written in more than one way';

/** Categories of types whose text is PostgreSQL's own. (https://www.postgresql.org/docs/current/catalog-pg-type.html) */
const UNLIKE: Readonly<Record<string, string>> = {
  A: 'an array',
  C: 'a row',
  D: 'a time, which is written otherwise in a message',
  G: 'a shape',
  R: 'a range',
  T: 'a duration',
};

/**
 * The column of one part of the key.
 *
 * @param parts of how many it is one
 * @throws AuditError 2 where no value of its type could ever equal a key of a message; 4 as `findColumn`
 */
export function findKeyColumn(catalog: Catalog, part: EffectKeyPart, parts: number): KeyColumn {
  const column = findColumn(catalog, part.name) as PostgresColumn;
  const named = `effects.${catalog.kind}: the key column ${column.shown} of ${catalog.shown} is of type ${column.type}`;
  if (part.path !== undefined) return jsonColumn(column, part.path, named);
  const reason = mismatch(column, part, parts);
  if (reason !== undefined) throw new AuditError(2, `${named}: ${reason.why}`, { hint: reason.hint });
  return { ...column, path: undefined };
}

/** Coordinates are whole numbers, whatever type holds them. */
export function findCoordinate(catalog: Catalog, name: string): KeyColumn {
  const column = findColumn(catalog, name) as PostgresColumn;
  if (['int2', 'int4', 'int8', 'numeric'].includes(column.base) || column.category === 'S')
    return { ...column, path: undefined };
  const named = `effects.${catalog.kind}: column ${column.shown} of ${catalog.shown}`;
  throw new AuditError(2, `${named} is of type ${column.type}, which holds no partition and no offset`, {
    hint: 'name columns of type integer or bigint in `coordinates`',
  });
}

/** jsonb is taken apart by the server (select.ts), so that what is read lies at the end of the path already. */
function jsonColumn(column: PostgresColumn, path: KeyColumn['path'], named: string): KeyColumn {
  if (column.base === 'jsonb') return { ...column, path: [] };
  if (column.base === 'json' || column.category === 'S') return { ...column, path };
  throw new AuditError(2, `${named}, which holds no JSON`, { hint: 'leave out its `path`' });
}

interface Mismatch {
  readonly why: string;
  readonly hint: string;
}

function mismatch(column: PostgresColumn, part: EffectKeyPart, parts: number): Mismatch | undefined {
  const { base, category, shown } = column;
  if (JSON_TYPES.includes(base)) {
    return {
      why: 'its text is no key',
      hint: `say where the key is in it: { from: ${shown}, path: order.id }`,
    };
  }
  if (base === 'float4' || base === 'float8' || base === 'money') {
    if (part.as !== undefined) return undefined;
    return { why: NUMBERS, hint: `compare numbers: { from: ${shown}, as: number }` };
  }
  if (base === 'date' || base === 'bool') {
    if (parts > 1) return undefined;
    return { why: 'alone it tells no two orders apart', hint: 'name the column that holds the business key' };
  }
  const unlike = UNLIKE[category];
  if (unlike === undefined) return undefined;
  return { why: `it is ${unlike}`, hint: 'name a column of text, whole numbers or uuids' };
}
