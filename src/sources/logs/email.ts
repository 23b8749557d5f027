/** One queue id's life as the log tells it, and the emails that such lives make up together. */
import type { Refusal } from './postfix.ts';

/** A time (epoch microseconds) and the line that says it. */
export interface Point {
  readonly time: number;
  readonly place: number;
  readonly line: number;
}

/** The other side took it and named a queue id, which may be one of this log. */
export interface Handover {
  readonly point: Point;
  readonly queueId: string;
  next: QueuedMail | undefined;
}

export class QueuedMail {
  readonly host: string;
  readonly instance: string;
  readonly queueId: string;
  /** Its earliest line of any kind. */
  first: Point;
  /** Time of the client's or pickup's line; undefined: cut off, or Postfix made the mail itself. */
  opened: number | undefined;
  /** When the queue manager first had it: from then on it is accepted. */
  active: Point | undefined;
  /** The first hand-over to somebody who named no queue id. */
  sent: Point | undefined;
  /** Something shows that it was in the queue. */
  accepted = false;
  deferred = false;
  bounced = false;
  probe = false;
  /** A bounce or delay notification. */
  notice = false;
  refused: Refusal | undefined;
  /** Recipients it was thrown away for, and recipients in all, as the queue manager counts. */
  discards = 0;
  recipients = 1;
  removed: Point | undefined;
  handovers: Handover[] = [];
  /** The queue id it came from on this machine, and those that came from it. */
  parent: QueuedMail | undefined;
  children: QueuedMail[] = [];
  /** It left the queue; a few late lines may follow. */
  over = false;
  /** No more lines are waited for. */
  settled = false;
  /** Per key part, what its header said; undefined: the header was not seen. */
  readonly values: (string[] | undefined)[] = [];
  /** Bit i: condition i of `only` could be tested, and passed. */
  tested = 0;
  passed = 0;

  constructor(origin: { host: string; instance: string; queueId: string }, first: Point) {
    this.host = origin.host;
    this.instance = origin.instance;
    this.queueId = origin.queueId;
    this.first = first;
  }

  /** The queue id in which the email came in first. */
  get root(): QueuedMail {
    let root: QueuedMail = this;
    while (root.parent !== undefined) root = root.parent;
    return root;
  }

  /** This one and all that came from it, the root first. */
  *members(): Generator<QueuedMail> {
    yield this;
    for (const child of this.children) yield* child.members();
  }
}

export function earlier(a: Point | undefined, b: Point): Point {
  return a !== undefined && a.time <= b.time ? a : b;
}
