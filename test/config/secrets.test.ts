import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masked } from '../../src/config/secrets.ts';
import type { PostgresSettings } from '../../src/model.ts';
import { load, mistakes, refused, SMALLEST, smallest } from './configurations.ts';

const SECRET = 'hunter2-of-the-shop';

/** `${NAME}`, which would be a slip in a plain string. */
const variable = (name: string) => `\${${name}}`;

const withUrl = (url: string) =>
  smallest({ line: 8, to: `    postgres: { table: orders, key: id, url: '${url}' }` });

describe('the environment', () => {
  const url = (text: string, env: Record<string, string>) =>
    (load(withUrl(text), { env }).entries[0]!.source as PostgresSettings).url;

  it('fills in every variable of a value, whole or in part', () => {
    expect(url(variable('DB'), { DB: 'postgres://db/orders' })).toBe('postgres://db/orders');
    expect(url(`postgres://${variable('USER_')}:${variable('PW')}@db/`, { USER_: 'a', PW: 'b' })).toBe(
      'postgres://a:b@db/',
    );
  });

  it('fills in values only once, and leaves an escaped one alone', () => {
    expect(url(`postgres://${variable('A')}`, { A: variable('B'), B: 'x' })).toBe(
      `postgres://${variable('B')}`,
    );
    expect(url(`postgres://$${variable('A')}`, {})).toBe(`postgres://${variable('A')}`);
  });

  it('may be empty, and a number', () => {
    const settings = load(smallest({ add: `    expect: ${variable('N')}` }), { env: { N: '2' } });
    expect(settings.kinds[0]!.expect).toEqual({ by: 'number', min: 2, max: 2 });
    expect(mistakes(withUrl(variable('DB')), { env: { DB: '' } })).toHaveLength(1);
  });

  it('must be set: each variable that is not is named, once, with its line', () => {
    expect(
      mistakes(withUrl(`postgres://${variable('A')}:${variable('B')}@db/`), { env: { C: 'x' } }),
    ).toEqual([
      '8 effects.order-row.postgres.url: the environment variable A is not set',
      '8 effects.order-row.postgres.url: the environment variable B is not set',
    ]);
    expect(mistakes(smallest({ add: `    settle: ${variable('constructor')}` }))).toEqual([
      '9 effects.order-row.settle: the environment variable constructor is not set',
    ]);
  });

  it('has no other syntax', () => {
    for (const odd of [variable(''), variable('A-b'), variable('1'), '${A']) {
      expect(mistakes(withUrl(odd))).toEqual([
        `8 effects.order-row.postgres.url: expected ${variable('NAME')} (letters, digits, underscores); write $\${ where \${ itself is meant`,
      ]);
    }
  });

  it('gives values, never names', () => {
    expect(mistakes(smallest({ add: `    '${variable('A')}': 1` }), { env: { A: 'settle' } })).toEqual([
      `9:5 effects.order-row.${variable('A')}: a name cannot come from the environment, only a value can`,
    ]);
  });
});

describe('secrets never appear in a message', () => {
  it('shows what was written, where the value from the environment is the mistake', () => {
    const env = { DB: `mysql://shop:${SECRET}@db/` };
    const error = refused(withUrl(variable('DB')), { env });
    expect(error.message).toContain(`got "${variable('DB')}"`);
    expect(error.message).not.toContain(SECRET);
  });

  it.each<[string, string]>([
    ['a bad URL', withUrl(`mysql://shop:${SECRET}@db/`)],
    ['a bad URL with odd characters in the password', withUrl(`mysql://shop:x:/@#?${SECRET}@db/`)],
    ['a bad URL with the password as a parameter', withUrl(`mysql://db/?password=${SECRET}`)],
    ['a connection string', withUrl(`host=db password=${SECRET}`)],
    ['a URL in a wrong place', smallest({ line: 3, to: `  topic: postgres://shop:${SECRET}@db/` })],
    [
      'a URL as a name',
      smallest({ line: 3, to: `  topic: orders\n  where: { 'postgres://shop:${SECRET}@db/': 1 }` }),
    ],
    ['a URL as an unknown name', `${SMALLEST}? postgres://shop:${SECRET}@db/\n: 1`],
    ['a file of passwords', `db:5432:orders:shop:${SECRET}\n`],
    ['broken YAML', withUrl(`postgres://shop:${SECRET}@db/`).replace(/' }$/m, "'")],
    ['an unknown alias', smallest({ line: 3, to: `  topic: *x://y:${SECRET}@db` })],
  ])('%s', (_, text) => {
    expect(refused(text).message).not.toContain(SECRET);
  });

  it('nor those of --set', () => {
    for (const setting of [
      `messages.topic=postgres://shop:${SECRET}@db/`,
      `effects.order-row.postgres.url=mysql://shop:${SECRET}@db/`,
      `postgres://shop:${SECRET}@db/`,
    ]) {
      expect(refused(SMALLEST, { set: [setting] }).message).not.toContain(SECRET);
    }
  });

  it('wherever a value of the environment stands', () => {
    const lines = SMALLEST.split('\n').slice(0, -1);
    const filled = fc.array(fc.nat(lines.length - 1), { minLength: 1, maxLength: 3 }).map((chosen) =>
      lines
        .map((line, i) => (chosen.includes(i) ? line.replace(/: .*$/, `: ${variable('S')}`) : line))
        .concat(`    settle: ${variable('S')}`)
        .join('\n'),
    );
    const value = fc
      .constantFrom('', 'value.', 'ORD-(', 'postgres://a:', '10', '{ a: ')
      .map((head) => head + SECRET);
    fc.assert(
      fc.property(filled, value, (text, S) => {
        expect(refused(text, { env: { S } }).message).not.toContain(SECRET);
      }),
      { numRuns: 200 },
    );
  });
});

describe('masking', () => {
  it.each([
    ['postgres://auditor:pass@db:5432/orders', 'postgres://auditor:***@db:5432/orders'],
    ['postgres://auditor@db:5432/orders', 'postgres://auditor@db:5432/orders'],
    ['postgres://:pass@db', 'postgres://:***@db'],
    ['postgres://a:p@ss@db', 'postgres://a:***@db'],
    ['postgres://db/orders?user=a&password=pass&x=1', 'postgres://db/orders?user=a&password=***&x=1'],
    ['host=db password = pass user=a', 'host=db password = *** user=a'],
    ['username="a" password="pa ss"; b', 'username="a" password=***; b'],
    [`postgres://a:${variable('PW')}@db`, `postgres://a:${variable('PW')}@db`],
    [`postgres://a:x${variable('PW')}@db`, 'postgres://a:***@db'],
    ['shop@example.com', 'shop@example.com'],
  ])('%s', (text, shown) => {
    expect(masked(text)).toBe(shown);
  });
});

describe('secrets of a schema registry', () => {
  const text = (password: string, url = 'http://registry') =>
    smallest({
      line: 5,
      to: `  key: value.id\n  value: avro\n  schema-registry: { url: '${url}', username: auditor, password: '${password}' }`,
    });
  const digest = (password: string, url?: string) =>
    load(text(password, url), { env: { A: 'x', B: 'x' } }).configDigest;

  it('do not count for the digest, but the names of their variables do', () => {
    expect(digest('one')).toBe(digest('two'));
    expect(digest(variable('A'))).not.toBe(digest(variable('B')));
    expect(digest('one', 'http://auditor:one@registry')).toBe(digest('one', 'http://auditor:two@registry'));
  });

  it('are not in mistakes', () => {
    const wrong = text(SECRET).replace('key: value.id', 'key: vlue.id');
    expect(refused(wrong).message).not.toContain(SECRET);
    expect(refused(SMALLEST, { set: [`messages.schema-registry.token=${SECRET}`] }).message).not.toContain(
      SECRET,
    );
    expect(refused(text('x', `ftp://auditor:${SECRET}@registry`)).message).not.toContain(SECRET);
  });
});
