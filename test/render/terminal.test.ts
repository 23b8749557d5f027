import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/findings/report.ts';
import type { GroupTotals } from '../../src/model.ts';
import { summary } from '../../src/render/terminal.ts';
import { calmRecord, coverageOf, judgementOf, NOON, totalsOf } from '../support/records.ts';

function said(change: { color?: boolean; key?: string; groups?: GroupTotals; blind?: string } = {}): string {
  const record = calmRecord({
    coverage: [
      coverageOf('order-row', {
        gaps: [{ from: NOON, to: NOON + 7_200_000, why: 'silence', detail: 'mail.log:17: no line for 2h' }],
        ...(change.blind && { blind: change.blind }),
      }),
    ],
  });
  const verdicts = { ok: 1, missing: 1, duplicate: 1, unexpected: 0, exempt: 0, unknown: 0 };
  const report = buildReport(
    record,
    judgementOf([totalsOf({ verdicts, ...(change.groups && { groups: change.groups }) })]),
    [],
  );
  const worst = [
    {
      partition: 0,
      offset: 1n,
      timestamp: BigInt(NOON),
      key: change.key ?? 'ORD-1',
      eventId: '',
      copies: 1,
      kind: 0,
      expected: { min: 1, max: 1 },
      count: 2,
      most: 2,
      outcome: 'multiple' as const,
      verdict: 'duplicate' as const,
      firstEffectAt: BigInt(NOON) * 1000n,
      lastEffectAt: BigInt(NOON + 2400) * 1000n,
      effectIds: ['17', '45'],
    },
  ];
  return summary({
    report,
    worst,
    directory: 'reports/x',
    files: ['report.json'],
    color: change.color ?? false,
  });
}

describe('the summary', () => {
  it('says which source is blind to duplicates, and why', () => {
    const blind = 'unique index orders_pkey covers order_id';
    expect(said({ blind })).toContain(`\n    blind to duplicates: ${blind}; ok means at least one\n`);
    expect(said()).not.toContain('blind');
  });

  it('tells what contested events prove together', () => {
    const expected = { min: 5, max: 5 };
    const group = { key: 'customer-7', events: 5, expected, count: 4, most: 4 };
    const examples = [
      { ...group, state: 'short' as const },
      { ...group, state: 'excess' as const, key: 'customer-8', count: 7, most: 8 },
      { ...group, state: 'balanced' as const, key: 'customer-9', count: 5, most: 5 },
    ];
    const groups = { short: 1, balanced: 12, excess: 1, open: 0, missing: 1, extra: 2, examples };
    expect(said({ groups })).toContain(`
  order-row: 1 short, 1 in excess, 12 balanced, 0 open
    customer-7: 5 events, 4 effects of 5 expected: at least 1 is missing
    customer-8: 5 events, 7..8 effects of 5 expected: at least 2 are too many
`);
  });

  it('says the verdict first, then numbers, exceptions, what could not be seen, and the files', () => {
    const text = said();
    const order = [
      'NOT AS EXPECTED  orders (exit 1)',
      'order-row: 1 message missing',
      'effect kind',
      'Worst exceptions',
      'gap 2026',
      'Report in reports/x',
    ];
    const places = order.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(text).toContain('2 seen, 1 expected, 2.4s apart (17, 45)');
  });

  it('has color only where asked for', () => {
    expect(said()).not.toContain('\x1b');
    expect(said({ color: true })).toContain('\x1b[1;31mNOT AS EXPECTED\x1b[0m');
  });

  it('does not let data steer the terminal', () => {
    const text = said({ key: 'ORD\x1b[2J\u202e' });
    expect(text).not.toContain('\x1b');
    expect(text).not.toContain('\u202e');
    expect(text).toContain('ORD\\u{1b}[2J\\u{202e}');
  });
});
