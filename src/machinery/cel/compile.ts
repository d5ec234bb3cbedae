import type { CostEstimate, SizeHints } from './cost-estimates.ts';
import type { CelEnvironment } from './environment.ts';
import type { CelType } from './types.ts';
import type { CelResult, CelValue } from './values.ts';

/** The values of variables by name; a getter makes one lazy. */
export type Variables = Readonly<Record<string, CelValue>>;

export interface EvaluationOptions {
  /** The evaluation is broken off when it costs more; without it nothing is. */
  readonly costLimit?: number;
}

export interface Evaluation {
  readonly value: CelResult;
  /** What it cost; after a break-off a little more than the limit. */
  readonly cost: number;
  /** `value` says `operation cancelled: actual cost limit exceeded`. */
  readonly isOverBudget: boolean;
}

/** An expression that can be evaluated any number of times, on any values of its variables. */
export interface CompiledExpression {
  readonly source: string;
  readonly resultType: CelType;
  readonly evaluate: (variables: Variables, options?: EvaluationOptions) => Evaluation;
  readonly estimateCost: (hints?: SizeHints) => CostEstimate;
}

/**
 * Parses, checks and plans an expression.
 * @throws CelCompileError when it does not parse, check or plan, in cel-go's words.
 */
export function compileCel(_environment: CelEnvironment, _source: string): CompiledExpression {
  throw new Error('under construction');
}
