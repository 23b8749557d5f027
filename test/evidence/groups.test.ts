/** What contested events prove together: a line of history, and its group by hand. */
import { expect, it } from 'vitest';
import { answerOfEngine, answerOfOracle } from '../support/answers.ts';
import { parse } from '../support/notation.ts';
import { type Played, play } from '../support/play.ts';

/** Five orders of one customer within minutes: nobody can say which mail is whose. */
const FIVE = 'm 7@0 7@1 7@2 7@3 7@4 | e 7@5 7@5.1 7@5.2 7@5.3';

const GROUPS: readonly (readonly [what: string, history: string, group: string])[] = [
  ['fewer effects than the events must have', FIVE, '7: short, 5 events expect 5..5 and have 4..4'],
  ['as many', `${FIVE} 7@6`, '7: balanced, 5 events expect 5..5 and have 5..5'],
  ['more', `${FIVE} 7@6 7@6.1 7@6.2`, '7: excess, 5 events expect 5..5 and have 7..7'],
  [
    'a late one may be a later message’s',
    `${FIVE} 7@119 | until 120`,
    '7: open, 5 events expect 5..5 and have 4..5',
  ],
  [
    'a message that is gone may have had the surplus',
    `${FIVE} 7@6 7@6.1 7@6.2 | hole absent@0..1`,
    '7: open, 5 events expect 5..5 and have 7..7',
  ],
  ['but gives nothing', `${FIVE} | hole absent@0..1`, '7: short, 5 events expect 5..5 and have 4..4'],
  [
    'an event of the padding may have had one, or not',
    'm 7@0!padding 7@1 7@2 7@3 7@4 | e 7@5 7@5 7@5 7@5',
    '7: open, 4 events expect 4..4 and have 0..4',
  ],
  [
    'too few even without it',
    'm 7@0!padding 7@1 7@2 7@3 7@4 | e 7@5 7@5 7@5',
    '7: short, 4 events expect 4..4 and have 0..3',
  ],
  [
    'what is surely another event’s is left out',
    'm 7@0 7@1 7@50*2 | e 7@5 7@51 7@52',
    '7: short, 2 events expect 2..2 and have 1..1',
  ],
  [
    'no maximum, no excess',
    'm 7@0*1.. 7@1 | e 7@5 7@5 7@5 7@5',
    '7: balanced, 2 events expect 2.. and have 4..4',
  ],
  ['the source did not show all of it', `${FIVE} | gap 6..7`, ''],
];

it.each(GROUPS)('%s: %s', async (_, line, group) => {
  const history = parse(line);
  const played = await play(history, false);
  expect(groupsOf(played)).toBe(group);
  expect(answerOfEngine(played)).toEqual(answerOfOracle(history));
});

function groupsOf({ judgement }: Played): string {
  const told = judgement.kinds[0]!.groups.examples.map(({ key, state, events, expected, count, most }) => {
    const max = expected.max > 1000 ? '' : expected.max;
    return `${key}: ${state}, ${events} events expect ${expected.min}..${max} and have ${count}..${most}`;
  });
  return told.join('; ');
}
