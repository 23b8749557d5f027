import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Clock } from '../../../src/sources/logs/clock.ts';
import { leadingStamp, wholeStamp } from '../../../src/sources/logs/stamps.ts';
import { chooseYears } from '../../../src/sources/logs/years.ts';
import { Zone } from '../../../src/sources/logs/zones.ts';

const iso = (micros: number) => new Date(micros / 1000).toISOString();
const wall = (text: string) => Date.parse(`${text}Z`) * 1000;

describe('a stamp', () => {
  it.each([
    ['2026-11-22T10:00:00.123456Z', 1795341600123456],
    ['2026-11-22T11:00:00.123456+01:00', 1795341600123456],
    ['2026-11-22 10:00:00.123456+00', 1795341600123456],
    ['2026-11-22 10:00:00.1234569 UTC', 1795341600123456],
    ['2026-11-22 04:30:00-0530', 1795341600000000],
    ['1795341600', 1795341600000000],
    ['1795341600.123456', 1795341600123456],
    ['1795341600123', 1795341600123000],
    ['1795341600123456', 1795341600123456],
  ])('%s is a moment', (text, at) => {
    expect(wholeStamp(text)).toEqual({ form: 'moment', at });
  });

  it.each(['2026-11-22 10:00:00.5', '2026-11-22T10:00:00.5'])('%s says no zone', (text) => {
    expect(wholeStamp(text)).toEqual({ form: 'wall', wall: wall('2026-11-22T10:00:00.5') });
  });

  it.each([
    '',
    'infinity',
    '2026-11-22',
    '2026-02-29 10:00:00Z',
    '2026-13-01 10:00:00Z',
    '2026-11-22 25:00:00Z',
    '22.11.2026 10:00',
    '2026-11-22 10:00:00Z yes',
    '12345678901234567',
    '-5',
  ])('%j is none', (text) => expect(wholeStamp(text)).toBeUndefined());

  it.each([
    ['Nov 23 20:56:58 mail', 15],
    ['Nov  3 20:56:58 mail', 15],
    ['Nov 3 20:56:58 mail', 14],
    ['2026-11-22T10:00:00.123456+09:00 mail', 32],
  ])('%j leads a line', (line, end) => expect(leadingStamp(line)?.end).toBe(end));

  it.each([
    'Nvo 23 20:56:58 mail',
    'Nov 31 20:56:58 mail',
    '\0\0Nov 23 20:56:58 mail',
    'Nov 23 20:56:5',
    'Nov 23 20:56:58x',
  ])('%j leads none', (line) => expect(leadingStamp(line)).toBeUndefined());
});

describe('a zone', () => {
  const berlin = new Zone('Europe/Berlin');

  it('knows summer from winter', () => {
    expect(iso(berlin.moment(wall('2026-07-01T12:00:00')).at)).toBe('2026-07-01T10:00:00.000Z');
    expect(iso(berlin.moment(wall('2026-12-01T12:00:00')).at)).toBe('2026-12-01T11:00:00.000Z');
  });

  it('gives both moments of an hour that comes twice, the earlier first', () => {
    const { at, or, never } = berlin.moment(wall('2026-10-25T02:30:00'));
    expect([iso(at), iso(or!), never]).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:30:00.000Z',
      false,
    ]);
    expect(berlin.moment(wall('2026-10-25T03:00:00')).or).toBeUndefined();
    expect(berlin.moment(wall('2026-10-25T01:59:59')).or).toBeUndefined();
  });

  it('says of an hour that was left out that it never was', () => {
    expect(berlin.moment(wall('2026-03-29T02:30:00'))).toEqual({
      at: wall('2026-03-29T01:30:00'),
      or: wall('2026-03-29T00:30:00'),
      never: true,
    });
    expect(berlin.moment(wall('2026-03-29T03:00:00')).never).toBe(false);
  });

  it('is exact wherever a moment is shown on a wall', () => {
    const zones = ['America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC'];
    const made = zones.map((name) => new Zone(name));
    const shown = zones.map(
      (timeZone) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }),
    );
    const seconds = fc.integer({ min: Date.UTC(2015, 0, 1) / 1000, max: Date.UTC(2027, 0, 1) / 1000 });
    fc.assert(
      fc.property(fc.nat(zones.length - 1), seconds, (zone, second) => {
        const reading = shown[zone]!.format(second * 1000).replace(' ', 'T');
        const { at, or, never } = made[zone]!.moment(wall(reading));
        expect([at, or]).toContain(second * 1e6);
        expect(never).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('must exist', () => {
    expect(() => new Zone('Europe/Berln')).toThrow(expect.objectContaining({ status: 2 }));
  });
});

describe('a clock', () => {
  const reading = (zone: string, about: string, lines: string[]) => {
    const clock = new Clock(new Zone(zone), () => 'mail.log line 1');
    clock.begin(wall(about));
    return {
      clock,
      times: lines.map((line) => iso(clock.read(`${line} mail postfix/x[1]: y`) ?? Number.NaN)),
    };
  };

  it('goes from one year to the next and a little way back', () => {
    const { times } = reading('UTC', '2025-12-31T23:59:58', [
      'Dec 31 23:59:58',
      'Jan  1 00:00:00',
      'Dec 31 23:59:59',
      'Jan  1 00:00:01',
      'Feb 28 12:00:00',
      'May 30 12:00:00',
    ]);
    expect(times.map((time) => time.slice(0, 19))).toEqual([
      '2025-12-31T23:59:58',
      '2026-01-01T00:00:00',
      '2025-12-31T23:59:59',
      '2026-01-01T00:00:01',
      '2026-02-28T12:00:00',
      '2026-05-30T12:00:00',
    ]);
  });

  it('knows leap days', () => {
    const { times } = reading('UTC', '2028-02-28T00:00:00', [
      'Feb 28 10:00:00',
      'Feb 29 10:00:00',
      'Mar  1 10:00:00',
    ]);
    expect(times[1]).toBe('2028-02-29T10:00:00.000Z');
    expect(() => reading('UTC', '2026-02-28T00:00:00', ['Feb 29 10:00:00'])).toThrow('Invalid time');
  });

  it('tells the two hours of a change apart by the order of the lines', () => {
    const { times, clock } = reading('Europe/Berlin', '2026-10-25T01:59:00', [
      'Oct 25 01:59:00',
      'Oct 25 02:10:00',
      'Oct 25 02:59:59',
      'Oct 25 02:00:01',
      'Oct 25 02:59:59',
      'Oct 25 02:00:02',
      'Oct 25 02:10:00',
      'Oct 25 03:00:00',
    ]);
    expect(times.map((time) => time.slice(11, 19))).toEqual([
      '23:59:00',
      '00:10:00',
      '00:59:59',
      '01:00:01',
      '00:59:59',
      '01:00:02',
      '01:10:00',
      '02:00:00',
    ]);
    expect(clock.twice).toEqual({ zone: 'Europe/Berlin', example: 'Oct 25 02:10:00' });
  });

  it('reads lines with and without a zone in one file', () => {
    const { times } = reading('Europe/Berlin', '2026-11-23T00:00:00', [
      'Nov 23 20:56:58',
      '2026-11-23T20:56:59.250000+01:00',
      '2026-11-23T19:57:00Z',
      'Nov 23 20:57:01',
    ]);
    expect(times).toEqual([
      '2026-11-23T19:56:58.000Z',
      '2026-11-23T19:56:59.250Z',
      '2026-11-23T19:57:00.000Z',
      '2026-11-23T19:57:01.000Z',
    ]);
  });

  it('asks for a zone where one is needed', () => {
    const clock = new Clock(undefined, () => 'mail.log line 7');
    expect(clock.read('2026-11-23T19:57:00Z mail x: y')).toBe(1795463820000000);
    expect(() => clock.read('Nov 23 20:56:58 mail x: y')).toThrow(
      expect.objectContaining({
        status: 2,
        message: expect.stringContaining('mail.log line 7'),
        hint: expect.stringContaining('zone: Europe/Berlin'),
      }),
    );
  });
});

describe('the year of a log', () => {
  const now = Date.UTC(2026, 10, 24);
  const stamp = (text: string) => leadingStamp(`${text} x`)!.stamp;
  const years = (
    firsts: string[],
    last: string,
    from: string,
    to: string,
    closed: (number | undefined)[] = [],
  ) => {
    const files = firsts.map((first, i) => ({ first: stamp(first), closed: closed[i] }));
    const bounds = { from: Date.parse(from), to: Date.parse(to) };
    const chosen = chooseYears(files, stamp(last), bounds, now);
    return [...chosen.starts.map((start) => new Date(start! / 1000).getUTCFullYear()), chosen.from];
  };

  it.each([
    [
      'overlaps the audit of last night',
      ['Nov 22 06:25:00'],
      'Nov 23 06:25:00',
      '2026-11-22',
      '2026-11-23',
      [2026, 'overlap'],
    ],
    [
      'overlaps an audit of last year',
      ['Nov 22 06:25:00'],
      'Nov 23 06:25:00',
      '2025-11-22',
      '2025-11-23',
      [2025, 'overlap'],
    ],
    [
      'overlaps by its end only',
      ['Apr 20 06:25:00'],
      'Dec 23 06:25:00',
      '2025-12-01',
      '2025-12-02',
      [2025, 'overlap'],
    ],
    [
      'begins a year before it ends',
      ['Dec 30 06:25:00'],
      'Jan  3 06:25:00',
      '2026-01-02',
      '2026-01-03',
      [2025, 'overlap'],
    ],
    [
      'is not in the future',
      ['Dec 30 06:25:00'],
      'Dec 31 06:25:00',
      '2026-11-23',
      '2026-11-24',
      [2025, 'nearest'],
    ],
    [
      'runs back from the newest file',
      ['Dec 20 06:00:00', 'Dec 27 06:00:00', 'Jan  3 06:00:00'],
      'Jan  5 00:00:00',
      '2026-01-04',
      '2026-01-05',
      [2025, 2025, 2026, 'overlap'],
    ],
    [
      'begins on a leap day',
      ['Feb 29 06:25:00'],
      'Mar  1 06:25:00',
      '2024-02-29',
      '2024-03-01',
      [2024, 'overlap'],
    ],
  ])('%s', (_, firsts, last, from, to, expected) => {
    expect(years(firsts, last, from, to)).toEqual(expected);
  });

  it('is in the name, where there is a date', () => {
    expect(
      years(['Nov 15 06:00:00'], 'Nov 22 06:00:00', '2026-11-20', '2026-11-21', [
        Date.UTC(2024, 10, 24) * 1000,
      ]),
    ).toEqual([2024, 'name']);
  });
});
