import { celEquals } from '../equality.ts';
import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { CelDuration } from '../time-values.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  listType,
  stringType,
  timestampType,
  typeParameter,
  uintType,
} from '../types.ts';
import { CelError, type CelList, type CelResult, CelUint, type CelValue, itemsOf } from '../values.ts';
import { compareValues, isOrdered } from './ordering.ts';
import { methodOf } from './signatures.ts';

const comparable: Readonly<Record<string, CelType>> = {
  int: intType,
  uint: uintType,
  double: doubleType,
  bool: boolType,
  duration: durationType,
  timestamp: timestampType,
  string: stringType,
  bytes: bytesType,
};

const zeros: Readonly<Record<string, CelValue>> = {
  int: 0n,
  uint: new CelUint(0n),
  double: 0,
  duration: new CelDuration(0n),
};

const element = typeParameter('A');

/** Kubernetes' own functions on lists. */
export const kubernetesListFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'isSorted',
    overloads: Object.entries(comparable).map(([name, type]) => ({
      id: `list_${name}_is_sorted_bool`,
      ...methodOf([listType(type)], boolType),
      evaluate: isSorted,
    })),
  },
  {
    name: 'sum',
    overloads: Object.entries(zeros).map(([name, zero]) => ({
      id: `list_${name}_sum_${name}`,
      ...methodOf([listType(comparable[name]!)], comparable[name]!),
      evaluate: (list: CelList) => sumOf(list, zero),
    })),
  },
  ...(['max', 'min'] as const).map((name) => ({
    name,
    overloads: Object.entries(comparable).map(([typeName, type]) => ({
      id: `list_${typeName}_${name}_${typeName}`,
      ...methodOf([listType(type)], type),
      evaluate: (list: CelList) => extremeOf(list, name),
    })),
  })),
  {
    name: 'indexOf',
    overloads: [
      {
        id: 'list_a_index_of_int',
        ...methodOf([listType(element), element], intType),
        evaluate: (list: CelList, item: CelValue) =>
          BigInt(itemsOf(list).findIndex((other) => celEquals(other, item) === true)),
      },
    ],
  },
  {
    name: 'lastIndexOf',
    overloads: [
      {
        id: 'list_a_last_index_of_int',
        ...methodOf([listType(element), element], intType),
        evaluate: (list: CelList, item: CelValue) =>
          BigInt(itemsOf(list).findLastIndex((other) => celEquals(other, item) === true)),
      },
    ],
  },
];

/** What cannot be compared is in any order, as upstream. */
function isSorted(list: CelList): CelResult {
  let isInOrder = true;
  let previous: CelValue | undefined;
  for (const item of itemsOf(list)) {
    if (!isOrdered(item)) return orderFault(item);
    if (previous !== undefined && (compareValues(previous, item) ?? 0) > 0) {
      isInOrder = false;
      break;
    }
    previous = item;
  }
  return isInOrder;
}

/** An element that is a fault itself, because it does not follow its schema, is what is wrong. */
function orderFault(item: CelResult): CelError {
  return item instanceof CelError ? item : noSuchOverload;
}

function extremeOf(list: CelList, name: 'max' | 'min'): CelResult {
  let extreme: CelValue | undefined;
  for (const item of itemsOf(list)) {
    if (!isOrdered(item)) return orderFault(item);
    if (extreme === undefined) {
      extreme = item;
      continue;
    }
    const order = compareValues(extreme, item) ?? 0;
    if (name === 'max' ? order < 0 : order > 0) extreme = item;
  }
  return extreme ?? new CelError(`${name} called on empty list`);
}

function sumOf(list: CelList, zero: CelValue): CelResult {
  let sum: CelResult = zero;
  for (const item of itemsOf(list)) {
    sum = add(sum, item);
    if (sum instanceof CelError) break;
  }
  return sum;
}

const UINT64_MAX = 2n ** 64n - 1n;

function add(a: CelValue, b: CelResult): CelResult {
  if (b instanceof CelError) return b;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'bigint' && typeof b === 'bigint') return int64(a + b) ?? overflow('integer');
  if (a instanceof CelDuration && b instanceof CelDuration) {
    const nanos = int64(a.nanos + b.nanos);
    return nanos === undefined ? overflow('integer') : new CelDuration(nanos);
  }
  if (a instanceof CelUint && b instanceof CelUint) {
    const sum = a.value + b.value;
    return sum > UINT64_MAX ? overflow('unsigned integer') : new CelUint(sum);
  }
  return noSuchOverload;
}

function int64(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function overflow(kind: string): CelError {
  return new CelError(`${kind} overflow`);
}
