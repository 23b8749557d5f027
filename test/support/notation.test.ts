import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNBOUNDED } from '../../src/columns.ts';
import { histories } from './histories.ts';
import { NOON } from './history.ts';
import { parse, print } from './notation.ts';

describe('the notation of histories', () => {
  it('says what its example says', () => {
    const { messages, effects, entries, kinds } = parse('m 1@0 1@5 2@7 | e 1@3 1@40 | gap 10..20 | read 100');
    expect(messages.map(({ key, offset, timestamp }) => [key, offset, timestamp - NOON])).toEqual([
      ['1', 0, 0],
      ['1', 1, 5],
      ['2', 2, 7],
    ]);
    expect(effects.map(({ key, id, time }) => [key, id, time! - NOON * 1000])).toEqual([
      ['1', '1', 3000],
      ['1', '2', 40_000],
    ]);
    expect(kinds).toHaveLength(1);
    expect(entries[0]!.coverage).toMatchObject({
      gaps: [{ from: NOON + 10, to: NOON + 20 }],
      readAt: NOON + 100,
    });
  });

  it('knows every mark of a message', () => {
    const [message] = parse(
      'm "a b"#e1@?[2:17]!aborted!padding!undecodable*1..,undecodable | kind | kind',
    ).messages;
    expect(message).toEqual({
      ...{ partition: 2, offset: 17, timestamp: -1, class: 'aborted', inRange: false, undecodable: true },
      ...{ key: 'a b', eventId: 'e1', digest: '' },
      expect: [{ min: 1, max: UNBOUNDED }, 'undecodable'],
    });
  });

  it.each([
    'm 1@0 | e 1@3',
    'm -@0 1#e@? 1=0@5[2]!padding | e 1#row@? -@3.001',
    'm "1 11"@0*2 "caf\\u00e9"@1*0..1 | e "11 1"@0',
    'm 1@0*1,0..1 | kind settle 3 lead 0 | e 1@3 | e 1@4 | covers ..80 row | kind | e 1@5 | covers nothing',
    'm 1@0 1@0 | c 0:0@3 0:900@4 | gap 10..20 30..31 | read 20 | range -1..40 | until 40',
    'm 1@0!skipped | kind sought -20..90 | hole absent@3..9[0:5..7] deleted@..9 unseen@3.. | unread 7 8 | each-message',
  ])('writes %s as it was', (line) => {
    expect(print(parse(line))).toBe(line);
  });

  it('loses nothing of any history', () => {
    const everything = histories({ coordinates: true, eachMessage: true, sought: true });
    fc.assert(
      fc.property(everything, (history) => {
        expect(parse(print(history))).toEqual(history);
      }),
    );
  });

  it.each([
    'm 1',
    'm 1@0!lost',
    'm 1@0*0!padding',
    'm 1@0*many',
    'e 1@x',
    'x 1',
    'gap 3..',
    'hole gone@3..4',
  ])('refuses %s', (line) => {
    expect(() => parse(line)).toThrow();
  });
});
