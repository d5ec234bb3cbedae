import type { CelValue } from './values.ts';

/**
 * An expression after parsing and expanding macros. Ids are unique except where a macro uses an argument
 * twice; the checker keeps its findings under them.
 */
export type Expression =
  | LiteralExpression
  | IdentExpression
  | SelectExpression
  | CallExpression
  | ListExpression
  | MapExpression
  | StructExpression
  | ComprehensionExpression;

export interface LiteralExpression {
  readonly kind: 'literal';
  readonly id: number;
  readonly value: CelValue;
}

export interface IdentExpression {
  readonly kind: 'ident';
  readonly id: number;
  readonly name: string;
}

export interface SelectExpression {
  readonly kind: 'select';
  readonly id: number;
  readonly operand: Expression;
  readonly field: string;
  /** `has(operand.field)`. */
  readonly isTest: boolean;
}

/** A call; operators are calls of functions such as `_+_`. */
export interface CallExpression {
  readonly kind: 'call';
  readonly id: number;
  readonly functionName: string;
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
}

export interface ListExpression {
  readonly kind: 'list';
  readonly id: number;
  readonly elements: readonly Expression[];
  /** Indices of elements written `?x`. */
  readonly optionalIndices: ReadonlySet<number>;
}

export interface MapEntryExpression {
  readonly id: number;
  readonly key: Expression;
  readonly value: Expression;
  readonly isOptional: boolean;
}

export interface MapExpression {
  readonly kind: 'map';
  readonly id: number;
  readonly entries: readonly MapEntryExpression[];
}

export interface StructFieldExpression {
  readonly id: number;
  readonly name: string;
  readonly value: Expression;
  readonly isOptional: boolean;
}

export interface StructExpression {
  readonly kind: 'struct';
  readonly id: number;
  readonly typeName: string;
  readonly fields: readonly StructFieldExpression[];
}

/** A fold over a list or a map, which all macros with a variable become. */
export interface ComprehensionExpression {
  readonly kind: 'comprehension';
  readonly id: number;
  readonly range: Expression;
  readonly variable: string;
  /** Index and element, or key and value, instead of element or key. */
  readonly secondVariable: string | undefined;
  readonly accumulator: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}
