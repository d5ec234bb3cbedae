import { exitCode } from './exit-code.ts';

type FailureCode = (typeof exitCode)[Exclude<keyof typeof exitCode, 'done'>];

/** A failure that its reader can mend: one line that says what happened, and perhaps one that says what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: FailureCode;
  /** A second line, such as `did you mean "kubecon"?`. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: {
      readonly exitCode?: FailureCode;
      readonly hint?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.exitCode = options.exitCode ?? exitCode.failed;
    this.hint = options.hint;
  }
}

/** What a thrown value says, without its stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of an error of the operating system, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
