/** Joins the events of a mail log to emails: by queue id, by its re-use, and from one queue to the next. */
import type { Carriers } from './carriers.ts';
import { earlier, type Handover, type Point, QueuedMail } from './email.ts';
import type { MailEvent } from './postfix.ts';

const SECOND = 1e6;
/** Lines of one email may still come this long (in the log's own time) after the one that says it is over. */
const LATE = 30 * SECOND;
/** Two openings of one queue id that are further apart are two emails, even where the end of the first was not seen. */
const REOPENED = 5 * SECOND;

type Opening = Extract<MailEvent, { what: 'opened' }>;
type Delivery = Extract<MailEvent, { what: 'delivery' }>;

/**
 * Keeps the emails that are in the queue, and those that left it in the last seconds. Whatever is older is finished:
 * `take` hands it over, and it is forgotten.
 */
export class Emails {
  readonly #carriers: Carriers;
  /** Every life of a queue id that is not over, on any host, in the order in which they began. */
  readonly #queued = new Map<string, QueuedMail[]>();
  /** One copy of every host and instance. */
  readonly #names = new Map<string, string>();
  readonly #ending = new Fifo<QueuedMail>();
  /** Hand-overs to a queue id that has not shown up, by that id. */
  readonly #expected = new Map<string, { readonly from: QueuedMail; readonly handover: Handover }[]>();
  readonly #expectations = new Fifo<string>();
  #finished: QueuedMail[] = [];
  /** The latest time of any line. */
  #now = Number.NEGATIVE_INFINITY;

  constructor(carriers: Carriers) {
    this.#carriers = carriers;
  }

  /** To be told of every line, also of those without an event: it makes waiting end. */
  advance(time: number): void {
    if (time <= this.#now) return;
    this.#now = time;
    for (const mail of this.#ending.until(time - LATE)) this.#settle(mail);
    for (const queueId of this.#expectations.until(time - LATE)) this.#expected.delete(queueId);
  }

  add(event: MailEvent, point: Point): void {
    const mail = this.#mailOf(event, point);
    mail.first = earlier(mail.first, point);
    switch (event.what) {
      case 'opened':
        this.#opened(mail, event, point);
        break;
      case 'header':
        this.#carriers.header(mail, event);
        if (event.refused !== undefined) this.#refused(mail, event.refused);
        break;
      case 'active':
        mail.active = earlier(mail.active, point);
        mail.accepted = true;
        mail.recipients = Math.max(mail.recipients, event.recipients);
        mail.notice ||= event.sender === '';
        this.#carriers.sender(mail, event.sender);
        break;
      case 'delivery':
        this.#delivered(mail, event, point);
        break;
      case 'notice':
        this.#mailOf({ ...event, queueId: event.notice, what: 'mentioned' }, point).notice = true;
        break;
      case 'refused':
        this.#refused(mail, event.refused);
        break;
      case 'removed':
        mail.removed ??= point;
        this.#end(mail);
    }
  }

  /** Whole emails, each by its root, that no line can change any more. */
  take(): QueuedMail[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  /** The log is at its end: what is still in the queue is handed over as it stands. */
  end(): void {
    for (const mails of [...this.#queued.values()]) {
      for (const mail of [...mails]) this.#settle(mail);
    }
  }

  /** The life of the queue id that a line belongs to; a new one where there is none, or where this line begins it. */
  #mailOf(event: MailEvent, point: Point): QueuedMail {
    const lives = this.#queued.get(event.queueId);
    const found = lives === undefined ? undefined : lifeAt(lives, event, point.time);
    const mail =
      found === undefined || (event.what === 'opened' && begins(found, point.time))
        ? this.#begin(event, point)
        : found;
    if (found !== undefined && found !== mail) this.#end(found);
    return mail;
  }

  #begin(event: MailEvent, point: Point): QueuedMail {
    const queueId = detached(event.queueId);
    const origin = { host: this.#name(event.host), instance: this.#name(event.instance), queueId };
    const mail = new QueuedMail(origin, point);
    const lives = this.#queued.get(queueId);
    if (lives === undefined) this.#queued.set(queueId, [mail]);
    else lives.push(mail);
    for (const { from, handover } of this.#expected.get(queueId) ?? []) this.#follow(from, handover, mail);
    return mail;
  }

  #name(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = detached(text);
    this.#names.set(name, name);
    return name;
  }

  #opened(mail: QueuedMail, event: Opening, point: Point): void {
    mail.opened ??= point.time;
    if (event.sender !== undefined) this.#carriers.sender(mail, event.sender);
    if (event.of === undefined) return;
    const parent = this.#queued.get(event.of)?.findLast((one) => one !== mail);
    if (parent !== undefined) adopt(parent, mail);
  }

  #delivered(mail: QueuedMail, event: Delivery, point: Point): void {
    mail.accepted = true;
    if (event.recipient !== undefined) this.#carriers.recipient(mail, event.recipient);
    if (event.original !== undefined) this.#carriers.recipient(mail, event.original);
    if (event.status === 'probe') mail.probe = true;
    else if (event.status === 'deferred') mail.deferred = true;
    else if (event.status === 'bounced') mail.bounced = true;
    else if (event.nowhere) mail.discards++;
    else if (event.next === undefined) mail.sent = earlier(mail.sent, point);
    else this.#handedOver(mail, event.next, point);
  }

  #handedOver(mail: QueuedMail, next: string, point: Point): void {
    const queueId = detached(next);
    const handover: Handover = { point, queueId, next: undefined };
    mail.handovers.push(handover);
    for (const one of this.#queued.get(queueId) ?? []) this.#follow(mail, handover, one);
    if (handover.next !== undefined) return;
    const expected = this.#expected.get(queueId) ?? [];
    expected.push({ from: mail, handover });
    this.#expected.set(queueId, expected);
    this.#expectations.push(queueId, this.#now);
  }

  /** Joins two queue ids, if the second can be what came of the first: remote servers use the same words. */
  #follow(from: QueuedMail, handover: Handover, to: QueuedMail): void {
    const inTime = to.first.time >= from.first.time - LATE && to.first.time <= handover.point.time + LATE;
    if (handover.next !== undefined || to === from || !inTime) return;
    if (adopt(from, to)) handover.next = to;
  }

  #refused(mail: QueuedMail, refused: NonNullable<QueuedMail['refused']>): void {
    mail.refused = refused;
    // A held mail stays in the queue until somebody releases it.
    if (refused !== 'hold') this.#end(mail);
  }

  #end(mail: QueuedMail): void {
    if (mail.over) return;
    mail.over = true;
    this.#ending.push(mail, this.#now);
  }

  #settle(mail: QueuedMail): void {
    if (mail.settled) return;
    mail.settled = true;
    const lives = this.#queued.get(mail.queueId)!;
    if (lives.length === 1) this.#queued.delete(mail.queueId);
    else lives.splice(lives.indexOf(mail), 1);
    const { root } = mail;
    for (const member of root.members()) if (!member.settled) return;
    this.#finished.push(root);
  }
}

/** Of the lives of a queue id at one place, the one that a line of this time belongs to. */
function lifeAt(lives: readonly QueuedMail[], event: MailEvent, time: number): QueuedMail | undefined {
  let found: QueuedMail | undefined;
  for (const life of lives) {
    if (life.host !== event.host || life.instance !== event.instance) continue;
    const begun = life.opened === undefined || secondOf(life.opened) <= secondOf(time);
    if (found === undefined || begun) found = life;
  }
  return found;
}

/**
 * Whether an opening line begins another email with the same queue id. Many logs know only seconds and mix the lines
 * of one, so an opening in the second of the removal, or before it, is this email's own, or the same line once more
 * from a second file.
 */
function begins(life: QueuedMail, time: number): boolean {
  const second = secondOf(time);
  if (life.removed !== undefined && second > secondOf(life.removed.time)) return true;
  return second * SECOND > (life.opened ?? life.first.time) + REOPENED;
}

/** Makes `child` a part of `parent`'s email. False: it is part of another one. */
function adopt(parent: QueuedMail, child: QueuedMail): boolean {
  if (child.parent === undefined && parent.root !== child) {
    child.parent = parent;
    parent.children.push(child);
  }
  return child.root === parent.root;
}

/** A copy of a text cut from a line, which would keep the whole piece of the file alive. */
function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function secondOf(time: number): number {
  return Math.floor(time / SECOND);
}

/** Things in the order in which they were put in, each with the time of that. */
class Fifo<Thing> {
  #things: { readonly thing: Thing; readonly since: number }[] = [];
  #next = 0;

  push(thing: Thing, since: number): void {
    this.#things.push({ thing, since });
  }

  /** Takes out those that have been in since before a time. */
  *until(time: number): Generator<Thing> {
    while (this.#next < this.#things.length && this.#things[this.#next]!.since < time) {
      yield this.#things[this.#next++]!.thing;
    }
    if (this.#next > 1000 && this.#next * 2 > this.#things.length) {
      this.#things = this.#things.slice(this.#next);
      this.#next = 0;
    }
  }
}
