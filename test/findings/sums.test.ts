import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/findings/report.ts';
import { refuseWrongSums } from '../../src/findings/sums.ts';
import type { AuditRecord, Judgement, KindTotals } from '../../src/model.ts';
import { calmRecord, judgementOf, totalsOf } from '../support/records.ts';

const { verdicts, outcomes } = totalsOf();
const CELL = totalsOf().matrix[0]!;

function ofKind(change: Partial<KindTotals>): Judgement {
  return judgementOf([totalsOf(change)]);
}

function withClasses(change: object): AuditRecord {
  const record = calmRecord();
  const classes = new Map([[0, { ...record.replay.classes.get(0)!, ...change }]]);
  return { ...record, replay: { ...record.replay, classes } };
}

describe('sums that do not agree', () => {
  it('are none in a sound audit, nor where aborted messages are audited', () => {
    refuseWrongSums(calmRecord(), judgementOf([totalsOf()]));
    const { messages } = judgementOf([totalsOf()]);
    const uncommitted = judgementOf([totalsOf()], { messages: { ...messages, aborted: 1 } });
    refuseWrongSums(withClasses({ audited: 2, aborted: 1 }), uncommitted);
  });

  it.each<[string, Judgement]>([
    ['verdicts of order-row are 4', ofKind({ verdicts: { ...verdicts, missing: 1 } })],
    ['outcomes of order-row are 2', ofKind({ outcomes: { ...outcomes, one: 2 } })],
    ['matrix of order-row are 2', ofKind({ matrix: [{ ...CELL, messages: 2 }] })],
    ['events in the matrix of order-row are 2', ofKind({ matrix: [{ ...CELL, events: 2 }] })],
    [
      'matched effects of order-row are 3, effects in the matrix 6',
      ofKind({ matrix: [{ ...CELL, count: 2 }] }),
    ],
    ['reasons of order-row are 1, unknown messages 0', ofKind({ reasons: { late: 1 } })],
    ['signatures are 2', judgementOf([totalsOf()], { signatures: [{ outcomes: ['one'], messages: 2 }] })],
  ])('are refused: %s', (said, judgement) => {
    expect(() => refuseWrongSums(calmRecord(), judgement)).toThrow(said);
    expect(() => buildReport(calmRecord(), judgement, [])).toThrow('defect');
  });

  it.each([
    ['classes of partition 0 are 4, offsets 3', { control: 1 }],
    [
      'offsets audited and messages of aborted transactions are 2, audited messages 3',
      { audited: 2, absent: 1 },
    ],
  ])('are refused in what became of the offsets: %s', (said, change) => {
    expect(() => refuseWrongSums(withClasses(change), judgementOf([totalsOf()]))).toThrow(said);
  });

  it('are refused where a partition that was asked for has no classes', () => {
    const record = calmRecord();
    const without = { ...record, replay: { ...record.replay, classes: new Map() } };
    expect(() => refuseWrongSums(without, judgementOf([totalsOf()]))).toThrow('partition 0 are 0, offsets 3');
  });
});
