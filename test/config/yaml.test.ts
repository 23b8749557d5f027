import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAuditError } from '../../src/error.ts';
import { load, mistakes, SMALLEST, smallest } from './configurations.ts';

describe('broken YAML is told with line and column', () => {
  it.each<[string, string, string]>([
    ['a bracket that is never closed', smallest({ line: 3, to: '  topic: [orders' }), '4:3 not valid YAML: '],
    [
      'a tab',
      smallest({ line: 3, to: '\ttopic: orders' }),
      '3:1 not valid YAML: Tabs are not allowed as indentation',
    ],
    [
      'a quote that is never closed',
      smallest({ line: 8, to: '    postgres: "' }),
      '9:1 not valid YAML: Missing closing "quote',
    ],
    [
      'an alias of nothing',
      smallest({ line: 3, to: '  topic: *orders' }),
      '3:10 an alias without an anchor before it',
    ],
    [
      'a tag of another program',
      smallest({ line: 3, to: '  topic: !env TOPIC' }),
      '3:10 not valid YAML: Unresolved tag',
    ],
    [
      'two documents',
      `${SMALLEST}---\n${SMALLEST}`,
      '9:1 not valid YAML: Source contains multiple documents',
    ],
    ['a list for a name', `${SMALLEST}? [a]\n: b`, '9:3 not valid YAML: '],
    [
      'a name twice',
      smallest({ line: 5, to: '  key: key\n  topic: refunds' }),
      '6:3 messages.topic: this name stands twice; the first is in line 3',
    ],
    ['a name JavaScript cannot have', `${SMALLEST}__proto__: 1`, '9:1 __proto__: not possible as a name'],
    [
      'an alias of its own parent',
      smallest({ line: 3, to: '  topic: &a [*a]' }),
      '3:13 an alias of what it stands in',
    ],
  ])('%s', (_, text, mistake) => {
    const told = mistakes(text);
    expect(told[0]!.slice(0, mistake.length)).toBe(mistake);
  });

  it('is told together with the other mistakes where there is a configuration in spite of it', () => {
    const text = smallest({ line: 5, to: '  key: key\n  topic: refunds\n  topik: refunds' });
    expect(mistakes(text)).toHaveLength(2);
  });

  it('has an end, however deep or large', () => {
    const bomb = ['a0: &a0 [x, x]'];
    for (let i = 1; i < 40; i++) bomb.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    expect(mistakes(bomb.join('\n'))).toEqual([expect.stringContaining('more than 20000 values')]);
    expect(mistakes('['.repeat(60) + ']'.repeat(60))).toEqual(['1:52 nested too deeply']);
    // Whether the parser's stack suffices depends on the machine; either way it is a mistake, no crash.
    expect(mistakes('['.repeat(100_000)).length).toBeGreaterThan(0);
    expect(mistakes(`x: [${'1,'.repeat(19_000)}]`).length).toBeGreaterThan(1);
  });
});

describe('YAML is read as it is written', () => {
  const values = (list: string) =>
    load(SMALLEST, { set: [`messages.where={ value.x: [${list}] }`] }).messages.where.flatMap(({ test }) =>
      test.is === 'in' ? test.values : [],
    );

  it('numbers keep their digits', () => {
    expect(values('10, 10.0, 0010, 1e3, 0x10, -5, 0.1')).toEqual([
      { text: '10', number: 10 },
      { text: '10.0', number: 10 },
      { text: '0010', number: 10 },
      { text: '1e3', number: 1000 },
      { text: '0x10', number: 16 },
      { text: '-5', number: -5 },
      { text: '0.1', number: 0.1 },
    ]);
  });

  it('numbers that JavaScript would round are only text', () => {
    expect(values('12345678901234567890, 0.12345678901234567, 1e400, .inf')).toEqual([
      { text: '12345678901234567890' },
      { text: '0.12345678901234567' },
      { text: '1e400' },
      { text: '.inf' },
    ]);
  });

  it('quoted numbers, words and dates are text; booleans are their names', () => {
    expect(values('"10", no, 2025-11-22, True, "true"')).toEqual(
      ['10', 'no', '2025-11-22', 'true', 'true'].map((text) => ({ text })),
    );
  });

  it('whatever a directive says', () => {
    expect(load(`%YAML 1.1\n---\n${smallest({ line: 3, to: '  topic: no' })}`).messages.topic).toBe('no');
  });

  it('anchors may be used', () => {
    const text = smallest({
      line: 8,
      to: '    postgres: &rows { table: a, key: id }\n  refund-row:\n    postgres: *rows',
    });
    expect(load(text).entries.map(({ source }) => source)).toMatchObject([{ table: 'a' }, { table: 'a' }]);
  });

  it('a byte order mark and CRLF change nothing', () => {
    const windows = `\uFEFF${SMALLEST.replaceAll('\n', '\r\n')}`;
    expect(load(windows).configDigest).toBe(load(SMALLEST).configDigest);
  });
});

describe('no text whatever ends in anything but settings or an error for the user', () => {
  const survives = (text: string) => {
    try {
      load(text);
    } catch (error) {
      if (!isAuditError(error)) throw error;
      expect(error.status).toBe(2);
    }
  };
  const pieces =
    'version,1,messages,topic,kafka,bootstrap,key,where,range,from,to,last,offsets,effects,postgres,log,email,only,expect,min,max,covers,in,not,matches,: ,- ,\n,\n  ,{,},[,],"value.a[0]","__proto__",constructor,&a ,*a,<<,!!str ,!x ,%YAML 1.1\n,---\n,|\n,>,#,$#{X},$$#{,~,0x1F,.inf,\u0000,\uFEFF,🜁'
      .replaceAll('$#', '$')
      .split(',');

  it('text of any characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), survives), { numRuns: 300 });
  });

  it('text of the pieces that configurations are made of', () => {
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((all) => all.join(''));
    fc.assert(fc.property(text, survives), { numRuns: 400 });
  });

  it('trees of the names that configurations know', () => {
    const names = fc.constantFrom(
      ...pieces.filter((piece) => /^\w+$/.test(piece)),
      'value.a',
      'order-row',
      '0',
    );
    const leaves = fc.oneof(names, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        leaves,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => survives(JSON.stringify(value))),
      { numRuns: 400 },
    );
  });

  it('a good configuration with some characters changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(SMALLEST.length - 1), fc.constantFrom(...pieces)), {
      maxLength: 4,
    });
    const changed = changes.map((all) =>
      all.reduce((text, [at, piece]) => text.slice(0, at) + piece + text.slice(at + 1), SMALLEST),
    );
    fc.assert(fc.property(changed, survives), { numRuns: 400 });
  });
});
