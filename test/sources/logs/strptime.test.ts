import { describe, expect, it } from 'vitest';
import { unitStamp } from '../../../src/sources/logs/stamps.ts';
import { strptime } from '../../../src/sources/logs/strptime.ts';

const micros = (iso: string) => Date.parse(iso) * 1000;

describe('a time in the words of strptime', () => {
  it.each<[string, string, string]>([
    ['%d/%b/%Y:%H:%M:%S %z', '22/Nov/2026:10:00:01 +0130', '2026-11-22T08:30:01Z'],
    ['%Y-%m-%d %I:%M:%S %p %Z', '2026-11-22 12:00:01 AM UTC', '2026-11-22T00:00:01Z'],
    ['%F %T.%f%z', '2026-11-22 10:00:00.25-05:00', '2026-11-22T15:00:00.250Z'],
    ['%a %e %B %y %T %z', 'Sun  2 November 26 10:00:60 Z', '2026-11-02T10:01:00Z'],
    ['[%s.%L] 100%%', '[1795341600.250] 100%', '2026-11-22T10:00:00.250Z'],
  ])('%s: %s', (form, text, iso) => {
    expect(strptime(form)(text)).toEqual({ form: 'moment', at: micros(iso) });
  });

  it('without a zone is a wall, and without a year is yearless', () => {
    expect(strptime('%D %R')('11/22/26 10:30')).toEqual({
      form: 'wall',
      wall: micros('2026-11-22T10:30:00Z'),
    });
    const yearless = { form: 'yearless', month: 10, day: 3, time: 36_000_000_000 };
    expect(strptime('%b %d %T')('Nov  3 10:00:00')).toEqual(yearless);
  });

  it.each([
    ['%d/%m/%Y %H', '31/02/2026 10'],
    ['%d/%m/%Y %H', '11/13/2026 10'],
    ['%d/%b/%Y %H', '11/Nuv/2026 10'],
    ['%d/%m/%Y %H', '11/12/2026 24'],
    ['%d/%m/%Y %H', '11/12/2026 10 '],
    ['%d.%m.%Y %H', '11x12x2026 10'],
    ['%b %d %H', 'Feb 30 10'],
  ])('%s is not %s', (form, text) => {
    expect(strptime(form)(text)).toBeUndefined();
  });
});

describe('a number of a unit', () => {
  it.each([
    ['1795341600', 's', '1795341600000000'],
    ['1795341600.1234567', 's', '1795341600123456'],
    ['5', 'ms', '5000'],
    ['5.5', 'ms', '5500'],
    ['1795341600123456', 'us', '1795341600123456'],
  ] as const)('%s %s', (text, unit, at) => {
    expect(unitStamp(text, unit)).toEqual({ form: 'moment', at: Number(at) });
  });

  it('is nothing else', () => {
    expect(unitStamp('soon', 's')).toBeUndefined();
    expect(unitStamp('99999999999999999999', 'us')).toBeUndefined();
  });
});
