import type { CostNode, SizeEstimate } from './cost-estimates.ts';
import type { CelType } from './types.ts';
import type { CelResult, CelValue } from './values.ts';

/** A function with its overloads. Several declarations of one name add up. */
export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

export interface Overload {
  /** cel-go's overload id; unique in an environment. */
  readonly id: string;
  /** Called as `x.f(y)`: the first parameter is the receiver. */
  readonly isMember?: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /**
   * Called with values of the declared types (parameters of types erased), one argument per parameter;
   * faults are returned, not thrown.
   */
  readonly evaluate: (...values: never[]) => CelResult;
  /**
   * `evaluate` takes values of any types and says itself what does not fit: one function for all overloads,
   * as cel-go has for operators.
   */
  readonly isUnguarded?: boolean;
  /** A check of an argument (the receiver is 0) that is a literal, before anything is evaluated; gives the fault. */
  readonly literalCheck?: {
    readonly argument: number;
    readonly check: (value: CelValue) => string | undefined;
  };
  /** What one call costs; without it (or when it gives undefined) 1. */
  readonly cost?: CallCost;
  /** What a call will cost at least and at most, without its arguments; without it 1. */
  readonly estimateCost?: CallEstimator;
}

/** The cost of a call that was made, in units of 50 ns or so. */
export type CallCost = (values: readonly CelResult[], result: CelResult) => number | undefined;

/** A call about whose cost something shall be said before it is made. */
export interface CallSite {
  readonly functionName: string;
  readonly overloadId: string;
  /** The receiver of a member call. */
  readonly target: CostNode | undefined;
  /** Without the receiver. */
  readonly arguments: readonly CostNode[];
  /** The computed, hinted or derived size of a node, else 0 to infinity. */
  readonly sizeOf: (node: CostNode) => SizeEstimate;
  /** What the hints say of a node that is made up, such as the elements of a list. */
  readonly hintedSizeOf: (node: Pick<CostNode, 'path' | 'type'>) => SizeEstimate | undefined;
}

export interface CallEstimate {
  readonly cost: { readonly min: number; readonly max: number };
  /** Of the result, when it is a string, bytes, a list or a map. */
  readonly resultSize?: SizeEstimate;
}

export type CallEstimator = (site: CallSite) => CallEstimate | undefined;

/**
 * Costs for functions that are declared elsewhere: asked first for every call. This is how Kubernetes lays
 * its own costs over the language's. `overloadId` is empty when the overload is only known at run time.
 */
export interface CostOverrides {
  readonly callCost?: (
    call: { readonly functionName: string; readonly overloadId: string },
    values: readonly CelResult[],
    result: CelResult,
  ) => number | undefined;
  readonly estimateCall?: CallEstimator;
}
