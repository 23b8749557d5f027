import { describe, expect, it } from 'vitest';
import { exitOf, unseenReferences } from '../../src/findings/exit.ts';
import type { AuditRecord } from '../../src/model.ts';
import { calmRecord, judgementOf, totalsOf } from '../support/records.ts';

const VERDICTS = totalsOf().verdicts;
const ORPHANS = totalsOf().orphans;

function withRange(change: Partial<AuditRecord['range']>, classes: object = {}): AuditRecord {
  const record = calmRecord();
  const all = { ...record.replay.classes.get(0)!, ...classes };
  return {
    ...record,
    range: { ...record.range, ...change },
    replay: { ...record.replay, classes: new Map([[0, all]]) },
  };
}

describe('the exit status', () => {
  it('is 0 when everything is as expected', () => {
    expect(exitOf(calmRecord(), judgementOf([totalsOf()]))).toEqual({ status: 0, because: [] });
  });

  it.each(['missing', 'duplicate', 'unexpected'] as const)('is 1 for a message that is %s', (verdict) => {
    const exit = exitOf(
      calmRecord(),
      judgementOf([totalsOf({ verdicts: { ...VERDICTS, ok: 2, [verdict]: 1 } })]),
    );
    expect(exit).toEqual({ status: 1, because: [`order-row: 1 message ${verdict}`] });
  });

  it('is 1 for an effect without a message, unless orphans are only noted', () => {
    const judgement = judgementOf([totalsOf({ orphans: { ...ORPHANS, 'no-message': 2 } })]);
    expect(exitOf(calmRecord(), judgement).status).toBe(1);
    const noting = calmRecord({ kinds: [{ ...calmRecord().kinds[0]!, orphans: 'note' }] });
    expect(exitOf(noting, judgement).status).toBe(0);
  });

  it('is not 1 for an orphan that a message explains', () => {
    const judgement = judgementOf([
      totalsOf({ orphans: { 'no-message': 0, skipped: 1, aborted: 1, unread: 1 } }),
    ]);
    expect(exitOf(calmRecord(), judgement).status).toBe(0);
  });

  it('is 1 for contested events that lack an effect together, or have one too many', () => {
    const { groups } = totalsOf();
    const verdicts = { ...VERDICTS, ok: 0, unknown: 3 };
    const unknown = { verdicts, reasons: { ambiguous: 3 } };
    const short = totalsOf({ ...unknown, groups: { ...groups, short: 1, missing: 1, excess: 2, extra: 3 } });
    const exit = exitOf(calmRecord(), judgementOf([short]));
    expect(exit.status).toBe(1);
    expect(exit.because.slice(0, 2)).toEqual([
      'order-row: 1 group of contested events with at least 1 effect missing',
      'order-row: 2 groups of contested events with at least 3 effects too many',
    ]);
    const balanced = totalsOf({ ...unknown, groups: { ...groups, balanced: 1, open: 1 } });
    expect(exitOf(calmRecord(), judgementOf([balanced])).status).toBe(3);
  });

  it('is 3 for an unknown, and says the reasons', () => {
    const unknown = totalsOf({
      verdicts: { ...VERDICTS, ok: 1, unknown: 2 },
      reasons: { 'source-gap': 1, late: 1 },
    });
    expect(exitOf(calmRecord(), judgementOf([unknown]))).toEqual({
      status: 3,
      because: ['order-row: 2 messages unknown (source-gap 1, late 1)'],
    });
  });

  it('lets proof outrank doubt, and tells both', () => {
    const both = totalsOf({ verdicts: { ...VERDICTS, ok: 1, missing: 1, unknown: 1 }, reasons: { late: 1 } });
    const exit = exitOf(calmRecord(), judgementOf([both]));
    expect(exit.status).toBe(1);
    expect(exit.because).toHaveLength(2);
  });

  it.each([
    ['deleted offsets', withRange({}, { deleted: 5 }), 'deleted from the log'],
    ['offsets a capture lacks', withRange({}, { unseen: 5 }), '5 offsets asked for are not in the capture'],
    ['one offset a capture lacks', withRange({}, { unseen: 1 }), '1 offset asked for is not in the capture'],
    [
      'an end short of what was asked',
      withRange({ partitions: [{ partition: 0, first: 0, end: 3, readFirst: 0, readEnd: 3, short: 7 }] }),
      '7 offsets short',
    ],
    ['a note that says so', withRange({ notes: ['short: the range ends in the future'] }), 'in the future'],
  ])('is 3 for %s', (_, record, because) => {
    const exit = exitOf(record, judgementOf([totalsOf()]));
    expect(exit.status).toBe(3);
    expect(exit.because.join()).toContain(because);
  });

  it('is 0 for compacted offsets and control records, which are no holes', () => {
    expect(
      exitOf(withRange({}, { absent: 9, control: 2, aborted: 4 }), judgementOf([totalsOf()])).status,
    ).toBe(0);
  });

  it('is 3 when no message has what the configuration refers to', () => {
    const record = calmRecord();
    const references = [{ setting: 'messages.where', text: 'value.typ', seen: 0 }];
    const misspelt = { ...record, replay: { ...record.replay, references } };
    expect(exitOf(misspelt, judgementOf([totalsOf()]))).toEqual({
      status: 3,
      because: ['messages.where names value.typ, which no message has'],
    });
  });

  it('is 0 when no message has what is only asked to be absent', () => {
    const record = calmRecord();
    const cancelled = {
      setting: 'messages.where',
      text: 'value.cancelledAt',
      seen: 0,
      mayBeAbsent: true,
    } as const;
    const nobody = { ...record, replay: { ...record.replay, references: [cancelled] } };
    expect(exitOf(nobody, judgementOf([totalsOf()])).status).toBe(0);
    expect(unseenReferences(nobody)).toEqual([
      'messages.where names value.cancelledAt, which no message has',
    ]);
  });
});
