import { addEstimates, fixed, multiplyEstimates, scaleEstimate } from '../cost-estimates.ts';
import { celEquals } from '../equality.ts';
import type { CallCost, CallEstimator, FunctionDeclaration, Overload } from '../functions.ts';
import { boolType, listType, typeParameter } from '../types.ts';
import { type CelList, type CelValue, itemsOf } from '../values.ts';
import { actualSize } from './actual-size.ts';
import { callOf } from './signatures.ts';

/** cel-go's sets extension: lists taken as sets. */
export const setFunctions: readonly FunctionDeclaration[] = [
  declare('contains', { evaluate: contains, factor: 1 }),
  declare('equivalent', { evaluate: (a, b) => contains(a, b) && contains(b, a), factor: 2 }),
  declare('intersects', { evaluate: intersects, factor: 1 }),
];

function declare(
  name: string,
  { evaluate, factor }: { readonly evaluate: (a: CelList, b: CelList) => boolean; readonly factor: number },
): FunctionDeclaration {
  const list = listType(typeParameter('T'));
  const overload: Overload = {
    id: `list_sets_${name}_list`,
    ...callOf([list, list], boolType),
    evaluate,
    cost: costOf(factor),
    estimateCost: estimateOf(factor),
  };
  return { name: `sets.${name}`, overloads: [overload] };
}

function contains(list: CelList, sublist: CelList): boolean {
  const items = itemsOf(list);
  return itemsOf(sublist).every((item) => has(items, item));
}

function intersects(a: CelList, b: CelList): boolean {
  const items = itemsOf(b);
  return itemsOf(a).some((item) => has(items, item));
}

function has(items: readonly CelValue[], item: CelValue): boolean {
  return items.some((other) => celEquals(other, item) === true);
}

function costOf(factor: number): CallCost {
  return ([a, b]) => 1 + Math.floor(actualSize(a!) * actualSize(b!) * factor);
}

function estimateOf(factor: number): CallEstimator {
  return ({ arguments: args, sizeOf }) => {
    const [a, b] = args;
    if (a === undefined || b === undefined) return undefined;
    const comparisons = multiplyEstimates(sizeOf(a), sizeOf(b));
    return { cost: addEstimates(scaleEstimate(comparisons, factor), fixed(1)) };
  };
}
