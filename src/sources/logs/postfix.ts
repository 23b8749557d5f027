/** What one line of a Postfix log says about one email. */

/** Where a line comes from: queue ids are unique within one instance of one host, and only for a while. */
interface Origin {
  readonly host: string;
  /** First part of syslog_name: `postfix` also where a service adds `/submission`. */
  readonly instance: string;
  readonly queueId: string;
}

export type MailEvent = Origin &
  (
    | { readonly what: 'opened'; readonly of?: string; readonly sender?: string }
    /** A header as header_checks or cleanup log it. `cut`: the text may go on. */
    | {
        readonly what: 'header';
        readonly name: string;
        readonly value: string;
        readonly cut: boolean;
        readonly sender?: string;
        readonly recipient?: string;
        readonly refused?: Refusal;
      }
    | { readonly what: 'active'; readonly sender: string; readonly recipients: number }
    | {
        readonly what: 'delivery';
        readonly status: Status;
        readonly recipient?: string;
        readonly original?: string;
        /** No relay took it: what is `sent` there was thrown away. */
        readonly nowhere: boolean;
        /** The queue id that the other side gave it, as it says. */
        readonly next?: string;
      }
    /** Another queue id is a notification about this one. */
    | { readonly what: 'notice'; readonly notice: string }
    | { readonly what: 'refused'; readonly refused: Refusal }
    | { readonly what: 'removed' }
    | { readonly what: 'mentioned' }
  );

export type Refusal = 'reject' | 'discard' | 'hold';
export type Status = 'sent' | 'deferred' | 'bounced' | 'probe';

/** A line of another program; a Postfix line about no email; or a line that was cut or mixed with another. */
export type NoEvent = 'foreign' | 'other' | 'torn';

/** smtpd, cleanup, … and what they are called in old versions. The last part of a tag is the daemon. */
const DAEMON =
  /^(?:smtpd|smtp|lmtp|relay|cleanup|qmgr|nqmgr|oqmgr|pickup|local|virtual|pipe|bounce|defer|trace|error|retry|discard|verify|postsuper)$/;
const TAG = /([^\s[\]:]+)(?:\[\d+\])?: /y;
const FOREIGN_TAG = /\S+:(?: |$)|-- MARK --|last message repeated /y;
/** Short: hex digits of the time and the inode. Long: 52 letters and digits without vowels (enable_long_queue_ids). */
const QUEUE_ID = /([0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{12,24}):(?: |$)/y;
/** A second tag inside a line: two lines were written over each other. */
const SECOND_TAG = /[a-z]\[\d+\]: (?:NOQUEUE|[0-9A-Za-z]{6,24}): /;
const BARE_QUEUE_ID = /^[0-9A-F]{6,20}:?$/;

/** cleanup_message.c writes `header %.200s`: name, colon and value. */
const HEADER_CUT = 200;
/** Greedy to the last ` from CLIENT;`: the value may hold such words itself. */
const HEADER = /^([a-z-]+): header ([!-9;-~]+):(.*) from ([^\s;]+); from=<([^>]*)>(?: to=<([^>]*)>)?/s;
const HEADER_BEGUN = /^[a-z-]+: header /;
const REFUSED = /^(?:milter-)?(reject|discard|hold): /;
const ACTIVE = /^from=<(.*)>, size=\d+, nrcpt=(\d+) \(queue active\)/;
const ADDRESS = /^to=(?:<([^>]*)>|([^,]*)),/;
const ORIGINAL = /, orig_to=(?:<([^>]*)>|([^,]*)),/;
const STATUS = /, status=([a-z-]+)(?: \((.*))?$/s;
const NEXT = /\b(?:queued|forwarded) as ([0-9A-Za-z]{6,24})\b/g;
const NOTICE = /notification: ([0-9A-Za-z]{6,24})$/;
const STATUSES: Readonly<Record<string, Status>> = {
  sent: 'sent',
  deferred: 'deferred',
  bounced: 'bounced',
  expired: 'bounced',
  'force-expired': 'bounced',
  deliverable: 'probe',
  undeliverable: 'probe',
};

/**
 * @param line the whole line
 * @param start where it goes on after its time: at a blank
 */
export function parsePostfix(line: string, start: number): MailEvent | NoEvent {
  const hostEnd = line.indexOf(' ', start + 1);
  if (hostEnd < 0) return 'torn';
  const tag = at(TAG, line, hostEnd + 1);
  if (tag === null) return withoutTag(line, hostEnd + 1);
  const [daemon, instance] = daemonOf(tag[1]!);
  if (daemon === undefined && !tag[1]!.startsWith('postfix')) return 'foreign';
  const body = hostEnd + 1 + tag[0].length;
  if (line.includes(']: ', body) && SECOND_TAG.test(line.slice(body))) return 'torn';
  if (daemon === undefined) return 'other';
  const id = at(QUEUE_ID, line, body);
  if (id === null) return withoutQueueId(line, body);
  const origin = { host: line.slice(start + 1, hostEnd), instance, queueId: id[1]! };
  return eventOf(origin, daemon, line.slice(body + id[0].length));
}

function at(pattern: RegExp, line: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(line);
}

function withoutTag(line: string, index: number): NoEvent {
  if (line.startsWith('postfix', index)) return 'torn';
  return at(FOREIGN_TAG, line, index) === null ? 'torn' : 'foreign';
}

function withoutQueueId(line: string, body: number): NoEvent {
  return body === line.length || BARE_QUEUE_ID.test(line.slice(body)) ? 'torn' : 'other';
}

/** Daemon and instance of a tag such as `postfix-out/submission/smtpd`; no daemon: not one that names emails. */
function daemonOf(tag: string): [daemon: string | undefined, instance: string] {
  const slash = tag.lastIndexOf('/');
  const daemon = tag.slice(slash + 1);
  if (slash < 0 || !DAEMON.test(daemon)) return [undefined, ''];
  return [daemon, tag.slice(0, tag.indexOf('/'))];
}

function eventOf(origin: Origin, daemon: string, text: string): MailEvent | 'torn' {
  if (text === '') return 'torn';
  if (text.startsWith('to=')) return deliveryOf(origin, text);
  switch (daemon) {
    case 'bounce':
    case 'defer':
    case 'trace':
      return noticeOf(origin, text);
    case 'smtpd':
    case 'pickup':
      return openedOf(origin, text);
    case 'cleanup':
      return cleanupOf(origin, text);
    case 'qmgr':
    case 'nqmgr':
    case 'oqmgr':
    case 'postsuper':
      return queueOf(origin, text);
    default:
      return { ...origin, what: 'mentioned' };
  }
}

function noticeOf(origin: Origin, text: string): MailEvent {
  const notice = NOTICE.exec(text)?.[1];
  return notice === undefined ? { ...origin, what: 'mentioned' } : { ...origin, what: 'notice', notice };
}

function openedOf(origin: Origin, text: string): MailEvent {
  if (!/^(?:client|uid)=/.test(text)) return { ...origin, what: 'mentioned' };
  const of = / orig(?:_queue)?_id=([0-9A-Za-z]{6,24})/.exec(text)?.[1];
  const sender = / from=<([^>]*)>/.exec(text)?.[1];
  return {
    ...origin,
    what: 'opened',
    ...(of === undefined ? {} : { of }),
    ...(sender === undefined ? {} : { sender }),
  };
}

function cleanupOf(origin: Origin, text: string): MailEvent | 'torn' {
  if (text.startsWith('message-id='))
    return { ...origin, what: 'header', name: 'message-id', value: text.slice(11), cut: false };
  const refused = REFUSED.exec(text)?.[1] as Refusal | undefined;
  if (HEADER_BEGUN.test(text)) return headerOf(origin, text, refused);
  if (refused !== undefined) return { ...origin, what: 'refused', refused };
  return { ...origin, what: 'mentioned' };
}

function headerOf(origin: Origin, text: string, refused: Refusal | undefined): MailEvent | 'torn' {
  const found = HEADER.exec(text);
  if (found === null) return 'torn';
  const [, , name, value, , sender, recipient] = found;
  return {
    ...origin,
    what: 'header',
    name: name!.toLowerCase(),
    value: value!.trim(),
    cut: name!.length + 1 + value!.length >= HEADER_CUT,
    sender: sender!,
    ...(recipient === undefined ? {} : { recipient }),
    ...(refused === undefined ? {} : { refused }),
  };
}

function queueOf(origin: Origin, text: string): MailEvent | 'torn' {
  if (text === 'removed') return { ...origin, what: 'removed' };
  if ('removed'.startsWith(text) || text.startsWith('removed')) return 'torn';
  if (!text.startsWith('from=')) return { ...origin, what: 'mentioned' };
  const active = ACTIVE.exec(text);
  if (active !== null)
    return { ...origin, what: 'active', sender: active[1]!, recipients: Number(active[2]) };
  // `from=<…>, status=expired, returned to sender`
  return / status=(?:force-)?expired, /.test(text)
    ? { ...origin, what: 'delivery', status: 'bounced', nowhere: false }
    : 'torn';
}

function deliveryOf(origin: Origin, text: string): MailEvent | 'torn' {
  const address = ADDRESS.exec(text);
  const said = STATUS.exec(text);
  const status = said === null ? undefined : STATUSES[said[1]!];
  if (address === null || status === undefined) return 'torn';
  const original = ORIGINAL.exec(text);
  const next = status === 'sent' ? nextOf(said![2] ?? '') : undefined;
  return {
    ...origin,
    what: 'delivery',
    status,
    recipient: address[1] ?? address[2]!,
    ...(original === null ? {} : { original: original[1] ?? original[2]! }),
    nowhere: text.includes(', relay=none, '),
    ...(next === undefined ? {} : { next }),
  };
}

/** A filter repeats what the server behind it said: the last one is it. */
function nextOf(reply: string): string | undefined {
  let next: string | undefined;
  for (const match of reply.matchAll(NEXT)) next = match[1];
  return next;
}
