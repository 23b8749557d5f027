import { describe, expect, it } from 'vitest';
import type { History } from '../support/history.ts';
import { written } from '../support/notation/words.ts';
import { parse } from '../support/notation.ts';
import { play } from '../support/play.ts';

const MARK = '\ufeff';

const TEXTS = [MARK, `${MARK}ORD-1`, `${MARK}${MARK}ORD-1`, `ORD-1${MARK}`, 'ORD-1'];

/** An effect as the notation writes it. */
function effect(key: string, id: string): string {
  return `${written(key)}#${written(id)}@3`;
}

/** The orders of all texts, and what they had. */
function history(effects: readonly string[]): History {
  const messages = TEXTS.map((key) => `${written(key)}#${written(`${key}/e`)}@0`);
  return parse(`m ${messages.join(' ')} | e ${effects.join(' ')}`);
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
