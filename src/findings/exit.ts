/** The exit status of an audit: a pure function of its report. Proof outranks doubt, and doubt outranks calm. */
import type { AuditRecord, Judgement, KindTotals, Report, Verdict } from '../model.ts';
import { counted, SHORT } from '../words.ts';

export type Exit = Report['exit'];

/** 1: something is not as expected · 3: nothing is, but something is unknown · 0: all as expected (DESIGN section 6). */
export function exitOf(record: AuditRecord, judgement: Judgement): Exit {
  const proof = proofs(record, judgement);
  if (proof.length > 0) return { status: 1, because: [...proof, ...doubts(record, judgement)] };
  const doubt = doubts(record, judgement);
  return { status: doubt.length > 0 ? 3 : 0, because: doubt };
}

function proofs(record: AuditRecord, judgement: Judgement): string[] {
  const because: string[] = [];
  const name: Partial<Record<Verdict, string>> = {
    missing: 'missing',
    duplicate: 'duplicate',
    unexpected: 'unexpected',
  };
  judgement.kinds.forEach((totals, kind) => {
    const { name: kindName, orphans } = record.kinds[kind]!;
    for (const [verdict, word] of Object.entries(name)) {
      const messages = totals.verdicts[verdict as Verdict];
      if (messages > 0) because.push(`${kindName}: ${counted(messages, 'message')} ${word}`);
    }
    because.push(...groupProofs(kindName, totals));
    const orphaned = totals.orphans['no-message'];
    if (orphaned > 0 && orphans === 'finding') {
      because.push(`${kindName}: ${counted(orphaned, 'effect')} that no message explains`);
    }
  });
  return because;
}

/** Which of a group's events is short, or has too many, is unknown; that one of them is, is proven. */
function groupProofs(kind: string, { groups }: KindTotals): string[] {
  const { short, missing, excess, extra } = groups;
  const contested = (number: number) =>
    counted(number, 'group of contested events', 'groups of contested events');
  return [
    ...(short > 0
      ? [`${kind}: ${contested(short)} with at least ${counted(missing, 'effect')} missing`]
      : []),
    ...(excess > 0
      ? [`${kind}: ${contested(excess)} with at least ${counted(extra, 'effect')} too many`]
      : []),
  ];
}

function doubts(record: AuditRecord, judgement: Judgement): string[] {
  const because: string[] = [];
  judgement.kinds.forEach((totals, kind) => {
    if (totals.verdicts.unknown === 0) return;
    const reasons = Object.entries(totals.reasons).map(([reason, messages]) => `${reason} ${messages}`);
    because.push(
      `${record.kinds[kind]!.name}: ${counted(totals.verdicts.unknown, 'message')} unknown (${reasons.join(', ')})`,
    );
  });
  // A field that is only asked for its absence may well be on no message: that is noted, but no doubt.
  const needed = record.replay.references.filter(({ mayBeAbsent }) => !mayBeAbsent);
  return [
    ...because,
    ...sharedDoubts(record, judgement),
    ...rangeDoubts(record),
    ...unseenReferences(record, needed),
  ];
}

/** Where each record is one by itself, those that were taken for one effect may be several: duplicates that were not told. */
function sharedDoubts({ coverage }: AuditRecord, { shared }: Judgement): string[] {
  return coverage.flatMap(({ kind, distinct }, entry) => {
    const rows = shared[entry]!;
    if (rows === 0 || distinct !== true) return [];
    const uncounted = rows === 1 ? 'an effect that was' : 'effects that were';
    return [`${kind}: ${sharingRows(rows)} of the same key, and may be ${uncounted} not counted`];
  });
}

/** Such as `2 rows share their id with another row`. */
export function sharingRows(rows: number): string {
  return `${counted(rows, 'row')} ${rows === 1 ? 'shares its id' : 'share their id'} with another row`;
}

function rangeDoubts({ range, replay }: AuditRecord): string[] {
  const because: string[] = [];
  for (const { partition, short } of range.partitions) {
    const { deleted = 0, unseen = 0 } = replay.classes.get(partition) ?? {};
    const where = `partition ${partition}`;
    if (deleted > 0)
      because.push(`${where}: ${counted(deleted, 'offset')} asked for had been deleted from the log`);
    if (unseen > 0)
      because.push(
        `${where}: ${counted(unseen, 'offset')} asked for ${unseen === 1 ? 'is' : 'are'} not in the capture`,
      );
    if (short > 0)
      because.push(`${where}: the range ends ${counted(short, 'offset')} short of what was asked`);
  }
  return [
    ...because,
    ...range.notes.filter((note) => note.startsWith(SHORT)).map((note) => note.slice(SHORT.length)),
  ];
}

/** DESIGN rule 3: a path that no message has is most likely misspelt, and then nothing it decides can be trusted. */
export function unseenReferences({ replay }: AuditRecord, references = replay.references): string[] {
  if (replay.messages === 0) return [];
  const audited = [...replay.classes.values()].some((classes) => classes.audited > 0);
  return references
    .filter(({ setting, seen }) => seen === 0 && (audited || setting === 'messages.where'))
    .map(({ setting, text }) => {
      const whom = setting === 'messages.where' ? 'no message' : 'no audited message';
      return `${setting} names ${text}, which ${whom} has`;
    });
}
