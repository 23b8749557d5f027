import { expect, it } from 'vitest';
import type { MessageHole, Replay } from '../../../src/model.ts';
import { withMore } from '../../../src/sources/messages/more.ts';

function replay(more: Partial<Replay>): Replay {
  return {
    classes: new Map(),
    holes: [],
    readTo: 20_000,
    unread: [{ to: 9999 }],
    stragglers: 0,
    references: [],
    messages: 1,
    bytes: 1,
    undecodable: [],
    ...more,
  };
}

const hole = (times: Partial<MessageHole>): MessageHole => {
  return { partition: 0, class: 'absent', first: 1, end: 2, ...times };
};

it('bounds a hole at the seam by the time up to which messages were read before', () => {
  const merged = (further: Parameters<typeof withMore>[2], ...holes: MessageHole[]) =>
    withMore(replay({}), replay({ holes }), further).holes;
  const on = merged({ to: 30_000 }, hole({ to: 21_000 }), hole({ to: 19_000 }), hole({ from: 5, to: 6 }));
  expect(on).toEqual([
    hole({ from: 20_000, to: 21_000 }),
    hole({ from: 19_000, to: 19_000 }),
    hole({ from: 5, to: 6 }),
  ]);
  expect(merged({ from: 0 }, hole({ from: 7000 }), hole({ from: 11_000 }))).toEqual([
    hole({ from: 7000, to: 10_000 }),
    hole({ from: 11_000, to: 11_000 }),
  ]);
});
