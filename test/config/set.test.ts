import { describe, expect, it } from 'vitest';
import type { LogSettings } from '../../src/model.ts';
import { load, mistakes, SMALLEST, smallest } from './configurations.ts';

const set = (...settings: string[]) => load(SMALLEST, { set: settings });

describe('--set', () => {
  it('beats the file, and of two for one path the later wins', () => {
    expect(set('messages.topic=refunds').messages.topic).toBe('refunds');
    expect(set('messages.topic=refunds', 'messages.topic=returns').messages.topic).toBe('returns');
  });

  it('reaches a kind whose name holds dashes, and one that holds dots', () => {
    expect(set('effects.order-row.settle=3m').kinds[0]).toMatchObject({ settle: 180_000 });
    const dotted = smallest({ line: 7, to: '  shop.order-row:' });
    expect(load(dotted, { set: ['effects.shop.order-row.settle=3m'] }).kinds).toMatchObject([
      { name: 'shop.order-row', settle: 180_000 },
    ]);
  });

  it('creates the parents that are missing', () => {
    const settings = set(
      'report.ledger=true',
      'effects."shop.dump".log={ files: [o.csv], format: csv, key: id }',
    );
    expect(settings.report.ledger).toBe(true);
    expect(settings.kinds.map(({ name }) => name)).toEqual(['order-row', 'shop.dump']);
    expect(load(`${SMALLEST}report:\n`, { set: ['report.ledger=true'] }).report.ledger).toBe(true);
  });

  it('takes the rest of a path below `where` for a field, dots and all', () => {
    const expected = [{ field: { path: ['order', 'type'] }, test: { values: [{ text: 'OrderPlaced' }] } }];
    expect(set('messages.where.value.order.type=OrderPlaced').messages.where).toMatchObject(expected);
    const filed = smallest({ line: 3, to: '  topic: orders\n  where: { value.order.type: Other }' });
    const replaced = load(filed, { set: ['messages.where.value.order.type=OrderPlaced'] });
    expect(replaced.messages.where).toMatchObject(expected);
  });

  it('replaces an item of a list, or appends one', () => {
    const log = smallest({ line: 8, to: '    log: { files: [/a.csv, /b.csv], format: csv, key: id }' });
    const { source } = load(log, {
      set: ['effects.order-row.log.files.1=/c.csv', 'effects.order-row.log.files.2=/d.csv'],
    }).entries[0]!;
    expect((source as LogSettings).files).toEqual(['/a.csv', '/c.csv', '/d.csv']);
  });

  it('reads values as YAML, an equals sign and all', () => {
    expect(set('messages.where={ value.total: 10.0, value.note: a=b }').messages.where).toMatchObject([
      { test: { values: [{ text: '10.0', number: 10 }] } },
      { test: { values: [{ text: 'a=b' }] } },
    ]);
    expect(set('messages.offsets={ 0: [1, 2] }').messages.range).toMatchObject({ by: 'offsets' });
  });

  it('may take its value from the environment', () => {
    const options = { set: [`messages.topic=\${TOPIC}`], env: { TOPIC: 'refunds' } };
    expect(load(SMALLEST, options).messages.topic).toBe('refunds');
  });

  it.each<[string, string]>([
    [
      'messages.topic=',
      '--set messages.topic= messages.topic: expected the name of one topic: at most 249 letters, digits, dots, dashes and underscores; got nothing',
    ],
    ['messages.topik=orders', '--set messages.topik= messages.topik: unknown name; did you mean `topic`?'],
    [
      'effects.dump.settle=1m',
      '--set effects.dump.settle= effects.dump: expected at least one of postgres, mysql, log, email, kafka; got none',
    ],
    [
      'messages.topic.name=x',
      '--set messages.topic.name= messages.topic.name: topic is a single value, and has nothing below it',
    ],
    ['messages.id=[', '--set messages.id= messages.id: not valid YAML: Flow sequence must end with a ]'],
    ['messages.topic', '--set messages.topic expected path=value, such as messages.topic=orders'],
    ['=orders', '--set = expected path=value, such as messages.topic=orders'],
    ['messages..topic=orders', '--set messages..topic= expected path=value, such as messages.topic=orders'],
    ['messages.=orders', '--set messages.= expected path=value, such as messages.topic=orders'],
  ])('%s is a mistake of the command line', (setting, mistake) => {
    expect(mistakes(SMALLEST, { set: [setting] })).toEqual([mistake]);
  });

  it('knows the items of a list by their numbers', () => {
    const partitioned = smallest({ line: 3, to: '  topic: orders\n  partitions: [0]' });
    for (const item of ['first', '2']) {
      expect(mistakes(partitioned, { set: [`messages.partitions.${item}=1`] })).toEqual([
        `--set messages.partitions.${item}= messages.partitions.${item}: this is a list: expected the number of an item, or the whole list`,
      ]);
    }
  });

  it('leaves to the mistakes of the file their lines, and tells its own last', () => {
    const text = smallest({ add: '    setle: 3m' });
    expect(mistakes(text, { set: ['effects.order-row.expect=many', 'messages.padding=1h'] })).toEqual([
      '9 effects.order-row.setle: unknown name; did you mean `settle`?',
      '--set effects.order-row.expect= effects.order-row.expect: expected a number, { min, max } or a field such as value.items; got "many"',
    ]);
  });
});
