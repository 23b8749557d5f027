/** What Kafka's and kafkajs's errors mean for a user: which pass by themselves, and what to say about those that do not. */
import { AuditError, isAuditError } from '../../error.ts';

/** Codes of the protocol that are told apart here. (https://kafka.apache.org/protocol#protocol_error_codes) */
export const CODE = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  topicAuthorizationFailed: 29,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  [-1]: 'UNKNOWN_SERVER_ERROR',
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  9: 'REPLICA_NOT_AVAILABLE',
  13: 'NETWORK_EXCEPTION',
  56: 'KAFKA_STORAGE_ERROR',
  74: 'FENCED_LEADER_EPOCH',
  75: 'UNKNOWN_LEADER_EPOCH',
  76: 'UNSUPPORTED_COMPRESSION_TYPE',
  78: 'OFFSET_NOT_AVAILABLE',
  100: 'UNKNOWN_TOPIC_ID',
  103: 'INCONSISTENT_TOPIC_ID',
};

/** Codes that another try, perhaps at another broker, may overcome. */
const PASSING = new Set([-1, 3, 5, 6, 7, 9, 13, 56, 74, 75, 78, 100, 103]);

/** Something that may have passed by the next try. Whoever catches it bounds the tries. */
export class PassingError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'PassingError';
  }
}

/** The error for a partition's code in a fetch response. */
export function partitionError(topic: string, partition: number, offset: number, code: number): Error {
  return codeError(topic, `Topic ${topic}, partition ${partition}, offset ${offset}`, code);
}

/** The error for the topic's code in a metadata response. */
export function topicError(topic: string, code: number): Error {
  return codeError(topic, `Topic ${topic}`, code);
}

function codeError(topic: string, what: string, code: number): Error {
  if (code === CODE.topicAuthorizationFailed) return noRight(topic);
  const message = `${what}: Kafka answers ${NAMES[code] ?? 'error'} (${code}).`;
  if (PASSING.has(code)) return new PassingError(message);
  return new AuditError(4, message, { hint: "The broker's own log says more." });
}

/** The members of kafkajs's errors that are looked at; its classes are recognised by name. */
interface KafkaJsError extends Error {
  readonly retriable?: boolean;
  /** Name of the protocol's code, such as TOPIC_AUTHORIZATION_FAILED. */
  readonly type?: string;
  readonly cause?: KafkaJsError;
}

/** Who was asked, and how: for messages. */
export interface Addressee {
  readonly topic: string;
  readonly servers: string;
  /** The mechanism of the login, if there is one. */
  readonly login: string | undefined;
  /** What a server said last when it was asked for that mechanism. */
  readonly handshake: { readonly code: number; readonly mechanisms: readonly string[] } | undefined;
}

/**
 * The same error in the audit's terms: an AuditError where trying again is no use, a PassingError where it may be, the
 * error itself where it is neither Kafka's nor kafkajs's.
 */
export function translate(error: unknown, { topic, servers, login, handshake }: Addressee): unknown {
  if (isAuditError(error) || error instanceof PassingError || !isKafkaJsError(error)) return error;
  if (error.name === 'KafkaJSSASLAuthenticationError') return loginRefused(error, servers, login);
  switch (error.type ?? error.cause?.type) {
    case 'UNSUPPORTED_SASL_MECHANISM':
      return noMechanism(error, servers, login, handshake?.mechanisms);
    case 'ILLEGAL_SASL_STATE':
      // Kafka refuses a token with code 0 (RFC 7628, section 3.2.2), which kafkajs takes for a yes: its next request
      // comes out of turn.
      if (handshake?.code === CODE.none) return tokenRefused(error, servers, login);
      return new AuditError(4, `Kafka at ${servers} expects no login on that port.`, {
        hint: 'Set security.protocol to PLAINTEXT or SSL, or name the port for SASL in messages.kafka.bootstrap.',
        cause: error,
      });
    case 'TOPIC_AUTHORIZATION_FAILED':
      return noRight(topic, error);
    case 'INVALID_TOPIC_EXCEPTION':
      return new AuditError(2, `"${topic}" cannot be the name of a topic.`, {
        hint: 'Correct messages.topic.',
        cause: error,
      });
  }
  if (mayPass(error)) return new PassingError(error.message, { cause: error });
  return new AuditError(4, `Kafka at ${servers}, topic ${topic}: ${error.message}`, { cause: error });
}

/** Whether Kafka says that there is no such topic: final when asked for the first time, else perhaps a server's old news. */
export function saysNoTopic(error: unknown): boolean {
  return isKafkaJsError(error) && error.type === 'UNKNOWN_TOPIC_OR_PARTITION';
}

export function noTopic(topic: string, servers: string, cause: unknown): AuditError {
  return new AuditError(4, `Topic ${topic} does not exist on ${servers}; nothing was created.`, {
    hint: 'Check messages.topic and messages.kafka.bootstrap.',
    cause,
  });
}

/** Whether the error is an answer of Kafka's, so that the connection it came through is sound. */
export function isAnswer(error: unknown): boolean {
  return isKafkaJsError(error) && error.type !== undefined;
}

function isKafkaJsError(error: unknown): error is KafkaJsError {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

/** kafkajs calls its own giving up final, but the cause of it need not be. */
function mayPass(error: KafkaJsError): boolean {
  return (
    error.retriable === true || ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSLockTimeout'].includes(error.name)
  );
}

function noRight(topic: string, cause?: unknown): AuditError {
  return new AuditError(4, `Kafka does not allow topic ${topic} to be read (TOPIC_AUTHORIZATION_FAILED).`, {
    hint: `Grant READ on topic ${topic}; no right on any group is needed. Kafka says the same of a topic that does not exist.`,
    cause,
  });
}

/** Kafka's words say what is wrong, and never the password. */
function loginRefused(error: KafkaJsError, servers: string, login = 'SASL'): AuditError {
  const words = error.message.replace(/^SASL .*? failed: /, '').replace(/[.\s]+$/, '');
  const hint = login.startsWith('OAUTH')
    ? TOKEN_REFUSED
    : 'Check sasl.username and sasl.password, and that the user exists for this mechanism.';
  return new AuditError(4, `Kafka at ${servers} refuses the login with ${login}: ${words}.`, {
    hint,
    cause: error,
  });
}

function tokenRefused(cause: KafkaJsError, servers: string, login = 'SASL'): AuditError {
  return new AuditError(4, `Kafka at ${servers} refuses the login with ${login}.`, {
    hint: TOKEN_REFUSED,
    cause,
  });
}

const TOKEN_REFUSED =
  'There is a token, but Kafka does not take it: its log says why (form, subject, issuer, audience, expiry).';

function noMechanism(
  cause: KafkaJsError,
  servers: string,
  login = 'SASL',
  mechanisms: readonly string[] = [],
): AuditError {
  const others = mechanisms.length > 0 ? `; it does ${mechanisms.join(', ')}` : '';
  return new AuditError(4, `Kafka at ${servers} does not do the SASL mechanism ${login}${others}.`, {
    hint: 'Set sasl.mechanism to one that this port does.',
    cause,
  });
}
