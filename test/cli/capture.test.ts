/** `onceover capture` asked for what it cannot do: told at once, and no file. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CONFIG, closeShops, run, shop } from './shop.ts';

afterAll(closeShops);

const KAFKA = CONFIG.replace('capture: [messages.jsonl]', 'kafka: { bootstrap: "127.0.0.1:1" }');
const MESSAGES_ONLY = KAFKA.slice(0, KAFKA.indexOf('effects:'));

describe.concurrent('a capture', () => {
  it.each([
    ['without a name for the file', KAFKA, [], 2, 'output'],
    [
      'under a name that says nothing of its form',
      KAFKA,
      ['-o', 'incident.zip'],
      2,
      'as .gz, or unpacked as .jsonl',
    ],
    ['in the place of another file', KAFKA, ['-o', 'messages.jsonl'], 2, 'messages.jsonl is there already'],
    ['of a capture', CONFIG, ['-o', 'incident.jsonl.gz'], 2, 'messages.capture names files already'],
    ['that is to be packed otherwise', KAFKA, ['-o', 'i.jsonl.zst'], 2, 'Name it i.jsonl.gz, for instance'],
    [
      'into a directory that is not there',
      KAFKA,
      ['-o', 'elsewhere/i.jsonl.gz'],
      4,
      'cannot be written (ENOENT)',
    ],
    ['of a wrong configuration', 'version: 1\nmessages: {}\n', ['-o', 'i.jsonl.gz'], 2, 'messages.topic'],
    ['without effects and without a broker', MESSAGES_ONLY, ['-o', 'incident.jsonl.gz'], 4, '127.0.0.1:1'],
  ] as const)('%s is refused', async (_, config, args, status, why) => {
    const folder = shop({ 'onceover.yaml': config });
    const before = readdirSync(folder);
    const done = await run(['capture', ...args], folder);
    expect(done.stderr).toContain(why);
    expect(done).toMatchObject({ status, stdout: '' });
    expect(done.stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('says which properties change nothing', async () => {
    const folder = shop({ 'onceover.yaml': KAFKA });
    const done = await run(['capture', '-o', 'i.jsonl.gz', '-X', 'group.id=orders'], folder);
    expect(done.stderr).toMatch('properties that change nothing here: group.id');
  });

  it('may replace a file where that is wanted, but not before it is whole', async () => {
    const folder = shop({ 'onceover.yaml': KAFKA, 'old.jsonl': 'what was there' });
    expect(await run(['capture', '-o', join(folder, 'old.jsonl'), '--force'], folder)).toMatchObject({
      status: 4,
    });
    expect(readdirSync(folder).filter((name) => name.includes('old'))).toEqual(['old.jsonl']);
  });
});
