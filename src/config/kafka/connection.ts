/** How to reach Kafka, from its client properties; or every mistake in them, each at its place. */
import type { KafkaConnection, KafkaSettings } from '../../model.ts';
import { nearest } from '../../nearest.ts';
import type { Mistake } from '../mistakes.ts';
import { hostAndPort } from '../values.ts';
import { readLogin } from './login.ts';
import type { PropertyName } from './names.ts';
import { givenProperties, type Properties, type Sources } from './properties.ts';
import { readTls } from './tls.ts';

/** Undefined: what is wrong was added to `mistakes`, or had been told before. */
export function kafkaSettings(sources: Sources, mistakes: Mistake[]): KafkaSettings | undefined {
  const before = mistakes.length;
  const given = givenProperties(sources, mistakes);
  const bootstrap = readBootstrap(given);
  const clientId = given.text('client.id') || `onceover-${process.pid}`;
  const connection = readConnection(given);
  if (mistakes.length > before || bootstrap === undefined) return undefined;
  const ignored = given.ignored();
  return {
    source: 'kafka',
    bootstrap,
    clientId,
    ...(Object.keys(connection).length === 0 ? {} : { connection }),
    ...(ignored.length === 0 ? {} : { ignored }),
  };
}

const BROKERS = 'brokers such as broker-1:9092,broker-2:9092, or a list of them';

/** Java's client lets a protocol stand before the host. */
function readBootstrap(given: Properties): string[] | undefined {
  const name = 'bootstrap.servers';
  const brokers = given
    .text(name)
    ?.split(',')
    .map((broker) => broker.trim().replace(/^[A-Za-z_]+:\/\//, ''))
    .filter((broker) => broker !== '');
  const right = brokers?.every((broker) => hostAndPort.read(broker, 'text') !== undefined);
  if (right && brokers!.length > 0) return brokers;
  // What stands before an @ may be a password.
  if (brokers?.some((broker) => broker.includes('@'))) {
    given.mistake(name, `expected ${BROKERS}, without a name or a password; got a value that is not shown`);
  } else given.refuse(name, BROKERS);
  return undefined;
}

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;

function readConnection(given: Properties): KafkaConnection {
  const name = 'security.protocol';
  if (given.isUnknown(name)) {
    // What is wrong with what is there is wrong whatever it is.
    readTls(given);
    if (given.has('sasl.mechanism')) readLogin(given);
    return {};
  }
  const text = given.text(name);
  const protocol = PROTOCOLS.find((one) => one === (text ?? 'PLAINTEXT').trim().toUpperCase());
  if (protocol === undefined) {
    const meant = nearest(text ?? '', PROTOCOLS);
    given.refuse(name, PROTOCOLS.join(', '), meant === undefined ? undefined : `did you mean \`${meant}\`?`);
    return {};
  }
  if (text === undefined) refuseLeftOver(given);
  const tls = protocol.endsWith('SSL') ? readTls(given) : undefined;
  const login = protocol.startsWith('SASL') ? readLogin(given) : undefined;
  return { ...(tls === undefined ? {} : { tls }), ...(login === undefined ? {} : { login }) };
}

/** Java and librdkafka would say nothing, and connect without. */
function refuseLeftOver(given: Properties): void {
  const meant: readonly PropertyName[] = [
    'sasl.mechanism',
    'sasl.jaas.config',
    'sasl.username',
    'ssl.ca.location',
    'ssl.ca.pem',
    'ssl.truststore.location',
    'ssl.keystore.location',
    'ssl.certificate.location',
  ];
  const found = meant.find((name) => given.isDeliberate(name));
  if (found === undefined) return;
  const expected = found.startsWith('sasl') ? 'SASL_SSL or SASL_PLAINTEXT' : 'SSL or SASL_SSL';
  given.mistake('security.protocol', `missing; expected ${expected}, as ${found} is set`, found);
}
