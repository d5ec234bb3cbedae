/** One thing that is wrong with an expression. */
export interface CelIssue {
  readonly message: string;
  /** From 1; undefined when it has no place. */
  readonly line: number | undefined;
  /** From 0, in code points. */
  readonly column: number | undefined;
}

/** An expression does not compile. The message is what cel-go prints: one block per issue, with a caret. */
export class CelCompileError extends Error {
  readonly issues: readonly CelIssue[];
  /** `check` covers parsing; `program` are constants that cannot be computed, e.g. `int('x')`. */
  readonly stage: 'check' | 'program';

  constructor(message: string, issues: readonly CelIssue[], stage: 'check' | 'program' = 'check') {
    super(message);
    this.name = 'CelCompileError';
    this.issues = issues;
    this.stage = stage;
  }
}
