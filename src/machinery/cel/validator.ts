import type { CallExpression, Expression } from './expression.ts';
import type { CelType } from './types.ts';

/** What is wrong with a call, and which part of it. */
export interface CallIssue {
  readonly expressionId: number;
  readonly message: string;
}

/** Looks at a call of an expression that has been checked, for what its types do not tell. */
export type CallValidator = (
  call: CallExpression,
  typeOfExpression: (expression: Expression) => CelType,
) => readonly CallIssue[];
