import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentName, UNDERSTOOD } from '../../../src/config/kafka/names.ts';
import type { KafkaFlags } from '../../../src/config/kafka/properties.ts';
import { type LoadOptions, loadSettings } from '../../../src/config/load.ts';
import { type AuditError, isAuditError } from '../../../src/error.ts';
import type { KafkaSettings } from '../../../src/model.ts';
import {
  certificatesUnavailable,
  createAuthority,
  encryptKey,
  pkcs12Keystore,
} from '../../support/servers/certificates.ts';
import { skipUnless } from '../../support/servers/skip.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'onceover-properties-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Given {
  /** Lines of client.properties, from the first. */
  readonly file?: readonly string[];
  /** Of messages.kafka; default: the file, if there is one. */
  readonly kafka?: string;
  readonly flags?: KafkaFlags;
  readonly env?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
}

function load({ file, kafka, flags, env = {}, set = [] }: Given): { from: KafkaSettings; digest: string } {
  if (file !== undefined) writeFileSync(join(directory, 'client.properties'), file.join('\n'));
  const below = kafka ?? (file === undefined ? '{}' : '{ command-config: client.properties }');
  const text = `version: 1
messages:
  topic: orders
  kafka: ${below}
  key: value.order.id
effects:
  order-row: { postgres: { table: orders, key: order_id } }
`;
  writeFileSync(join(directory, 'onceover.yaml'), text);
  const options: LoadOptions = { set, env, ...(flags === undefined ? {} : { kafka: flags }) };
  const settings = loadSettings(join(directory, 'onceover.yaml'), options);
  const { from } = settings.messages;
  if (from.source !== 'kafka') throw new Error('not from Kafka');
  return { from, digest: settings.configDigest };
}

function refused(given: Given): AuditError {
  try {
    load(given);
  } catch (error) {
    if (isAuditError(error)) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

/** Each mistake as `place  path: text`, without the directory. */
function mistakes(given: Given): string[] {
  const [, ...lines] = refused(given).message.replaceAll(`${directory}/`, '').split('\n');
  return lines.map((line) => line.trim());
}

const BROKERS = 'bootstrap.servers=broker-1:9092';
const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule';

/** `"${NAME}"`, which would be a slip in a plain string. */
const variable = (name: string) => `"\${${name}}"`;

describe('where a property comes from', () => {
  const from = (level: number) => {
    const name = (place: string) => `${place}-1:9092`;
    const given: Given = {
      env: { KAFKA_BOOTSTRAP_SERVERS: name('environment') },
      ...(level > 0 ? { file: [`bootstrap.servers=${name('file')}`] } : {}),
      ...(level > 1 ? { kafka: `{ command-config: client.properties, bootstrap: "${name('yaml')}" }` } : {}),
      flags: {
        ...(level > 2
          ? { properties: ['metadata.broker.list=earlier:1', `bootstrap.servers=${name('X')}`] }
          : {}),
        ...(level > 3 ? { bootstrapServer: name('flag') } : {}),
      },
    };
    return load(given).from.bootstrap[0];
  };

  it('the stronger place beats the weaker', () => {
    expect([0, 1, 2, 3, 4].map(from)).toEqual(
      ['environment', 'file', 'yaml', 'X', 'flag'].map((place) => `${place}-1:9092`),
    );
  });

  it('every understood one can come from the environment, under its own name in capitals', () => {
    const names = Object.keys(UNDERSTOOD) as (keyof typeof UNDERSTOOD)[];
    expect(environmentName('sasl.oauthbearer.token.endpoint.url')).toBe(
      'KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL',
    );
    const env: Record<string, string> = Object.fromEntries(names.map((name) => [environmentName(name), 'x']));
    env.KAFKA_BOOTSTRAP_SERVERS = 'broker-1:9092';
    // Without a protocol none of them is deliberate: they are of an environment that serves many.
    delete env.KAFKA_SECURITY_PROTOCOL;
    expect(load({ env }).from).toEqual({
      source: 'kafka',
      bootstrap: ['broker-1:9092'],
      clientId: 'x',
    });
  });

  it('a file of the command line takes the place of the configuration’s', () => {
    writeFileSync(
      join(directory, 'other.properties'),
      'bootstrap.servers=other-1:9092\nclient.id=night-watch',
    );
    const flags = { commandConfig: join(directory, 'other.properties') };
    expect(load({ file: [BROKERS], flags }).from).toMatchObject({
      bootstrap: ['other-1:9092'],
      clientId: 'night-watch',
    });
  });

  it('inline, with variables, lists and --set', () => {
    const login = `sasl.mechanism: PLAIN, sasl.username: 7, sasl.password: ${variable('PW')}`;
    const kafka = `{ bootstrap: ["a:1", "b:2,c:3"], client-id: ${variable('WHO')}, properties: { security.protocol: SASL_SSL, ${login} } }`;
    const { from } = load({
      kafka,
      env: { PW: 'hunter2', WHO: 'audit' },
      set: ['messages.kafka.properties.sasl.username=alice'],
    });
    expect(from).toMatchObject({
      bootstrap: ['a:1', 'b:2', 'c:3'],
      clientId: 'audit',
      connection: { login: { username: 'alice', password: 'hunter2' } },
    });
  });

  it('as a Java file, escapes and continued lines and all', () => {
    const file = [
      '# brokers',
      'bootstrap.servers = SASL_SSL://a:1,\\',
      '   b:2',
      'client.id: caf\\u00e9',
      'acks all',
      '! end',
    ];
    expect(load({ file }).from).toEqual({
      source: 'kafka',
      bootstrap: ['a:1', 'b:2'],
      clientId: 'café',
      ignored: ['acks'],
    });
  });
});

describe('a login', () => {
  const login = (...file: readonly string[]) =>
    load({ file: [BROKERS, 'security.protocol=SASL_PLAINTEXT', ...file] }).from.connection?.login;

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('by %s, in both families of names', (mechanism) => {
    const alice = { mechanism, username: 'alice', password: 'p w;"d' };
    expect(login(`sasl.mechanisms=${mechanism}`, 'sasl.username=alice', 'sasl.password=p w;"d')).toEqual(
      alice,
    );
    const module = mechanism === 'PLAIN' ? PLAIN : SCRAM;
    const jaas = `sasl.jaas.config=${module} required \\\n  username="alice" \\\n  password="p w;\\\\"d";`;
    expect(login(`sasl.mechanism=${mechanism}`, jaas)).toEqual(alice);
  });

  it('by a token, in both families of names', () => {
    const endpoint = 'https://login.example/oauth/token';
    const common = ['sasl.mechanism=OAUTHBEARER', `sasl.oauthbearer.token.endpoint.url=${endpoint}`];
    const token = {
      mechanism: 'OAUTHBEARER',
      endpoint,
      clientId: 'audit',
      clientSecret: 's3',
      scope: 'kafka',
      urlEncode: false,
    };
    const librdkafka = [
      'sasl.oauthbearer.method=OIDC',
      'sasl.oauthbearer.client.id=audit',
      'sasl.oauthbearer.client.secret=s3',
      'sasl.oauthbearer.scope=kafka',
      'sasl.oauthbearer.extensions=logicalCluster=lkc-1,identityPoolId=pool-2',
    ];
    const extensions = { logicalCluster: 'lkc-1', identityPoolId: 'pool-2' };
    expect(login(...common, ...librdkafka)).toEqual({ ...token, extensions });
    const module = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';
    const options =
      "clientId='audit' clientSecret='s3' scope=kafka extension_logicalCluster=lkc-1 extension_identityPoolId='pool-2'";
    expect(login(...common, `sasl.jaas.config=${module} required ${options};`)).toEqual({
      ...token,
      extensions,
    });
    const newest = [
      'sasl.oauthbearer.client.credentials.client.id=audit',
      'sasl.oauthbearer.client.credentials.client.secret=s3',
      'sasl.oauthbearer.scope=kafka',
    ];
    expect(login(...common, ...newest, 'sasl.oauthbearer.header.urlencode=true')).toEqual({
      ...token,
      urlEncode: true,
      extensions: {},
    });
  });

  describe('is taken from the strongest place, whichever of its names is said there', () => {
    const protocol = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=PLAIN'];
    const module = (user: string, name = PLAIN) =>
      `sasl.jaas.config=${name} required username="${user}" password="${user}-pw";`;
    const pair = (user: string) => [`sasl.username=${user}`, `sasl.password=${user}-pw`];
    const env = { KAFKA_SASL_USERNAME: 'eve', KAFKA_SASL_PASSWORD: 'eve-pw' };
    it.each<[string, Given]>([
      ['a login module over the environment’s pair', { file: [module('alice')], env }],
      ['-X with a login module', { file: pair('bob'), flags: { properties: [module('alice')] } }],
      ['-X with a pair', { file: [module('bob')], flags: { properties: pair('alice') } }],
      [
        '-X with a pair, over the module of another mechanism',
        { file: [module('bob', SCRAM)], flags: { properties: pair('alice') } },
      ],
      [
        'the parts of a pair from two places',
        { file: ['sasl.username=alice'], env: { KAFKA_SASL_PASSWORD: 'alice-pw' } },
      ],
    ])('%s', (_, { file = [], ...more }) => {
      const { from } = load({ file: [BROKERS, ...protocol, ...file], ...more });
      expect(from.connection?.login).toEqual({ mechanism: 'PLAIN', username: 'alice', password: 'alice-pw' });
    });
  });

  it('by AWS, with what its login module says', () => {
    expect(login('sasl.mechanism=AWS_MSK_IAM')).toEqual({ mechanism: 'AWS_MSK_IAM' });
    const module = 'software.amazon.msk.auth.iam.IAMLoginModule';
    const options =
      'awsProfileName="audit" awsRoleArn="arn:aws:iam::1:role/a" awsRoleSessionName=night awsStsRegion=eu-central-1';
    expect(login('sasl.mechanism=AWS_MSK_IAM', `sasl.jaas.config=${module} required ${options};`)).toEqual({
      mechanism: 'AWS_MSK_IAM',
      profile: 'audit',
      roleArn: 'arn:aws:iam::1:role/a',
      roleSession: 'night',
      region: 'eu-central-1',
    });
  });
});

describe('properties that do not matter here', () => {
  it('are listed once, as they were written, those of another protocol among them', () => {
    const file = [
      BROKERS,
      'group.id=orders',
      'acks=all',
      'security.protocol=PLAINTEXT',
      'ssl.truststore.location=/x',
      'confluent.license=',
      'sasl.mechanisms=PLAIN',
    ];
    const { from } = load({ file, flags: { properties: ['acks=1', 'queue.buffering.max.ms=5'] } });
    expect(from.ignored).toEqual([
      'acks',
      'confluent.license',
      'group.id',
      'queue.buffering.max.ms',
      'sasl.mechanisms',
      'ssl.truststore.location',
    ]);
    expect(from.connection).toBeUndefined();
  });
});

describe('every mistake is told with its place', () => {
  const sasl = (...file: readonly string[]) => [BROKERS, 'security.protocol=SASL_SSL', ...file];

  it.each<[string, Given, string]>([
    [
      'no brokers',
      {},
      'onceover.yaml:4  messages.kafka.bootstrap: missing; expected brokers such as broker-1:9092',
    ],
    [
      'a broker without port',
      { file: ['bootstrap.servers=a'] },
      'client.properties:1  bootstrap.servers: expected brokers such as broker-1:9092,broker-2:9092, or a list of them; got "a"',
    ],
    [
      'a misspelt name',
      { file: [BROKERS, '', 'sasl.pasword=hunter2'] },
      "client.properties:3  sasl.pasword: no property of Kafka's Java client or of librdkafka; did you mean `sasl.password`?",
    ],
    [
      'a name like no other',
      { file: [BROKERS, 'colour=red'] },
      "client.properties:2  colour: no property of Kafka's Java client or of librdkafka",
    ],
    [
      'a file that is not there',
      { kafka: '{ command-config: no.properties }' },
      'onceover.yaml:4  messages.kafka.command-config: no.properties cannot be read (ENOENT)',
    ],
    [
      'a flag’s file that is not there',
      { flags: { commandConfig: '/no/such.properties' } },
      '--command-config  messages.kafka.command-config: /no/such.properties cannot be read (ENOENT)',
    ],
    [
      'values from elsewhere',
      { file: [BROKERS, 'config.providers=file'] },
      'client.properties:2  config.providers: not supported: write the value itself',
    ],
    [
      '-X without a value',
      { file: [BROKERS], flags: { properties: ['acks'] } },
      '-X  expected name=value, such as security.protocol=SSL; got "acks"',
    ],
    [
      'a wrong -X',
      { file: [BROKERS], flags: { properties: ['security.protocol=SSSL'] } },
      '-X security.protocol  security.protocol: expected PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL; got "SSSL"; did you mean `SSL`?',
    ],
    [
      'a wrong variable',
      { file: [BROKERS], env: { KAFKA_SECURITY_PROTOCOL: 'TLS' } },
      'environment variable KAFKA_SECURITY_PROTOCOL  security.protocol: expected PLAINTEXT, SSL',
    ],
    [
      'brokers in two places',
      { kafka: '{ bootstrap: "a:1", properties: { metadata.broker.list: "b:1" } }' },
      'onceover.yaml:4  messages.kafka: expected only one of bootstrap and the property bootstrap.servers',
    ],
    [
      'a login without its protocol',
      { file: [BROKERS, 'sasl.mechanism=PLAIN'] },
      'client.properties:2  security.protocol: missing; expected SASL_SSL or SASL_PLAINTEXT, as sasl.mechanism is set',
    ],
    [
      'an authority without its protocol',
      { file: [BROKERS, 'ssl.ca.location=ca.pem'] },
      'client.properties:2  security.protocol: missing; expected SSL or SASL_SSL, as ssl.ca.location is set',
    ],
    [
      'no mechanism',
      { file: sasl() },
      'client.properties:2  sasl.mechanism: missing; expected PLAIN, SCRAM-SHA-256',
    ],
    [
      'Kerberos',
      { file: sasl('sasl.mechanism=GSSAPI') },
      'client.properties:3  sasl.mechanism: GSSAPI (Kerberos) is not supported',
    ],
    [
      'a misspelt mechanism',
      { file: sasl('sasl.mechanism=SCRAM-SHA-521') },
      'client.properties:3  sasl.mechanism: expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM; got "SCRAM-SHA-521"; did you mean `SCRAM-SHA-512`?',
    ],
    [
      'no password',
      { file: sasl('sasl.mechanism=PLAIN', 'sasl.username=alice') },
      'client.properties:3  sasl.password: missing; expected a password, here or in sasl.jaas.config',
    ],
    [
      'a login module without its semicolon',
      {
        file: sasl(
          'sasl.mechanism=PLAIN',
          `sasl.jaas.config=${PLAIN} required username="a" password="hunter2"`,
        ),
      },
      'client.properties:4  sasl.jaas.config: expected one login module with its semicolon',
    ],
    [
      'another login module',
      {
        file: sasl(
          'sasl.mechanism=PLAIN',
          `sasl.jaas.config=${SCRAM} required username="a" password="hunter2";`,
        ),
      },
      'client.properties:4  sasl.jaas.config: expected the PlainLoginModule, as PLAIN needs it; got a value that is not shown; it names ScramLoginModule',
    ],
    [
      'no endpoint',
      {
        file: sasl(
          'sasl.mechanism=OAUTHBEARER',
          'sasl.oauthbearer.client.id=a',
          'sasl.oauthbearer.client.secret=hunter2',
        ),
      },
      'client.properties:3  sasl.oauthbearer.token.endpoint.url: missing; expected the URL of a token endpoint',
    ],
    [
      'an unsigned token of librdkafka’s',
      { file: sasl('sasl.mechanism=OAUTHBEARER', 'sasl.oauthbearer.method=default') },
      'client.properties:4  sasl.oauthbearer.method: expected oidc, which asks a token endpoint; got "default"',
    ],
    [
      'an authority that is not there',
      { file: [BROKERS, 'security.protocol=SSL', 'ssl.ca.location=no.pem'] },
      'client.properties:3  ssl.ca.location: no.pem does not exist',
    ],
    [
      'two authorities',
      {
        file: [BROKERS, 'security.protocol=SSL', 'ssl.ca.location=probe', 'ssl.truststore.location=x'],
      },
      'client.properties:4  ssl.truststore.location: expected only one of this and ssl.ca.location',
    ],
    [
      'an authority that is none',
      { file: [BROKERS, 'security.protocol=SSL', 'ssl.ca.location=client.properties'] },
      'client.properties:3  ssl.ca.location: expected certificates in PEM form (-----BEGIN CERTIFICATE-----); there are none',
    ],
    [
      'a key without its certificate',
      { file: [BROKERS, 'security.protocol=SSL', 'ssl.key.location=k'] },
      'client.properties:3  ssl.certificate.location: missing; ssl.key.location needs its certificate',
    ],
    [
      'a check that is none',
      { file: [BROKERS, 'security.protocol=SSL', 'ssl.endpoint.identification.algorithm=ldap'] },
      'client.properties:3  ssl.endpoint.identification.algorithm: expected https, or nothing; got "ldap"',
    ],
    [
      'neither true nor false',
      { file: [BROKERS, 'security.protocol=SSL', 'enable.ssl.certificate.verification=no'] },
      'client.properties:3  enable.ssl.certificate.verification: expected true or false; got "no"',
    ],
  ])('%s', (_, given, mistake) => {
    const told = mistakes(given);
    expect(told).toHaveLength(1);
    expect(told[0]!.slice(0, mistake.length)).toBe(mistake);
    expect(told[0]).not.toContain('hunter2');
  });

  it('all at once, those of the configuration first', () => {
    const file = ['boostrap.servers=a:1', 'sasl.pasword=hunter2'];
    const told = mistakes({ file, set: ['name=../orders'], flags: { properties: ['group.idd=1'] } });
    expect(told.map((line) => line.slice(0, line.indexOf(':', line.indexOf('  '))))).toEqual([
      'client.properties:1  boostrap.servers',
      'client.properties:2  sasl.pasword',
      '--set name=  name',
      '-X group.idd  group.idd',
    ]);
  });

  it('an unknown name beside what the known ones say, but not what it was meant to be', () => {
    const file = sasl('sasl.mechanism=PLIAN', 'ssl.ca.location=nowhere.pem', 'boostrap.servers=a:1').slice(1);
    expect(mistakes({ file }).map((line) => line.slice(0, line.indexOf(':', line.indexOf('  '))))).toEqual([
      'client.properties:2  sasl.mechanism',
      'client.properties:3  ssl.ca.location',
      'client.properties:4  boostrap.servers',
    ]);
  });

  it('an option for Kafka where messages come from files', () => {
    const text =
      'version: 1\nmessages: { topic: orders, capture: [a.jsonl], key: key }\neffects: { order-row: { postgres: { table: orders, key: id } } }\n';
    writeFileSync(join(directory, 'capture.yaml'), text);
    const load = (kafka: KafkaFlags) => () =>
      loadSettings(join(directory, 'capture.yaml'), { set: [], env: {}, kafka });
    expect(load({ bootstrapServer: 'a:1' })).toThrow('options of the command line for Kafka');
    expect(load({ properties: [] })).not.toThrow();
  });
});

describe('a secret', () => {
  const inline = (password: string, jaas: string) =>
    `{ bootstrap: "a:1", properties: { security.protocol: SASL_SSL, sasl.mechanism: PLAIN, sasl.password: ${password}, sasl.jaas.config: '${jaas}' } }`;
  const jaas = (password: string) => `${PLAIN} required username="alice" password="${password}";`;

  it('does not count for the digest, but its variable’s name does', () => {
    const env = { A: 'hunter2', B: 'hunter2' };
    const digest = (password: string, of = 'x y') => load({ kafka: inline(password, jaas(of)), env }).digest;
    expect(digest('one', 'x y')).toBe(digest('another', 'z'));
    expect(digest(variable('A'))).not.toBe(digest(variable('B')));
  });

  it('is in no mistake', () => {
    const { message } = refused({
      kafka: inline('hunter2', `${PLAIN} username="a" password="hunter2 and more"`),
    });
    expect(message).toMatch('sasl.jaas.config');
    expect(message).not.toMatch('hunter2');
    const flags = {
      properties: ['sasl.mechanism=PLAIN', 'sasl.jaas.config=hunter2', 'security.protocol=SASL_SSL'],
    };
    expect(refused({ file: [BROKERS], flags }).message).not.toMatch('hunter2');
  });

  const token = (url: string) => [
    BROKERS,
    'security.protocol=SASL_SSL',
    'sasl.mechanism=OAUTHBEARER',
    'sasl.oauthbearer.client.id=audit',
    'sasl.oauthbearer.client.secret=s3',
    `sasl.oauthbearer.token.endpoint.url=${url}`,
  ];

  it.each<[string, Given, string]>([
    ['the URL of a token endpoint', { file: token('http://me:hunter2@host/token') }, 'a URL without a name'],
    ['such a URL without its scheme', { file: token('me:hunter2@host/token') }, 'a URL without a name'],
    [
      'a URL that is none of a token endpoint',
      { file: token('ftp://host/t?client_secret=hunter2') },
      'a token endpoint',
    ],
    ['a broker', { file: ['bootstrap.servers=alice:hunter2@host:9092'] }, 'without a name or a password'],
    ['the brokers in place', { kafka: '{ bootstrap: "alice:hunter2@host:9092" }' }, 'without a name'],
    [
      'an option in another notation',
      { file: [BROKERS], flags: { properties: ['sasl.password:hunter2'] } },
      'got "sasl.password" and more',
    ],
    [
      'an option in another notation, with = in it',
      { file: [BROKERS], flags: { properties: ['sasl.password:hunter2=='] } },
      'got "sasl.password" and more',
    ],
  ])('before or behind %s is not shown', (_, given, expected) => {
    const told = mistakes(given);
    expect(told).toEqual([expect.stringContaining(expected)]);
    expect(told[0]).not.toMatch('hunter2');
  });
});

describe('what could not be read', () => {
  const mistakesOf = (given: Given) =>
    refused(given)
      .message.replaceAll(`${directory}/`, '')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/^\S+ +/, ''))
      .toSorted();

  it('hides no other mistake where it is a variable, and makes none', () => {
    const properties = [
      ...['security.protocol: SASL_SSL', 'sasl.mechanism: PLAIN', 'sasl.username: alice'],
      ...[`sasl.password: "\${SHOP_PASSWORD}"`, 'ssl.ca.location: no.pem'],
    ];
    expect(mistakesOf({ kafka: `{ bootstrap: "a:x", properties: { ${properties.join(', ')} } }` })).toEqual([
      'messages.kafka.bootstrap: expected brokers such as broker-1:9092,broker-2:9092, or a list of them; got "a:x"',
      'messages.kafka.properties.sasl.password: the environment variable SHOP_PASSWORD is not set',
      'messages.kafka.properties.ssl.ca.location: no.pem does not exist',
    ]);
  });

  it.each([
    [`sasl.jaas.config: "\${LOGIN}"`, 'sasl.mechanism: PLAIN', 'security.protocol: SASL_SSL'],
    [`ssl.key.location: "\${LOGIN}"`, 'ssl.certificate.location: onceover.yaml', 'security.protocol: SSL'],
    [`ssl.certificate.pem: "\${LOGIN}"`, 'ssl.key.location: onceover.yaml', 'security.protocol: SSL'],
    [`security.protocol: "\${LOGIN}"`, 'sasl.mechanism: PLAIN', 'sasl.username: alice', 'sasl.password: x'],
  ])('is not taken for missing: %s', (...properties) => {
    const found = mistakesOf({ kafka: `{ bootstrap: "a:1", properties: { ${properties.join(', ')} } }` });
    const [name] = properties[0].split(':');
    expect(found).toEqual([`messages.kafka.properties.${name}: the environment variable LOGIN is not set`]);
  });

  it('hides no other mistake where it is the file, which may say all that is missing', () => {
    const properties = `{ sasl.mechanism: PLAN, ssl.ca.location: no.pem, acks: "\${ACKS}" }`;
    const kafka = `{ command-config: no.properties, properties: ${properties} }`;
    expect(mistakesOf({ kafka, env: { KAFKA_SECURITY_PROTOCOL: 'TLS' } })).toEqual([
      'messages.kafka.command-config: no.properties cannot be read (ENOENT)',
      'messages.kafka.properties.acks: the environment variable ACKS is not set',
      expect.stringMatching(/^messages.kafka.properties.sasl.mechanism: .*did you mean `PLAIN`\?$/),
      'messages.kafka.properties.ssl.ca.location: no.pem does not exist',
    ]);
  });
});

skipUnless([certificatesUnavailable()], 'certificates and keys', () => {
  const tls = (...file: readonly string[]) => [BROKERS, 'security.protocol=SSL', ...file];

  it('are read from PEM files, in line, and from stores, whatever they are called', async () => {
    const authority = await createAuthority(directory);
    const { keyFile, certificateFile, bundleFile } = await authority.issue({ name: 'auditor' });
    const of = (...file: readonly string[]) => load({ file: tls(...file) }).from.connection?.tls;
    const inLine = (path: string) =>
      execFileSync('cat', [path], { encoding: 'utf8' }).trim().replaceAll('\n', '\\n');
    const files = of(
      'ssl.ca.location=order-shop-ca.pem',
      'ssl.certificate.location=auditor.pem',
      'ssl.key.location=auditor.key',
    );
    expect(files?.authorities).toMatch('BEGIN CERTIFICATE');
    expect(files?.key).toMatch('BEGIN PRIVATE KEY');
    expect(files).toMatchObject({ verify: true, checkHost: true });
    const java = of(
      `ssl.truststore.certificates=${inLine(authority.certificateFile)}`,
      `ssl.keystore.certificate.chain=${inLine(certificateFile)}`,
      `ssl.keystore.key=${inLine(keyFile)}`,
      'ssl.truststore.type=PEM',
      'ssl.endpoint.identification.algorithm=',
      'enable.ssl.certificate.verification=false',
    );
    expect(java?.certificate?.trim()).toBe(files?.certificate?.trim());
    expect(java).toMatchObject({ verify: false, checkHost: false });
    const pem = of(`ssl.keystore.location=${bundleFile}`, 'ssl.keystore.type=PEM');
    expect(pem?.key).toMatch('BEGIN PRIVATE KEY');
    const store = await pkcs12Keystore({ keyFile, certificateFile, bundleFile }, 'seal');
    expect(of(`ssl.keystore.location=${store}`, 'ssl.keystore.password=seal')).toMatchObject({
      passphrase: 'seal',
    });
  });

  it('are those of the strongest place, whichever of their names are said there', async () => {
    const authority = await createAuthority(directory, 'Night CA');
    const { keyFile, certificateFile, bundleFile } = await authority.issue({ name: 'auditor' });
    const other = authority.certificateFile;
    const of = (file: readonly string[], more: Pick<Given, 'env' | 'flags'>) =>
      load({ file: tls(...file), ...more }).from.connection?.tls;
    const trusted = { authorities: expect.stringContaining('BEGIN CERTIFICATE') };
    const truststore = `ssl.truststore.location=${other}`;
    expect(of([truststore], { env: { KAFKA_SSL_CA_LOCATION: 'nowhere.pem' } })).toMatchObject(trusted);
    const flags = { properties: [`ssl.ca.location=${other}`] };
    expect(of(['ssl.truststore.location=nowhere.pem'], { flags })).toMatchObject(trusted);
    const env = { KAFKA_SSL_CERTIFICATE_LOCATION: 'nowhere.pem', KAFKA_SSL_KEY_LOCATION: 'nowhere.key' };
    expect(of([`ssl.keystore.location=${bundleFile}`], { env })).toHaveProperty('key');
    const own = [`ssl.certificate.location=${certificateFile}`, `ssl.key.location=${keyFile}`];
    const keystore = 'ssl.keystore.location=nowhere.p12';
    expect(of([keystore], { flags: { properties: own } })).toHaveProperty('key');
    expect(mistakes({ file: tls(truststore, `ssl.ca.location=${other}`) })).toEqual([
      'client.properties:3  ssl.truststore.location: expected only one of this and ssl.ca.location',
    ]);
  });

  it('that cannot be used are refused with the reason, before anything connects', async () => {
    const authority = await createAuthority(directory);
    const one = await authority.issue({ name: 'one' });
    const two = await authority.issue({ name: 'two' });
    const told = (...file: readonly string[]) => {
      const [mistake, ...others] = mistakes({ file: tls(...file) });
      expect(others).toEqual([]);
      return mistake!.replace(/^client\.properties:3 {2}/, '');
    };
    const certificate = `ssl.certificate.location=${one.certificateFile}`;
    expect(told(certificate, `ssl.key.location=${two.keyFile}`)).toMatch(
      'ssl.key.location: the key is not that of the certificate',
    );
    expect(told(certificate)).toBe('ssl.key.location: missing; ssl.certificate.location needs its key');
    const sealed = `ssl.key.location=${await encryptKey(one, 'seal')}`;
    expect(told(certificate, sealed)).toMatch(
      'ssl.key.location: ssl.key.password does not open it, or is missing',
    );
    expect(told(certificate, sealed, 'ssl.key.password=wrong')).toMatch(
      'ssl.key.password does not open it, or is missing',
    );
    const store = `ssl.keystore.location=${await pkcs12Keystore(one, 'seal')}`;
    expect(told(store, 'ssl.keystore.password=wrong')).toMatch(
      'ssl.keystore.location: ssl.keystore.password does not open it, or is missing',
    );
    expect(told(store.replace('keystore', 'truststore'), 'ssl.truststore.password=wrong')).toMatch(
      'this PKCS#12 store cannot be read: ssl.truststore.password does not open it',
    );
  });

  it('of an authority are whole, each in each file', async () => {
    const { certificateFile } = await createAuthority(directory, 'Day CA');
    const whole = readFileSync(certificateFile, 'utf8').trim();
    const cut = whole.split('\n').slice(0, 5).join('\n');
    const garbage = whole.replace(/\n[^-]+\n/, '\nbm90IGEgY2VydGlmaWNhdGU=\n');
    const path = join(directory, 'authorities.pem');
    for (const text of [cut, garbage]) {
      writeFileSync(path, `${whole}\n${text}\n`);
      for (const name of ['ssl.ca.location', 'ssl.truststore.location']) {
        expect(mistakes({ file: tls(`${name}=${path}`) })).toEqual([
          `client.properties:3  ${name}: certificate 2 of 2 in authorities.pem cannot be read: it is cut off, or damaged`,
        ]);
      }
    }
    writeFileSync(path, `${whole}\r\nof the day:\r\n${whole}`);
    expect(load({ file: tls(`ssl.ca.location=${path}`) }).from.connection?.tls).toHaveProperty('authorities');
  });

  it('in a store that only Java reads are refused with the command that converts it', () => {
    const store = join(directory, 'trust.jks');
    writeFileSync(store, Buffer.from('feedfeed00000002', 'hex'));
    for (const name of ['truststore', 'keystore']) {
      expect(mistakes({ file: tls(`ssl.${name}.location=trust.jks`) })).toEqual([
        `client.properties:3  ssl.${name}.location: trust.jks is a JKS store, which only Java reads; convert it: keytool -importkeystore -srckeystore trust.jks -destkeystore trust.p12 -deststoretype PKCS12`,
      ]);
    }
    writeFileSync(join(directory, "Shop's trust.jks"), Buffer.from('feedfeed00000002', 'hex'));
    expect(mistakes({ file: tls("ssl.truststore.location=Shop's trust.jks") })[0]).toMatch(
      String.raw`-destkeystore 'Shop'\''s trust.p12' -deststoretype`,
    );
  });
});
