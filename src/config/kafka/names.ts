/** The names of Kafka's client properties: which of them say how to connect, and which are of no matter to a reader. */

/**
 * What is understood, by the name it has here, with the other names that mean the same in Java's client or in
 * librdkafka. The names of the environment are made of these, see {@link environmentName}.
 */
export const UNDERSTOOD = {
  'bootstrap.servers': ['metadata.broker.list'],
  'client.id': [],
  'security.protocol': [],
  'sasl.mechanism': ['sasl.mechanisms'],
  'sasl.username': [],
  'sasl.password': [],
  'sasl.jaas.config': [],
  'sasl.oauthbearer.method': [],
  'sasl.oauthbearer.token.endpoint.url': [],
  'sasl.oauthbearer.client.id': ['sasl.oauthbearer.client.credentials.client.id'],
  'sasl.oauthbearer.client.secret': ['sasl.oauthbearer.client.credentials.client.secret'],
  'sasl.oauthbearer.scope': [],
  'sasl.oauthbearer.extensions': [],
  'sasl.oauthbearer.header.urlencode': [],
  'ssl.ca.location': [],
  'ssl.ca.pem': ['ssl.truststore.certificates'],
  'ssl.truststore.location': [],
  'ssl.truststore.password': [],
  'ssl.truststore.type': [],
  'ssl.certificate.location': [],
  'ssl.certificate.pem': ['ssl.keystore.certificate.chain'],
  'ssl.key.location': [],
  'ssl.key.pem': ['ssl.keystore.key'],
  'ssl.key.password': [],
  'ssl.keystore.location': [],
  'ssl.keystore.password': [],
  'ssl.keystore.type': [],
  'ssl.endpoint.identification.algorithm': [],
  'enable.ssl.certificate.verification': [],
} as const;

export type PropertyName = keyof typeof UNDERSTOOD;

const MEANINGS: ReadonlyMap<string, PropertyName> = new Map(
  (Object.keys(UNDERSTOOD) as PropertyName[]).flatMap((name) =>
    [name, ...UNDERSTOOD[name]].map((written) => [written, name] as const),
  ),
);

/** What a name means; undefined: nothing that is understood. */
export function meaningOf(name: string): PropertyName | undefined {
  return MEANINGS.get(name);
}

/** The variable that a property is taken from where nothing else says it: `KAFKA_SASL_USERNAME`. */
export function environmentName(name: PropertyName): string {
  return `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`;
}

/** Whether it is a property of some client that does not matter to a reader without a group. */
export function isIgnored(name: string): boolean {
  return IGNORED.has(name) || name.startsWith('confluent.');
}

export const KNOWN_NAMES: () => readonly string[] = () => [...MEANINGS.keys(), ...IGNORED];

/**
 * The other properties of consumers, producers and admin clients of Kafka 3.9 and 4.3 (`configNames()` of each), of
 * librdkafka 2 (its CONFIGURATION.md), and those of schema registries that stand in the same files.
 */
const IGNORED: ReadonlySet<string> = new Set(
  `
  acks allow.auto.create.topics api.version.fallback.ms api.version.request api.version.request.timeout.ms
  auto.commit.enable auto.commit.interval.ms auto.include.jmx.reporter auto.offset.reset basic.auth.credentials.source
  basic.auth.user.info batch.num.messages batch.size bearer.auth.credentials.source bearer.auth.token
  bootstrap.controllers broker.address.family broker.address.ttl broker.version.fallback buffer.memory
  builtin.features check.crcs client.dns.lookup client.rack compression.codec compression.gzip.level compression.level
  compression.lz4.level compression.type compression.zstd.level connections.max.idle.ms consume.callback.max.messages
  coordinator.query.interval.ms debug default.api.timeout.ms delivery.report.only.error delivery.timeout.ms
  enable.auto.commit enable.auto.offset.store enable.gapless.guarantee enable.idempotence enable.metrics.push
  enable.partition.eof enable.random.seed enable.sasl.oauthbearer.unsecure.jwt exclude.internal.topics
  fetch.error.backoff.ms fetch.max.bytes fetch.max.wait.ms fetch.message.max.bytes fetch.min.bytes fetch.wait.max.ms
  group.id group.instance.id group.protocol group.protocol.type group.remote.assignor heartbeat.interval.ms
  https.ca.location https.ca.pem interceptor.classes internal.leave.group.on.close internal.termination.signal
  internal.throw.on.fetch.stable.offset.unsupported isolation.level key.deserializer key.serializer linger.ms
  log.connection.close log.queue log.thread.name log_level max.block.ms max.in.flight
  max.in.flight.requests.per.connection max.partition.fetch.bytes max.poll.interval.ms max.poll.records
  max.request.size message.copy.max.bytes message.max.bytes message.send.max.retries message.timeout.ms
  metadata.max.age.ms metadata.max.idle.ms metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy
  metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms offset.store.method
  offset.store.path offset.store.sync.interval.ms partition.assignment.strategy partitioner
  partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms partitioner.class
  partitioner.ignore.keys plugin.library.paths produce.offset.report queue.buffering.backpressure.threshold
  queue.buffering.max.kbytes queue.buffering.max.messages queue.buffering.max.ms queued.max.messages.kbytes
  queued.min.messages queuing.strategy receive.buffer.bytes receive.message.max.bytes reconnect.backoff.jitter.ms
  reconnect.backoff.max.ms reconnect.backoff.ms request.required.acks request.timeout.ms retries retry.backoff.max.ms
  retry.backoff.ms sasl.client.callback.handler.class sasl.kerberos.keytab sasl.kerberos.kinit.cmd
  sasl.kerberos.min.time.before.relogin sasl.kerberos.principal sasl.kerberos.service.name
  sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor sasl.login.callback.handler.class
  sasl.login.class sasl.login.connect.timeout.ms sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds
  sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor sasl.login.refresh.window.jitter
  sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms sasl.oauthbearer.assertion.algorithm
  sasl.oauthbearer.assertion.claim.aud sasl.oauthbearer.assertion.claim.exp.seconds
  sasl.oauthbearer.assertion.claim.iss sasl.oauthbearer.assertion.claim.jti.include
  sasl.oauthbearer.assertion.claim.nbf.seconds sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file
  sasl.oauthbearer.assertion.jwt.template.file sasl.oauthbearer.assertion.private.key.file
  sasl.oauthbearer.assertion.private.key.passphrase sasl.oauthbearer.assertion.private.key.pem
  sasl.oauthbearer.assertion.template.file sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.config
  sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer sasl.oauthbearer.grant.type
 sasl.oauthbearer.jwks.endpoint.refresh.ms
  sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.ms
  sasl.oauthbearer.jwks.endpoint.url sasl.oauthbearer.jwt.retriever.class sasl.oauthbearer.jwt.validator.class
  sasl.oauthbearer.metadata.authentication.query sasl.oauthbearer.metadata.authentication.type
  sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name schema.registry.basic.auth.credentials.source
  schema.registry.basic.auth.user.info schema.registry.url security.providers send.buffer.bytes session.timeout.ms
  share.acknowledgement.mode share.acquire.mode socket.blocking.max.ms socket.connection.setup.timeout.max.ms
  socket.connection.setup.timeout.ms socket.keepalive.enable socket.max.fails socket.nagle.disable
  socket.receive.buffer.bytes socket.send.buffer.bytes socket.timeout.ms specific.avro.reader
  ssl.ca.certificate.stores ssl.cipher.suites ssl.crl.location ssl.curves.list ssl.enabled.protocols
  ssl.engine.factory.class ssl.engine.id ssl.engine.location ssl.keymanager.algorithm ssl.protocol ssl.provider
  ssl.providers ssl.secure.random.implementation ssl.sigalgs.list ssl.trustmanager.algorithm statistics.interval.ms
  sticky.partitioning.linger.ms topic.blacklist topic.metadata.propagation.max.ms topic.metadata.refresh.fast.cnt
  topic.metadata.refresh.fast.interval.ms topic.metadata.refresh.interval.ms topic.metadata.refresh.sparse
  transaction.timeout.ms transaction.two.phase.commit.enable transactional.id value.deserializer value.serializer
`
    .trim()
    .split(/\s+/),
);
