/** A connection's TLS and login in the terms of Node and kafkajs. */
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls';
import type { KafkaConnection, KafkaLogin, KafkaTls } from '../../model.ts';
import { clientCredentials, mskIam, type TokenSource } from './tokens.ts';

interface Password {
  readonly username: string;
  readonly password: string;
}

/** kafkajs's `sasl`. */
export type Sasl =
  | (Password & { readonly mechanism: 'plain' })
  | (Password & { readonly mechanism: 'scram-sha-256' })
  | (Password & { readonly mechanism: 'scram-sha-512' })
  | { readonly mechanism: 'oauthbearer'; oauthBearerProvider: TokenSource };

const MECHANISMS = {
  PLAIN: 'plain',
  'SCRAM-SHA-256': 'scram-sha-256',
  'SCRAM-SHA-512': 'scram-sha-512',
} as const;

/** Amazon's login is OAUTHBEARER with a token of its own. */
export function saslOf({ login }: KafkaConnection, bootstrap: readonly string[]): Sasl | undefined {
  if (login === undefined) return undefined;
  if (login.mechanism === 'OAUTHBEARER') {
    return { mechanism: 'oauthbearer', oauthBearerProvider: clientCredentials(login) };
  }
  if (login.mechanism === 'AWS_MSK_IAM') {
    return { mechanism: 'oauthbearer', oauthBearerProvider: mskIam(login, bootstrap) };
  }
  const { username, password } = login;
  return { mechanism: MECHANISMS[login.mechanism], username, password };
}

/** What opens TLS connections; the certificates and the key are read once for all of them. */
export function tlsOpener(
  tls: KafkaTls,
): (to: { readonly host: string; readonly port: number }, onSecure: () => void) => Socket {
  const { authorities, certificate, key, store, passphrase, verify, checkHost } = tls;
  const secureContext = createSecureContext({
    ca: authorities,
    cert: certificate,
    key,
    pfx: store && Buffer.from(store),
    passphrase,
  });
  const options: ConnectionOptions = {
    secureContext,
    rejectUnauthorized: verify,
    ...(checkHost ? {} : { checkServerIdentity: () => undefined }),
  };
  return ({ host, port }, onSecure) => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    return connect({ host, port, ...servername, ...options }, onSecure);
  };
}

/** What a broker calls a login, for messages. */
export function loginName(login: KafkaLogin): string {
  return login.mechanism === 'AWS_MSK_IAM' ? 'OAUTHBEARER' : login.mechanism;
}

/** What a server says to a SASL handshake. */
export interface HandshakeAnswer {
  /** Of the protocol; 0: it goes on with the mechanism that was asked for. */
  readonly code: number;
  readonly mechanisms: readonly string[];
}

/**
 * The answer to a SASL handshake; kafkajs reads it and drops it. A size, the number of the request, an error code and a
 * list of names. (https://kafka.apache.org/protocol#The_Messages_SaslHandshake)
 * @returns undefined: this is no such answer
 */
export function handshakeAnswer(response: Buffer): HandshakeAnswer | undefined {
  if (response.length < 14 || response.readInt32BE(0) !== response.length - 4) return undefined;
  const mechanisms: string[] = [];
  let at = 14;
  for (let left = response.readInt32BE(10); left > 0 && at + 2 <= response.length; left--) {
    const end = at + 2 + response.readInt16BE(at);
    mechanisms.push(response.toString('utf8', at + 2, end));
    at = end;
  }
  return at === response.length ? { code: response.readInt16BE(8), mechanisms } : undefined;
}
