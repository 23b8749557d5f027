/** The containers of keys and certificates that Java knows, told apart by their first bytes, whatever their name says. */
import forge from 'node-forge';

export type StoreFormat = 'PEM' | 'PKCS12' | 'JKS';

/** Undefined: none of them. */
export function storeFormat(bytes: Buffer): StoreFormat | undefined {
  const magic = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
  // JKS and its sister JCEKS. (https://github.com/openjdk/jdk/blob/jdk-21+35/src/java.base/share/classes/sun/security/provider/JavaKeyStore.java)
  if (magic === 0xfeedfeed || magic === 0xcececece) return 'JKS';
  if (bytes.includes('-----BEGIN ')) return 'PEM';
  // A DER sequence.
  return bytes[0] === 0x30 ? 'PKCS12' : undefined;
}

/** What turns a store of Java's own format into one that everybody reads. */
export function conversion(path: string): string {
  const target = path.replace(/(\.jks|\.jceks|\.keystore|\.truststore)?$/i, '.p12');
  return `keytool -importkeystore -srckeystore ${shellWord(path)} -destkeystore ${shellWord(target)} -deststoretype PKCS12`;
}

/** As a shell takes it for one word: in single quotes where it holds anything that could mean something. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The certificates of a PKCS#12 store as PEM. Node itself reads such a store only for its key, and a truststore has none.
 * @throws Error that the password is wrong, or that the store cannot be read
 */
export function certificatesOf(store: Buffer, password: string): string {
  const asn1 = forge.asn1.fromDer(forge.util.createBuffer(store.toString('binary')));
  // Not strict: certificates with other keys than RSA are passed on as they are.
  const pkcs12 = forge.pkcs12.pkcs12FromAsn1(asn1, false, password);
  const bags = pkcs12.getBags({ bagType: forge.pki.oids.certBag! })[forge.pki.oids.certBag!] ?? [];
  return bags
    .map(({ cert, asn1: other }) => (cert == null ? other : forge.pki.certificateToAsn1(cert)))
    .map((certificate) => {
      const body = Buffer.from(forge.asn1.toDer(certificate).getBytes(), 'binary');
      return forge.pem.encode({ type: 'CERTIFICATE', body: body.toString('binary') });
    })
    .join('');
}
