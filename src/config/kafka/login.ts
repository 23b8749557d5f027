/** The `sasl.*` properties as a login: in the words of Java's client or of librdkafka. */

import type { KafkaLogin } from '../../model.ts';
import { nearest } from '../../nearest.ts';
import { type LoginModule, readJaas } from './jaas.ts';
import type { PropertyName } from './names.ts';
import type { Properties } from './properties.ts';

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'AWS_MSK_IAM'] as const;
const EXPECTED = `${MECHANISMS.slice(0, -1).join(', ')} or ${MECHANISMS.at(-1)}`;

/** Undefined: a mistake was told to `given`. */
export function readLogin(given: Properties): KafkaLogin | undefined {
  const mechanism = readMechanism(given);
  const jaas = readModule(given);
  if (mechanism === undefined || jaas === undefined) return undefined;
  if (mechanism === 'OAUTHBEARER') return readOAuth(given, jaas.options);
  if (mechanism === 'AWS_MSK_IAM') return readMskIam(jaas.options);
  return readPassword(given, mechanism, jaas);
}

function readMechanism(given: Properties): (typeof MECHANISMS)[number] | undefined {
  const name = 'sasl.mechanism';
  const text = given.text(name)?.trim();
  const found = MECHANISMS.find((mechanism) => mechanism === text?.toUpperCase());
  if (found !== undefined) return found;
  if (text?.toUpperCase() === 'GSSAPI') {
    given.mistake(name, `GSSAPI (Kerberos) is not supported; ask for another mechanism: ${EXPECTED}`);
  } else if (text === undefined) {
    const why = 'Kafka’s own default, GSSAPI, is not supported';
    given.mistake(name, `missing; expected ${EXPECTED}; ${why}`, 'security.protocol');
  } else {
    const meant = nearest(text, MECHANISMS);
    given.refuse(name, EXPECTED, meant === undefined ? undefined : `did you mean \`${meant}\`?`);
  }
  return undefined;
}

const NO_MODULE: LoginModule = { name: '', options: {} };

/** An empty module where there is no `sasl.jaas.config`; undefined: it is there, but wrong. */
function readModule(given: Properties): LoginModule | undefined {
  const text = given.text('sasl.jaas.config');
  if (text === undefined) return NO_MODULE;
  const module = readJaas(text);
  if (module !== undefined) return module;
  const form = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="…" password="…";';
  given.refuse('sasl.jaas.config', `one login module with its semicolon, such as ${form}`);
  return undefined;
}

function readPassword(
  given: Properties,
  mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
  { name, options }: LoginModule,
): KafkaLogin | undefined {
  const wanted = mechanism === 'PLAIN' ? 'PlainLoginModule' : 'ScramLoginModule';
  const pair = ['sasl.username', 'sasl.password'] as const;
  const isBeaten = pair.every((one) => given.strength(one) > given.strength('sasl.jaas.config'));
  if (name !== '' && name !== wanted && !isBeaten) {
    given.refuse('sasl.jaas.config', `the ${wanted}, as ${mechanism} needs it`, `it names ${name}`);
    return undefined;
  }
  const username = needed(given, 'sasl.username', options.username, 'a username');
  const password = needed(given, 'sasl.password', options.password, 'a password');
  if (username === undefined || password === undefined) return undefined;
  return { mechanism, username, password };
}

/** Whether the login module is said in a stronger place than the property. */
function isModuleStronger(given: Properties, name: PropertyName): boolean {
  return given.strength('sasl.jaas.config') > given.strength(name);
}

/** What says the same as an option of the login module: the stronger place's counts, of one place the property. */
function either(given: Properties, name: PropertyName, option: string | undefined): string | undefined {
  const text = given.text(name);
  return isModuleStronger(given, name) ? (option ?? text) : (text ?? option);
}

function needed(
  given: Properties,
  name: PropertyName,
  option: string | undefined,
  what: string,
): string | undefined {
  const text = either(given, name, option);
  if (text !== undefined && text !== '') return text;
  if (given.isUnknown('sasl.jaas.config')) return undefined;
  given.mistake(
    name,
    `missing; expected ${what}, here or in sasl.jaas.config`,
    'sasl.jaas.config',
    'sasl.mechanism',
  );
  return undefined;
}

function readOAuth(given: Properties, options: LoginModule['options']): KafkaLogin | undefined {
  const method = given.text('sasl.oauthbearer.method') ?? 'oidc';
  if (method.toLowerCase() !== 'oidc') {
    given.refuse('sasl.oauthbearer.method', 'oidc, which asks a token endpoint');
    return undefined;
  }
  const endpoint = readEndpoint(given);
  const clientId = needed(given, 'sasl.oauthbearer.client.id', options.clientId, 'the client’s name');
  const clientSecret = needed(given, 'sasl.oauthbearer.client.secret', options.clientSecret, 'its secret');
  const scope = either(given, 'sasl.oauthbearer.scope', options.scope);
  const urlEncode = given.text('sasl.oauthbearer.header.urlencode') === 'true';
  const extensions = readExtensions(given, options);
  if (endpoint === undefined || clientId === undefined || clientSecret === undefined) return undefined;
  return {
    mechanism: 'OAUTHBEARER',
    endpoint,
    clientId,
    clientSecret,
    ...(scope ? { scope } : {}),
    urlEncode,
    extensions,
  };
}

const CLIENT_NAMES = 'sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret';

function readEndpoint(given: Properties): string | undefined {
  const name = 'sasl.oauthbearer.token.endpoint.url';
  const text = given.text(name);
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url !== undefined && ['http:', 'https:'].includes(url.protocol);
  // A URL's own name and password would go nowhere, but into messages.
  const holdsLogin = isHttp ? url.username + url.password !== '' : text?.includes('@') === true;
  if (isHttp && !holdsLogin) return url.href;
  if (holdsLogin)
    given.mistake(name, `expected a URL without a name and a password; ${CLIENT_NAMES} say them`);
  else if (text === undefined)
    given.mistake(name, 'missing; expected the URL of a token endpoint', 'sasl.mechanism');
  else given.refuse(name, 'the URL of a token endpoint, https://…');
  return undefined;
}

/** librdkafka: `a=1,b=2`; Java: options `extension_a="1"` of the login module. (RFC 7628, section 3.1) */
function readExtensions(given: Properties, options: LoginModule['options']): Record<string, string> {
  const ofModule = Object.entries(options).flatMap(([name, value]) =>
    name.startsWith('extension_') ? [[name.slice('extension_'.length), value] as const] : [],
  );
  const written = given.text('sasl.oauthbearer.extensions') ?? '';
  const ofProperty = written
    .split(',')
    .filter((part) => part.includes('='))
    .map((part) => [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1)] as const);
  return Object.fromEntries(
    isModuleStronger(given, 'sasl.oauthbearer.extensions')
      ? [...ofProperty, ...ofModule]
      : [...ofModule, ...ofProperty],
  );
}

/** As in Amazon's login module. (https://github.com/aws/aws-msk-iam-auth#details) */
function readMskIam({
  awsProfileName,
  awsRoleArn,
  awsRoleSessionName,
  awsStsRegion,
}: LoginModule['options']): KafkaLogin {
  return {
    mechanism: 'AWS_MSK_IAM',
    ...(awsProfileName === undefined ? {} : { profile: awsProfileName }),
    ...(awsRoleArn === undefined ? {} : { roleArn: awsRoleArn }),
    ...(awsRoleSessionName === undefined ? {} : { roleSession: awsRoleSessionName }),
    ...(awsStsRegion === undefined ? {} : { region: awsStsRegion }),
  };
}
