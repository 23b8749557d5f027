/** Times as MySQL writes them, without a server. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServerRows } from '../../../../src/sources/database/mysql/rows.ts';
import { WallReader } from '../../../../src/sources/database/mysql/wall.ts';
import type { TimeColumn } from '../../../../src/sources/database/table.ts';

const at = (zone?: string): TimeColumn => ({
  name: 'created_at',
  shown: 'created_at',
  type: 'datetime',
  base: 'datetime',
  notNull: false,
  zone,
  unit: undefined,
  movedBy: undefined,
});

describe('a time', () => {
  const read = (text: string) => new WallReader().read(Buffer.from(text));

  it('is read to the microsecond, with as many decimals as its column has', () => {
    const reader = new WallReader();
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1000-01-01Z'), max: new Date('2250-01-01Z'), noInvalidDate: true }),
        fc.integer({ min: 0, max: 999 }),
        fc.integer({ min: 0, max: 6 }),
        (date, micros, decimals) => {
          const iso = date.toISOString().replace('T', ' ').replace('Z', String(micros).padStart(3, '0'));
          const text = decimals === 0 ? iso.slice(0, 19) : iso.slice(0, 20 + decimals);
          const kept = Number(iso.slice(20, 20 + decimals).padEnd(6, '0'));
          const seconds = Math.floor(date.getTime() / 1000);
          expect(reader.read(Buffer.from(text))).toBe(seconds * 1e6 + kept);
        },
      ),
    );
  });

  it('is none on a day that is none', () => {
    for (const text of [
      '0000-00-00 00:00:00',
      '2026-02-30 10:00:00',
      '2026-00-01 00:00:00',
      '2026-11-22',
      '',
    ])
      expect(read(text)).toBeUndefined();
    expect(read('2024-02-29 00:00:00')).toBe(Date.UTC(2024, 1, 29) * 1000);
  });
});

describe('rows outside the bounds', () => {
  const bounds = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) };
  const texts = [
    '2026-11-22 00:59:59',
    '2026-11-22 01:00:00',
    '2026-11-23 01:00:00',
    '2026-11-23 01:00:00.000001',
  ];
  const seen = (side: 'inside' | 'outside') => {
    const rows = new ServerRows(at('Europe/Berlin'), 1, { bounds, side });
    rows.feed([null, ...texts].map((text) => [Buffer.from('A'), text === null ? null : Buffer.from(text)]));
    const kept: (string | undefined)[] = [];
    while (rows.next()) kept.push(rows.bytes(1)?.toString());
    return kept;
  };

  it('are left out, or all that is wanted; both ends are inside', () => {
    expect(seen('inside')).toEqual([undefined, texts[1], texts[2]]);
    expect(seen('outside')).toEqual([texts[0], texts[3]]);
  });
});
