/** Which TLS is asked for, by the url and the environment. */
import { describe, expect, it } from 'vitest';
import { tlsOf, withoutTls } from '../../../../src/sources/database/postgres/tls.ts';

describe('tlsOf', () => {
  const of = (query: string, env: NodeJS.ProcessEnv = {}) => tlsOf(`postgres://db/shop${query}`, env);
  const UNPROVED = { rejectUnauthorized: false };

  it('prefers TLS, and takes the mode of the url before that of the environment', () => {
    expect(of('')).toEqual({ ssl: UNPROVED, optional: true });
    expect(tlsOf(undefined, {})).toEqual({ ssl: UNPROVED, optional: true });
    expect(of('?sslmode=require')).toEqual({ ssl: UNPROVED, optional: false });
    expect(of('', { PGSSLMODE: 'disable' })).toEqual({ ssl: false, optional: false });
    expect(of('?sslmode=verify-full', { PGSSLMODE: 'disable' }).ssl).toEqual({ rejectUnauthorized: true });
  });

  it('knows the words of the driver, too', () => {
    expect(of('?ssl=true').ssl).toEqual({ rejectUnauthorized: true });
    expect(of('?ssl=0').ssl).toBe(false);
    expect(of('?ssl=no-verify')).toEqual({ ssl: UNPROVED, optional: false });
  });
});

describe('withoutTls', () => {
  it('leaves everything else of the url', () => {
    expect(withoutTls('postgres://u:p%40@db/shop')).toBe('postgres://u:p%40@db/shop');
    expect(withoutTls('postgres:///shop?sslmode=require&ssl=true&sslrootcert=/ca')).toBe('postgres:///shop');
    expect(withoutTls('postgres://db/shop?options=-csearch_path%3Dx&sslmode=require&host=/run')).toBe(
      'postgres://db/shop?options=-csearch_path%3Dx&host=%2Frun',
    );
  });
});
