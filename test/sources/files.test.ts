import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAuditError } from '../../src/error.ts';
import { expandFiles } from '../../src/sources/files.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'onceover-files-'));
  for (const directory of [
    'log/mx1',
    'log/mx2',
    'log/[odd]',
    'sink/orders/dt=01/hour=00',
    'sink/orders/.tmp',
  ])
    mkdirSync(join(root, directory), { recursive: true });
  for (const file of [
    'log/mx1/mail.log',
    'log/mx1/mail.log.1',
    'log/mx1/mail.log.2.gz',
    'log/mx1/.mail.log.swp',
    'log/mx2/mail.log',
    'log/[odd]/mail(1)+x.log',
    'log/mail-a.log',
    'log/mail-b.log',
    'log/mail-].log',
    'sink/orders/dt=01/hour=00/0.json',
    'sink/orders/dt=01/1.json',
    'sink/orders/.tmp/2.json',
    'sink/orders/3.json',
  ]) {
    writeFileSync(join(root, file), '');
  }
  symlinkSync(join(root, 'log/mail-a.log'), join(root, 'log/mail-link.log'));
  symlinkSync(join(root, 'sink'), join(root, 'sink/orders/dt=01/back'));
  symlinkSync(join(root, 'log/mx2'), join(root, 'sink/orders/elsewhere'));
});

afterAll(() => rmSync(root, { recursive: true }));

const found = (...patterns: string[]) =>
  expandFiles(patterns.map((pattern) => join(root, pattern))).map((file) =>
    relative(join(root, 'log'), file),
  );

describe('expandFiles', () => {
  it.each([
    ['log/mx1/mail.log', ['mx1/mail.log']],
    ['log/mx1/mail.log*', ['mx1/mail.log', 'mx1/mail.log.1', 'mx1/mail.log.2.gz']],
    ['log/mx?/mail.log', ['mx1/mail.log', 'mx2/mail.log']],
    ['log/*/*.log', ['[odd]/mail(1)+x.log', 'mx1/mail.log', 'mx2/mail.log']],
    ['log/mx[2-9]/*', ['mx2/mail.log']],
    ['log/mx[!1]/*', ['mx2/mail.log']],
    ['log/mail-[ab].log', ['mail-a.log', 'mail-b.log']],
    ['log/mail-[]].log', ['mail-].log']],
    ['log/[odd]/*', ['[odd]/mail(1)+x.log']],
    ['log/[[]odd[]]/mail(1)+?.log', ['[odd]/mail(1)+x.log']],
    ['log/mx1/.*', ['mx1/.mail.log.swp']],
  ])('%s', (pattern, files) => {
    expect(found(pattern)).toEqual(files);
  });

  it.each([
    ['sink/**/*.json', ['3.json', 'dt=01/1.json', 'dt=01/hour=00/0.json']],
    ['sink/**/dt=*/*.json', ['dt=01/1.json']],
    ['sink/**/dt=*/**/0.json', ['dt=01/hour=00/0.json']],
    ['sink/**/**/hour=00/*', ['dt=01/hour=00/0.json']],
    ['sink/orders/**', ['3.json', 'dt=01/1.json', 'dt=01/hour=00/0.json', 'elsewhere/mail.log']],
    ['**/mx1/mail.log', ['../../log/mx1/mail.log']],
  ])('%s, at any depth, through links but not in circles', (pattern, files) => {
    const paths = expandFiles([join(root, pattern)]);
    expect(paths.map((path) => relative(join(root, 'sink/orders'), path))).toEqual(files);
  });

  it('names each file once, sorted, whatever names it', () => {
    expect(found('log/mx2/mail.log', 'log/mx*/mail.log', 'log/mail-[al]*.log')).toEqual([
      'mail-a.log',
      'mx1/mail.log',
      'mx2/mail.log',
    ]);
  });

  it.each([
    ['log/mx1/nothing*', 'matches no file', 'Check the name'],
    ['nowhere/mail.log', 'matches no file', 'nowhere does not exist'],
    ['log/mail-a.log/x', 'matches no file', 'Check the name'],
    ['log/mx1', 'it is a directory', 'mx1/*'],
    ['log/[z-a]/x', 'not a pattern', '[a-z]'],
  ])('refuses %s', (pattern, why, hint) => {
    const error = failure(() => found('log/mx1/mail.log', pattern));
    expect(error.message).toContain(why);
    expect(error.hint).toContain(hint);
  });
});

function failure(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (isAuditError(error)) return error;
    throw error;
  }
  throw new Error('nothing failed');
}
