/** What cel-go charges for the functions of its lists extension, version 3. */
import {
  addEstimates,
  type CostNode,
  costMax,
  fixed,
  multiplyEstimates,
  type SizeEstimate,
  scaleEstimate,
} from '../cost-estimates.ts';
import type { CallCost, CallEstimate, CallEstimator, CallSite } from '../functions.ts';
import type { CelType } from '../types.ts';
import { CelList, type CelResult } from '../values.ts';
import { actualSize } from './actual-size.ts';

const CALL_COST = 1;
const LIST_COST = 10;
/** For comparing each element with each. */
const COMPARE_FACTOR = 2;
const STRING_FACTOR = 0.1;

/** For functions that make a list. */
export const outputSizeCost: CallCost = (_, result) => listCost(1, actualSize(result));

export const flattenCost: CallCost = ([list, depth]) =>
  listCost(typeof depth === 'bigint' ? Number(depth) : 1, actualSize(list!));

/** For sorting and finding doubles: by the square of the size, a little more for texts. */
export function selfCompareCost(list: CelResult): number {
  const size = actualSize(list);
  const first = list instanceof CelList && list.size > 0 ? list.get(0) : undefined;
  const isText = typeof first === 'string' || first instanceof Uint8Array;
  return listCost(isText ? COMPARE_FACTOR + STRING_FACTOR : COMPARE_FACTOR, size * size);
}

export const estimateSlice: CallEstimator = ({ target, arguments: [start, end], sizeOf }) => {
  if (target === undefined || start === undefined || end === undefined) return undefined;
  const count = literalOr(end, sizeOf(target).max) - literalOr(start, 0);
  // Upstream subtracts without sign, so that a negative count is a huge one.
  return listEstimate(1, fixed(count < 0 ? costMax : count));
};

export const estimateRange: CallEstimator = ({ arguments: [count] }) =>
  count === undefined ? undefined : listEstimate(1, fixed(literalOr(count, costMax)));

export const estimateReverse: CallEstimator = ({ target, sizeOf }) =>
  target === undefined ? undefined : listEstimate(1, sizeOf(target));

export const estimateFlatten: CallEstimator = ({ target, arguments: [depth], sizeOf }) => {
  if (target === undefined) return undefined;
  return listEstimate(depth === undefined ? 1 : literalOr(depth, costMax), sizeOf(target));
};

export const estimateDistinct: CallEstimator = (site) =>
  estimateSelfCompare(site, site.target, COMPARE_FACTOR);

export function estimateSort(type: CelType): CallEstimator {
  return (site) => estimateSelfCompare(site, site.target, factorOf(type));
}

/** By the size of the list of keys. */
export function estimateSortBy(type: CelType): CallEstimator {
  return (site) => estimateSelfCompare(site, site.arguments[0], factorOf(type));
}

function factorOf(type: CelType): number {
  return type.kind === 'string' || type.kind === 'bytes' ? COMPARE_FACTOR + STRING_FACTOR : COMPARE_FACTOR;
}

function estimateSelfCompare(
  { sizeOf }: CallSite,
  list: CostNode | undefined,
  factor: number,
): CallEstimate | undefined {
  if (list === undefined) return undefined;
  const size = sizeOf(list);
  return listEstimate(factor, multiplyEstimates(size, size));
}

function listEstimate(factor: number, resultSize: SizeEstimate): CallEstimate {
  return { cost: addEstimates(scaleEstimate(resultSize, factor), fixed(CALL_COST + LIST_COST)), resultSize };
}

function listCost(factor: number, size: number): number {
  // Upstream adds without sign: what a negative depth does not bring back above zero becomes huge.
  const cost = Math.trunc(size * factor) + CALL_COST + LIST_COST;
  return cost < 0 ? costMax : Math.min(cost, costMax);
}

function literalOr({ literal }: CostNode, otherwise: number): number {
  if (typeof literal !== 'bigint') return otherwise;
  return literal < 0n ? 0 : Number(literal);
}
