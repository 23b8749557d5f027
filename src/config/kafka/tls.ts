/** The `ssl.*` properties, and the files they name, as what a TLS connection needs. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { KafkaTls } from '../../model.ts';
import type { PropertyName } from './names.ts';
import type { Properties } from './properties.ts';
import { certificatesOf, conversion, type StoreFormat, storeFormat } from './stores.ts';

type Identity = Pick<KafkaTls, 'certificate' | 'key' | 'store' | 'passphrase'>;

/** Mistakes are told to `given`; what is answered beside them is of no use. */
export function readTls(given: Properties): KafkaTls {
  // The content says what a store is: many that are called JKS are PKCS#12.
  given.text('ssl.truststore.type');
  given.text('ssl.keystore.type');
  const authorities = readAuthorities(given);
  const identity = readIdentity(given);
  const tls: KafkaTls = {
    ...(authorities === undefined ? {} : { authorities }),
    ...identity,
    verify: readVerify(given),
    checkHost: readCheckHost(given),
  };
  return tls;
}

const TRUST = ['ssl.ca.pem', 'ssl.ca.location', 'ssl.truststore.location'] as const;

function readAuthorities(given: Properties): string | undefined {
  const inline = given.text('ssl.ca.pem');
  const location = given.path('ssl.ca.location');
  const truststore = given.path('ssl.truststore.location');
  const password = given.text('ssl.truststore.password');
  const name = onlyOne(given, TRUST);
  if (name === undefined) return undefined;
  if (name === 'ssl.ca.pem') return checkedAuthorities(given, name, [{ text: inline! }]);
  if (name === 'ssl.truststore.location') {
    const store = readStore(given, name, truststore!);
    if (store?.format !== 'PKCS12')
      return (
        store && checkedAuthorities(given, name, [{ path: truststore!, text: store.bytes.toString('utf8') }])
      );
    return fromStore(given, name, store.bytes, password);
  }
  // librdkafka's word for the system's own.
  if (given.text(name) === 'probe') return undefined;
  const files = bundle(given, name, location!);
  return files && checkedAuthorities(given, name, files);
}

function fromStore(given: Properties, name: PropertyName, bytes: Buffer, password = ''): string | undefined {
  try {
    const text = certificatesOf(bytes, password);
    if (text !== '') return text;
    given.mistake(name, 'this PKCS#12 store holds no certificate');
  } catch (error) {
    const wrong = /password|MAC/i.test((error as Error).message);
    if (wrong && given.isUnknown('ssl.truststore.password')) return undefined;
    const why = wrong ? 'ssl.truststore.password does not open it' : (error as Error).message;
    given.mistake(name, `this PKCS#12 store cannot be read: ${why}`);
  }
  return undefined;
}

interface Pem {
  /** Undefined: it is no file's. */
  readonly path?: string;
  readonly text: string;
}

/** A PEM file, or all of a directory. */
function bundle(given: Properties, name: PropertyName, path: string): Pem[] | undefined {
  try {
    const files = statSync(path).isDirectory()
      ? readdirSync(path)
          .sort()
          .map((file) => join(path, file))
      : [path];
    return files
      .filter((file) => statSync(file).isFile())
      .map((file) => ({ path: file, text: readFileSync(file, 'utf8') }));
  } catch (error) {
    given.mistake(name, unreadable(path, error));
    return undefined;
  }
}

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** OpenSSL would take what it can read of it, and leave the rest unsaid. */
function checkedAuthorities(
  given: Properties,
  name: PropertyName,
  parts: readonly Pem[],
): string | undefined {
  if (!parts.some(({ text }) => text.includes(BEGIN))) {
    const where = parts.length === 1 && parts[0]!.path !== undefined ? ` in ${parts[0]!.path}` : '';
    given.mistake(name, `expected certificates in PEM form (${BEGIN}); there are none${where}`);
    return undefined;
  }
  for (const { path, text } of parts) {
    const certificates = text.split(BEGIN).slice(1);
    const broken = certificates.findIndex((body) => !isCertificate(body));
    if (broken === -1) continue;
    const which = `certificate ${broken + 1} of ${certificates.length}${path === undefined ? '' : ` in ${path}`}`;
    given.mistake(name, `${which} cannot be read: it is cut off, or damaged`);
    return undefined;
  }
  const all = parts.map(({ text }) => text).join('\n');
  return accepted(given, name, { ca: all }) ? all : undefined;
}

function isCertificate(body: string): boolean {
  const end = body.indexOf(END);
  if (end === -1) return false;
  try {
    new X509Certificate(`${BEGIN}${body.slice(0, end)}${END}\n`);
    return true;
  } catch {
    return false;
  }
}

const IDENTITIES = ['ssl.certificate.pem', 'ssl.certificate.location', 'ssl.keystore.location'] as const;
const KEYS = ['ssl.key.pem', 'ssl.key.location'] as const;

/** The client's own certificate and key; nothing where it has none. */
function readIdentity(given: Properties): Identity {
  const keyPassword = given.text('ssl.key.password');
  const storePassword = given.text('ssl.keystore.password');
  const name = onlyOne(given, IDENTITIES);
  const keyName = onlyOne(given, KEYS);
  if (name === 'ssl.keystore.location') return keystore(given, keyPassword, storePassword);
  if (name === undefined) {
    if (keyName !== undefined && !IDENTITIES.some((one) => given.isUnknown(one)))
      given.mistake('ssl.certificate.location', `missing; ${keyName} needs its certificate`, keyName);
    return {};
  }
  const certificate = pemText(given, name);
  if (keyName === undefined && KEYS.some((one) => given.isUnknown(one))) return {};
  // A file may hold both.
  const key = keyName === undefined ? certificate : pemText(given, keyName);
  if (certificate === undefined || key === undefined) return {};
  if (!key.includes('PRIVATE KEY-----')) {
    if (keyName === undefined) given.mistake('ssl.key.location', `missing; ${name} needs its key`, name);
    else
      given.mistake(
        keyName,
        'expected a private key in PEM form (-----BEGIN PRIVATE KEY-----); there is none',
      );
    return {};
  }
  const passphrase = keyPassword ?? storePassword;
  return checkedIdentity(given, keyName ?? name, {
    certificate,
    key,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

function keystore(
  given: Properties,
  keyPassword: string | undefined,
  storePassword: string | undefined,
): Identity {
  const name = 'ssl.keystore.location';
  const store = readStore(given, name, given.path(name)!);
  if (store === undefined) return {};
  if (store.format === 'PKCS12') {
    return checkedIdentity(given, name, {
      store: store.bytes,
      passphrase: storePassword ?? keyPassword ?? '',
    });
  }
  const text = store.bytes.toString('utf8');
  const passphrase = keyPassword ?? storePassword;
  return checkedIdentity(given, name, {
    certificate: text,
    key: text,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

function pemText(given: Properties, name: PropertyName): string | undefined {
  if (name.endsWith('.pem')) return given.text(name);
  const path = given.path(name)!;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    given.mistake(name, unreadable(path, error));
    return undefined;
  }
}

function readStore(
  given: Properties,
  name: PropertyName,
  path: string,
): { readonly bytes: Buffer; readonly format: Exclude<StoreFormat, 'JKS'> } | undefined {
  try {
    const bytes = readFileSync(path);
    const format = storeFormat(bytes);
    if (format === 'PEM' || format === 'PKCS12') return { bytes, format };
    const why =
      format === 'JKS'
        ? `a JKS store, which only Java reads; convert it: ${conversion(path)}`
        : 'neither PEM nor PKCS#12';
    given.mistake(name, `${path} is ${why}`);
  } catch (error) {
    given.mistake(name, unreadable(path, error));
  }
  return undefined;
}

function checkedIdentity(given: Properties, name: PropertyName, identity: Identity): Identity {
  const { certificate: cert, key, store: pfx, passphrase } = identity;
  return accepted(given, name, { cert, key, pfx: pfx && Buffer.from(pfx), passphrase }) ? identity : {};
}

/** Whether TLS takes it; what OpenSSL says against it becomes a mistake. */
function accepted(
  given: Properties,
  name: PropertyName,
  options: Parameters<typeof createSecureContext>[0],
): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    const why = isPasswords(failure) ? ofPassword(given, name) : refusal(failure);
    if (why !== undefined) given.mistake(name, why);
    return false;
  }
}

function isPasswords({ code = '', message }: NodeJS.ErrnoException): boolean {
  const words = /mac verify failure|BAD_DECRYPT|bad decrypt|CIPHERFINAL|INTERRUPTED_OR_CANCELLED/i;
  return words.test(`${code} ${message}`);
}

/** Undefined: the password is not known, so that nothing can be said. */
function ofPassword(given: Properties, name: PropertyName): string | undefined {
  const passwords = ['ssl.keystore.password', 'ssl.key.password'] as const;
  if (passwords.some((one) => given.isUnknown(one))) return undefined;
  return `${passwords[name === 'ssl.keystore.location' ? 0 : 1]} does not open it, or is missing`;
}

/** OpenSSL's reasons in the words of the properties. They never quote a key or a password. */
function refusal({ code = '', message }: NodeJS.ErrnoException): string {
  if (/KEY_VALUES_MISMATCH/.test(code)) return 'the key is not that of the certificate';
  if (/Unsupported PKCS12|UNSUPPORTED/i.test(`${code} ${message}`)) {
    return 'the key is encrypted in a way that OpenSSL 3 no longer opens; export it again with a newer keytool or openssl';
  }
  return `OpenSSL does not take it: ${message}`;
}

/** The one of several properties that is said in the strongest place; two in that one are a mistake. */
function onlyOne<Name extends PropertyName>(given: Properties, names: readonly Name[]): Name | undefined {
  const there = names.filter((name) => given.has(name));
  const most = Math.max(...there.map((name) => given.strength(name)));
  const [first, second] = there.filter((name) => given.strength(name) === most);
  if (first !== undefined && second !== undefined)
    given.mistake(second, `expected only one of this and ${first}`);
  return first;
}

function readVerify(given: Properties): boolean {
  const name = 'enable.ssl.certificate.verification';
  const text = given.text(name) ?? 'true';
  if (text !== 'true' && text !== 'false') given.refuse(name, 'true or false');
  return text !== 'false';
}

/** Empty means none in Java, and `none` in librdkafka. */
function readCheckHost(given: Properties): boolean {
  const name = 'ssl.endpoint.identification.algorithm';
  const text = (given.text(name) ?? 'https').toLowerCase();
  if (!['https', 'none', ''].includes(text)) given.refuse(name, 'https, or nothing');
  return text === 'https';
}

function unreadable(path: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read (${code})`;
}
