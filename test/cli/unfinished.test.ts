/** Who may go on with an interrupted audit, and with which. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claim, forgetUnfinished, keepUnfinished, removeDead, takeUp } from '../../src/cli/unfinished.ts';
import type { ReplayState } from '../../src/model.ts';

/** Beyond what any system numbers its processes by. */
const ENDED = { pid: 2 ** 30, since: '1' };

let reports: string;
let directory: string;

const unfinished = (): string => readFileSync(join(directory, 'unfinished.json'), 'utf8');

beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'onceover-unfinished-'));
  directory = join(reports, '.orders-0a1b2c3d');
  mkdirSync(directory);
  const replay = { range: {}, source: {} } as ReplayState;
  const kept = { id: '0a1b2c3d', name: 'orders', startedAt: 1, resumeDigest: 'd', digestKey: '', files: [] };
  keepUnfinished(directory, { ...kept, replay });
  writeFileSync(
    join(directory, 'unfinished.json'),
    JSON.stringify({ ...JSON.parse(unfinished()), ...ENDED }),
  );
});

afterEach(() => rmSync(reports, { recursive: true }));

describe('an interrupted audit', () => {
  const take = () => takeUp(reports, 'orders', 'd');

  it('is the process’s that goes on with it, at once', () => {
    expect(take()).toMatchObject({ directory, unfinished: { id: '0a1b2c3d' } });
    expect(JSON.parse(unfinished())).toMatchObject({ pid: process.pid });
    expect(take).toThrow(`process ${process.pid} is at it`);
  });

  it('is not gone on with by who comes while another is about to', () => {
    const before = unfinished();
    take();
    // As it is between the claim and what is written next.
    writeFileSync(join(directory, 'unfinished.json'), before);
    expect(take).toThrow(`process ${process.pid} is at it`);
    expect(take).toThrow(expect.objectContaining({ status: 2 }));
  });

  it('can be gone on with when who claimed it is no more', () => {
    writeFileSync(join(directory, 'claim-0'), JSON.stringify(ENDED));
    writeFileSync(join(directory, 'claim-1'), '');
    expect(take).toThrow('another process has just taken up');
    const long = Date.now() / 1000 - 60;
    utimesSync(join(directory, 'claim-1'), long, long);
    take();
    expect(readdirSync(directory).toSorted()).toEqual(['claim-0', 'claim-1', 'claim-2', 'unfinished.json']);
  });

  it('leaves no claims in what becomes the report', () => {
    take();
    forgetUnfinished(directory);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('an audit that was killed before there was anything to keep', () => {
  /** As the audit leaves it. @param change what is another about who began it */
  function killed(name: string, change: object = ENDED): string {
    const aside = join(reports, name);
    mkdirSync(aside);
    claim(aside);
    const made = JSON.parse(readFileSync(join(aside, 'claim-0'), 'utf8'));
    writeFileSync(join(aside, 'claim-0'), JSON.stringify({ ...made, ...change }));
    return aside;
  }

  it('is removed by the next of its name', () => {
    const dead = killed('.orders-00000001');
    expect(removeDead(reports, 'orders')).toEqual([dead]);
    expect(readdirSync(reports)).toEqual(['.orders-0a1b2c3d']);
    expect(removeDead(join(reports, 'nowhere'), 'orders')).toEqual([]);
  });

  it('is not taken for one that lives, or may, or is another, or can be gone on with', () => {
    writeFileSync(join(directory, 'claim-0'), JSON.stringify({ ...ENDED, where: 'here' }));
    killed('.orders-00000001', {});
    killed('.orders-00000002', { ...ENDED, where: 'another-machine' });
    killed('.orders-eu-00000003');
    mkdirSync(join(reports, '.orders-00000004'));
    killed('orders-20261122T000000Z-00000005');
    expect(removeDead(reports, 'orders')).toEqual([]);
  });
});
