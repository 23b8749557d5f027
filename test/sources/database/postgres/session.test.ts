/** Which database is meant, how its failures are told, and what moment a snapshot shows; without a server. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isAuditError } from '../../../../src/error.ts';
import { databaseOf } from '../../../../src/sources/database/postgres/effects.ts';
import { databaseFailure } from '../../../../src/sources/database/postgres/failures.ts';
import { snapshotOf } from '../../../../src/sources/database/postgres/snapshot.ts';
import { ordersTable } from './orders.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('databaseOf', () => {
  const of = (url: string) => databaseOf(ordersTable({ url }));

  it('is the same for the same database and user, whatever the password', () => {
    expect(of('postgres://shop:secret@db/orders')).toBe('shop@db:5432/orders');
    expect(of('postgresql://shop:other@db:5432/orders')).toBe('shop@db:5432/orders');
    expect(of('postgres://shop@db/orders?password=secret')).toBe('shop@db:5432/orders');
  });

  it('differs where something else would be read', () => {
    const urls = [
      'shop@db/orders',
      'shop@db/other',
      'audit@db/orders',
      'shop@db:6432/orders',
      'shop@db/orders?options=-csearch_path%3Dx',
    ];
    expect(new Set(urls.map((url) => of(`postgres://${url}`))).size).toBe(urls.length);
  });

  it('takes what the url leaves open from the environment', () => {
    vi.stubEnv('PGHOST', 'db');
    vi.stubEnv('PGUSER', 'shop');
    vi.stubEnv('PGDATABASE', 'orders');
    vi.stubEnv('PGPASSWORD', 'secret');
    expect(databaseOf(ordersTable())).toBe('shop@db:5432/orders');
    expect(of('postgres:///returns')).toBe('shop@db:5432/returns');
  });

  it('refuses a url whose password would be taken for a name', () => {
    for (const url of [
      'postgres://u:1/hush@db/orders',
      'postgres://u:hu@sh/hush@db/orders',
      'postgres://u:1#hush@db/o',
      'host=db password=hush',
      'mysql://u:hush@db/o',
    ]) {
      const error = (() => {
        try {
          return of(url);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(isAuditError(error) && error.status, url).toBe(2);
      expect(String(error)).not.toMatch(/hu@?sh/);
    }
  });
});

describe('databaseFailure', () => {
  const fail = (error: Error) => databaseFailure(error, 'db:5432/shop', 'reading public.orders');
  const sent = (code: string, message: string) =>
    Object.assign(new Error(message), { code, severity: 'FATAL' });

  it('says what failed and what to do', () => {
    expect(fail(sent('57014', 'canceling statement due to statement timeout'))).toMatchObject({
      status: 4,
      message:
        'database db:5432/shop: reading public.orders failed: canceling statement due to statement timeout',
      hint: expect.stringMatching('shorter range'),
    });
    expect(fail(sent('28000', 'no pg_hba.conf entry'))).toMatchObject({
      hint: expect.stringMatching('pg_hba'),
    });
    expect(fail(sent('57P03', 'the database system is starting up'))).toMatchObject({
      hint: expect.stringMatching('again'),
    });
    expect(fail(sent('XX000', 'internal'))).toMatchObject({ status: 4, hint: undefined });
  });

  it('tells the reasons of all addresses that were tried', () => {
    const refused = new AggregateError([
      new Error('connect ECONNREFUSED ::1:5432'),
      new Error('connect ECONNREFUSED 127.0.0.1:5432'),
    ]);
    expect(fail(refused)).toMatchObject({
      message: expect.stringMatching('::1:5432, connect ECONNREFUSED 127'),
    });
  });

  it('leaves defects as they are', () => {
    const defect = new TypeError('x is not a function');
    expect(fail(defect)).toBe(defect);
  });
});

describe('snapshotOf', () => {
  const NOW = Date.UTC(2026, 10, 23);
  const standby = (replayed: number | null, caughtUp: number | null, maySee = true) =>
    snapshotOf(
      NOW,
      { replayed: replayed?.toString() ?? null, caughtUp: caughtUp?.toString() ?? null, maySee },
      NOW,
    );

  it('is the moment on the server, with a note when the clocks differ', () => {
    expect(snapshotOf(NOW, undefined, NOW + 1_999)).toEqual({ readAt: NOW, notes: [] });
    expect(snapshotOf(NOW, undefined, NOW + 3_000).notes).toEqual([
      "the database's clock is 3.0 s behind this machine's",
    ]);
    expect(snapshotOf(NOW, undefined, NOW - 3_000).notes.join()).toMatch(/ahead of/);
  });

  it('is as old as a standby is behind, and never proves more than that', () => {
    const behind = standby(NOW - 12_000, null);
    expect(behind.readAt).toBe(NOW - 12_000);
    expect(behind.notes.join()).toMatch(/standby.*2026-11-22T23:59:48.000Z, 12.0 s behind$/);
    expect(standby(null, null).readAt).toBe(0);
    expect(standby(NOW + 5_000, null).readAt).toBe(NOW);
  });

  it('takes the word of an idle primary, if the role may hear it', () => {
    expect(standby(NOW - 7_200_000, NOW - 4_000).readAt).toBe(NOW - 4_000);
    expect(standby(null, NOW - 4_000).readAt).toBe(NOW - 4_000);
    expect(standby(NOW - 7_200_000, null, false).notes.join()).toMatch(/pg_read_all_stats/);
  });
});
