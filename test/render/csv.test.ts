import { describe, expect, it } from 'vitest';
import { UNBOUNDED } from '../../src/columns.ts';
import type { LedgerLine } from '../../src/model.ts';
import { type Cell, csvText, LEDGER_COLUMNS, ledgerCells, listText } from '../../src/render/csv.ts';
import { expectedText } from '../../src/words.ts';

const NAMES = { topic: 'orders', kinds: ['order-row'] };

const TWICE: LedgerLine = {
  partition: 2,
  offset: 1041n,
  timestamp: 1_795_000_000_123n,
  key: 'ORD-41',
  eventId: '',
  copies: 1,
  kind: 0,
  expected: { min: 1, max: 1 },
  count: 2,
  most: 2,
  outcome: 'multiple',
  verdict: 'duplicate',
  firstEffectAt: 1_795_000_000_200_999n,
  lastEffectAt: 1_795_000_001_401_998n,
  effectIds: ['17', '45'],
};

async function text(rows: readonly (readonly Cell[])[], columns: readonly string[]): Promise<string> {
  const source = (async function* () {
    yield* rows;
  })();
  const chunks: string[] = [];
  for await (const chunk of csvText(columns, source)) chunks.push(String(chunk));
  return chunks.join('');
}

describe('the CSV of a report', () => {
  it('has the contract as its header and CRLF behind each line', async () => {
    expect(await text([ledgerCells(TWICE, NAMES)], LEDGER_COLUMNS)).toBe(
      'topic,partition,offset,timestamp,key,event_id,copies,effect_kind,expected,count,most,outcome,verdict,reason,' +
        'first_effect_at,last_effect_at,gap_ms,effect_ids,finding\r\n' +
        'orders,2,1041,2026-11-18T11:06:40.123Z,ORD-41,,1,order-row,1,2,2,multiple,duplicate,,' +
        '2026-11-18T11:06:40.200Z,2026-11-18T11:06:41.401Z,1200,17 45,\r\n',
    );
  });

  it('leaves empty what is not known', () => {
    const { most: _, firstEffectAt: __, lastEffectAt: ___, ...open } = TWICE;
    const cells = ledgerCells(
      { ...open, timestamp: -1n, verdict: 'unknown', reason: 'bad-time', effectIds: [] },
      NAMES,
    );
    expect(cells[LEDGER_COLUMNS.indexOf('most')]).toBeUndefined();
    expect(cells[LEDGER_COLUMNS.indexOf('timestamp')]).toBeUndefined();
    expect(cells[LEDGER_COLUMNS.indexOf('gap_ms')]).toBeUndefined();
    expect(cells[LEDGER_COLUMNS.indexOf('reason')]).toBe('bad-time');
  });

  it.each(['=1+1', '+49 170', '-5', '@SUM(A1)', '\tx', '\rx'])(
    'guards the text %j against being a formula',
    async (key) => {
      const csv = await text([[key]], ['key']);
      expect(csv.split('\r\n')[1]!.replace(/^"/, '')).toMatch(/^'/);
    },
  );

  it('leaves numbers alone, negative ones too', async () => {
    expect(await text([[-5, 7n]], ['gap_ms', 'offset'])).toBe('gap_ms,offset\r\n-5,7\r\n');
  });

  it('quotes what has to be quoted', async () => {
    expect(await text([['a "b", c\nd']], ['key'])).toBe('key\r\n"a ""b"", c\nd"\r\n');
  });

  it('fails when its rows fail, instead of ending early', async () => {
    const torn = (async function* (): AsyncGenerator<readonly Cell[]> {
      yield ['one'];
      throw new Error('torn');
    })();
    await expect(async () => {
      for await (const _ of csvText(['key'], torn));
    }).rejects.toThrow('torn');
  });

  it('keeps the items of a list apart', () => {
    expect(listText(['a b', '100%', 'c'])).toBe('a%20b 100%25 c');
  });

  it.each([
    [{ min: 1, max: 1 }, '1'],
    [{ min: 0, max: 2 }, '0..2'],
    [{ min: 1, max: UNBOUNDED }, '1..'],
  ])('says %j as %s', (expected, said) => {
    expect(expectedText(expected)).toBe(said);
  });
});
