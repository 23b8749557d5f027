/** The one error a user is meant to read: what went wrong, where, and what to do about it. */

/** 2: usage or configuration · 4: a source failed, or the audit could not be done at all (DESIGN section 6). */
export type FailureStatus = 2 | 4;

/**
 * A failure with a message a person can act on. The command line prints `message` (and `hint`) without a stack;
 * any other error is a defect of onceover and keeps its stack. Never put a secret into either text.
 */
export class AuditError extends Error {
  /** Brands the class so that recognising it does not depend on which copy of the module made it. */
  readonly code = 'ONCEOVER_AUDIT_ERROR';
  readonly status: FailureStatus;
  readonly hint: string | undefined;
  /** What was read so far is of no use, also the next time: it is not kept for an audit to be gone on with. */
  readonly voidsReading: boolean;

  /**
   * @param status exit status of the command
   * @param message what went wrong and where: one sentence naming the culprit, or several lines for several mistakes
   * @param options `hint`: what to do; `cause`: the error underneath, kept for `--debug`; see {@link voidsReading}
   */
  constructor(
    status: FailureStatus,
    message: string,
    options: { hint?: string; cause?: unknown; voidsReading?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AuditError';
    this.status = status;
    this.hint = options.hint;
    this.voidsReading = options.voidsReading ?? false;
  }
}

export function isAuditError(error: unknown): error is AuditError {
  return error instanceof Error && (error as { code?: unknown }).code === 'ONCEOVER_AUDIT_ERROR';
}
