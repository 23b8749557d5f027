/** Keeps passwords out of everything that is printed or digested. */

/** A password that is only the name of an environment variable gives nothing away. */
const NAME_ONLY = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/**
 * Replaces the password of a URL, and of `password=`, by `***`. It rather hides too much than too little: a password
 * that was not %-encoded may hold any character, so everything up to the last `@` counts as one.
 */
export function masked(text: string): string {
  return text
    .replace(/(:\/\/[^:@]*:)(.*)@/s, (all, before: string, password: string) =>
      NAME_ONLY.test(password) ? all : `${before}***@`,
    )
    .replace(/(password\s*=\s*)([^&\s]+)/gi, (all, before: string, password: string) =>
      NAME_ONLY.test(password) ? all : `${before}***`,
    );
}
