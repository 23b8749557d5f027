/** What became of each server that was tried, and what that tells whoever wrote down how to reach it. */
import type { Socket } from 'node:net';
import { AuditError } from '../../error.ts';
import type { KafkaConnection } from '../../model.ts';

/** One way to fail, in words: what the server did, and what to do about it. */
interface Fate {
  readonly text: string;
  readonly hint?: string;
}

const REACH = 'Check messages.kafka.bootstrap, and that the servers are up and can be reached from here.';

/** Watches the connections that are tried. */
export class Fates {
  readonly #connection: KafkaConnection;
  readonly #fates = new Map<string, Fate>();
  #isLetIn = false;
  #isGreeted = false;
  /** How often a connection was closed although a server had greeted, and nobody logged in. */
  #shownOut = 0;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
  }

  /** Follows a connection from its beginning. Until {@link letIn}, one on which nothing is heard ends with an error. */
  watch(socket: Socket, address: string, patienceMs: number): void {
    this.#fates.set(address, { text: `no answer within ${patienceMs / 1000} s` });
    socket.once('connect', () => this.#fates.set(address, { text: SILENT }));
    socket.once('end', () => this.#fates.set(address, this.#closed(first)));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fates.set(address, this.#failed(error)));
    let first: number | undefined;
    socket.once('data', (bytes: Buffer) => {
      first = bytes[0];
      if (first !== TLS_ALERT) this.#isGreeted = true;
    });
    if (!this.#isLetIn) endSilence(socket, patienceMs, () => first !== undefined || this.#isLetIn);
  }

  /** From now on it is known that the connection is as it should be. */
  letIn(): void {
    this.#isLetIn = true;
  }

  /** Whether the servers want a login and this client has none; looks after a second time, as the first may be chance. */
  get wantsLogin(): boolean {
    return !this.#isLetIn && this.#shownOut > 1;
  }

  loginWanted(servers: string, cause: unknown): AuditError {
    const message = `Kafka at ${servers} answers a greeting and then closes the connection.`;
    return new AuditError(4, message, { hint: this.#loginHint, cause });
  }

  /** The error for a cluster of which no server could be talked to. @param complaint in case nothing was tried at all */
  nobodyAnswers(complaint: string, cause: unknown): AuditError {
    const all = [...this.#fates];
    const told = all.map(([address, { text }]) => `${address} (${text})`).join(', ') || complaint;
    const hint = all.find(([, fate]) => fate.hint !== undefined)?.[1].hint;
    const what = hint === undefined ? 'No Kafka server answers' : 'No connection to Kafka';
    return new AuditError(4, `${what}: ${told}.`, { hint: hint ?? REACH, cause });
  }

  get #loginHint(): string {
    const protocol = this.#connection.tls === undefined ? 'SASL_PLAINTEXT or SASL_SSL' : 'SASL_SSL';
    return `A port that wants a login does so: then set security.protocol to ${protocol}, and sasl.mechanism.`;
  }

  #closed(first: number | undefined): Fate {
    const { tls, login } = this.#connection;
    if (tls === undefined && first === TLS_ALERT) return { text: 'answers in TLS', hint: TLS_WANTED };
    if (tls === undefined && !this.#isGreeted)
      return { text: 'closed the connection without a word', hint: MAY_WANT_TLS };
    if (login !== undefined || !this.#isGreeted) return { text: 'closed the connection' };
    this.#shownOut++;
    return { text: 'closed the connection', hint: this.#loginHint };
  }

  #failed(error: NodeJS.ErrnoException): Fate {
    const fate = this.#connection.tls === undefined ? undefined : this.#failedTls(error);
    return fate ?? { text: error.code ?? error.message };
  }

  #failedTls(error: NodeJS.ErrnoException): Fate | undefined {
    const { code = '', message } = error;
    const simple = CERTIFICATE_FATES[code];
    if (simple !== undefined) return simple;
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherHost(error);
    if (UNTRUSTED.has(code)) {
      return { text: `its certificate is not of an authority that is trusted here: ${code}`, hint: TRUST };
    }
    if (/alert/.test(message)) return this.#alerted(message);
    if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code) || /before secure TLS connection/.test(message)) {
      return { text: 'ended the TLS handshake', hint: TLS_NOT_WANTED };
    }
    return undefined;
  }

  /** OpenSSL: "…:sslv3 alert bad certificate:…:SSL alert number 42". (RFC 8446, section 6.2) */
  #alerted(message: string): Fate {
    const alert = /alert ([a-z ]+)/.exec(message)?.[1] ?? 'unknown';
    const number = Number(/SSL alert number (\d+)/.exec(message)?.[1]);
    if (!ABOUT_CERTIFICATES.has(number)) {
      return { text: `refuses the TLS handshake: ${alert}`, hint: 'The log of the server says more.' };
    }
    const { certificate, store } = this.#connection.tls ?? {};
    if (certificate === undefined && store === undefined) {
      return { text: `asks for a client certificate: ${alert}`, hint: CERTIFICATE_WANTED };
    }
    return { text: `refuses the client certificate: ${alert}`, hint: CERTIFICATE_REFUSED };
  }
}

/** bad, revoked, expired and unknown certificate, unknown CA, access denied, certificate required. */
const ABOUT_CERTIFICATES = new Set([42, 43, 44, 45, 46, 48, 49, 116]);

const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

const CERTIFICATE_FATES: Readonly<Record<string, Fate>> = {
  CERT_HAS_EXPIRED: { text: 'its certificate has expired', hint: 'Renew the certificate of the server.' },
  CERT_NOT_YET_VALID: {
    text: 'its certificate is not valid yet',
    hint: 'Check the clocks here and there, and the certificate.',
  },
};

/** Node puts the certificate beside its error. */
function otherHost(error: Error & { readonly cert?: { readonly subjectaltname?: string } }): Fate {
  return {
    text: `its certificate is for another host: ${error.cert?.subjectaltname ?? error.message}`,
    hint: 'Name the server in messages.kafka.bootstrap as its certificate does; ssl.endpoint.identification.algorithm= (empty) gives up that proof.',
  };
}

/**
 * kafkajs would take a server that accepts and then is silent for a connected one after its own patience, and ask no
 * other: so this must be over sooner.
 */
function endSilence(socket: Socket, patienceMs: number, isOver: () => boolean): void {
  const timer = setTimeout(() => {
    if (!isOver()) socket.destroy(new Error(SILENT));
  }, patienceMs * 0.9);
  socket.once('close', () => clearTimeout(timer));
}

const SILENT = 'connected, but silent';

/** The first byte of a record of TLS that complains (RFC 8446, section 5.1); Kafka's first byte is that of a length, 0. */
const TLS_ALERT = 0x15;

const TRUST = 'Name the certificate of that authority: ssl.ca.location (PEM), or ssl.truststore.location.';
const TLS_WANTED = 'Set security.protocol to SSL or SASL_SSL.';
const MAY_WANT_TLS = 'A port that speaks TLS may do so: then set security.protocol to SSL or SASL_SSL.';
const TLS_NOT_WANTED =
  'A port that does not speak TLS does so: then set security.protocol to PLAINTEXT or SASL_PLAINTEXT.';
const CERTIFICATE_WANTED =
  'Name one: ssl.keystore.location, or ssl.certificate.location and ssl.key.location.';
const CERTIFICATE_REFUSED =
  'The server must trust the authority that signed it, and it must not have expired; the log of the server says more.';
