import { celEquals } from '../equality.ts';
import type { FunctionDeclaration, Overload } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  stringType,
  timestampType,
  typeParameter,
  uintType,
} from '../types.ts';
import { goTypeName } from '../value-text.ts';
import { CelArray, CelError, CelList, type CelResult, type CelValue, itemsOf, typeOf } from '../values.ts';
import * as costs from './list-costs.ts';
import { sortByKeys } from './list-sort.ts';
import { callOf, methodOf } from './signatures.ts';

const element = typeParameter('T');
const list = listType(element);
const listOfLists = listType(list);
const listOfAnything = listType(dynType);

const comparableTypes = [
  intType,
  uintType,
  doubleType,
  boolType,
  durationType,
  timestampType,
  stringType,
  bytesType,
] as const;

/** cel-go's lists extension, version 3; its macro `sortBy` is in sort-by-macro.ts. */
export const listFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'slice',
    overloads: [
      {
        id: 'list_slice',
        ...methodOf([list, intType, intType], list),
        evaluate: slice,
        cost: costs.outputSizeCost,
        estimateCost: costs.estimateSlice,
      },
    ],
  },
  {
    name: 'flatten',
    overloads: [
      flattenOverload({ id: 'list_flatten', ...methodOf([listOfLists], list) }),
      flattenOverload({ id: 'list_flatten_int', ...methodOf([listOfAnything, intType], listOfAnything) }),
    ],
  },
  {
    name: 'sort',
    overloads: comparableTypes.map((type) => ({
      id: `list_${type.name}_sort`,
      ...methodOf([listType(type)], listType(type)),
      evaluate: (values: CelValue) => sortAnything(values, values),
      isUnguarded: true,
      cost: ([values]: readonly CelResult[]) => costs.selfCompareCost(values!),
      estimateCost: costs.estimateSort(type),
    })),
  },
  {
    name: '@sortByAssociatedKeys',
    overloads: comparableTypes.map((type) => ({
      id: `list_${type.name}_sortByAssociatedKeys`,
      ...methodOf([list, listType(type)], list),
      evaluate: sortAnything,
      isUnguarded: true,
      cost: ([, keys]: readonly CelResult[]) => costs.selfCompareCost(keys!),
      estimateCost: costs.estimateSortBy(type),
    })),
  },
  {
    name: 'lists.range',
    overloads: [
      {
        id: 'lists_range',
        ...callOf([intType], listType(intType)),
        evaluate: (count: bigint) => new IntegersList(count > 0n ? Number(count) : 0),
        cost: costs.outputSizeCost,
        estimateCost: costs.estimateRange,
      },
    ],
  },
  {
    name: 'reverse',
    overloads: [
      {
        id: 'list_reverse',
        ...methodOf([list], list),
        evaluate: (values: CelList) => new CelArray(itemsOf(values).toReversed()),
        cost: costs.outputSizeCost,
        estimateCost: costs.estimateReverse,
      },
    ],
  },
  {
    name: 'distinct',
    overloads: [
      {
        id: 'list_distinct',
        ...methodOf([list], list),
        evaluate: distinct,
        cost: ([values]) => costs.selfCompareCost(values!),
        estimateCost: costs.estimateDistinct,
      },
    ],
  },
];

/** 0, 1, 2, … without taking memory: that a list is too long shows only in the cost of the call that made it. */
class IntegersList extends CelList {
  readonly size: number;

  constructor(size: number) {
    super();
    this.size = size;
  }

  get(index: number): CelValue {
    return BigInt(index);
  }
}

function flattenOverload(signature: Pick<Overload, 'id' | 'isMember' | 'parameters' | 'result'>): Overload {
  return {
    ...signature,
    evaluate: flatten,
    isUnguarded: true,
    cost: costs.flattenCost,
    estimateCost: costs.estimateFlatten,
  };
}

/** The elements of lists are looked at here, and not by their types: two ints or two texts can be compared. */
function sortAnything(values: CelValue, keys: CelValue): CelResult {
  return values instanceof CelList && keys instanceof CelList ? sortByKeys(values, keys) : noSuchOverload;
}

function slice(values: CelList, start: bigint, end: bigint): CelResult {
  const fault = (reason: string) => new CelError(`cannot slice(${start}, ${end}), ${reason}`);
  if (start < 0n || end < 0n) return fault('negative indexes not supported');
  if (start > end) return fault('start index must be less than or equal to end index');
  if (values.size < end) return fault(`list is length ${values.size}`);
  return new CelArray(itemsOf(values).slice(Number(start), Number(end)));
}

function flatten(values: CelValue, depth?: CelValue): CelResult {
  if (!(values instanceof CelList)) {
    const argument = depth === undefined ? '' : 'int';
    return new CelError(`no such overload: ${typeOf(values).name}.flatten(${argument})`);
  }
  if (depth !== undefined && typeof depth !== 'bigint') {
    return new CelError(
      `internal error: interface conversion: ref.Val is ${goTypeName(depth)}, not types.Int`,
    );
  }
  if (depth !== undefined && depth < 0n) return new CelError('level must be non-negative');
  const items: CelValue[] = [];
  appendFlat(items, values, depth ?? 1n);
  return new CelArray(items);
}

/** Recursion ends with the nesting of the value, which the depth of JSON bounds. */
function appendFlat(items: CelValue[], values: CelList, depth: bigint): void {
  for (const item of itemsOf(values)) {
    if (item instanceof CelList && depth > 0n) appendFlat(items, item, depth - 1n);
    else items.push(item);
  }
}

function distinct(values: CelList): CelResult {
  const unique: CelValue[] = [];
  for (const item of itemsOf(values)) {
    if (!unique.some((other) => celEquals(item, other) === true)) unique.push(item);
  }
  return new CelArray(unique);
}
