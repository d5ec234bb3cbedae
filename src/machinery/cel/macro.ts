import type { Expression, MapEntryExpression } from './expression.ts';
import type { CelValue } from './values.ts';

/** A call that is rewritten while parsing. */
export interface MacroDeclaration {
  readonly name: string;
  /** `x.name(...)`, rather than `name(...)`. */
  readonly isMember: boolean;
  readonly argumentCount: number;
  /** Gives the expression instead of the call, or undefined to leave the call as it is. */
  readonly expand: (call: MacroCall) => Expression | MacroError | undefined;
}

export interface MacroCall {
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
  readonly make: ExpressionFactory;
}

/** The arguments of a macro do not fit. */
export class MacroError {
  /** Of the expression that is at fault. */
  readonly expressionId: number;
  readonly message: string;

  constructor(expressionId: number, message: string) {
    this.expressionId = expressionId;
    this.message = message;
  }
}

/** The name of the accumulator of a comprehension; macros refuse it as the name of a variable. */
export const accumulatorName = '__result__';

/** Makes expressions at the place of the macro's call. */
export interface ExpressionFactory {
  readonly literal: (value: CelValue) => Expression;
  readonly ident: (name: string) => Expression;
  readonly accumulator: () => Expression;
  readonly select: (operand: Expression, field: string) => Expression;
  readonly presenceTest: (operand: Expression, field: string) => Expression;
  readonly call: (functionName: string, args: readonly Expression[]) => Expression;
  readonly memberCall: (functionName: string, target: Expression, args: readonly Expression[]) => Expression;
  readonly list: (elements: readonly Expression[]) => Expression;
  readonly map: (entries: readonly Omit<MapEntryExpression, 'id'>[]) => Expression;
  readonly comprehension: (parts: ComprehensionParts) => Expression;
  /** The same expression with ids of its own, for a macro that uses an argument twice. */
  readonly copy: (expression: Expression) => Expression;
}

export interface ComprehensionParts {
  readonly range: Expression;
  readonly variable: string;
  readonly secondVariable?: string;
  /** {@link accumulatorName} unless said. */
  readonly accumulator?: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}
