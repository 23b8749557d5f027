/** Refuses a report whose sums do not agree: that is a defect of ours, which no number may hide. */
import type { AuditRecord, Judgement, KindTotals, OffsetClasses } from '../model.ts';

/** @throws Error that names the sums which differ */
export function refuseWrongSums(record: AuditRecord, judgement: Judgement): void {
  const wrong = [...wrongClasses(record, judgement), ...wrongMessages(record, judgement)];
  if (wrong.length === 0) return;
  throw new Error(`the sums of the report do not agree, which is a defect of onceover: ${wrong.join('; ')}`);
}

/** DESIGN rule 2: every offset asked for is in exactly one class. */
function wrongClasses({ range, replay }: AuditRecord, { messages }: Judgement): string[] {
  const wrong = range.partitions.flatMap(({ partition, first, end }) => {
    const classes = replay.classes.get(partition);
    const sum = classes === undefined ? 0 : sumOf(classes);
    return differ(`classes of partition ${partition}`, sum, 'offsets', end - first);
  });
  const audited = [...replay.classes.values()].reduce((sum, classes) => sum + classes.audited, 0);
  return [
    ...wrong,
    ...differ(
      'offsets audited and messages of aborted transactions',
      audited + messages.aborted,
      'audited messages',
      messages.audited,
    ),
  ];
}

/** Every audited message has one line for each kind, and one signature. */
function wrongMessages(record: AuditRecord, { messages, kinds, signatures }: Judgement): string[] {
  const { audited, events } = messages;
  return [
    ...differ('signatures', sumOf(signatures.map((one) => one.messages)), 'audited messages', audited),
    ...kinds.flatMap((totals, kind) => wrongTotals(record.kinds[kind]!.name, totals, { audited, events })),
  ];
}

function wrongTotals(
  kind: string,
  totals: KindTotals,
  { audited, events }: Pick<Judgement['messages'], 'audited' | 'events'>,
): string[] {
  const { verdicts, outcomes, matrix, reasons, matched } = totals;
  const ofCells = (what: 'messages' | 'events') => sumOf(matrix.map((cell) => cell[what]));
  const counted = sumOf(matrix.map((cell) => (cell.count ?? 0) * cell.events));
  return [
    ...differ(`verdicts of ${kind}`, sumOf(verdicts), 'audited messages', audited),
    ...differ(`outcomes of ${kind}`, sumOf(outcomes), 'audited messages', audited),
    ...differ(`matrix of ${kind}`, ofCells('messages'), 'audited messages', audited),
    ...differ(`events in the matrix of ${kind}`, ofCells('events'), 'events', events),
    ...differ(`reasons of ${kind}`, sumOf(reasons), 'unknown messages', verdicts.unknown),
    ...differ(`matched effects of ${kind}`, matched, 'effects in the matrix', counted),
  ];
}

function differ(what: string, sum: number, of: string, whole: number): string[] {
  return sum === whole ? [] : [`${what} are ${sum}, ${of} ${whole}`];
}

function sumOf(counts: readonly number[] | OffsetClasses | Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
