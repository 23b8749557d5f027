/** Which of the emails of a log count, as of when, and under which name. */
import type { EmailSettings } from '../../model.ts';
import type { Carriers } from './carriers.ts';
import { earlier, type Point, type QueuedMail } from './email.ts';
import { isWantedAt, type Wanted } from './rows.ts';

export type Exclusion =
  | 'bounce-notice'
  | 'probe'
  | 'discarded'
  | 'rejected'
  | 'not-accepted'
  | 'only'
  | 'only-unseen'
  | 'not-delivered'
  | 'out-of-time';

/** A queue id of nothing but hex digits is used again, perhaps within a minute; a long one never. */
const REUSED = /^[0-9A-F]+$/;

/** The moment that counts an email (DESIGN rule 5), or why it does not count. */
export function countedAt(
  root: QueuedMail,
  settings: EmailSettings,
  carriers: Carriers,
  wanted: Wanted,
): Point | Exclusion {
  const never = notAnEmail([...root.members()]);
  if (never !== undefined) return never;
  const lets = carriers.lets(root);
  if (lets !== 'in') return lets === 'out' ? 'only' : 'only-unseen';
  const point = settings.counts === 'delivered' ? deliveredAt(root) : acceptedAt(root);
  if (point === undefined) return 'not-delivered';
  return isWantedAt(point.time, wanted) ? point : 'out-of-time';
}

/**
 * Host, queue id and, as queue ids are used again, the second of its acceptance. It depends on nothing but the
 * email's own lines, so that it stays the same whatever else is read with them.
 */
export function effectId(root: QueuedMail): string {
  const { host, instance, queueId } = root;
  const place = instance === 'postfix' ? host : `${host}/${instance}`;
  if (!REUSED.test(queueId)) return `${place}/${queueId}`;
  const second = Math.floor((root.active ?? root.first).time / 1e6);
  return `${place}/${queueId}@${new Date(second * 1000).toISOString().replace('.000', '')}`;
}

function notAnEmail(members: readonly QueuedMail[]): Exclusion | undefined {
  if (members.some((mail) => mail.notice)) return 'bounce-notice';
  if (members.some((mail) => mail.probe)) return 'probe';
  if (members.some(thrownAway) && !members.some(wentOut)) return 'discarded';
  if (members.some((mail) => mail.accepted)) return undefined;
  const refused = members.find((mail) => mail.refused !== undefined)?.refused;
  if (refused === undefined) return 'not-accepted';
  return refused === 'discard' ? 'discarded' : 'rejected';
}

/** Somebody took it, or refused to: a bounced email was sent. */
function wentOut(mail: QueuedMail): boolean {
  if (mail.sent !== undefined || mail.bounced) return true;
  if (mail.handovers.some(({ next }) => next === undefined)) return true;
  return mail.deferred && mail.removed === undefined;
}

/** For all of its recipients, as far as they were tried before the log ends. */
function thrownAway(mail: QueuedMail): boolean {
  return mail.discards > 0 && (mail.removed !== undefined || mail.discards >= mail.recipients);
}

export function acceptedAt(root: QueuedMail): Point {
  let point: Point | undefined;
  for (const mail of root.members()) point = earlier(point, mail.active ?? mail.first);
  return point!;
}

/** The first hand-over that was not to another queue of this log. */
function deliveredAt(root: QueuedMail): Point | undefined {
  let point: Point | undefined;
  for (const mail of root.members()) {
    if (mail.sent !== undefined) point = earlier(point, mail.sent);
    for (const handover of mail.handovers) {
      if (handover.next === undefined) point = earlier(point, handover.point);
    }
  }
  return point;
}
