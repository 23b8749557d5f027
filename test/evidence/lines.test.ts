import { describe, expect, it } from 'vitest';
import type { History, HistoryEffect, HistoryMessage } from '../support/history.ts';
import { play } from '../support/play.ts';

const HOUR = 3_600_000;
const PLACED = 30 * 24 * HOUR;
const MARK = '\ufeff';

const TEXTS = [MARK, `${MARK}ORD-1`, `${MARK}${MARK}ORD-1`, `ORD-1${MARK}`, 'ORD-1'];

function message(key: string, offset: number): HistoryMessage {
  return {
    partition: 0,
    offset,
    timestamp: PLACED,
    class: 'audited',
    inRange: true,
    undecodable: false,
    key,
    eventId: `${key}/e`,
    digest: '',
    expect: [{ min: 1, max: 1 }],
  };
}

function effect(key: string, id: string): HistoryEffect {
  return { kind: 0, key, id, time: (PLACED + 1000) * 1000 };
}

/** The orders of all texts, and what they had. */
function history(effects: readonly HistoryEffect[]): History {
  return {
    messages: TEXTS.map(message),
    effects,
    kinds: [{ settle: HOUR, lead: 0, maxKeyless: 1 }],
    coverage: [{ span: { from: 0, to: 2 * PLACED, edge: 'row' }, gaps: [], readAt: 2 * PLACED }],
    range: { from: PLACED - HOUR, to: PLACED + HOUR, readTo: 2 * PLACED },
    holes: [],
    unreadPartitions: [],
  };
}

describe('texts that begin with a byte order mark', () => {
  it.each([1, 2])('are read back whole in the ledger, of orders with %i effects', async (each) => {
    const idsOf = (key: string) => [`${key}-1`, `${key}-2`].slice(0, each);
    const effects = TEXTS.flatMap((key) => idsOf(key).map((id) => effect(key, id)));
    for (const exact of [false, true]) {
      const { lines } = await play(history(effects), exact);
      expect(lines.map(({ key, eventId, effectIds }) => ({ key, eventId, effectIds }))).toEqual(
        TEXTS.map((key) => ({ key, eventId: `${key}/e`, effectIds: idsOf(key) })),
      );
    }
  });

  it('are read back whole among the orphans', async () => {
    const { orphans } = await play(history([effect(`${MARK}ORD-9`, `${MARK}${MARK}7`)]), false);
    expect(orphans.map(({ key, id }) => [key, id])).toEqual([[`${MARK}ORD-9`, `${MARK}${MARK}7`]]);
  });
});
