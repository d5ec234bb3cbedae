/** The exit codes that a failed start can have; they are those of the command line. */
export type StartExitCode = 1 | 2 | 4 | 5;

/**
 * A member cannot start, for a reason that its operator can mend. The message is one line that says what
 * happened, where, and what to do; it is printed as it is, without a stack.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** 1 failed, 2 wrong usage, 4 not permitted, 5 in conflict with another process. */
  readonly exitCode: StartExitCode;

  constructor(
    message: string,
    options: { readonly exitCode?: StartExitCode; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The `code` of a Node.js system error (`EACCES`, `ENOENT` …), or an empty string for any other error. */
export function systemErrorCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
