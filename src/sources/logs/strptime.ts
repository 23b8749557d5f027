/** Reads times that are written in a form the configuration spells out, in the words of POSIX's strptime. */
import type { TIME_DIRECTIVES } from '../../words.ts';
import { MONTHS, type Stamp, wallOf } from './stamps.ts';

type Directive = (typeof TIME_DIRECTIVES)[number];

/** What the directives of a form leave in their order; all but text is a number. */
interface Parts {
  year?: number;
  month?: number;
  day?: number;
  hour?: number;
  minute?: number;
  second?: number;
  micros?: number;
  /** 12 for the afternoon, where hours are counted to 12. */
  half?: number;
  /** Offset from UTC in seconds. */
  offset?: number;
  /** Seconds since 1970. */
  epoch?: number;
}

interface Reads {
  /** Its regular expression, in one group; without `set` it is looked at no further. */
  readonly form: string;
  readonly set?: (parts: Parts, text: string) => void;
}

const number = (form: string, name: keyof Parts): Reads => ({
  form,
  set: (parts, text) => {
    parts[name] = Number(text);
  },
});

const TWO = '[ 0-9]?[0-9]';
const fraction: Reads = {
  form: '[0-9]{1,9}',
  set: (parts, text) => {
    parts.micros = Number(text.padEnd(6, '0').slice(0, 6));
  },
};
const monthName: Reads = {
  form: '[A-Za-z]{3,9}',
  set: (parts, text) => {
    const start = text.slice(0, 3).toLowerCase();
    const month = MONTHS.findIndex((name) => name.toLowerCase() === start);
    parts.month = month + 1;
  },
};
const dayName: Reads = { form: '[A-Za-z]{3,9}' };

/** https://pubs.opengroup.org/onlinepubs/9699919799/functions/strptime.html; %f is Python's, %L and %N are Ruby's. */
const READS: Readonly<Record<Directive, Reads>> = {
  Y: number('[0-9]{4}', 'year'),
  y: {
    form: '[0-9]{2}',
    set: (parts, text) => {
      parts.year = Number(text) + (Number(text) < 69 ? 2000 : 1900);
    },
  },
  m: number(TWO, 'month'),
  b: monthName,
  B: monthName,
  h: monthName,
  d: number(TWO, 'day'),
  e: number(TWO, 'day'),
  H: number(TWO, 'hour'),
  k: number(TWO, 'hour'),
  I: number(TWO, 'hour'),
  l: number(TWO, 'hour'),
  M: number(TWO, 'minute'),
  S: number(TWO, 'second'),
  f: fraction,
  L: fraction,
  N: fraction,
  p: {
    form: '[AaPp][Mm]',
    set: (parts, text) => {
      parts.half = /^p/i.test(text) ? 12 : 0;
    },
  },
  z: {
    form: 'Z|[+-][0-9]{2}(?::?[0-9]{2})?',
    set: (parts, text) => {
      const [hours, minutes] = [text.slice(1, 3), text.slice(3).replace(':', '')];
      const offset = Number(hours) * 3600 + Number(minutes) * 60;
      parts.offset = text[0] === '-' ? -offset : offset;
    },
  },
  Z: {
    form: 'UTC|GMT|Z',
    set: (parts) => {
      parts.offset = 0;
    },
  },
  s: number('[0-9]{1,11}', 'epoch'),
  a: dayName,
  A: dayName,
};

const SHORTHANDS: Readonly<Record<string, string>> = {
  T: '%H:%M:%S',
  R: '%H:%M',
  F: '%Y-%m-%d',
  D: '%m/%d/%y',
};

/**
 * @param format as the configuration writes it, checked there
 * @returns a reader of texts that are a time of this form as a whole; it answers undefined for any other
 */
export function strptime(format: string): (text: string) => Stamp | undefined {
  const reads: Reads[] = [];
  const spelt = format.replace(/%([TRFD])/g, (_, letter: string) => SHORTHANDS[letter]!);
  const form = spelt.replace(/%(.)|(\s+)|([\\^$.*+?()[\]{}|/-])/g, (_, directive, space, special) => {
    if (space !== undefined) return '\\s+';
    if (special !== undefined) return `\\${special}`;
    if (directive === '%') return '%';
    const read = READS[directive as Directive];
    reads.push(read);
    return `(${read.form})`;
  });
  const whole = new RegExp(`^${form}$`);
  return (text) => {
    const found = whole.exec(text);
    if (found === null) return undefined;
    const parts: Parts = {};
    for (const [i, { set }] of reads.entries()) set?.(parts, found[i + 1]!);
    return stampOf(parts);
  };
}

const SECOND = 1e6;

function stampOf(parts: Parts): Stamp | undefined {
  const { year, month = 0, day = 0, minute = 0, second = 0, micros = 0, half, offset, epoch } = parts;
  if (epoch !== undefined) return { form: 'moment', at: epoch * SECOND + micros };
  const hour = half === undefined ? (parts.hour ?? 0) : ((parts.hour ?? 0) % 12) + half;
  // Second 60 is a leap second: the first of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const time = (hour * 3600 + minute * 60 + second) * SECOND + micros;
  if (year === undefined) {
    if (wallOf(2024, month - 1, day, 0) === undefined || month === 0) return undefined;
    return { form: 'yearless', month: month - 1, day, time };
  }
  const wall = month === 0 ? undefined : wallOf(year, month - 1, day, time);
  if (wall === undefined) return undefined;
  return offset === undefined ? { form: 'wall', wall } : { form: 'moment', at: wall - offset * SECOND };
}
