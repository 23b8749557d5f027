/** Which database is meant, how its failures are told, and what moment a snapshot shows; without a server. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAuditError } from '../../../../src/error.ts';
import { databaseOf } from '../../../../src/sources/database/mysql/effects.ts';
import { databaseFailure } from '../../../../src/sources/database/mysql/failures.ts';
import { placeOf } from '../../../../src/sources/database/mysql/place.ts';
import { snapshotOf } from '../../../../src/sources/database/mysql/snapshot.ts';
import { ordersTable } from './orders.ts';

beforeEach(() => {
  for (const name of ['HOST', 'TCP_PORT', 'UNIX_PORT', 'USER', 'PWD', 'DATABASE'])
    vi.stubEnv(`MYSQL_${name}`, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const refusal = (url: string): string => {
  try {
    placeOf(url);
    return 'nothing was refused';
  } catch (error) {
    if (!isAuditError(error)) throw error;
    return `${error.status} ${error.message} | ${error.hint}`;
  }
};

describe('where a database is', () => {
  const of = (url: string) => databaseOf(ordersTable({ url }));

  it('is the same for the same database and user, whatever the password', () => {
    expect(of('mysql://shop:secret@db/orders')).toBe('shop@db:3306/orders?PREFERRED');
    expect(of('mariadb://shop:other@db:3306/orders')).toBe('shop@db:3306/orders?PREFERRED');
    expect(of('mysql://shop@[::1]/orders')).toBe('shop@[::1]:3306/orders?PREFERRED');
    const urls = [
      'shop@db/orders',
      'shop@db/other',
      'audit@db/orders',
      'shop@db:3307/orders',
      'shop@localhost/?socket=/s',
    ];
    expect(new Set(urls.map((url) => of(`mysql://${url}`))).size).toBe(urls.length);
  });

  it('decodes what the url encodes', () => {
    expect(placeOf('mysql://a%40b:p%2Fw%23@db/o%20o')).toMatchObject({
      user: 'a@b',
      password: 'p/w#',
      database: 'o o',
    });
  });

  it('takes what the url leaves open from the environment', () => {
    vi.stubEnv('MYSQL_HOST', 'db');
    vi.stubEnv('MYSQL_TCP_PORT', '3307');
    vi.stubEnv('MYSQL_USER', 'shop');
    vi.stubEnv('MYSQL_PWD', 'secret');
    vi.stubEnv('MYSQL_DATABASE', 'orders');
    expect(databaseOf(ordersTable())).toBe('shop@db:3307/orders?PREFERRED');
    expect(of('mysql://audit@other/')).toBe('audit@other:3307/orders?PREFERRED');
    expect(placeOf(undefined).password).toBe('secret');
    vi.stubEnv('MYSQL_UNIX_PORT', '/run/mysqld/mysqld.sock');
    expect(databaseOf(ordersTable())).toBe('shop@/run/mysqld/mysqld.sock/orders?PREFERRED');
    expect(placeOf('mysql://other/').socket).toBeUndefined();
  });

  it('demands as much of TLS as is asked for', () => {
    expect(placeOf('mysql://db/?ssl-mode=required').tls).toBe('REQUIRED');
    expect(refusal('mysql://db/?ssl-mode=sometimes')).toMatch(/^2 the ssl-mode.*\| write one of DISABLED/);
    expect(refusal('mysql://db/?sslmode=REQUIRED')).toMatch(
      /^2 .*option sslmode.*\| did you mean ssl-mode\?/,
    );
    expect(refusal('mysql://db/?ssl-ca=/nowhere/ca.pem')).toMatch(
      /^2 .*cannot be read: \/nowhere\/ca.pem \(ENOENT\)/,
    );
    expect(refusal('mysql://db/?ssl-mode=VERIFY_CA')).toMatch(/^2 .*needs the certificate of the authority/);
    expect(placeOf('mysql://db/?ssl-mode=VERIFY_IDENTITY').authorities).toBeUndefined();
    expect(refusal('mysql://10.0.0.1/?ssl-mode=VERIFY_IDENTITY')).toMatch(/^2 .*against a name/);
  });

  it('refuses a url whose password would be taken for a name', () => {
    for (const url of [
      'mysql://u:1/hush@db/o',
      'mysql://u:1#hush@db/o',
      'postgres://u:hush@db/o',
      'mysql://u:%hush@db/o',
    ]) {
      expect(refusal(url)).toMatch(/^2 the database url/);
      expect(refusal(url)).not.toMatch(/hush/);
    }
  });
});

describe('databaseFailure', () => {
  const fail = (code: string, message: string, more: object = {}) =>
    databaseFailure(
      Object.assign(new Error(message), { code, ...more }),
      'db:3306/shop',
      'reading shop.orders',
    );
  const sent = (errno: number) => fail('ER_X', 'no', { errno, sqlState: '42000' });

  it('says what failed and what to do', () => {
    expect(sent(3024)).toMatchObject({
      status: 4,
      message: 'database db:3306/shop: reading shop.orders failed: no',
      hint: expect.stringMatching('shorter range'),
    });
    expect(sent(1142)).toMatchObject({ hint: expect.stringMatching('SELECT') });
    expect(sent(1105)).toMatchObject({ status: 4, hint: undefined });
    expect(fail('ECONNREFUSED', 'connect ECONNREFUSED', { errno: -111 })).toMatchObject({
      hint: expect.stringMatching('is the server running'),
    });
    expect(fail('PROTOCOL_CONNECTION_LOST', 'Connection lost')).toMatchObject({
      hint: expect.stringMatching('nothing was concluded'),
    });
    expect(fail('HANDSHAKE_SSL_ERROR', 'self-signed certificate')).toMatchObject({
      hint: expect.stringMatching('ssl-ca'),
    });
    const defect = new TypeError('x is not a function');
    expect(databaseFailure(defect, 'db', 'reading')).toBe(defect);
  });
});

describe('snapshotOf', () => {
  const NOW = Date.UTC(2026, 10, 23);

  it('is the moment on the server, with a note when the clocks differ', () => {
    expect(snapshotOf(NOW, [], NOW + 1_999)).toEqual({ readAt: NOW, notes: [] });
    expect(snapshotOf(NOW, [], NOW + 3_000).notes.join()).toMatch(/3.0 s behind/);
  });

  it('is as old as the slowest channel of a replica is behind, and never proves more than that', () => {
    const behind = snapshotOf(NOW, [{ behind: '0' }, { behind: '12' }], NOW);
    expect(behind.readAt).toBe(NOW - 13_000);
    expect(behind.notes.join()).toMatch(/replica, which showed the state of 2026-11-22T23:59:47.000Z/);
    expect(snapshotOf(NOW, [{ behind: '0' }, { behind: null }], NOW).readAt).toBe(0);
    expect(snapshotOf(NOW, undefined, NOW)).toMatchObject({
      readAt: NOW,
      notes: [expect.stringMatching(/REPLICATION CLIENT/)],
    });
  });
});
