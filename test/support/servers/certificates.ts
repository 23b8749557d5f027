/** Certificates that a test makes for itself with openssl, so that no key is ever kept in the repository. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandPath, demand, type Unavailable } from './availability.ts';

const run = promisify(execFile);

/** Why no certificates can be made here; undefined: they can. */
export function certificatesUnavailable(): Unavailable | undefined {
  if (commandPath('openssl') !== undefined) return undefined;
  return { server: 'TLS', reason: 'no openssl on PATH', install: 'Install OpenSSL (openssl).' };
}

/** Files of one certificate, all PEM. */
export interface Certificate {
  /** PKCS#8, not encrypted. */
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Key and certificate in one file, as a Java keystore of type PEM wants them. */
  readonly bundleFile: string;
}

export interface CertificateRequest {
  /** The subject's common name, and the beginning of the files' names. */
  readonly name: string;
  /** Alternative names in openssl's form; default: localhost and 127.0.0.1. */
  readonly names?: readonly string[];
  /** From now; negative: expired. Default 2. */
  readonly days?: number;
}

/** An authority of the test's own. */
export interface Authority {
  readonly certificateFile: string;
  issue(request: CertificateRequest): Promise<Certificate>;
}

/** @throws ServerUnavailable where there is no openssl */
export async function createAuthority(directory: string, name = 'Order shop CA'): Promise<Authority> {
  demand(certificatesUnavailable());
  const prefix = join(directory, name.toLowerCase().replaceAll(' ', '-'));
  const key = `${prefix}.key`;
  const certificateFile = `${prefix}.pem`;
  await openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', certificateFile, '-subj', `/CN=${name}`);
  return {
    certificateFile,
    issue: (request) => issue(directory, { key, certificateFile }, request),
  };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const LOOPBACK = ['DNS:localhost', 'IP:127.0.0.1'];

async function issue(
  directory: string,
  authority: { readonly key: string; readonly certificateFile: string },
  { name, names = LOOPBACK, days = 2 }: CertificateRequest,
): Promise<Certificate> {
  const file = (ending: string) => join(directory, `${name}.${ending}`);
  const [keyFile, request, certificateFile] = [file('key'), file('csr'), file('pem')];
  const alternatives = `subjectAltName=${names.join(',')}`;
  await openssl(
    'req',
    ...NEW_KEY,
    '-keyout',
    keyFile,
    '-out',
    request,
    '-subj',
    `/CN=${name}`,
    '-addext',
    alternatives,
  );
  const signer = ['-CA', authority.certificateFile, '-CAkey', authority.key, '-CAcreateserial'];
  const how = ['-copy_extensions', 'copy', '-days', String(days)];
  await openssl('x509', '-req', '-in', request, ...signer, ...how, '-out', certificateFile);
  const bundleFile = file('bundle.pem');
  await writeFile(bundleFile, `${await readFile(keyFile, 'utf8')}${await readFile(certificateFile, 'utf8')}`);
  return { keyFile, certificateFile, bundleFile };
}

/** The key once more, under a password. @returns the new file */
export async function encryptKey({ keyFile }: Certificate, password: string): Promise<string> {
  const encrypted = `${keyFile}.encrypted`;
  await openssl('pkcs8', '-topk8', '-in', keyFile, '-out', encrypted, '-passout', `pass:${password}`);
  return encrypted;
}

/** Key and certificate as a PKCS#12 store under a password. @returns the new file */
export async function pkcs12Keystore(certificate: Certificate, password: string): Promise<string> {
  const store = `${certificate.keyFile}.p12`;
  const input = ['-inkey', certificate.keyFile, '-in', certificate.certificateFile];
  await openssl('pkcs12', '-export', ...input, '-out', store, '-passout', `pass:${password}`);
  return store;
}

async function openssl(...args: readonly string[]): Promise<void> {
  await run('openssl', args);
}
