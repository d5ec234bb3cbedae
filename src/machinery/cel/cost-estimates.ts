import type { CelType } from './types.ts';
import type { CelValue } from './values.ts';

/** Number of characters, bytes, elements or entries; `costMax` is "no bound known". */
export interface SizeEstimate {
  readonly min: number;
  readonly max: number;
}

export interface CostEstimate {
  readonly min: number;
  readonly max: number;
}

/**
 * Where sums and products stop: cel-go's largest uint64, to the precision of a double. Costs are exact
 * below 2^53, and every limit that they are compared with is far below that.
 */
export const costMax = 2 ** 64;

/** Part of an expression, as the estimate of costs sees it. */
export interface CostNode {
  /** From a variable through field names, `@items`, `@keys`, `@values`; undefined when it is computed. */
  readonly path: readonly string[] | undefined;
  readonly type: CelType;
  /** The size when the expression itself tells it. */
  readonly computedSize: SizeEstimate | undefined;
  /** The value of a literal. */
  readonly literal: CelValue | undefined;
}

/** What is known about sizes of the input, e.g. from `maxItems` of a schema. */
export interface SizeHints {
  readonly estimateSize: (node: CostNode) => SizeEstimate | undefined;
}

export const unknownSize: SizeEstimate = { min: 0, max: costMax };

export function fixed(count: number): CostEstimate {
  return { min: count, max: count };
}

export function addEstimates(a: CostEstimate, b: CostEstimate): CostEstimate {
  return { min: saturate(a.min + b.min), max: saturate(a.max + b.max) };
}

export function multiplyEstimates(a: CostEstimate, b: CostEstimate): CostEstimate {
  return { min: saturate(a.min * b.min), max: saturate(a.max * b.max) };
}

/** Rounded up. */
export function scaleEstimate(a: CostEstimate, factor: number): CostEstimate {
  return { min: saturate(Math.ceil(a.min * factor)), max: saturate(Math.ceil(a.max * factor)) };
}

/** The range that holds both. */
export function uniteEstimates(a: CostEstimate, b: CostEstimate): CostEstimate {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

function saturate(count: number): number {
  return count < costMax ? count : costMax;
}
