/** The single values of a configuration: how each is written, and what it then is. */
import { UNBOUNDED } from '../columns.ts';
import type { Scalar } from '../model.ts';
import { nearest } from '../nearest.ts';
import type { ScalarKind } from './written.ts';

/** How one sort of single value is read. No result and no hint may say more of the text than the text itself. */
export interface Reader<Value> {
  /** For messages: "expected …". */
  readonly expected: string;
  /** Undefined: this text is none. */
  read(text: string, kind: ScalarKind): Value | undefined;
  /** What may help whoever wrote a text that `read` refused. */
  hint?(text: string): string | undefined;
}

/** Texts that match a pattern as a whole, as they are. */
export function texts(expected: string, pattern: RegExp): Reader<string> {
  return { expected, read: (text) => (pattern.test(text) ? text : undefined) };
}

export const anyText = texts('a text', /./s);

/** A directory is named after it. */
export const configurationName = texts(
  'a name of at most 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
);

export const kindName = texts(
  'the name of an effect kind: letters, digits, dots, dashes and underscores, beginning with a letter or digit',
  /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
);

/** https://github.com/apache/kafka/blob/4.0/clients/src/main/java/org/apache/kafka/common/internals/Topic.java */
export const topicName = texts(
  'the name of one topic: at most 249 letters, digits, dots, dashes and underscores',
  /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
);

export const hostAndPort = texts(
  'host:port, such as broker-1:9092',
  /^(?:[A-Za-z0-9._-]+|\[[0-9A-Za-z:.%]+\]):(?!0+$)\d{1,5}$/,
);

export const postgresUrl = texts(
  'a connection URL such as postgres://auditor@db:5432/orders',
  /^postgres(?:ql)?:\/\/./s,
);

export const mysqlUrl = texts(
  'a connection URL such as mysql://auditor@db:3306/orders',
  /^(?:mysql|mariadb):\/\/./s,
);

export const registryUrl: Reader<string> = {
  expected: 'the URL of a schema registry, such as http://registry:8081',
  read: (text) => (/^https?:\/\/[^/]/i.test(text) && URL.canParse(text) ? text : undefined),
};

/** RFC 5322, section 2.2: printable ASCII but the colon. */
export const headerName = texts('the name of a mail header, such as X-Order-Id', /^[!-9;-~]+$/);

/** DuckDB's sizes (https://duckdb.org/docs/stable/configuration/pragmas.html#memory-limit). */
export const size = texts(
  'a size with its unit, such as 2GB (KB, MB, GB, TB, KiB, MiB, GiB, TiB)',
  /^(?=.*[1-9])\d+(?:\.\d+)? ?(?:[KMGT]i?B)$/i,
);

export const trueOrFalse: Reader<boolean> = {
  expected: 'true or false',
  read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

/** One of a few words. @param later words that onceover will know one day */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  later: readonly string[] = [],
): Reader<Word> {
  return {
    expected: words.join(', ').replace(/, ([^,]*)$/, ' or $1'),
    read: (text) => words.find((word) => word === text),
    hint(text) {
      if (later.includes(text)) return 'not supported yet';
      const meant = nearest(text, words);
      return meant === undefined ? undefined : `did you mean \`${meant}\`?`;
    },
  };
}

/** A whole number from 0 to `most`. */
export function whole(expected: string, most: number): Reader<number> {
  return {
    expected,
    read: (text) => (/^\d+$/.test(text) && Number(text) <= most ? Number(text) : undefined),
  };
}

/** How many effects: below the number that stands for "no end". */
export const effectCount = whole('a whole number of effects', UNBOUNDED - 1);
export const offset = whole('an offset: a whole number from 0 to 2^53 - 1', Number.MAX_SAFE_INTEGER);
/** Where a range begins or ends in a log. */
export const offsetBound: Reader<number | 'start' | 'end'> = {
  expected: "an offset, a negative number that counts from the log's end, start or end",
  read(text, kind) {
    if (text === 'start' || text === 'end') return text;
    const number = offset.read(text.replace(/^-(?=0*[1-9])/, ''), kind);
    return number !== undefined && text.startsWith('-') ? -number : number;
  },
};
/** Kafka numbers partitions by a signed 32-bit integer. */
export const partition = whole('the number of a partition', 2 ** 31 - 1);

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A century: long enough for every audit, and far from where times in microseconds overflow. */
const LONGEST = 36_525 * MILLISECONDS.d;

/** Milliseconds. */
export const duration: Reader<number> = {
  expected: 'a duration such as 90s, 15m, 24h, 7d or 500ms',
  read(text) {
    const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
    const length = Number(count) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
    return length <= LONGEST ? length : undefined;
  },
  hint(text) {
    if (/^\d+$/.test(text)) return `a number needs its unit, such as ${text}m`;
    if (/^-\d/.test(text)) return 'it cannot be negative';
    return /^\d+(ms|s|m|h|d)$/.test(text) ? 'a century is the most' : undefined;
  },
};

export const someTime: Reader<number> = {
  ...duration,
  expected: 'a duration above zero, such as 24h',
  read: (written, kind) => duration.read(written, kind) || undefined,
};

const MOMENT =
  /^(\d{4}-\d{2}-\d{2})[T ]((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d(?:\.\d{1,3})?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** A time of ISO 8601 with its zone, in epoch milliseconds. */
export const moment: Reader<number> = {
  expected: 'a time with its zone, such as 2026-11-22T00:00:00Z',
  read(text) {
    const [, day, minute, second = ':00', zone = ''] = MOMENT.exec(text) ?? [];
    if (day === undefined) return undefined;
    const midnight = Date.parse(`${day}T00:00:00Z`);
    // JavaScript takes the 30th of February for the 2nd of March.
    const isDay = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
    return isDay ? Date.parse(`${day}T${minute}${second}${zone.toUpperCase()}`) : undefined;
  },
  hint(text) {
    const zoneless = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/.test(text);
    return zoneless
      ? 'without a zone it could be any of 26 hours: add Z, or an offset such as +01:00'
      : undefined;
  },
};

/** An IANA zone. An offset such as +01:00 is refused: PostgreSQL reads its sign the other way round. */
export const zone: Reader<string> = {
  expected: 'an IANA time zone such as Europe/Berlin',
  read(text) {
    if (!/^[A-Za-z]/.test(text)) return undefined;
    try {
      new Intl.DateTimeFormat('en', { timeZone: text });
      return text;
    } catch {
      return undefined;
    }
  },
  hint(text) {
    const meant = nearest(text, Intl.supportedValuesOf('timeZone'));
    return meant === undefined ? undefined : `did you mean \`${meant}\`?`;
  },
};

const BYTES = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

function bytesOf(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?) ?([KMGT]?i?B)$/i.exec(text) ?? [];
  const bytes = Math.round(Number(count) * BYTES[unit.toUpperCase() as keyof typeof BYTES]);
  return bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER ? bytes : undefined;
}

/** A number of bytes above zero. */
export const byteCount: Reader<number> = {
  expected: 'a size with its unit, such as 64MB',
  read: bytesOf,
  hint: (text) => (/^\d+$/.test(text) ? `a number needs its unit, such as ${text}MB` : undefined),
};

/** Bytes or messages per second. */
export const rate: Reader<{ readonly bytes: number } | { readonly messages: number }> = {
  expected: 'a rate such as 20MB/s or 5000 messages/s',
  read(text) {
    const messages = Number(/^(\d{1,15}) ?messages\/s$/.exec(text)?.[1]);
    if (messages > 0) return { messages };
    const bytes = text.endsWith('/s') ? bytesOf(text.slice(0, -2)) : undefined;
    return bytes === undefined ? undefined : { bytes };
  },
  hint(text) {
    if (/^\d+$/.test(text)) return `a number needs its unit, such as ${text}MB/s or ${text} messages/s`;
    return bytesOf(text) === undefined ? undefined : `did you mean ${text}/s?`;
  },
};

/** A part of the whole, 0 to 1. */
export const share: Reader<number> = {
  expected: 'a share such as 5% or 0.05',
  read(text) {
    const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
    const part = Number(number) / (percent === '%' ? 100 : 1);
    return part <= 1 ? part : undefined;
  },
  hint: (text) => (/^\d+(\.\d+)?$/.test(text) ? `did you mean ${text}%?` : undefined),
};

/** As keys and conditions compile it: JavaScript's, with flag u. */
export const regularExpression: Reader<string> = {
  expected: 'a regular expression of JavaScript (flag u)',
  read: (text) => (complaint(text) === undefined ? text : undefined),
  hint: (text) => complaint(text),
};

/** What is wrong with a pattern, without the pattern. */
function complaint(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
    return undefined;
  } catch (error) {
    const message = (error as Error).message;
    const end = message.lastIndexOf('/u: ');
    return end < 0 ? 'it does not compile' : message.slice(end + 4);
  }
}

/** A value to compare with: its text as it was typed, and the number it is. */
export const comparable: Reader<Scalar> = {
  expected: 'a text, a number, true or false',
  read: (text, kind) => {
    const number = kind === 'number' ? exactNumber(text) : undefined;
    return number === undefined ? { text } : { text, number };
  },
};

/** A number in JSON's grammar, as it was typed: it is compared digit by digit. */
export const number: Reader<string> = {
  expected: 'a number such as 100 or -12.50',
  read(text) {
    const found = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE]([+-]?\d+))?$/.exec(text);
    return found !== null && Math.abs(Number(found[1] ?? 0)) <= MOST_EXPONENT ? text : undefined;
  },
  hint(text) {
    if (/^-?\d+,\d+$/.test(text)) return `did you mean ${text.replace(',', '.')}?`;
    return /\d/.test(text) ? undefined : 'only numbers can be compared';
  },
};

/** No quantity needs more, and it can be written out. */
const MOST_EXPONENT = 999;

/** Undefined where a JavaScript number would not tell neighbours apart: then only the text compares. */
function exactNumber(text: string): number | undefined {
  const number = Number(text);
  const digits = text.replace(/e.*$/i, '').replace(/\D/g, '').replace(/^0+/, '');
  const exact = Number.isInteger(number) ? Number.isSafeInteger(number) : digits.length <= 15;
  return exact && Number.isFinite(number) ? number : undefined;
}
