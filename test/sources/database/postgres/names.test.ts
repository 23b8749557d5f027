/** SQL names, read and guessed. */
import { describe, expect, it } from 'vitest';
import { nearNames } from '../../../../src/nearest.ts';
import { nameParts, shownName } from '../../../../src/sources/database/postgres/names.ts';

describe('nameParts', () => {
  it('reads names as PostgreSQL does', () => {
    expect(nameParts('orders')).toEqual(['orders']);
    expect(nameParts('Shop.Orders')).toEqual(['shop', 'orders']);
    expect(nameParts('public."Odd Name"')).toEqual(['public', 'Odd Name']);
    expect(nameParts(' "a.b" . "say ""hi""" ')).toEqual(['a.b', 'say "hi"']);
    expect(nameParts('BestellÄnderung_2$')).toEqual(['bestellÄnderung_2$']);
  });

  it('refuses what is no name', () => {
    for (const text of [
      '',
      'Odd Name',
      'orders;',
      'a..b',
      'a.',
      '2orders',
      '""',
      '"open',
      'orders --',
      'a.b"c"',
    ]) {
      expect(nameParts(text), text).toBeUndefined();
    }
  });

  it('reads back what shownName writes', () => {
    for (const parts of [
      ['public', 'orders'],
      ['Shop', 'a.b'],
      ['say "hi"', '2nd'],
      ['größe', '$'],
    ]) {
      expect(nameParts(shownName(...parts))).toEqual(parts);
    }
    expect(shownName('public', 'Orders')).toBe('public."Orders"');
  });
});

describe('nearNames', () => {
  const columns = ['id', 'order_id', 'created_at', 'updated_at', 'channel', 'OrderRef'];

  it('finds misspelt, shortened and differently cased names, the nearest first', () => {
    expect(nearNames('chanel', columns)).toEqual(['channel']);
    expect(nearNames('created', columns)).toEqual(['created_at']);
    expect(nearNames('orderref', columns)).toEqual(['OrderRef']);
    expect(nearNames('orderid', columns)).toEqual(['order_id']);
    expect(nearNames('pdated_at', columns)[0]).toBe('updated_at');
  });

  it('proposes nothing for a name that is like none', () => {
    expect(nearNames('total', columns)).toEqual([]);
    expect(nearNames('xy', columns)).toEqual([]);
  });
});
