/** Every way into a real broker, and what is said where there is none. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ISOLATION } from '../../src/sources/kafka/fetch.ts';
import { KafkaJsTransport } from '../../src/sources/kafka/kafkajs-transport.ts';
import {
  configurationOf,
  type Doors,
  ORDERS,
  openDoors,
  replayed,
  SESSION_MS,
  settingsOf,
} from '../support/connecting.ts';
import { commandPath } from '../support/servers/availability.ts';
import { certificatesUnavailable, encryptKey, pkcs12Keystore } from '../support/servers/certificates.ts';
import { type KafkaVersion, kafkaUnavailable } from '../support/servers/kafka.ts';
import { skipUnless } from '../support/servers/skip.ts';
import { startTokenEndpoint } from '../support/servers/token-endpoint.ts';

const run = promisify(execFile);

type Given = Readonly<Record<string, string>>;

const password = (user: string, secret = `${user}-secret`): Given => ({
  'sasl.username': user,
  'sasl.password': secret,
});

function suite(version: KafkaVersion, title: string, tests: (doors: () => Doors) => void): void {
  skipUnless([kafkaUnavailable(version), certificatesUnavailable()], title, () => {
    let doors: Doors;
    beforeAll(async () => {
      doors = await openDoors(version);
    });
    afterAll(() => doors?.stop());
    tests(() => doors);
  });
}

/** What a client writes down to come in through a listener. */
function through(doors: Doors, listener: string, protocol: string, more: Given = {}): Given {
  return { 'bootstrap.servers': doors.kafka.listeners[listener]!, 'security.protocol': protocol, ...more };
}

async function read(doors: Doors, given: Given): Promise<number> {
  return replayed(await settingsOf(doors.directory, given));
}

async function refusal(
  doors: Doors,
  given: Given,
): Promise<{ message: string; hint: string; seconds: number }> {
  const start = Date.now();
  const error: unknown = await read(doors, given).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'ONCEOVER_AUDIT_ERROR', status: 4 });
  const { message, hint } = error as { message: string; hint: string };
  expect(`${message} ${hint}`).not.toMatch(/-secret/);
  return { message, hint, seconds: (Date.now() - start) / 1000 };
}

suite('4', 'a connection to Kafka 4', (doors) => {
  describe('is made with a password', () => {
    it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('by %s, with TLS and without', async (mechanism) => {
      const login = { 'sasl.mechanism': mechanism, ...password('alice') };
      expect(await read(doors(), through(doors(), 'SASL', 'SASL_PLAINTEXT', login))).toBe(ORDERS);
      const tls = { 'ssl.ca.location': doors().authority.certificateFile };
      expect(await read(doors(), through(doors(), 'SASLTLS', 'SASL_SSL', { ...login, ...tls }))).toBe(ORDERS);
    });

    it('in Java’s words', async () => {
      const given = through(doors(), 'SASLTLS', 'SASL_SSL', {
        'sasl.mechanism': 'SCRAM-SHA-512',
        'sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="alice-secret";',
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': doors().authority.certificateFile,
      });
      expect(await read(doors(), given)).toBe(ORDERS);
    });
  });

  describe('is made with certificates', () => {
    const trust = () => ({ 'ssl.ca.location': doors().authority.certificateFile });

    it('of the server alone', async () => {
      expect(await read(doors(), through(doors(), 'TLS', 'SSL', trust()))).toBe(ORDERS);
    });

    it('of the client as well, as PEM and under a password', async () => {
      const { certificateFile, keyFile } = doors().client;
      const own = { 'ssl.certificate.location': certificateFile, 'ssl.key.location': keyFile };
      expect(await read(doors(), through(doors(), 'MUTUAL', 'SSL', { ...trust(), ...own }))).toBe(ORDERS);
      const encrypted = {
        'ssl.key.location': await encryptKey(doors().client, 'seal'),
        'ssl.key.password': 'seal',
      };
      expect(
        await read(doors(), through(doors(), 'MUTUAL', 'SSL', { ...trust(), ...own, ...encrypted })),
      ).toBe(ORDERS);
    });

    it('in stores of type PKCS12, those of Java’s keytool among them', async () => {
      const truststore = join(doors().directory, 'trust.p12');
      const store = ['-keystore', truststore, '-storetype', 'PKCS12', '-storepass', 'letmein'];
      await run(commandPath('keytool')!, [
        '-importcert',
        '-noprompt',
        '-alias',
        'ca',
        '-file',
        doors().authority.certificateFile,
        ...store,
      ]);
      const given = through(doors(), 'MUTUAL', 'SSL', {
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': await pkcs12Keystore(doors().client, 'seal'),
        'ssl.keystore.password': 'seal',
        'ssl.truststore.location': truststore,
        'ssl.truststore.password': 'letmein',
      });
      expect(await read(doors(), given)).toBe(ORDERS);
    });

    it('of another host, and of nobody known, where that is asked for', async () => {
      const elsewhere = { ...trust(), 'ssl.endpoint.identification.algorithm': '' };
      expect(await read(doors(), through(doors(), 'OTHER', 'SSL', elsewhere))).toBe(ORDERS);
      const unproved = { 'enable.ssl.certificate.verification': 'false' };
      expect(await read(doors(), through(doors(), 'TLS', 'SSL', unproved))).toBe(ORDERS);
    });
  });

  describe('is made with a token', () => {
    const given = (secret = 'auditor-secret', url = doors().tokens.url) =>
      through(doors(), 'OAUTH', 'SASL_PLAINTEXT', {
        'sasl.mechanism': 'OAUTHBEARER',
        'sasl.oauthbearer.token.endpoint.url': url,
        'sasl.oauthbearer.client.id': 'auditor',
        'sasl.oauthbearer.client.secret': secret,
        'sasl.oauthbearer.scope': 'kafka',
      });

    it('that serves a whole replay', async () => {
      expect(await read(doors(), given())).toBe(ORDERS);
    });

    it('and made good again before each session ends, on the same connection', async () => {
      const before = doors().tokens.granted.length;
      const { messages } = await settingsOf(doors().directory, given());
      if (messages.from.source !== 'kafka') throw new Error('not from Kafka');
      const transport = new KafkaJsTransport(messages.from, 'orders', new AbortController().signal);
      const [partition] = await transport.partitions();
      const [leader] = [...transport.leaders([partition!]).keys()];
      const request = {
        isolation: ISOLATION.committed,
        maxWaitMs: 100,
        maxBytes: 1 << 20,
        partitions: [{ partition: partition!, offset: 0, maxBytes: 1 << 20 }],
      };
      const start = Date.now();
      // Neither a fetch nor a question about offsets ever fails, where nobody would try again.
      while (Date.now() - start < 2 * SESSION_MS) {
        expect((await transport.fetch(leader!, request)).partitions[0]!.errorCode).toBe(0);
        expect((await transport.offsets(new Map([[partition!, -1]]), ISOLATION.committed)).size).toBe(1);
        await sleep(SESSION_MS / 3);
      }
      await transport.close();
      expect(doors().tokens.granted.slice(before)).toEqual(['kafka']);
    });

    it('that the endpoint refuses, or cannot give', async () => {
      const wrong = await refusal(doors(), given('another-secret'));
      expect(wrong.message).toBe(`The token endpoint ${doors().tokens.url} answers 401 (invalid_client).`);
      const nowhere = await refusal(doors(), given('auditor-secret', 'http://127.0.0.1:9/token'));
      expect(nowhere.message).toMatch(/^The token endpoint http:\/\/127\.0\.0\.1:9\/token does not answer: /);
    });

    it('that the broker does not take', async () => {
      const over = await startTokenEndpoint({ clients: { auditor: 'auditor-secret' }, lifetime: -60 });
      const { message, hint } = await refusal(doors(), given('auditor-secret', over.url)).finally(over.stop);
      expect(message).toMatch(/refuses the login with OAUTHBEARER\.$/);
      expect(hint).toMatch('There is a token, but Kafka does not take it');
    });
  });

  describe('is refused in words', () => {
    it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('for a wrong password by %s', async (mechanism) => {
      const login = { 'sasl.mechanism': mechanism, ...password('alice', 'bob-secret') };
      const { message, hint } = await refusal(doors(), through(doors(), 'SASL', 'SASL_PLAINTEXT', login));
      expect(message).toMatch(`refuses the login with ${mechanism}: Authentication failed`);
      expect(hint).toMatch('sasl.password');
    });

    it('for a mechanism that the port does not do, with those it does', async () => {
      const login = { 'sasl.mechanism': 'PLAIN', ...password('alice') };
      const { message } = await refusal(doors(), through(doors(), 'SCRAM', 'SASL_PLAINTEXT', login));
      expect(message).toMatch(/does not do the SASL mechanism PLAIN; it does SCRAM-SHA-256\.$/);
    });

    it.each<[string, string, string, (doors: Doors) => Given, RegExp, RegExp]>([
      [
        'an authority that is not known',
        'TLS',
        'SSL',
        () => ({}),
        /not of an authority that is trusted here/,
        /ssl\.ca\.location/,
      ],
      ['a certificate that has expired', 'OLD', 'SSL', trustOf, /certificate has expired/, /Renew/],
      [
        'a certificate of another host',
        'OTHER',
        'SSL',
        trustOf,
        /certificate is for another host: DNS:kafka\.example/,
        /identification/,
      ],
      [
        'no client certificate',
        'MUTUAL',
        'SSL',
        trustOf,
        /asks for a client certificate/,
        /ssl\.keystore\.location/,
      ],
      [
        'a client certificate of a stranger',
        'MUTUAL',
        'SSL',
        (them) => ({
          ...trustOf(them),
          'ssl.certificate.location': them.stranger.certificateFile,
          'ssl.key.location': them.stranger.keyFile,
        }),
        /refuses the client certificate/,
        /must trust the authority/,
      ],
      [
        'TLS on a port without',
        'SASL',
        'SSL',
        trustOf,
        /ended the TLS handshake/,
        /PLAINTEXT or SASL_PLAINTEXT/,
      ],
      ['no TLS on a port with it', 'TLS', 'PLAINTEXT', () => ({}), /answers in TLS/, /SSL or SASL_SSL/],
      [
        'no login on a port that wants one',
        'SASL',
        'PLAINTEXT',
        () => ({}),
        /then closes the connection/,
        /SASL_PLAINTEXT or SASL_SSL/,
      ],
      [
        'TLS without a login on a port that wants one',
        'SASLTLS',
        'SSL',
        trustOf,
        /then closes the connection/,
        /to SASL_SSL/,
      ],
      [
        'a login on a port that wants none',
        'TLS',
        'SASL_SSL',
        (them) => ({ ...trustOf(them), 'sasl.mechanism': 'PLAIN', ...password('alice') }),
        /expects no login/,
        /PLAINTEXT or SSL/,
      ],
    ])('for %s', async (_, listener, protocol, more, message, hint) => {
      const told = await refusal(doors(), through(doors(), listener, protocol, more(doors())));
      expect(told.message).toMatch(message);
      expect(told.hint).toMatch(hint);
      expect(told.seconds).toBeLessThan(5);
    });

    it('by a server that accepts and then is silent, and soon; but the next one is asked', async () => {
      const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const silent = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const login = { 'sasl.mechanism': 'PLAIN', ...password('alice') };
      const refused = async (protocol: string) => {
        const told = await refusal(doors(), {
          'bootstrap.servers': silent,
          'security.protocol': protocol,
          ...login,
        });
        expect(told.message).toBe(`No Kafka server answers: ${silent} (connected, but silent).`);
        expect(told.seconds).toBeLessThan(17);
      };
      const served = read(doors(), { 'bootstrap.servers': `${silent},${doors().kafka.bootstrap}` });
      await Promise.all(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'].map(refused));
      expect(await served).toBe(ORDERS);
      server.close();
    });
  });

  it('needs the right to read the topic and no other, and leaves nothing behind', async () => {
    const as = (user: string) =>
      through(doors(), 'SASL', 'SASL_PLAINTEXT', { 'sasl.mechanism': 'PLAIN', ...password(user) });
    const before = await doors().admin.listTopics();
    expect(await read(doors(), as('alice'))).toBe(ORDERS);
    const { message, hint } = await refusal(doors(), as('bob'));
    expect(message).toBe('Kafka does not allow topic orders to be read (TOPIC_AUTHORIZATION_FAILED).');
    expect(hint).toMatch('Grant READ on topic orders');
    expect((await doors().admin.listTopics()).sort()).toEqual(before.sort());
    expect((await doors().admin.listGroups()).groups).toEqual([]);
  });
});

function trustOf({ authority }: Doors): Given {
  return { 'ssl.ca.location': authority.certificateFile };
}

suite('3.9', 'a connection to Kafka 3.9', (doors) => {
  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('is made by %s over TLS', async (mechanism) => {
    const login = { 'sasl.mechanism': mechanism, ...password('alice'), ...trustOf(doors()) };
    expect(await read(doors(), through(doors(), 'SASLTLS', 'SASL_SSL', login))).toBe(ORDERS);
    const wrong = { ...login, ...password('alice', 'bob-secret') };
    const { message } = await refusal(doors(), through(doors(), 'SASLTLS', 'SASL_SSL', wrong));
    expect(message).toMatch(`refuses the login with ${mechanism}: Authentication failed`);
  });

  it('serves a whole audit from the command line', async () => {
    const { directory, kafka } = doors();
    const configuration = await configurationOf(directory, {
      ...trustOf(doors()),
      'sasl.mechanism': 'SCRAM-SHA-512',
      ...password('alice'),
      'security.protocol': 'PLAINTEXT',
      'bootstrap.servers': 'nobody:1',
      'group.id': 'orders',
    });
    const beside = dirname(configuration);
    const rows = Array.from({ length: ORDERS }, (_, i) => `ORD-${i},${i},${new Date().toISOString()}\n`);
    await writeFile(join(beside, 'orders.csv'), ['order_id,id,created_at\n', ...rows].join(''));
    const executable = join(import.meta.dirname, '../../bin/onceover.js');
    const options = [
      '-F',
      join(beside, 'client.properties'),
      '-X',
      'security.protocol=SASL_SSL',
      '-b',
      kafka.listeners.SASLTLS!,
    ];
    const set = ['--set', 'messages.kafka={}', '--set', 'effects.order-row.settle=0s', '--json'];
    const { stdout, stderr } = await run(process.execPath, [
      executable,
      'audit',
      configuration,
      ...options,
      ...set,
    ]).catch((error: { stdout: string; stderr: string }) => error);
    expect(stderr).toMatch('properties that change nothing here: group.id');
    expect(JSON.parse(stdout)).toMatchObject({ messages: { audited: ORDERS } });
    const reports = join(beside, 'reports');
    const written = await readdir(reports, { recursive: true, withFileTypes: true });
    const files = written.filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toContain('evidence.duckdb');
    for (const { parentPath, name } of files) {
      expect((await readFile(join(parentPath, name))).includes('alice-secret')).toBe(false);
    }
  });
});
