import { describe, expect, it } from 'vitest';
import { textValues } from '../../../src/columns.ts';
import type { Further, MessageBatch, MessageSource, Replay } from '../../../src/model.ts';
import { filesOf, line, lines, open } from './captures.ts';

const RANGE = { by: 'time', from: 10_000, to: 12_000, padding: 2000 } as const;

/** The keys of what was read, `p` where it is padding only. */
async function taken(read: (take: (batch: MessageBatch) => void) => Promise<unknown>): Promise<string[]> {
  const keys: string[] = [];
  await read((batch) => {
    for (const [i, key] of textValues(batch.key).entries()) {
      keys.push(`${key.replace(/^ORD-\d+-/, '')}${batch.inRange[i] === 1 ? '' : 'p'}`);
    }
  });
  return keys;
}

async function replayed(source: MessageSource): Promise<{ keys: string[]; replay: Replay }> {
  const range = await source.fix();
  let replay: Replay | undefined;
  const keys = await taken(async (take) => {
    replay = await source.replay(range, take);
  });
  return { keys, replay: replay! };
}

async function readOn(source: MessageSource, further: Further) {
  let more: Awaited<ReturnType<MessageSource['readOn']>> | undefined;
  const keys = await taken(async (take) => {
    more = await source.readOn(further, take);
  });
  return { keys, ...more! };
}

describe('more padding from a capture', () => {
  it('is what lies between, each message once, and none of it of the range', async () => {
    const source = open(filesOf({ 'a.jsonl': lines(0, 0, 15), 'b.jsonl': lines(0, 12, 30) }), {
      range: RANGE,
    });
    const { keys, replay } = await replayed(source);
    expect(keys).toEqual(['8p', '9p', '10', '11', '12p', '13p']);
    const on = await readOn(source, { to: 17_000 });
    expect(on.keys).toEqual(['14p', '15p', '16p']);
    expect(on.replay).toMatchObject({
      readTo: 17_000,
      messages: 9,
      classes: replay.classes,
      firstAt: 10_000,
    });
    expect(on.replay.unread).toEqual([{ to: 7999 }, { from: 17_000 }]);
    expect(on.range.partitions).toMatchObject([{ readFirst: 8, first: 10, end: 12, readEnd: 17 }]);
    const back = await readOn(source, { from: 5000 });
    expect(back.keys).toEqual(['5p', '6p', '7p']);
    expect(back.replay).toMatchObject({ readTo: 17_000, messages: 12 });
    expect(back.replay.unread).toEqual([{ to: 4999 }, { from: 17_000 }]);
    expect(back.replay.references).toMatchObject([{ setting: 'messages.key', seen: 12 }]);
  });

  it('ends with the capture', async () => {
    const source = open(filesOf({ 'a.jsonl': lines(0, 0, 16) }), { range: RANGE });
    await replayed(source);
    const on = await readOn(source, { to: 99_000 });
    expect(on.keys).toEqual(['14p', '15p', '16p']);
    expect(on.replay.readTo).toBe(16_000);
    expect((await readOn(source, { from: -1 })).keys).toEqual([
      '0p',
      '1p',
      '2p',
      '3p',
      '4p',
      '5p',
      '6p',
      '7p',
    ]);
  });

  it('has its holes where the capture does', async () => {
    const text = `${lines(0, 0, 14)}${line({ offset: 16, key: 'ORD-0-16' })}\n${lines(0, 20, 30)}`;
    const source = open(filesOf({ 'a.jsonl': text }), { range: RANGE });
    const { replay } = await replayed(source);
    expect(replay.holes).toEqual([]);
    const on = await readOn(source, { to: 22_000 });
    expect(on.keys).toEqual(['14p', '16p', '20p', '21p']);
    expect(on.replay.holes).toEqual([
      { partition: 0, class: 'unseen', first: 15, end: 16, from: 14_000, to: 16_000 },
      { partition: 0, class: 'unseen', first: 17, end: 20, from: 16_000, to: 20_000 },
    ]);
  });
});
