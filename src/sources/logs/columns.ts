/** Finds the columns of a dump that the configuration names. */
import { AuditError } from '../../error.ts';
import { nearNames } from '../../nearest.ts';
import { plainText } from '../keys.ts';
import { type Asked, keyValue } from './asked.ts';

/** The first record of a file; one character for each byte. */
interface Header {
  readonly text: string;
  readonly fields: readonly (string | undefined)[] | undefined;
}

const UTF_16 = /^(?:\xff\xfe|\xfe\xff)/;
/** Names listed in an error. */
const MAX_LISTED = 12;

/**
 * @param header the first record of the file
 * @returns the column of each name that is asked for
 * @throws AuditError 4 where it is no header, or lacks a column, or has it twice
 */
export function columnsOf(header: Header | undefined, label: string, asked: Asked): readonly number[] {
  if (header !== undefined && UTF_16.test(header.text))
    throw new AuditError(4, `${label} is UTF-16`, {
      hint: `iconv -f UTF-16 -t UTF-8 ${label} makes it readable`,
    });
  if (header?.fields === undefined)
    throw new AuditError(4, `${label}: its first line is no header`, {
      hint: 'A dump begins with the names of its columns: COPY … TO … WITH (FORMAT csv, HEADER), or psql --csv.',
    });
  const names = header.fields.map((name) => plainText(keyValue(name ?? '')));
  return asked.names.map(({ name, setting }) => indexOf(name, setting, names, label));
}

function indexOf(name: string, what: string, names: readonly string[], label: string): number {
  const index = names.indexOf(name);
  if (index >= 0 && names.lastIndexOf(name) === index) return index;
  if (index >= 0) throw new AuditError(4, `${label}: two columns are called ${name} (${what})`);
  const listed = names.slice(0, MAX_LISTED).join(', ');
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '';
  const [near] = nearNames(name, names);
  throw new AuditError(4, `${label}: there is no column ${name} (${what}); there are ${listed}${more}`, {
    ...(near === undefined ? {} : { hint: `${what}: ${near}` }),
  });
}
