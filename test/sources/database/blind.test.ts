/** Whether a unique index leaves no room for a second row of a key. */
import { expect, it } from 'vitest';
import { blindness } from '../../../src/sources/database/blind.ts';
import type { Column } from '../../../src/sources/database/table.ts';
import { ordersTable, plain } from './postgres/orders.ts';

const column = (name: string, base: string): Column => ({
  name,
  shown: name,
  type: base,
  base,
  notNull: true,
});

it('of coordinates only where their columns hold numbers: 7 and 007 are two texts, and one offset', () => {
  const settings = ordersTable({
    key: [plain('p'), plain('o')],
    coordinates: { topic: 't', partition: 'p', offset: 'o' },
  });
  const unique = [{ name: 'handled_once', columns: ['t', 'p', 'o'] }];
  const of = (base: string) => {
    const key = [column('p', 'int4'), column('o', base)].map((one) => ({ ...one, path: undefined }));
    const topic = { column: column('t', 'text'), name: 'orders' };
    return blindness(
      { settings, key, topic },
      unique,
      ({ base: own }) => own !== 'varchar',
      (name) => name,
    );
  };
  expect(of('int8')).toBe('unique index handled_once covers t, p, o');
  expect(of('varchar')).toBeUndefined();
});
