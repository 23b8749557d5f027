/** The shop's mail server with what lies behind it: Postfix and a sink, or one stand-in for both. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostfix } from '../servers/postfix.ts';
import { type Answer, type SinkMail, startSink } from '../servers/sink.ts';
import { CLOSED_DOMAIN, SLOW_DOMAIN } from './events.ts';

export interface MailServer {
  /** Where the shop hands in its mail. */
  readonly port: number;
  /** In Postfix's format, times in UTC. */
  readonly logFile: string;
  /** What went out, counted where it arrived; complete once `drained`. */
  readonly sent: readonly SinkMail[];
  drained(): Promise<void>;
  stop(): Promise<void>;
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  [SLOW_DOMAIN]: { is: 'defer', times: 1 },
  [CLOSED_DOMAIN]: { is: 'reject' },
};

/** @throws ServerUnavailable where Postfix cannot run. */
export async function startRealMail(): Promise<MailServer> {
  const sink = await startSink(ANSWERS);
  const postfix = await startPostfix({ relayPort: sink.port }).catch(async (error) => {
    await sink.stop();
    throw error;
  });
  return {
    port: postfix.port,
    logFile: postfix.logFile,
    sent: sink.mails,
    drained: () => postfix.drained(),
    stop: async () => {
      await postfix.stop();
      await sink.stop();
    },
  };
}

/** Takes mail itself and writes in `directory` the log that Postfix would have written. */
export async function startMailStandIn(directory: string): Promise<MailServer> {
  const logFile = join(directory, 'mail.log');
  writeFileSync(logFile, '');
  let number = 0;
  const sink = await startSink({}, (mail) => {
    number += 1;
    appendFileSync(logFile, postfixLines(mail, number).join(''));
  });
  return {
    port: sink.port,
    logFile,
    sent: sink.mails,
    drained: async () => {},
    stop: () => sink.stop(),
  };
}

/** One mail's way through Postfix 3.7 as it logs it; queue ids are made from `number`. */
function postfixLines(mail: SinkMail, number: number): string[] {
  const id = (0xa0000000 + number).toString(16).toUpperCase();
  const to = mail.recipients[0] ?? '';
  const header =
    mail.orderId === undefined
      ? []
      : [
          `cleanup[102]: ${id}: info: header X-Order-ID: ${mail.orderId} from unknown[127.0.0.1]; ` +
            `from=<${mail.from}> to=<${to}> proto=ESMTP helo=<[127.0.0.1]>`,
        ];
  const lines = [
    `smtpd[101]: ${id}: client=unknown[127.0.0.1]`,
    ...header,
    `cleanup[102]: ${id}: message-id=<${number}@shop.test>`,
    `qmgr[103]: ${id}: from=<${mail.from}>, size=420, nrcpt=1 (queue active)`,
    `smtp[104]: ${id}: to=<${to}>, relay=127.0.0.1[127.0.0.1]:25, delay=0.02, delays=0.01/0/0/0.01, dsn=2.0.0, ` +
      'status=sent (250 OK: message queued)',
    `qmgr[103]: ${id}: removed`,
  ];
  return lines.map((line) => `${syslogTime(mail.at)} mail postfix/${line}\n`);
}

/** `Nov 23 20:56:58`, the day padded with a space (RFC 3164, section 4.1.2), in UTC. */
function syslogTime(at: Date): string {
  const month = at.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
  const day = String(at.getUTCDate()).padStart(2, ' ');
  return `${month} ${day} ${at.toISOString().slice(11, 19)}`;
}
