/**
 * Every rule of judgement by its number (DESIGN section 4), where it holds and where it just does not: a line of history
 * and the line of what must be said of it, both by hand (support/notation.ts, support/notation/verdicts.ts).
 *
 * Rule 16 is not the judgement's. Of rules 3 and 7, what stops an audit is at the end.
 */
import { describe, expect, it } from 'vitest';
import { answerOfEngine, answerOfOracle } from '../support/answers.ts';
import { verdictsOf } from '../support/notation/verdicts.ts';
import { parse } from '../support/notation.ts';
import { play } from '../support/play.ts';

type Story = readonly [what: string, history: string, verdicts: string];

const RULES: Readonly<Record<string, readonly Story[]>> = {
  '1, the range': [
    ['messages of the padding are not judged', 'm 1@0!padding 2@5 | e 2@6', '2: ok'],
    ['no message in the range is no mistake', 'm 1@0!padding | e 1@1', ''],
    ['offsets decide, not timestamps', 'm 1@50 2@0 | e 1@51 2@1 | range 0..10', '1: ok; 2: ok'],
  ],
  '2, classes': [
    ['skipped and aborted messages are not judged', 'm 1@0!skipped 2@1!aborted 3@2 | e 3@3', '3: ok'],
    [
      'uncommitted ones are, where they are read',
      'm 1@0!abortedAudited 2@0!openAudited | e 1@1',
      '1: ok; 2: missing',
    ],
  ],
  '3, what cannot be read': [
    ['no key', 'm -@0 1@0 | e 1@1', '-: unknown no-key; 1: ok'],
    ['no key and a broken value', 'm -@0*undecodable 1@0 | e 1@1', '-: unknown undecodable; 1: ok'],
    ['no key and no time', 'm -@? 1@0 | e 1@1', '-: unknown bad-time; 1: ok'],
    ['a broken value under a key of its own', 'm 1@0*undecodable | e 1@1', '1: unknown 1..1 undecodable'],
    ['a broken value that nothing asks for', 'm 1@0!undecodable | e 1@1', '1: ok'],
    ['a number of effects that is none', 'm 1@0*unreadable', '1: unknown 0..0 no-expectation'],
  ],
  '4, copies': [
    ['of equal id share one effect', 'm 1#a@0 1#a@5 | e 1@6', '1: ok, ok'],
    ['of equal value, too', 'm 1=a@0 1=a@5 | e 1@6', '1: ok, ok'],
    ['share two effects', 'm 1#a@0 1#a@5 | e 1@6 1@7', '1: duplicate 2..2, duplicate 2..2'],
    ['have one window', 'm 1#a@0 1#a@50 1#b@80 | e 1@40 1@82', '1: ok, ok, ok'],
    [
      'are waited for after the latest',
      'm 1#a@0 1#a@50 | read 59',
      '1: unknown 0.. not-settled, unknown 0.. not-settled',
    ],
    ['and no longer', 'm 1#a@0 1#a@50 | read 60', '1: missing, missing'],
    ['are none with different ids', 'm 1#a@0 1#b@50 | e 1@1', '1: ok, missing'],
    ['are none with different values', 'm 1=a@0 1=b@50 | e 1@1', '1: ok, missing'],
    ['are none under different keys', 'm 1#a@0 2#a@0 | e 1@1', '1: ok; 2: missing'],
    ['are none under keys that look alike', 'm a#e@0 A#e@0 | e a@1', 'a: ok; A: missing'],
    [
      'are none in another normal form',
      'm "caf\\u00e9"#e@0 "cafe\\u0301"#e@0 | e "caf\\u00e9"@1',
      '"caf\\u00e9": ok; "cafe\\u0301": missing',
    ],
    [
      'differ in what they expect: the earliest decides',
      'm 1#a@5 1#a@0*0 | e 1@6',
      '1: unexpected 1..1, unexpected 1..1',
    ],
    ['at one time: the first offset decides', 'm 1#a@0 1#a@0*0 | e 1@6', '1: ok, ok'],
    ['in the padding, too, decide', 'm 1#a@0!padding*0 1#a@5 | e 1@6', '1: unexpected 1..1'],
    [
      'without a time leave none to the others',
      'm 1#a@? 1#a@0 | e 1@1',
      '1: unknown 1.. bad-time, unknown 1.. bad-time',
    ],
  ],
  '4, each-message': [
    ['every message needs its own', 'm 1#a@0 1#a@50 | e 1@1 | each-message', '1: ok, missing'],
    [
      'copies contest each other’s',
      'm 1=a@0 1=a@1 | e 1@5 | each-message',
      '1: unknown 0..1 ambiguous, unknown 0..1 ambiguous',
    ],
    ['each has what it expects', 'm 1#a@0 1#a@50*0 | e 1@1 | each-message', '1: ok, exempt'],
  ],
  '5, effects': [
    ['are one by their id, however often seen', 'm 1@0 | e 1#row@1 1#row@2', '1: ok'],
    ['are two by two ids', 'm 1@0 | e 1#a@1 1#b@1', '1: duplicate 2..2'],
    [
      'are three of two copies, not six',
      'm 1#a@0 1#a@1 | e 1@2 1@2 1@3',
      '1: duplicate 3..3, duplicate 3..3',
    ],
    ['count for each of their keys', 'm 1@0 2@0 | e 1#mail@1 2#mail@1', '1: ok; 2: ok'],
    ['have the time of their first sighting', 'm 1#a@0 1#b@50 | e 1#row@51 1#row@1', '1: ok, missing'],
    ['have a time if one sighting has', 'm 1#a@0 1#b@50 | e 1#row@? 1#row@1', '1: ok, missing'],
    ['of two sources are two, whatever their ids', 'm 1@0 | e 1#7@1 | e 1#7@1', '1: duplicate 2..2'],
    ['of two kinds are two, whatever their ids', 'm 1@0 | kind | e 1#7@1 | kind | e 1#7@1', '1: ok / ok'],
  ],
  '6, effects without a key': [
    ['too many take the proof from missing', 'm 1@0 2@0 | e 1@1 -@2', '1: ok; 2: unknown 0.. source-gap'],
    ['as many as may be do not', 'm 1@0 2@0 | kind keyless 0.5 | e 1@1 -@2', '1: ok; 2: missing'],
    ['far from the range do not', 'm 1@0 2@0 | e 1@1 -@15 | range 0..5', '1: ok; 2: missing'],
    [
      'just behind the range do',
      'm 1@0 2@0 | e 1@1 -@14.999 | range 0..5',
      '1: ok; 2: unknown 0.. source-gap',
    ],
    ['without a time do', 'm 1@0 2@0 | e 1@1 -@?', '1: ok; 2: unknown 0.. source-gap'],
    ['take nothing from duplicate', 'm 1@0 | e 1@1 1@2 -@2', '1: duplicate 2..2'],
    ['leave early what is early', 'm 1@0 2@10 | e 1@1 -@2 2@3', '1: ok; 2: unknown 0..1 early'],
    [
      'of two sources are two, whatever their ids',
      'm 1@0 2@0 | kind keyless 0.5 | e 1@1 -#a@2 | e -#a@2',
      '1: ok; 2: unknown 0.. source-gap',
    ],
    [
      'of another kind do not',
      'm 1@0 2@0 | kind | e 1@1 2@1 -@2 | kind | e 1@1',
      '1: ok / ok; 2: ok / missing',
    ],
  ],
  '8, whose effect': [
    ['inside one window: its event’s', 'm 1#a@0 1#b@50 | e 1@55 1@5', '1: ok, ok'],
    ['inside two: contested', 'm 1#a@0 1#b@5 | e 1@7', '1: unknown 0..1 ambiguous, unknown 0..1 ambiguous'],
    ['windows include both ends', 'm 1#a@0 1#b@20 | e 1@10 1@18', '1: ok, ok'],
    ['and not a microsecond more', 'm 1#a@0 1#b@20 | e 1@10.001 1@17.999', '1: duplicate 2..2, missing'],
    ['they touch: contested', 'm 1#a@0 1#b@12 | e 1@10', '1: unknown 0..1 ambiguous, unknown 0..1 ambiguous'],
    ['outside, one candidate: the second of a restart', 'm 1@0 | e 1@3 1@40', '1: duplicate 2..2'],
    ['outside, one candidate: the first, late', 'm 1@0 | e 1@40', '1: ok'],
    [
      'outside, two candidates: contested',
      'm 1#a@0 1#b@5 | e 1@40',
      '1: unknown 0..1 ambiguous, unknown 0..1 ambiguous',
    ],
    ['a candidate that begins later is none', 'm 1#a@0 1#b@50 | e 1@40', '1: ok, missing'],
    ['a candidate that expects none is none', 'm 1#a@0 1#b@5*0 | e 1@7', '1: ok, exempt'],
    ['nor is one that is skipped', 'm 1#a@0 1#b@5!skipped | e 1@7', '1: ok'],
    ['one of the padding is', 'm 1#a@0 1#b@5!padding | e 1@7', '1: unknown 0..1 ambiguous'],
    [
      'one that may expect it is',
      'm 1#a@0 1#b@5*undecodable | e 1@7',
      '1: unknown 0..1 ambiguous, unknown 0..1 undecodable',
    ],
    ['behind what was read: late', 'm 1@0 | e 1@40 | until 30', '1: unknown 0..1 late'],
    ['by its lead, too', 'm 1@0 | e 1@40 | until 41', '1: unknown 0..1 late'],
    ['but no earlier', 'm 1@0 | e 1@40 | until 42', '1: ok'],
    ['inside a window it is not late', 'm 1@0 | e 1@5 | until 0', '1: ok'],
    ['one behind one: late, and no duplicate', 'm 1@0 | e 1@5 1@40 | until 30', '1: unknown 1..2 late'],
    ['before every window: early', 'm 1@10 | e 1@3', '1: unknown 0..1 early'],
    ['early is nothing to who has one', 'm 1@10 | e 1@3 1@11', '1: ok'],
    ['early for each that would be missing', 'm 1#a@10 1#b@50 | e 1@3 1@11', '1: ok, unknown 0..1 early'],
    ['without a time, one candidate', 'm 1@0 | e 1@?', '1: ok'],
    [
      'without a time, two candidates',
      'm 1#a@0 1#b@50 | e 1@?',
      '1: unknown 0..1 ambiguous, unknown 0..1 ambiguous',
    ],
    ['without a time, one that expects it', 'm 1#a@0*0 1#b@50 | e 1@?', '1: exempt, ok'],
    [
      'both served at once, after a stand-still',
      'm 1#a@0 1#b@60 | e 1@61 1@62',
      '1: unknown 0..1 ambiguous, unknown 1..2 ambiguous',
    ],
    [
      'served at once, and more than both need',
      'm 1#a@0 1#b@60 | e 1@61 1@62 1@63 1@64',
      '1: unknown 0..3 ambiguous, duplicate 3..4',
    ],
    ['served before the other began', 'm 1#a@0 1#b@60 | e 1@1 1@2', '1: duplicate 2..2, missing'],
    [
      'in the window of one that expects none, late for the other',
      'm 1#a@0 1#b@20*0 | e 1@25',
      '1: unknown 0..1 ambiguous, unknown 0..1 ambiguous',
    ],
  ],
  '8, effects that name their message': [
    [
      'among others of the key, at any time',
      'm 7@0 7@1 7@2 | c 0:0@1 0:1@-40 0:2@5 0:2@55',
      '7: ok, ok, duplicate 2..2',
    ],
    [
      'whatever the others have too many',
      'm 7@0 7@1 7@2 | c 0:1@1 0:1@2 0:2@3 0:2@4 0:2@5',
      '7: missing, duplicate 2..2, duplicate 3..3',
    ],
    ['beside those with a key, of another source', 'm 7@0 8@0 | e 8@1 | c 0:0@1', '7: ok; 8: ok'],
    ['and counted with them', 'm 7@0 8@0 | e 8@1 7@3 | c 0:0@1', '7: duplicate 2..2; 8: ok'],
    ['without a time', 'm 7@0 7@1 | c 0:0@? 0:1@?', '7: ok, ok'],
    ['one of two copies', 'm 7#E@0 7#E@1 | c 0:1@1', '7: ok, ok'],
    ['both copies: still one', 'm 7#E@0 7#E@1 | c 0:0#row@1 0:1#row@2', '7: ok, ok'],
    ['two copies that are events of their own', 'm 7#E@0 7#E@1 | c 0:1@1 | each-message', '7: missing, ok'],
    ['two messages: one for each', 'm 7@0 8@0 | c 0:0#mail@1 0:1#mail@1', '7: ok; 8: ok'],
    [
      'one that expects none, though another of the key does',
      'm 7@0 7@1*0 | c 0:0@1 0:1@1',
      '7: ok, unexpected 1..1',
    ],
    ['one without a key, that stays unjudged', 'm 7@0 -@1 | c 0:1@1', '7: missing; -: unknown no-key'],
    [
      'no hole takes it from its message',
      'm 7@0 | c 0:0@1 0:0@2 | hole absent@.. | unread 9',
      '7: duplicate 2..2',
    ],
  ],
  '9, the interval': [
    ['all of it inside what is expected', 'm 1#a@0*0..1 1#b@5*0..1 | e 1@7', '1: ok 0..1, ok 0..1'],
    ['no maximum', 'm 1#a@0*1.. 1#b@5 | e 1@-1 1@7', '1: ok 1..2, unknown 0..1 ambiguous'],
    ['all of it above', 'm 1#a@0 1#b@5 | e 1@-1 1@0 1@7', '1: duplicate 2..3, unknown 0..1 ambiguous'],
    ['all of it below', 'm 1#a@0*3 1#b@5*3 | e 1@7 1@7', '1: missing 0..2, missing 0..2'],
    [
      'a list of three',
      'm 1@0*3 2@0*3 3@0*3 | e 1@1 1@1 1@1 2@1 3@1 3@1 3@1 3@1',
      '1: ok 3..3; 2: missing 1..1; 3: duplicate 4..4',
    ],
    ['nothing expected', 'm 1@0*0 | e', '1: exempt'],
    ['the first reason is given: time', 'm 1@?*undecodable | e 1@1', '1: unknown 1.. bad-time'],
    ['the first reason is given: value', 'm 1@0*undecodable | e 1@1 | read 5', '1: unknown 1.. undecodable'],
    ['the first reason is given: moment', 'm 1@0 | gap 5..6 | read 8', '1: unknown 0.. not-settled'],
    [
      'the first reason is given: source',
      'm 1#a@0 1#b@5 | e 1@7 | gap 0..20',
      '1: unknown 0.. source-gap, unknown 0.. source-gap',
    ],
    [
      'the first reason is given: rivals',
      'm 1#a@0 1#b@5 | e 1@7 1@40 | until 30',
      '1: unknown 0..2 ambiguous, unknown 0..2 ambiguous',
    ],
    [
      'the first reason is given: gone',
      'm 1@0 | e 1@1 1@2 1@40 | until 30 | hole absent@0..1',
      '1: unknown 1..3 compacted',
    ],
  ],
  '9 and 10, of what would be plainly as expected': [
    ['a list of two', 'm 1@0*2 | e 1@1 1@2', '1: ok 2..2'],
    ['one or two, one of them seen twice', 'm 1@0*1..2 | e 1#row@1 1#row@2', '1: ok'],
    ['read too soon', 'm 1@0 | e 1@1 | read 9', '1: unknown 1.. not-settled'],
    ['read in time', 'm 1@0 | e 1@1 | read 10', '1: ok'],
    ['silence that touches the end', 'm 1@0 | e 1@1 | gap 10..12', '1: unknown 1.. source-gap'],
    ['silence that touches the beginning', 'm 1@0 | e 1@1 | gap -5..-2', '1: unknown 1.. source-gap'],
    ['silence beside the window', 'm 1@0 | e 1@1 | gap 11..12 -5..-3', '1: ok'],
    ['a log begins inside the window', 'm 1@0 | e 1@1 | covers -1..50', '1: unknown 1.. source-gap'],
    ['a log ends inside the window', 'm 1@0 | e 1@1 | covers ..9', '1: unknown 1.. source-gap'],
    ['a table begins inside the window', 'm 1@0 | e 1@1 | covers 10..50 row', '1: ok'],
    ['a table begins behind the window', 'm 1@0 | e 1@1 | covers 11..50 row', '1: unknown 1.. source-gap'],
    [
      'one of two kinds silent',
      'm 1@0 | kind | e 1@1 | kind | e 1@1 | gap 0..1',
      '1: ok / unknown 1.. source-gap',
    ],
    ['an effect at the edges of the window', 'm 1@0 2@0 | e 1@-2 2@10', '1: ok; 2: ok'],
    ['a microsecond before it', 'm 1@0 | e 1@-2.001', '1: unknown 0..1 early'],
    [
      'a microsecond behind it, and behind what was read',
      'm 1@0 | e 1@10.001 | until 5',
      '1: unknown 0..1 late',
    ],
    ['a copy that expects none', 'm 1#a@0 1#a@1*0 | e 1@2', '1: ok, ok'],
  ],
  '10, no end': [
    ['read before the window ended', 'm 1@0 | read 9', '1: unknown 0.. not-settled'],
    ['read when it ended', 'm 1@0 | read 10', '1: missing'],
    ['over the maximum all the same', 'm 1@0 | e 1@1 1@2 | read 5', '1: duplicate 2..'],
    ['as many as expected: there may be more', 'm 1@0 | e 1@1 | read 5', '1: unknown 1.. not-settled'],
    ['as many as expected, and more would do', 'm 1@0*1.. | e 1@1 | read 5', '1: ok 1..'],
    ['expected none, and none was seen', 'm 1@0*0 | e | read 5', '1: unknown 0.. not-settled'],
    ['silence that touches the end', 'm 1@0 | gap 10..12', '1: unknown 0.. source-gap'],
    ['silence that touches the beginning', 'm 1@0 | gap -5..-2', '1: unknown 0.. source-gap'],
    ['silence beside the window', 'm 1@0 | gap 11..12 -5..-3', '1: missing'],
    ['silence, and too many', 'm 1@0 | e 1@1 1@2 | gap 5..6', '1: duplicate 2..'],
    ['a log begins inside the window', 'm 1@0 | covers -1..50', '1: unknown 0.. source-gap'],
    ['a log begins with the window', 'm 1@0 | covers -2..50', '1: missing'],
    ['a log ends inside the window', 'm 1@0 | covers ..9', '1: unknown 0.. source-gap'],
    ['a log ends with the window', 'm 1@0 | covers ..10', '1: missing'],
    ['a table begins inside the window', 'm 1@0 | covers 10..50 row', '1: missing'],
    ['a table begins behind the window', 'm 1@0 | covers 11..50 row', '1: unknown 0.. source-gap'],
    ['a source that shows nothing', 'm 1@0 | covers nothing', '1: unknown 0.. source-gap'],
    ['one of two sources read too soon', 'm 1@0 | e | e | read 5', '1: unknown 0.. not-settled'],
    ['one of two sources silent', 'm 1@0 | e 1@1 | e | gap 0..1', '1: unknown 1.. source-gap'],
    [
      'one of two sources ended',
      'm 1@0 2@20 | e 1@1 | e 2@21 | covers ..15',
      '1: ok; 2: unknown 1.. source-gap',
    ],
    ['too many of two sources, one silent', 'm 1@0 | e 1@1 | e 1@2 | gap 5..6', '1: duplicate 2..'],
    ['one of two sources shows nothing', 'm 1@0 | e | e | covers nothing', '1: unknown 0.. source-gap'],
    ['both sources saw all', 'm 1@0 2@0 | e 1@1 | e', '1: ok; 2: missing'],
    [
      'a source of another kind silent',
      'm 1@0 | kind | e 1@1 | kind | e | gap 0..1',
      '1: ok / unknown 0.. source-gap',
    ],
  ],
  '11, the second look': [
    ['what comes late is found', 'm 1@0 | kind sought -20..90 | e 1@500', '1: unknown 0..1 late'],
    ['and takes nothing from what was seen', 'm 1@0 | kind sought -20..90 | e 1@3 1@500', '1: ok'],
    [
      'what is surely another’s helps nobody',
      'm 1@0 1@500 | kind sought -20..90 | e 1@505',
      '1: missing, ok',
    ],
  ],
  '12, offsets that are gone': [
    [
      'an excess may be of a message that is gone',
      'm 1@0 | e 1@1 1@2 | hole absent@0..5',
      '1: unknown 1..2 compacted',
    ],
    ['whenever it was', 'm 1@0 | e 1@1 1@2 | hole deleted@..', '1: unknown 1..2 compacted'],
    ['its window touches the effects', 'm 1@0 | e 1@1 1@2 | hole unseen@4..5', '1: unknown 1..2 compacted'],
    ['gone long before', 'm 1@0 | e 1@1 1@2 | hole absent@..-10', '1: duplicate 2..2'],
    ['gone long after', 'm 1@0 | e 1@1 1@2 | hole absent@5..', '1: duplicate 2..2'],
    [
      'on a partition that is not part of the range',
      'm 1@0 | e 1@1 1@2 | unread 7',
      '1: unknown 1..2 compacted',
    ],
    ['no hole explains a missing effect', 'm 1@0 | hole absent@.. | unread 7', '1: missing'],
    ['no hole takes an effect from who needs it', 'm 1@0 | e 1@1 | hole absent@..', '1: ok'],
  ],
  '13, unexpected': [
    ['none of the key expects it', 'm 1@0*0 | e 1@1', '1: unexpected 1..1'],
    [
      'it is the last event’s before it',
      'm 1#a@0*0 1#b@5*0 1#c@9*0 | e 1@6',
      '1: exempt, unexpected 1..1, exempt',
    ],
    ['an event that expects it takes it', 'm 1#a@0*0 1#b@5 | e 1@6', '1: exempt, ok'],
    ['and has too many of it', 'm 1#a@0*0 1#b@5 | e 1@6 1@7', '1: exempt, duplicate 2..2'],
    ['before every window it is nobody’s', 'm 1@10*0 | e 1@1', '1: exempt'],
    [
      'two kinds, of which one is expected',
      'm 1@0*1,0 | kind | e 1@1 | kind | e 1@1',
      '1: ok / unexpected 1..1',
    ],
  ],
  '14, an excess of a key that skipped messages have, too': [
    ['skipped', 'm 1@0 1@1!skipped | e 1@2 1@3', '1: duplicate 2..2'],
    ['aborted', 'm 1@0 1@1!aborted | e 1@2 1@3', '1: duplicate 2..2'],
  ],
  '15, orphans': [
    ['of no message', 'm 1@0 | e 1@1 9@5', '1: ok; orphan 9#2 no-message'],
    ['at the beginning of the range', 'm 1@1 | e 1@1 9@0 | range 0..5', '1: ok; orphan 9#2 no-message'],
    ['before it, and at its end', 'm 1@1 | e 1@1 9@-0.001 9@5 | range 0..5', '1: ok'],
    ['without a time', 'm 1@0 | e 1@1 9@?', '1: ok'],
    ['without a key', 'm 1@0 | kind keyless 1 | e 1@1 -@5', '1: ok'],
    [
      'one of the two of a key at its end',
      'm 1@1 | e 1@1 9@4 9@5 | range 0..5',
      '1: ok; orphan 9#2 no-message',
    ],
    ['of a message of the padding', 'm 1@0 9@1!padding | e 1@1 9@5', '1: ok'],
    ['of a message that expects none', 'm 1@0 9@1!padding*0 | e 1@1 9@5', '1: ok'],
    ['of a message far away', 'm 1@0 9@900 | e 1@1 9@5 9@901', '1: ok; 9: ok'],
    ['of a skipped message', 'm 1@0 9@1!skipped 9@2!aborted | e 1@1 9@5', '1: ok; orphan 9#2 skipped'],
    ['of an aborted message', 'm 1@0 9@2!aborted | e 1@1 9@5', '1: ok; orphan 9#2 aborted'],
    ['perhaps of one that is gone', 'm 1@0 | e 1@1 9@15 | hole deleted@0..5', '1: ok; orphan 9#2 unread'],
    [
      'not of one that was gone before',
      'm 1@0 | e 1@1 9@15.001 | hole deleted@0..5',
      '1: ok; orphan 9#2 no-message',
    ],
    ['perhaps of one on another partition', 'm 1@0 | e 1@1 9@5 | unread 7', '1: ok; orphan 9#2 unread'],
    ['perhaps of one behind what was read', 'm 1@0 | e 1@1 9@5 | until 4', '1: ok; orphan 9#2 unread'],
    ['of a key that looks like another', 'm a@0 | e a@1 A@1', 'a: ok; orphan A#2 no-message'],
    [
      'of parts that are not kept apart',
      'm "1 11"@0 | e "1 11"@1 "11 1"@1',
      '"1 11": ok; orphan "11 1"#2 no-message',
    ],
    [
      'that name a message which is not audited, or was not read',
      'm 7@0 7@3!skipped 7@3!aborted | c 0:0@1 0:1@2 0:2@3 0:3@4 0:700@5 0:5000@6 9:0@7 | hole absent@0..1[0:700..800]',
      '7: ok; orphan "0 1"#2 skipped; orphan "0 2"#3 aborted; orphan "0 3"#4 no-message; orphan "0 700"#5 unread; orphan "0 5000"#6 unread; orphan "9 0"#7 unread',
    ],
  ],
};

for (const [rule, stories] of Object.entries(RULES)) {
  describe(`rule ${rule}`, () => {
    it.each(stories)('%s: %s', async (_, line, verdicts) => {
      const history = parse(line);
      const expected = answerOfOracle(history);
      const answer = answerOfEngine(await play(history, false));
      expect(verdictsOf(history, expected)).toBe(verdicts);
      expect(verdictsOf(history, answer)).toBe(verdicts);
      expect(answer).toEqual(expected);
    });
  });
}

/** Orders with these many keys of their own, and as many rows of other keys. */
function neverMet(keys: number): string {
  const each = (item: (i: number) => string) => Array.from({ length: keys }, (_, i) => item(i)).join(' ');
  return `m ${each((i) => `ORD-${i}@${i}`)} | e ${each((i) => `${i}@${i}`)}`;
}

describe('what stops an audit', () => {
  it('rule 3: no message has a key', async () => {
    await expect(play(parse('m -@0 -@1 | e 1@1'), false)).rejects.toThrow(/readable key/);
  });

  it('rule 7: of twenty keys and twenty more, not one meets', async () => {
    await expect(play(parse(neverMet(20)), false)).rejects.toThrow(/not one key of 20 messages/);
  });

  it('rule 7: with fewer it may be chance, and is only told', async () => {
    const { judgement } = await play(parse(neverMet(19)), false);
    expect(judgement.notes.join()).toMatch(/not one key of 19 messages/);
  });

  it('rule 7: of twenty effects that name a message, not one names one that was read', async () => {
    const orders = Array.from({ length: 20 }, (_, i) => `ORD-${i}@${i}`);
    const line = (first: number) =>
      `m ${orders.join(' ')} | c ${orders.map((_, i) => `0:${first + i}@${i}`).join(' ')}`;
    await expect(play(parse(line(1000)), false)).rejects.toThrow(
      /not one of 20 effects of \S+ names one of 20 messages: messages are at "0 0", .* effects name "0 1000"/,
    );
    expect((await play(parse(line(19)), false)).judgement.notes).toEqual([]);
  });

  it('rule 7: one that meets is enough', async () => {
    const { judgement } = await play(parse(`${neverMet(20)} ORD-1@2`), false);
    expect(judgement.notes).toEqual([]);
  });
});
