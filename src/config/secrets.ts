/** Keeps passwords out of everything that is printed or digested. */

/** Names of settings whose whole value is a secret, or holds one: those of Kafka's clients among them. */
const SECRET_NAME =
  /password|passphrase|secret|jaas|user\.info|(^|\.)token$|\.key(\.pem)?$|sasl\.oauthbearer\.config/i;

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A password that is only the name of an environment variable gives nothing away. */
const NAME_ONLY = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/**
 * Replaces the password of a URL, and of `password=`, `token=` or `secret=` (quoted or not), by `***`. It rather hides too
 * much than too little: a password that was not %-encoded may hold any character, so everything up to the last `@` counts
 * as one.
 */
export function masked(text: string): string {
  return text
    .replace(/(:\/\/[^:@]*:)(.*)@/s, (all, before: string, password: string) =>
      NAME_ONLY.test(password) ? all : `${before}***@`,
    )
    .replace(
      /((?:password|token|secret)\s*=\s*)("[^"]*"?|'[^']*'?|[^&\s]+)/gi,
      (all, before: string, password: string) => (NAME_ONLY.test(password) ? all : `${before}***`),
    );
}

/** Whether what stands under a name of a section is a secret as a whole. */
export function isSecret(section: string, name: string): boolean {
  return isSecretName(name) || (section === 'schema-registry' && (name === 'password' || name === 'token'));
}

/** A secret as a whole; the name of an environment variable may be seen. */
export function maskedSecret(text: string): string {
  return NAME_ONLY.test(text) ? text : '***';
}
