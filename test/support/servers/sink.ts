/** Where all mail ends: an SMTP server that keeps a list of what reached it, the independent count of emails. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

/** What the sink says to the mail of a recipient's domain: refused for good, or put off so many times before. */
export type Answer =
  | { readonly is: 'accept' }
  | { readonly is: 'reject' }
  | { readonly is: 'defer'; readonly times: number };

/** One email that got here and was taken or refused for good; a bounced email was sent all the same. */
export interface SinkMail {
  /** The X-Order-ID header; undefined: none. */
  readonly orderId: string | undefined;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly at: Date;
  readonly outcome: 'accepted' | 'rejected';
}

export interface Sink {
  readonly port: number;
  /** In the order of their arrival; it grows while mail comes in. */
  readonly mails: readonly SinkMail[];
  stop(): Promise<void>;
}

/**
 * @param answers by recipient domain; every other domain is accepted
 * @param notice called for each mail of the list, before its sender has the answer
 */
export async function startSink(
  answers: Readonly<Record<string, Answer>> = {},
  notice: (mail: SinkMail) => void = () => {},
): Promise<Sink> {
  const mails: SinkMail[] = [];
  const deferrals = new Map<string, number>();
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    hideSMTPUTF8: false,
    onData: (stream, session, done) => {
      receive(stream, session).then((mail) => {
        const answer = answers[domainOf(mail.recipients[0])] ?? { is: 'accept' };
        if (answer.is === 'defer' && isPutOff(deferrals, mail, answer.times)) {
          return done(reply(451, '4.7.1 Try again later'));
        }
        const outcome = answer.is === 'reject' ? 'rejected' : 'accepted';
        mails.push({ ...mail, outcome });
        notice(mails.at(-1)!);
        done(outcome === 'rejected' ? reply(550, '5.1.1 User unknown') : null);
      }, done);
    },
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function receive(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
): Promise<Omit<SinkMail, 'outcome'>> {
  const content = await buffer(stream);
  const { mailFrom, rcptTo } = session.envelope;
  return {
    orderId: headerOf(content.toString('utf8'), 'x-order-id'),
    from: mailFrom === false ? '' : mailFrom.address,
    recipients: rcptTo.map((recipient) => recipient.address),
    at: new Date(),
  };
}

/** The header's value in the mail's own head, not in a mail that it encloses, as a bounce notice does. */
function headerOf(mail: string, name: string): string | undefined {
  const head = mail.slice(0, mail.indexOf('\r\n\r\n')).split('\r\n');
  const line = head.find((header) => header.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

/** Whether this mail has been put off fewer than `times` so far; counts it as put off once more if so. */
function isPutOff(deferrals: Map<string, number>, mail: Omit<SinkMail, 'outcome'>, times: number): boolean {
  const which = `${mail.orderId} ${mail.recipients.join(' ')}`;
  const before = deferrals.get(which) ?? 0;
  deferrals.set(which, before + 1);
  return before < times;
}

function domainOf(address: string | undefined): string {
  return address?.split('@').at(-1) ?? '';
}

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
